"""What is asked for: the command line's options, and the lesson that comes of them.

options      options as they are written, and what they mean
lesson_file  a lesson file read, with what lies beside it
selection    which of its scenes are asked for, and what --set changes
daily_data   daily views of one's own: --data, and CSV files that a lesson names
own_words    whether a lesson's own narration fits its scenes
said_in_place  whether lines that a scene says in place can be spoken
lesson       the lesson: `Lesson.requests` gives each of its scenes as a `SceneRequest`
known_scenes which scenes there are, kept between commands
tables       tables of settings, put one over another; what is wrong in one
"""
