"""Mobjects that only the scenes of this folder draw."""
