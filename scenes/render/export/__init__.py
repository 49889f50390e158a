"""Clips into what is shown elsewhere than in a player: slides that wait for the lecturer.

slides         the command: which kind, where to, one call
steps          clips cut where beats begin: a step each, its video, its picture, its words
step_sounds    what is heard of a film, a file a step and language
deck           steps as one HTML file, or as a folder
pdf            steps as pages
manim_slides   steps as manim-slides has them
"""
