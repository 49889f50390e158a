"""Turns the command line's options and a lesson file into a `Lesson`, whose requests name the scenes to render.

options        the command line's options: their values and defaults
lesson_file    reads and checks a lesson file
selection      picks the requested scenes and applies ``--set``
daily_data     the user's daily views: ``--data``, and CSV files that a lesson names
own_words      checks that a lesson's own narration fits its scenes
misspelt_marks finds brackets that look like a mark
said_in_place  checks the lines that a scene's source has, ``say=…``
lesson         `Lesson`; `Lesson.requests` returns a `SceneRequest` for each scene
known_scenes   caches the list of scenes between commands
tables         merges tables of settings and names faults in one
"""
