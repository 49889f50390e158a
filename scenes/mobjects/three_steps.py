"""A map of the three steps of training, a card for each, which returns between the parts of the lecture.

    text_of = self.screen_of("part-map")                              # in a scene: the words in its language
    steps = ThreeSteps(self.trace("run"), text_of, current=1)
    self.play(*self.next_heading(text_of("heading")), FadeIn(steps))
    self.play(steps.focus(2), run_time=0.8)                      # step 2 becomes bright; None: all three

Each card has a number, a name, a small picture from one recorded run on a curve, and a formula. The pictures show
curves of the run's thetas, the errors of one curve, and the path over the loss. ``formulas=False`` leaves out the
formulas and makes the pictures taller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from gradreel.core.analysis.planes import loss_grid, plane_of, view_around
from gradreel.core.arrays import FloatArray, IntArray
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.loss_map import LossMap
from gradreel.scenes.mobjects.pace import Pace, even_pace, recorded_row, state_at
from gradreel.scenes.mobjects.plot import Plot, polyline, ring, segment
from gradreel.scenes.mobjects.text import TextMobject, fitted, formula, words
from gradreel.scenes.mobjects.ticks import nice_range
from gradreel.scenes.mobjects.update_formulas import GOAL
from gradreel.scenes.style import Box, emphasis, emphasize, mix, palette
from manim import (
    Animation,
    AnimationGroup,
    RoundedRectangle,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    there_and_back,
)

NAMES = ("function", "loss", "optimization")  # keys of the words
FORMULAS = ("blue(y) = f_orange(theta) (bold(x))", "L(orange(theta)) = 1/N sum_n e_n", GOAL)
PLACE = 4  # index of the picture among a card's parts
VEILED = 0.45  # share of its colours that a dimmed card keeps

WIDTH, GAP, TOP, BOTTOM = 3.92, 0.52, 2.3, -2.75
LINE = 27
INNER, PADDING = 3.12, 0.2  # width of a card's picture; least room beside its words
PICTURE = (-1.15, 1.0)  # bottom and top of the picture
TALL_PICTURE = (-2.2, 0.95)  # the same without a formula below
NAME_LINE, FORMULA_LINE, BADGE = 1.38, -2.1, 0.345
NAME_LINES = (1.55, 1.14)  # baselines of a name in two lines
SAMPLES, ERRORS = 160, 17  # numbers of x at which curves and errors are drawn
GHOSTS = (0.0, 0.3, 0.5, 0.65, 0.8, 1.0)  # drawn states, as shares of the walk
MISSING = 0.55  # the state whose errors are shown, as a share of the walk
GRID = (100, 70)


class ThreeSteps(VGroup):
    """Three cards from left to right; the one of step ``current`` (1 to 3) is bright, the others dim; None: all bright.

    ``run``: trace of a run on a curve. ``text_of``: returns the words for a key of `NAMES`. ``formulas``: whether each
    card has its formula. ``blue``: the run's last curve, in the first card; ``red``: its target, in the second.
    """

    def __init__(self, run: Trace, text_of: Callable[[str], str], current: int | None, formulas: bool = True) -> None:
        super().__init__()
        pace, heights = even_pace(run), PICTURE if formulas else TALL_PICTURE
        self.cards = [
            _card_of_step(k, text_of(name), draw(run, pace, _box_of_picture(k, heights)), source if formulas else None)
            for k, name, draw, source in zip(
                (1, 2, 3), NAMES, (_picture_of_curves, _picture_of_errors, _picture_of_path), FORMULAS, strict=True
            )
        ]
        middle = sum(heights) / 2
        self.arrows = VGroup(*(_chevron_mark(style.LEFT_EDGE + k * (WIDTH + GAP) - GAP / 2, middle) for k in (1, 2)))
        self.blue, self.red = self.cards[0][PLACE][-1], self.cards[1][PLACE][-2]
        self.run, self.pace = run, pace
        self.add(*self.cards, self.arrows)
        self.current = current
        for k, card in enumerate(self.cards, start=1):
            emphasize(card, self._brightness_of_card(k))

    def card(self, step: int) -> VGroup:
        """Return the card of step 1, 2 or 3: frame, badge, number, name, picture, and perhaps a formula."""
        return self.cards[step - 1]

    def focus(self, step: int | None) -> Animation:
        """Return the animation after which only this step's card is bright; None: all three."""
        self.current = step
        return AnimationGroup(
            *(emphasis(card, self._brightness_of_card(k)) for k, card in enumerate(self.cards, start=1))
        )

    def try_values(self, seconds: float) -> Animation:
        """Return an animation of the second card: its curve and errors pass through later states and back."""
        picture = self.cards[1][PLACE]
        plot, *errors, _, blue = picture
        run = self.run.experiment
        first = self.pace.share(recorded_row(self.pace.row(MISSING)))
        x, target = _sampled_x(run), run.curve_data.curve()
        features = run.curve_data.features_at(x)

        def update(_: VGroup, share: float) -> None:
            theta = state_at(self.run, self.pace.row(first + share * (1 - first)))
            curve = np.clip(predict(run, theta, features), *plot.y_range)
            plot.set_curve(blue, x, curve)
            for error, i in zip(errors, _error_indices(), strict=True):
                error.set_points_as_corners(plot.at(x[i], [target(x[i]), curve[i]]))

        return UpdateFromAlphaFunc(picture, update, run_time=seconds, rate_func=there_and_back)

    def line(self, step: int, text: str, baseline: float) -> TextMobject:
        """Return a line of words, centred in a step's card; it is not part of the map."""
        middle = style.LEFT_EDGE + (step - 1) * (WIDTH + GAP) + WIDTH / 2
        return fitted(words, text, LINE, WIDTH - 2 * PADDING).place(baseline, center=middle)

    def _brightness_of_card(self, step: int) -> float:
        """Return the share of its colours that a step's card has now."""
        return style.FULL if self.current in (None, step) else VEILED


def _box_of_picture(step: int, heights: tuple[float, float]) -> Box:
    """Return left, right, bottom and top of a card's picture."""
    left = style.LEFT_EDGE + (step - 1) * (WIDTH + GAP) + (WIDTH - INNER) / 2
    return (left, left + INNER, *heights)


def _card_of_step(step: int, name: str, picture: VGroup, source: str | None) -> VGroup:
    """Return a step's card; ``source``: its formula, if any."""
    left = style.LEFT_EDGE + (step - 1) * (WIDTH + GAP)
    middle = left + WIDTH / 2
    frame = RoundedRectangle(corner_radius=0.16, width=WIDTH, height=TOP - BOTTOM, stroke_width=style.BOX)
    frame.move_to((middle, (TOP + BOTTOM) / 2, 0)).set_stroke(mix(palette.text, 0.8))
    frame.set_fill(mix(palette.text, 0.05), 1)
    badge = ring((middle, TOP, 0), BADGE, palette.text, fill=mix(palette.text, 0.13))
    number = words(str(step), 40).place(TOP - 0.15, center=middle)
    title = _name_in_lines(name, middle)
    card = VGroup(frame, badge, number, title, picture)
    if source is not None:
        card.add(fitted(formula, source, 41, WIDTH - 2 * PADDING).place(FORMULA_LINE, center=middle))
    return card


def _name_in_lines(name: str, middle: float) -> VGroup:
    """Return a step's name, in two lines if one is too narrow for it."""
    one_line = words(name, style.HEADING).place(NAME_LINE, center=middle)
    gaps = [k for k, character in enumerate(name) if character == " "]
    if one_line.width <= WIDTH - 2 * PADDING or not gaps:
        return fitted(words, name, style.HEADING, WIDTH - 2 * PADDING).place(NAME_LINE, center=middle)
    gap = min(gaps, key=lambda k: abs(k - len(name) / 2))
    first, second = (fitted(words, part, style.HEADING, WIDTH - 2 * PADDING) for part in (name[:gap], name[gap + 1 :]))
    upper, lower = NAME_LINES
    return VGroup(first.place(upper, center=middle), second.place(lower, center=middle))


def _chevron_mark(x: float, y: float) -> VMobject:
    """Return a ">" around (x, y)."""
    corners = [(x - 0.1, y + 0.2, 0), (x + 0.1, y, 0), (x - 0.1, y - 0.2, 0)]
    return polyline(np.array(corners), palette.dim, style.RING)


# -- the pictures ----------------------------------------------------------------------------------------------------


def _axes_for_curves(run: Experiment, box: Box, curves: FloatArray) -> Plot:
    """Return axes without ticks that hold the red curve and ``curves``."""
    left, right, bottom, top = box
    y_range = nice_range(np.concatenate([run.dataset.labels(), curves.ravel()]), margin=0.06)
    x_range = run.curve_data.range
    return Plot(x_range, y_range, left=left, right=right, bottom=bottom, top=top, x_label=None)


def _sampled_x(run: Experiment) -> FloatArray:
    """Return the x at which curves are drawn, (SAMPLES,)."""
    low, high = run.curve_data.range
    return np.linspace(low, high, SAMPLES)


def _curves_at(trace: Trace, pace: Pace, shares: Sequence[float]) -> FloatArray:
    """Return the network's curves, (S, SAMPLES), at these S shares of the walk."""
    rows = [recorded_row(pace.row(share)) for share in shares]
    run = trace.experiment
    return predict(run, np.asarray(trace.parameters[rows]), run.curve_data.features_at(_sampled_x(run)))


def _picture_of_curves(trace: Trace, pace: Pace, box: Box) -> VGroup:
    """Return the picture of step 1: several curves of the run, the last one bright."""
    curves = _curves_at(trace, pace, GHOSTS)
    plot = _axes_for_curves(trace.experiment, box, curves)
    shares = np.linspace(0.35, 0.75, len(curves) - 1)
    x = _sampled_x(trace.experiment)
    ghosts = [
        plot.curve(x, y, mix(palette.blue, share), style.GHOST_CURVE) for y, share in zip(curves, shares, strict=False)
    ]
    return VGroup(plot, *ghosts, plot.curve(x, curves[-1], palette.blue, style.SMALL_CURVE))


def _picture_of_errors(trace: Trace, pace: Pace, box: Box) -> VGroup:
    """Return the picture of step 2: the red curve, one of the run's curves, and upright lines between them."""
    run = trace.experiment
    curves = _curves_at(trace, pace, [MISSING])
    plot, x, target = _axes_for_curves(run, box, curves), _sampled_x(run), run.curve_data.curve()
    corners = np.unique(np.concatenate([x[[0, -1]], target.x[(target.x > x[0]) & (target.x < x[-1])]]))
    errors = [
        segment(plot.at(x[i], target(x[i])), plot.at(x[i], curves[0, i]), mix(palette.text, 0.7), style.AXIS)
        for i in _error_indices()
    ]
    red = plot.curve(corners, target(corners), palette.red, style.SMALL_CURVE)
    return VGroup(plot, *errors, red, plot.curve(x, curves[0], palette.blue, style.SMALL_CURVE))


def _error_indices() -> IntArray:
    """Return the indices of the x at which an error is drawn, (ERRORS,)."""
    return np.linspace(0, SAMPLES - 1, ERRORS + 2).round().astype(int)[1:-1]


def _picture_of_path(trace: Trace, pace: Pace, box: Box) -> VGroup:
    """Return the picture of step 3: the loss on the plane nearest to the path, and the path from a ring to a dot."""
    left, right, bottom, top = box
    plane = plane_of(trace)
    rows = np.unique([recorded_row(pace.row(share)) for share in np.linspace(0, 1, SAMPLES)])
    uv = plane.coordinates(np.asarray(trace.parameters[rows]))
    u_range, v_range = view_around(uv, INNER, top - bottom, margin=0.14)
    u = np.linspace(u_range[0], u_range[1], GRID[0])
    v = np.linspace(v_range[0], v_range[1], GRID[1])
    loss = loss_grid(trace.experiment, plane, u, v)
    ground = LossMap(u, v, loss, left=left, right=right, bottom=bottom, top=top)
    points = ground.at(uv)
    line = polyline(points, palette.orange, 4.5)
    start = ring(points[0], 0.1, palette.orange)
    return VGroup(ground, line, start, ring(points[-1], 0.1, palette.orange, fill=palette.orange))
