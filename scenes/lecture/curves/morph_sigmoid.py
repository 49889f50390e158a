"""One sigmoid: what w, b and c do to it, one after the other, and how they are chosen to match a blue piece."""

from __future__ import annotations

import math

from gradreel.scenes import style
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.matched_piece import PieceBoard
from gradreel.scenes.lecture.curves.pictures.printed import equal_sign, short
from gradreel.scenes.lecture.curves.sigmoid_sweeps import SweepBeats
from gradreel.scenes.mobjects.measure import upright_bracket
from gradreel.scenes.mobjects.plot import segment
from gradreel.scenes.mobjects.sigmoid_board import LETTERS, VALUE_BASELINE, color_of, letter_name
from gradreel.scenes.mobjects.text import formula, words
from gradreel.scenes.style import mix, palette
from gradreel.scenes.words.numbers import number_text
from manim import (
    UP,
    Create,
    FadeIn,
    FadeOut,
    Transform,
    UpdateFromAlphaFunc,
    VGroup,
    VMobject,
    smooth,
)
from pydantic import Field, model_validator

Range = tuple[float, float]

BAND_WORDS = 0.8  # share of blue in what is written at the band
CAP = 0.14  # half the width of the brackets at the corners
RULES, RULE_DROP = (0.6, 0.1, -0.4), 0.44  # the rules' baselines around their middle; from b's to its sum


class MorphSigmoid(SweepBeats):
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

        def board(self) -> PieceBoard:
            """The picture as the scene begins it: the piece and the sigmoid that matches it."""
            rest = self.rest()
            shown = {"w": (*self.w_range, -rest["w"]), "b": self.b_range, "c": (*self.c_range, *self.heights())}
            return PieceBoard(rest, shown, self.piece)

    def construct(self) -> None:
        self._prepare()
        self._letters_beat()
        self._w_beat()
        self._b_beat()
        self._c_beat()
        self._negative_beat()
        self._match_beats()

    # -- what is on the screen -----------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.rest = self.parameters.rest()
        self.board = board = self.parameters.board()
        self.match = board.match
        self.band = board.band()
        board.ghosts.add(self.band)
        board.include_below(board.plot, board.close_ticks)
        board.include(board.curve, board.formula)
        self.add(board)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _letters_beat(self) -> None:
        board = self.board
        with self.beat("letters"):
            # The sigmoid along its blue piece, as the last scene left it. Its letters are pointed at. The piece is put
            # aside and the window widens; the sigmoid goes to plain values, and only now has each letter a number and a
            # slider
            self.play(*self._title("heading"), run_time=0.6)
            asked = {letter: self._asked(letter) for letter in LETTERS}
            for letter in LETTERS:
                board.include(board.stems[letter], asked[letter])
                self.play(Create(board.stems[letter]), FadeIn(asked[letter]), run_time=0.4)
            self.wait(1.6)  # until it is said that the piece is put aside
            self.play(FadeOut(self.band), run_time=0.5)
            self._leave_piece()
            self._step_back()
            self.play(board.sweep(1.2, **self.rest))
            known = [part[letter] for letter in LETTERS for part in (board.values, board.sliders)]
            board.include(*known)
            self.play(*map(FadeIn, known), *map(FadeOut, asked.values()), run_time=0.5)
            board.exclude(*asked.values())

    def _asked(self, letter: str) -> VMobject:
        """A question mark under a letter, where its number will be."""
        center = self.board.stems[letter].get_center()[0]
        return words("?", style.LABEL, color_of(letter)).place(VALUE_BASELINE, center=center)

    def _step_back(self) -> None:
        """The window widens, and no letter turns: the corners stay with the sigmoid. Then the ticks change."""
        board = self.board

        def update(_: VMobject, share: float) -> None:
            ranges = zip(board.close, board.wide, strict=True)
            board.set_view(*(tuple(a + share * (b - a) for a, b in zip(*each, strict=True)) for each in ranges))

        self.play(UpdateFromAlphaFunc(board, update, run_time=1.2, rate_func=smooth))
        self.play(FadeOut(board.close_ticks), FadeIn(board.ticks), run_time=0.4)
        board.exclude(board.close_ticks)
        board.plot.add(board.ticks)
        self.add(board)

    def _leave_piece(self) -> None:
        self.board.ghosts.remove(self.band)
        self.add(self.board)

    def _match_beats(self) -> None:
        with self.beat("piece"):
            # w goes back, alone. Then the blue piece again, broad and dim, with two corners; the sigmoid lies elsewhere
            self._end_sweeps("w")
            self.play(*self._title("heading-match"), self.board.sweep(1.2, w=self.rest["w"]))
            self.play(*self._light(*LETTERS), run_time=0.4)
            self._show_piece()
        with self.beat("match"):
            # Height, slope, middle: one rule and one letter after the other, until the curves lie together. The tangent
            # turns until it is parallel to the ramp; for the middle there is a sum to do, when b has landed
            self._match()
        with self.beat("gap", gap=self._gap_text()):
            # Only near the corners do they differ: the piece becomes thin, the largest gap is measured at both, and set
            # beside the height
            self._measure_gap()
            self.hand_on(self.board)  # sum-of-sigmoids begins with it

    def _match(self) -> None:
        board, ramp = self.board, self._ramp()
        marks: list[VMobject] = []
        rules, sum_ = self._rules()
        for letter, rule in zip("cwb", rules, strict=True):
            arriving: list[VMobject] = []
            leaving: list[VMobject] = []
            if letter == "w":
                marks, arriving = [board.show_marker("w")], [board.marker["w"], ramp]
            if letter == "b":
                marks.append(board.show_halfway())
                arriving, leaving = marks[-1:], [ramp]
            changing = [*map(FadeIn, arriving), *map(FadeOut, leaving), *self._light(letter)]
            self.play(FadeIn(rule, shift=0.15 * UP), *changing, run_time=0.5)
            self.play(board.sweep(1.4, **{letter: getattr(self.match, letter)}))
            if letter == "w":
                self.wait(0.5)  # tangent and ramp are seen to be parallel
        self.play(FadeIn(sum_, shift=0.1 * UP), run_time=0.4)
        self.wait(0.5)
        self.play(*map(FadeOut, marks), *self._light(*LETTERS), run_time=0.5)
        board.exclude(*marks)

    def _show_piece(self) -> None:
        plot, height = self.board.plot, self.parameters.piece[2]
        self.band = self.board.band()
        self.board.ghosts.add(self.band)
        name = words(self.screen("piece"), style.LABEL, mix(palette.blue, BAND_WORDS))
        name.place(plot.at(0, height)[1] + (0.26 if height > 0 else -0.46), right=plot.box[1])
        self.play(Create(self.band), run_time=1.4)
        self.play(FadeIn(name, shift=0.1 * UP), run_time=0.5)

    def _rules(self) -> tuple[list[VGroup], VMobject]:
        """How the match is found, where the piece leaves more room: a line for each letter, under b's its sum."""
        plot, (_, end, height) = self.board.plot, self.parameters.piece
        left = plot.box[0] + 0.6 if self._room_is_left() else plot.at(end, 0)[0] + 0.9
        zero, far = plot.at(0, 0)[1], plot.at(0, height)[1]
        under, over = (zero - 0.4, zero) if self.board.ticks.drop < 0 else (zero, zero + 0.4)  # the numbers' room
        spans = [(plot.box[2], under), (over, plot.box[3])]
        if not self._room_is_left():  # there the piece is far from zero
            spans = [(over, far) if height > 0 else (far, under), spans[height < 0]]
        middle = sum(max(spans, key=lambda span: span[1] - span[0])) / 2
        rules = []
        for letter, y in zip("cwb", RULES, strict=True):
            name = letter_name(letter).place(middle + y, center=left)
            rules.append(
                VGroup(name, words(self.screen(f"rule-{letter}"), style.LABEL).place(middle + y, left=left + 0.35))
            )
        sum_ = formula(self._bracket_sum(), style.LETTER).place(middle + RULES[-1] - RULE_DROP, left=left + 0.35)
        return rules, sum_

    def _ramp(self) -> VMobject:
        """The piece's ramp alone, a thin bright line along it: the tangent turns until it has the same slope."""
        plot, (start, end, height) = self.board.plot, self.parameters.piece
        return segment(plot.at(start, 0.0), plot.at(end, height), palette.text, style.GHOST_CURVE)

    def _bracket_sum(self) -> str:
        """b + w x_1 with its numbers, where the piece is half way up."""
        b, w, at = self.match.b, self.match.w, sum(self.parameters.piece[:2]) / 2
        sign = equal_sign(round(b, 2) + round(w, 2) * round(at, 2), 0.0)
        x = short(at) if at >= 0 else f"({short(at)})"
        return f"green({short(b)}) + yellow({short(w)}) dot {x} {sign} 0"

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
        share = 100 * gap / abs(height)
        sign = equal_sign(100 * round(gap, 2) / round(abs(height), 2), share, 0)
        self.gap_label = words(f"{self.screen('gap')} {self._gap_text()}", style.LABEL)
        part = formula(f"{self._gap_text()} slash {short(abs(height))} {sign} {share:.0f} thin %", style.LETTER)
        outwards = 1 if at_end else -1
        beside, inner = ends[at_end]
        down = outwards * height > 0
        x, baseline = beside[0] + 0.35 * outwards, inner[1] + (-0.5 if down else 0.03 + RULE_DROP)
        for text, y in ((self.gap_label, baseline), (part, baseline - RULE_DROP)):
            text.place(y, **{"left" if at_end else "right": x})
        self.play(Transform(self.band, self.board.band(measured=True)), run_time=0.4)
        self.play(*map(Create, brackets), run_time=0.6)
        self.play(FadeIn(self.gap_label, shift=0.1 * UP), run_time=0.5)
        self.wait(0.6)
        self.play(FadeIn(part, shift=0.1 * UP), run_time=0.5)
