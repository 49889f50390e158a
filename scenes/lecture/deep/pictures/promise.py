"""What was promised and what was delivered: a dashed frame that grows, and how little of it gets filled. A sketch."""

from __future__ import annotations

from gradreel.scenes import style
from gradreel.scenes.mobjects.plot import dashed, segment
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.style import mix, palette
from manim import Animation, Rectangle, UpdateFromAlphaFunc, VGroup, smooth

GROUND, HIGHEST, WIDTH = -2.6, 4.4, 2.0
DELIVERED = 0.16  # of what was promised; a sketch of a saying, no figure
BESIDE, OVERHANG = 0.3, 0.5  # from the frame to its words; of the ground, beyond the frame
WORDS_COME = 0.55  # share of a way after which its word is there


class Promise(VGroup):
    """A frame on a line, with no scale: empty and growing while it is promised, a little filled when it is delivered.

    Parts: ``ground``, ``inside`` (hides what is behind), ``filled``, ``frame``, ``names`` (both words).
    """

    def __init__(self, promised: str, delivered: str) -> None:
        super().__init__()
        half = WIDTH / 2
        ends = ((x, GROUND, 0) for x in (-half - OVERHANG, half + OVERHANG))
        self.ground = segment(*ends, palette.axis, style.AXIS)
        self.inside = Rectangle(width=WIDTH, height=1, stroke_width=0).set_fill(palette.background, 1)
        self.filled = Rectangle(width=WIDTH, height=1, stroke_width=0).set_fill(mix(palette.text, 0.6), 1)
        self.frame = VGroup()
        self.names = VGroup(words(promised, style.HEADING), words(delivered, style.HEADING))
        self.add(self.ground, self.inside, self.filled, self.frame, self.names)
        self.show(0.0, 0.0)

    def show(self, promised: float, delivered: float) -> None:
        """So much of the frame's height, and so much of what will be filled."""
        height, filled = promised * HIGHEST, delivered * DELIVERED * HIGHEST
        _stand(self.inside, height)
        _stand(self.filled, filled)
        x, top = WIDTH / 2, GROUND + max(height, 1e-3)
        sides = [((-x, GROUND, 0), (-x, top, 0)), ((-x, top, 0), (x, top, 0)), ((x, GROUND, 0), (x, top, 0))]
        self.frame.become(VGroup(*(dashed(a, b, palette.text, style.RING, dash=0.13) for a, b in sides if height)))
        for name, share, reaches in zip(self.names, (promised, delivered), (height, filled), strict=True):
            name.place(max(GROUND + 0.12, GROUND + reaches - 0.22), left=x + BESIDE)
            name.set_fill(opacity=min(1.0, max(0.0, share - WORDS_COME) / (1 - WORDS_COME)))

    def promising(self) -> Animation:
        return UpdateFromAlphaFunc(self, lambda _, share: self.show(share, 0.0), rate_func=smooth)

    def delivering(self) -> Animation:
        return UpdateFromAlphaFunc(self, lambda _, share: self.show(1.0, share), rate_func=smooth)


def _stand(shape: Rectangle, height: float) -> None:
    """As high as ``height``, on the ground."""
    shape.stretch_to_fit_height(max(height, 1e-3)).move_to((0.0, GROUND + max(height, 1e-3) / 2, 0.0))
