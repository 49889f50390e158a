"""The scenes of the lecture, a folder for each part; beside the folders, what several parts have in common."""
