"""WhyDeep, at the end of each of its beats, against the picture that was looked at; short runs, alike everywhere."""

from __future__ import annotations

from gradreel.scenes.lecture.deep.why_deep import WhyDeep

SHORT = {"epochs": 30, "budget": 76, "depth": 3, "seeds": (0, 1, 2)}


def test_why_deep(frames, look):
    frames(WhyDeep, **SHORT, **look)
