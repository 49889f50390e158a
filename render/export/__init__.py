"""Clips into what is shown elsewhere than in a player: slides that wait for the lecturer, a page to explore.

slides         the command: which kind, where to, one call
steps          clips cut where beats begin: a step each, its video, its picture, its words
sections       --save_sections: a video of each section beside a scene's film
step_sounds    what is heard of a film, a file a step and language
deck           steps as one HTML file, or as a folder
pdf            steps as pages
manim_slides   steps as manim-slides has them
page           the film with its transcript, recorded runs to touch: both commands, and the page filled in
page_runs      which runs a page has, and what they are called
run_numbers    what it shows of a run
run_figures    the pictures that it shows them in
voices         languages that are spoken beside the film's first, a sound file each
place          where it is written
youtube        the command: the film, and what is uploaded with it
"""
