"""Pictures of the scene are compared with those in snapshots/, which `python -m pytest --snapshot-update` writes."""

from my_scene import Parabola


def test_parabola(frames):
    frames(Parabola, a=1.5)  # the end of each beat


def test_parabola_layout(layout):
    layout(Parabola)  # nothing leaves the frame, no texts touch, all can be read
