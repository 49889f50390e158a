"""Scenes of anybody's recorded run, beside the lesson."""
