"""Narration and the words in it: numbers, days, networks and times in each language, and when a line is shown."""
