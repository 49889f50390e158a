"""The scenes of the lecture, in folders by subject; beside the folders, what several of them have in common."""
