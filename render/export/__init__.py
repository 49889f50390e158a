"""Exports of a film: slides that wait for the lecturer, a web page to explore, files for YouTube.

slides         the command ``export slides``: picks the kind of slides and the place
steps          clips cut where beats begin; each step has a video, a picture and words
sections       --save_sections: a video of each section beside a scene's film
step_sounds    the film's sound, one file for each step and language
deck           steps as one HTML file, or as a folder
pdf            steps as pages of a PDF
manim_slides   steps as a presentation for manim-slides
page           the commands ``export page`` and ``export run``; fills in the page
page_runs      the recorded runs of a page, and their names
run_numbers    the numbers of a run that a page shows
run_figures    the Bokeh figures that show these numbers
voices         a sound file for each spoken language but the film's first
place          where an export is written
youtube        the command ``export youtube``: the film and the files to upload with it
"""
