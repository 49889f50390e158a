"""Narration and what fills it: numbers, days, networks and times in each language, and when a line is shown."""
