"""why-gradient at the end of each of its beats, against the pictures that were looked at."""

from __future__ import annotations

from gradreel.scenes.lecture.optimization.why_gradient import WhyGradient


def test_why_gradient(frames, look):
    frames(WhyGradient, **look)


def test_why_gradient_with_few_values(frames):
    frames(WhyGradient, values=5, sigmoids=(1, 2))
