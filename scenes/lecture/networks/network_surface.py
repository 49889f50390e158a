"""The small network as a function of two features: a surface, to which each of its sigmoids adds a ramp."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from gradreel.core.network.theta import predict, unpack
from gradreel.core.network.worked_example import in_thousands
from gradreel.scenes.lecture.networks.pictures.surface_board import COUNT, FEW, SurfaceBoard
from gradreel.scenes.lecture.networks.pictures.tried_term import TRIED as TRIED_LETTERS
from gradreel.scenes.lecture.networks.pictures.tried_term import TriedTerm, first_term_source
from gradreel.scenes.lecture.networks.term_surfaces import (
    Surface,
    Swing,
    ground_around,
    ground_of,
    near_days,
    surface_of,
    swung,
    swung_theta,
    walk_of,
)
from gradreel.scenes.lecture.three_days import ThreeDaysScene
from gradreel.scenes.mobjects.formula_growth import grow
from gradreel.scenes.mobjects.network_sum import WrittenSum
from gradreel.scenes.mobjects.pace import sampled_rows
from gradreel.scenes.style import FAINT, FULL, emphasis
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    Create,
    FadeIn,
    FadeOut,
    ReplacementTransform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    linear,
    smooth,
)

AMONG, MOST_DAYS, FEWEST_DAYS = 40, 14, 6  # real days around the one that is shown: of so many so many; or none
TURN, CLOSER, BACK, TRAIN = 2.8, 1.1, 1.1, 2.2  # seconds
TRY = 1.6  # seconds in which the first term is turned, or moved, or sunk
TRIED = 50.0, 0.3, -1.0  # degrees, lengths of the ground, c's factor


def surface_board(scene: ThreeDaysScene) -> SurfaceBoard:
    """The scene's network, which has been read, over x_1 and x_2; the other features as before the day shown."""
    run, theta, example = scene.run, scene.theta, scene.example
    ground = ground_of(scene.dataset, example.x)

    def at(ground: tuple[float, float], count: int) -> Surface:
        return surface_of(run, theta, example.x, ground, count)

    surface, small = at(ground, COUNT), at(ground, FEW)
    x, labels = near_days(scene.dataset, example, ground, AMONG, MOST_DAYS)
    if len(labels) < FEWEST_DAYS:
        x, labels = x[:0], labels[:0]
    near = x[:, :2], labels, np.asarray(predict(run, theta, x))
    close = ground_around(np.vstack([near[0], example.x[:2]]), ground) if len(x) else ground
    names = []
    for j in (1, 2):
        key = "day-ago" if j == 1 else "days-ago"
        ago = scene.words_of.screen("network-diagram", key, scene.context.language, {"days": j})
        names.append(f"$x_{j}$ · {ago}")
    day = example.x[:2], scene.there.y, scene.there.label
    trace = scene.trace("run")
    rows = sampled_rows(0, len(trace.kept) - 1)
    thetas, days = in_thousands(run, trace.parameters[rows]), np.vstack([x, example.x])
    walk, small_walk = (walk_of(run, trace.kept[rows], thetas, example.x, close, count, days) for count in (COUNT, FEW))
    gaps = scene.mean_gaps(trace.parameters[rows])
    said = [
        scene.words_of.screen(
            "network-diagram", key, scene.context.language, {"days": number_text(scene.dataset.examples)}
        )
        for key in ("update", "mean-gap")
    ]
    tried = np.array([surface.constant + swung(run, theta, surface, 0, tried_at((2 * k + 1) / 6)) for k in range(3)])
    inner = TriedTerm(first_term_source(scene.n_features, run.activation), tried_values(scene, surface, Swing()))
    return SurfaceBoard(
        surface, small, *day, near, names, scene.decimals, at, close, walk, small_walk, gaps, said, tried, inner
    )


def tried_values(scene: ThreeDaysScene, surface: Surface, swing: Swing) -> tuple[float, ...]:
    """w_11, w_12, b_1 and c_1, tried as ``swing`` has it."""
    layers = unpack(scene.run, swung_theta(scene.run, scene.theta, surface, 0, swing))
    return (*map(float, layers.weights[0][0, :2]), float(layers.biases[0][0]), float(layers.c[0]))


def surface_as_left(scene: ThreeDaysScene) -> list[VMobject]:
    """What network-diagram ends with where there are two features or more."""
    board = surface_board(scene).settled()
    if not len(board.days.y):
        return [board.held, board.column, *board.turning, board.lead, board.card, board.day]
    board.zoom(1.0)
    board.train(1.0)
    return [board.about, board.column, *board.turning, board.days, board.tally]


def tried_at(share: float) -> Swing:
    """What is done to the first term when ``share`` of the try is over: turned, moved, sunk, each there and back."""
    turn, move, lift = TRIED
    part = min(int(3 * share), 2)
    away = float(np.sin(np.pi * (3 * share - part))) ** 2
    return (Swing(turn=turn * away), Swing(move=move * away), Swing(lift=1 + (lift - 1) * away))[part]


def zh_views(views: Mapping[str, str]) -> dict[str, str]:
    """Views as a Chinese line says them, "4.49 千" for "4.49k", each under its name and _zh."""
    return {f"{name}_zh": text.replace("k", " 千").replace("M", " 百万") for name, text in views.items()}


class SurfaceBeats(ThreeDaysScene):
    """The last beats of network-diagram: after one day, all days that could be."""

    def surface_beats(self, row: WrittenSum) -> None:
        """``row`` is the last sum, below the diagram; all of the diagram is on the screen."""
        self.board = surface_board(self)
        self._floor_beat(row)
        self._ramps_beat()
        self._turn_beat()
        if len(self.board.days.y):
            self._days_beat()

    def _over(self, part: VMobject, show: Callable[[float], None], seconds: float) -> Animation:
        """``show(share)``, from 0 to 1, which sets points of ``part`` in place."""
        return UpdateFromAlphaFunc(part, lambda _, share: show(share), run_time=seconds, rate_func=smooth)

    def _floor_beat(self, row: WrittenSum) -> None:
        with self.beat("floor"):
            # The diagram goes, but for its boxes, which move to the left; the sum stands up beside them. A square of
            # ground; the sheet spreads over it and rises, as high as b, which is written at the axis
            self._lay_the_floor(row)

    def _lay_the_floor(self, row: WrittenSum) -> None:
        board, boxes = self.board, self.diagram.boxes
        kept = [self.title, self.source, row.letters, boxes]
        self.remove(boxes)
        self.add(boxes)
        gone = [part for part in self.mobjects if part not in kept]
        leaving = [self.next_title("heading-surface"), *(FadeOut(part, run_time=0.6) for part in gone)]
        places = [box.animate(run_time=1.6).move_to(floor) for box, floor in zip(boxes, board.floors, strict=True)]
        self.play(*leaving, *places, *grow(row.letters, board.column))
        dimmed = [emphasis(part, FAINT) for i, box in enumerate(boxes) for part in (board.term(i), box)]
        drawn = [Create(board.ground.floor), Create(board.ground.rims), FadeIn(board.ground.labels)]
        self.play(*drawn, *dimmed, *([FadeIn(board.held)] if len(board.held) else []), run_time=1.0)
        self.add(board.ground)
        self.add(board.sheet)
        self.play(self._over(board.sheet, board.spread, 0.6))
        self.play(self._over(board.sheet, board.raise_floor, 0.8))
        self.play(FadeIn(board.tag), run_time=0.4)

    def _ramps_beat(self) -> None:
        board, count = self.board, self.board.surface.n_terms
        with self.beat("ramps", activation=self.activation):
            # A box unfolds into a ramp, beside its term, and the sheet takes it up. The first is turned, moved and sunk
            # there, while its w's, its b and its c light up, and comes back. Then the others
            for i, box in enumerate(self.diagram.boxes):
                seconds = 0.75 if i == 0 else 0.5
                ramp, floor = board.ramps[i], board.floors[i]
                gone = [FadeOut(box), *([] if i else [FadeOut(board.tag)])]
                self.play(emphasis(board.term(i), FULL), *gone, FadeIn(floor), run_time=0.4 * seconds)
                self.add(ramp)
                self.play(self._over(ramp, lambda share, i=i: board.unfold(i, share), 0.8 * seconds))
                self.play(self._over(board.sheet, lambda share, i=i: board.add_term(i, share), 1.1 * seconds))
                if i == 0:
                    self._swing()
                    if count > 1:
                        self.wait(1.2)  # until the others are spoken of

    def _swing(self) -> None:
        """b and the first ramp if its w's, its b and its c were others, one after the other; then it is as it was.

        Above it is what the term consists of; the letters spoken of are lit and large, their numbers run below.
        """
        board, inner = self.board, self.board.inner
        self.play(FadeIn(inner), run_time=0.3)
        for k in range(len(TRIED_LETTERS)):
            moving = VGroup(board.sheet, board.ramps[0], inner.numbers[k])
            gone = [FadeOut(inner.numbers[k - 1])] if k else []
            self.add(inner.numbers[k])
            self.play(*(each.set_run_time(0.3) for each in (*inner.light(k), *gone)), self._try(moving, k))
            self.remove(moving)
            self.add(board.sheet, board.ramps[0], inner.numbers[k])
        self.play(FadeOut(inner, inner.numbers[-1]), run_time=0.3)

    def _try(self, moving: VMobject, k: int) -> Animation:
        """The k-th try, there and back: of the w's, of b, of c. ``moving`` holds what it moves."""
        board = self.board

        def update(_: VMobject, share: float) -> None:
            swing = tried_at((k + share) / 3) if share < 1 else Swing()
            board.swing(0, *(swung(self.run, self.theta, each, 0, swing) for each in (board.surface, board.small)))
            board.inner.show(tried_values(self, board.surface, swing))

        return UpdateFromAlphaFunc(moving, update, run_time=TRY, rate_func=linear)

    def _turn_beat(self) -> None:
        said = {**self.outcome, **zh_views(self.outcome), "activation": self.activation}
        with self.beat("turn-low", **said):
            # The whole sheet turns, and the ramps with it. On it is the prediction, the day off it; the gap, large
            self._turn()

    def _turn(self) -> None:
        board = self.board
        moving = VGroup(board.turning)
        self.add(moving)
        self.play(self._over(moving, board.turn, TURN))
        self.remove(moving)
        self.add(*board.turning)
        self.play(FadeIn(board.day, scale=0.4), run_time=0.5)
        self.play(Create(board.lead), FadeIn(board.card, target_position=board.day, scale=0.1), run_time=0.8)

    def _days_beat(self) -> None:
        board, decimals, letter = self.board, self.decimals, self.unit.letter
        first, last = (round(board.mean_gap(k), decimals) for k in (0, -1))
        gaps = {key: number_text(gap, decimals) + letter for key, gap in (("before", first), ("after", last))}
        with self.beat("days", **gaps, **zh_views(gaps)):
            # Closer, and back to the start of the training, where the sheet was another. The day shown goes;
            # only then a few other real days stand about its place, each with its gap; what was held is only close to
            # what it is there. How far off the network was on all days. Then, update after update, the sheet bends to
            # where it was; that runs along
            self.play(FadeOut(board.card, board.lead), run_time=0.3)
            moving = VGroup(board.ground, board.sheet, *board.floors, *board.ramps, board.day)
            self.play(self._over(moving, board.zoom, CLOSER))
            self.remove(moving, board.day)
            self.add(*board.turning, board.day)
            board.train(1.0)
            moving = VGroup(board.sheet, *board.floors, *board.ramps, board.day)
            self.play(self._over(moving, lambda share: board.train(1.0 - share), BACK))
            self.remove(moving)
            self.add(*board.turning, board.days, board.day)
            close = [ReplacementTransform(board.held, board.about)] if len(board.held) else []
            self.play(FadeIn(board.days, shift=0.1 * UP), FadeOut(board.day), *close, run_time=0.6)
            self.wait(0.8)  # until the gaps are spoken of
            self.play(FadeIn(board.tally), run_time=0.4)
            self.wait(2.7)  # until how far it is has been said
            moving = VGroup(board.sheet, *board.floors, *board.ramps, board.days, board.tally)
            self.play(self._over(moving, board.train, TRAIN).set_rate_func(linear))
            self.remove(moving)
            self.add(*board.turning, board.days, board.tally)
