"""The scene morph-sigmoid: what w, b and c do to one sigmoid, and how they are chosen to match a blue piece."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.formula_numbers import equal_sign, in_formula
from gradreel.scenes.lecture.curves.pictures.sigmoid_board import LETTERS, VALUE_BASELINE, SigmoidBoard, color_of
from gradreel.scenes.mobjects.bracket import upright_bracket
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import DIM, FULL, emphasis, mix_text, palette
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Animation,
    AnimationGroup,
    Create,
    FadeIn,
    FadeOut,
    LaggedStart,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
    squish_rate_func,
)
from pydantic import Field, model_validator

Range = tuple[float, float]

BAND_WORDS = 0.8  # share of blue in what is written at the band
CAP = 0.14  # half the width of the brackets at the corners
RULES, RULE_DROP = (0.6, 0.1, -0.4), 0.44  # the rules' baselines around their middle; from b's to its sum


class MorphSigmoid(LectureScene):
    """w, b and c each change one thing about y = c sigmoid(b + w x₁); one by one they are set to match a blue piece."""

    class Parameters(LectureScene.Parameters):
        w_range: Range = Field((0.5, 2.0), description="Smallest and largest w shown; within 0.1 to 10")
        b_range: Range = Field((-3.0, 3.0), description="Smallest and largest b shown; within -20 to 20")
        c_range: Range = Field((1.0, 3.0), description="Smallest and largest c shown; within -10 to 10")
        piece: tuple[float, float, float] = Field(
            (1.0, 3.0, 3.0),
            description="The blue piece to match: where its ramp starts and ends (within -20 to 20), and its height",
        )

        @model_validator(mode="after")
        def _ranges_can_be_seen(self) -> MorphSigmoid.Parameters:
            bounds = {"w_range": (0.1, 10.0), "b_range": (-20.0, 20.0), "c_range": (-10.0, 10.0)}
            for name, (least, most) in bounds.items():
                low, high = getattr(self, name)
                if not least <= low < high <= most:
                    raise ValueError(f"{name} must rise and lie within {least:g} to {most:g}, got [{low:g}, {high:g}]")
            start, end, height = self.piece
            if not -20 <= start < end <= 20 or end - start < 0.1:
                raise ValueError(
                    f"piece must start at least 0.1 before its end, within -20 to 20, got {start} to {end}"
                )
            if not 0.1 <= abs(height) <= 10:
                raise ValueError(f"the height of piece must lie within 0.1 to 10, up or down, got {height:g}")
            return self

        def rest(self) -> dict[str, float]:
            """The values from which the sweeps start: in the middle of w and b, and the full height."""
            w, b = math.sqrt(math.prod(self.w_range)), sum(self.b_range) / 2
            return {"w": round(w, 2), "b": round(b, 2), "c": max(self.c_range, key=abs)}

        def heights(self) -> tuple[float, float]:
            """The two values that c goes to from the full height: one as it, up or down, then one the other way."""
            full, other = max(self.c_range, key=abs), min(self.c_range, key=abs)
            return (other, -other) if full * other > 0 else (round(full / 3, 2), other or -round(full / 3, 2))

        def board(self) -> SigmoidBoard:
            """The picture as the scene begins it: the piece and the sigmoid that matches it."""
            rest = self.rest()
            shown = {"w": self.w_range, "b": self.b_range, "c": (*self.c_range, *self.heights())}
            return SigmoidBoard(rest, shown, self.piece)

    def claims(self) -> Iterator[Claim]:
        full, (lower, turned) = self.parameters.rest()["c"], self.parameters.heights()
        yield claim("change-c", "c gets smaller, then negative", full > lower > 0 > turned, c=(full, lower, turned))

    def construct(self) -> None:
        self._prepare()
        self._letters_beat()
        self._w_beat()
        self._b_beat()
        self._c_beat()
        self._match_beat()
        self._gap_beat()

    def _prepare(self) -> None:
        self.rest = self.parameters.rest()
        self.heights = self.parameters.heights()
        self.board = board = self.parameters.board()
        self.match = board.match
        self.band = board.band()
        board.ghosts.add(self.band)
        board.add_to_back(board.plot, board.close_ticks)
        board.add(board.curve, board.formula)
        self.add(board)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _letters_beat(self) -> None:
        board = self.board
        with self.beat("letters", pause="short"):
            # The sigmoid along its blue piece, as the last scene left it. Its letters are pointed at. The piece is put
            # aside and the window widens; the sigmoid goes to plain values, and only now has each letter a number and a
            # slider
            self.play(*self.next_heading(self.screen("heading")), run_time=0.6)
            asked = {letter: self._asked(letter) for letter in LETTERS}
            board.add(*board.stems.values(), *asked.values())
            pointing = (AnimationGroup(Create(board.stems[letter]), FadeIn(asked[letter])) for letter in LETTERS)
            self.play(LaggedStart(*pointing, lag_ratio=0.7), run_time=1.0)
            self.until("aside")
            self.play(FadeOut(self.band), run_time=0.3)
            board.ghosts.remove(self.band)
            self.add(board)
            self._step_back()
            self.play(board.sweep(1.0, **self.rest))
            known = [part[letter] for letter in LETTERS for part in (board.values, board.sliders)]
            board.add(*known)
            self.play(*map(FadeIn, known), *map(FadeOut, asked.values()), run_time=0.5)
            board.remove(*asked.values())

    def _w_beat(self) -> None:
        low, high = self.parameters.w_range
        with self.beat("change-w", pause="short"):
            # w grows: the rise gets steeper about the same middle; the gentler curve stays behind. It shrinks: a gentle
            # slope, almost a straight line
            self._start_sweeps("w")
            self._go("w", high, 1.6)
            self.until("down")
            self._go("w", low, 2.0)

    def _b_beat(self) -> None:
        low, high = self.parameters.b_range
        with self.beat("change-b", pause="short"):
            # A line marks where b + w x is 0: there the curve is half way up. w goes back. b grows, and it goes left; b
            # shrinks below zero, and it slides right
            self.play(FadeIn(self.board.show_halfway()), run_time=0.5)
            self._end_sweeps("w")
            self._start_sweeps("b")
            self.until("raise")
            self._go("b", high, 1.6)
            self.until("lower")
            self._go("b", low, 1.5)

    def _c_beat(self) -> None:
        board = self.board
        with self.beat("change-c"):
            # b goes back. c pulls the right end down, while the left end stays near zero; with the other sign, the step
            # turns over
            self._end_sweeps("b", board.halfway)
            board.add(board.level)
            self._start_sweeps("c", Create(board.level))
            self.until("sink")
            self._go("c", self.heights[0], 1.5)
            self.until("turn")
            self._go("c", self.heights[1], 1.5)

    def _match_beat(self) -> None:
        board, ramp = self.board, self._ramp()
        with self.beat("match", pause="long"):
            # The blue piece again, broad and dim, with two corners; the sigmoid lies elsewhere. Height, slope, middle:
            # a rule and a letter after the other, until the curves lie together. The tangent turns until it is parallel
            # to the ramp; for the middle there is a sum to do, when b has landed
            self._end_sweeps("c", board.level)
            self.band = board.band()
            board.ghosts.add(self.band)
            plot, height = board.plot, self.parameters.piece[2]
            name = words(self.screen("piece"), style.LABEL, mix_text(palette.blue, BAND_WORDS))
            name.place(plot.at(0, height)[1] + 0.26, right=plot.box[1])
            self.play(*self.next_heading(self.screen("heading-match")), Create(self.band), FadeIn(name))
            self.until("height")
            (c_rule, w_rule, b_rule), sum_ = self._rules()
            self._set_letter("c", c_rule)
            self.until("slope")
            tangent = board.show_marker("w")
            self._set_letter("w", w_rule, FadeIn(tangent), FadeIn(ramp))
            self.wait(0.4)  # tangent and ramp are seen to be parallel
            self.until("middle")
            halfway = board.show_halfway()
            self._set_letter("b", b_rule, FadeIn(halfway), FadeOut(ramp))
            self.play(FadeIn(sum_, shift=0.1 * UP), run_time=0.4)
            self.wait(0.3)
            self.play(FadeOut(tangent), FadeOut(halfway), *self._light(*LETTERS), run_time=0.5)
            board.remove(tangent, halfway)

    def _gap_beat(self) -> None:
        with self.beat("gap"):
            # Only near the corners do they differ: the piece becomes thin, and the largest gap is measured at both
            self._measure_gap()
            self.hand_on(self.board)  # sum-of-sigmoids begins with it

    # -- letters and their sweeps --------------------------------------------------------------------------------

    def _light(self, *letters: str) -> list[Animation]:
        """The letters spoken of come to full strength, number, stem and slider; the others step back."""
        board = self.board
        return [
            emphasis(part, FULL if letter in letters else DIM)
            for letter in LETTERS
            for part in (board.values[letter], board.stems[letter], board.sliders[letter])
        ]

    def _asked(self, letter: str) -> VMobject:
        """A question mark under a letter, where its number will be."""
        center = self.board.stems[letter].get_center()[0]
        return words("?", style.LABEL, color_of(letter)).place(VALUE_BASELINE, center=center)

    def _step_back(self) -> None:
        """The window widens, and no letter turns: the corners stay with the sigmoid. Then the ticks change."""
        board = self.board

        def update(_: VMobject, share: float) -> None:
            ranges = zip(board.close, board.wide, strict=True)
            x, y = (tuple(a + share * (b - a) for a, b in zip(*each, strict=True)) for each in ranges)
            board.set_view((x, y))

        self.play(UpdateFromAlphaFunc(board, update, run_time=1.2, rate_func=smooth))
        self.play(FadeOut(board.close_ticks), FadeIn(board.ticks), run_time=0.4)
        board.remove(board.close_ticks)
        board.plot.add(board.ticks)
        self.add(board)

    def _start_sweeps(self, letter: str, *coming: Animation) -> None:
        """The letter's own mark comes: the slope, the shift or the height; and what else is ``coming``."""
        mark = self.board.show_marker(letter)
        self.play(*self.next_heading(self.screen(f"heading-{letter}")), *self._light(letter), FadeIn(mark), *coming)

    def _go(self, letter: str, value: float, run_time: float) -> None:
        """The letter moves to another value, and rests; the curve that it leaves stays as a ghost with its label."""
        board = self.board
        board.sliders[letter].mark(board.now[letter])
        board.leave_ghost()
        label = board.curve_label(letter)
        board.ghosts.add(label)
        arriving = FadeIn(label, rate_func=squish_rate_func(smooth, 0.25, 0.6), run_time=run_time)
        self.play(board.sweep(run_time, **{letter: value}), arriving)
        self.wait(0.4)

    def _end_sweeps(self, letter: str, *others: VMobject) -> None:
        """Ghosts, labels and the letter's mark leave, and ``others`` of the board with them; w and b go back."""
        board = self.board
        slider = board.sliders[letter]
        leaving = [part for part in (board.ghosts, slider.marks) if part.family_members_with_points()]
        leaving += [board.marker[letter]] if board.marker[letter] in board.submobjects else []
        self.play(*(FadeOut(part) for part in (*leaving, *others)), run_time=0.4)
        slider.marks.remove(*slider.marks.submobjects)
        board.ghosts.remove(*board.ghosts.submobjects)
        board.remove(board.marker[letter], *others)
        self.remove(board.marker[letter], *others)
        self.add(board)
        if letter != "c":
            self.play(board.sweep(0.8, **{letter: self.rest[letter]}))

    # -- the match -----------------------------------------------------------------------------------------------

    def _set_letter(self, letter: str, rule: VGroup, *changing: Animation) -> None:
        """The rule comes, and the letter goes to the value that it gives."""
        self.play(FadeIn(rule, shift=0.15 * UP), *changing, *self._light(letter), run_time=0.5)
        self.play(self.board.sweep(1.2, **{letter: getattr(self.match, letter)}))

    def _ramp(self) -> VMobject:
        """The piece's ramp alone, a thin bright line along it: the tangent turns until it has the same slope."""
        plot, (start, end, height) = self.board.plot, self.parameters.piece
        return segment(plot.at(start, 0.0), plot.at(end, height), palette.text, style.GHOST_CURVE)

    def _rules(self) -> tuple[list[VGroup], VMobject]:
        """How the match is found, where the piece leaves more room: a line for c, w and b, under b's its sum."""
        plot, (_, end, height) = self.board.plot, self.parameters.piece
        left = plot.box[0] + 0.6 if self._room_is_left() else plot.at(end, 0)[0] + 0.9
        zero, far = plot.at(0, 0)[1], plot.at(0, height)[1]
        spans = [(plot.box[2], zero), (zero, plot.box[3])]
        if not self._room_is_left():  # there the piece is far from zero
            spans = [(zero, far) if height > 0 else (far, zero), spans[height < 0]]
        middle = sum(max(spans, key=lambda span: span[1] - span[0])) / 2
        rules = []
        for letter, y in zip("cwb", RULES, strict=True):
            name = formula(letter, style.LETTER * 1.15, color_of(letter)).place(middle + y, center=left)
            rule = words(self.screen(f"rule-{letter}"), style.LABEL).place(middle + y, left=left + 0.35)
            rules.append(VGroup(name, rule))
        sum_ = formula(self._bracket_sum(), style.LETTER).place(middle + RULES[-1] - RULE_DROP, left=left + 0.35)
        return rules, sum_

    def _bracket_sum(self) -> str:
        """b + w x_1 with its numbers, where the piece is half way up."""
        b, w, at = (round(value, 2) for value in (self.match.b, self.match.w, sum(self.parameters.piece[:2]) / 2))
        x = in_formula(at) if at >= 0 else f"({in_formula(at)})"
        return f"green({in_formula(b)}) + yellow({in_formula(w)}) dot {x} {equal_sign(b + w * at, 0.0)} 0"

    def _room_is_left(self) -> bool:
        start, end, _ = self.parameters.piece
        low, high = self.board.plot.x_range
        return start - low >= high - end

    def _gap_text(self) -> str:
        return number_text(self.match.largest_gap, 2)

    def _measure_gap(self) -> None:
        """A bracket between piece and sigmoid at both corners; the words at the one with room beside it."""
        plot, (start, end, height) = self.board.plot, self.parameters.piece
        at_end, gap = self._room_is_left(), self.match.largest_gap
        drop = math.copysign(gap, height)
        ends = [(plot.at(start, 0.0), plot.at(start, drop)), (plot.at(end, height), plot.at(end, height - drop))]
        brackets = [upright_bracket(*pair, cap=CAP).set_stroke(width=style.GHOST_CURVE) for pair in ends]
        label = words(f"{self.screen('gap')} {self._gap_text()}", style.LABEL)
        outwards = 1 if at_end else -1
        beside, inner = ends[at_end]
        down = outwards * height > 0
        x, baseline = beside[0] + 0.35 * outwards, inner[1] + (-0.5 if down else 0.03 + RULE_DROP)
        label.place(baseline, **{"left" if at_end else "right": x})
        self.play(Transform(self.band, self.board.band(measured=True)), run_time=0.4)
        self.play(*map(Create, brackets), run_time=0.6)
        self.play(FadeIn(label, shift=0.1 * UP), run_time=0.5)
