"""What each letter does to one sigmoid: it sweeps over its values, and the curves that it leaves stay as ghosts."""

from __future__ import annotations

from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.pictures.matched_piece import PieceBoard
from gradreel.scenes.mobjects.headings import next_heading
from gradreel.scenes.mobjects.sigmoid_board import LETTERS, curve_label, on_curve
from gradreel.scenes.style import FULL, PRESENT, emphasis
from manim import Animation, Create, FadeIn, FadeOut, VMobject, smooth, squish_rate_func


class SweepBeats(LectureScene):
    """The beats of w, of b, of c and of negative values; all letters are at ``rest`` when they begin."""

    board: PieceBoard
    rest: dict[str, float]
    past: dict[float, VMobject]  # value -> the label of the curve that it left behind

    def _title(self, key: str) -> list[Animation]:
        """The heading becomes another one."""
        self.title, animations = next_heading(self.screen(key), getattr(self, "title", None))
        return animations

    def _light(self, *letters: str) -> list[Animation]:
        """The letters spoken of come to full strength, number, stem and slider; the others step back."""
        board = self.board
        return [
            emphasis(part, FULL if letter in letters else PRESENT)
            for letter in LETTERS
            for part in (board.values[letter], board.stems[letter], board.sliders[letter])
        ]

    # -- one letter sweeps ---------------------------------------------------------------------------------------

    def _start_sweeps(self, letter: str, *coming: Animation) -> None:
        """The letter's own mark comes: the slope, the shift or the height; and what else is ``coming``."""
        self.past = {}
        mark = self.board.show_marker(letter)
        self.play(*self._title(f"heading-{letter}"), *self._light(letter), FadeIn(mark), *coming)

    def _go(self, letter: str, value: float, run_time: float, rest: float = 0.4) -> None:
        """The letter moves to another value, and rests; the curve that it leaves stays as a ghost with its label."""
        board = self.board
        left = board.now[letter]
        arriving = []
        if left not in self.past:
            board.sliders[letter].mark(left)
            board.leave_ghost()
            self.past[left] = self._label(letter)
            board.ghosts.add(self.past[left])
            arriving.append(FadeIn(self.past[left], rate_func=squish_rate_func(smooth, 0.25, 0.6)))
        if value in self.past:  # the curve comes back to where its label lies
            arriving.append(FadeOut(self.past[value], rate_func=squish_rate_func(smooth, 0.4, 0.8)))
        self.play(board.sweep(run_time, **{letter: value}), *(each.set_run_time(run_time) for each in arriving))
        if value in self.past:
            board.ghosts.remove(self.past[value])
            self.add(board)
        if rest:
            self.wait(rest)

    def _label(self, letter: str) -> VMobject:
        """The value of the present curve, as a label of the ghost that it will leave."""
        board = self.board
        label = curve_label(letter, board.now[letter], 0.75)
        if letter == "c":
            label.place(board.curve.get_end()[1] - 0.1, left=board.plot.box[1] + 0.2)
            return label
        return on_curve(label, board.label_point(board.now))

    def _end_sweeps(self, letter: str, *others: VMobject) -> None:
        """Ghosts, labels and the letter's mark leave, and ``others`` of the board with them."""
        board = self.board
        slider = board.sliders[letter]
        leaving = [part for part in (board.ghosts, slider.marks) if part.family_members_with_points()]
        leaving += [board.marker[letter]] if board.marker[letter] in board.submobjects else []
        self.play(*(FadeOut(part) for part in (*leaving, *others)), run_time=0.4)
        slider.marks.remove(*slider.marks.submobjects)
        board.ghosts.remove(*board.ghosts.submobjects)
        board.exclude(board.marker[letter], *others)
        self.remove(board.marker[letter], *others)
        self.add(board)

    # -- beats ---------------------------------------------------------------------------------------------------

    def _w_beat(self) -> None:
        with self.beat("change-w"):
            # w grows: the rise gets steeper about the same middle; the gentler curve stays behind. It shrinks: a gentle
            # slope, almost a straight line; and back
            self._start_sweeps("w")
            self._go("w", self.parameters.w_range[1], 1.8)
            self._go("w", self.parameters.w_range[0], 2.3)
            self._go("w", self.rest["w"], 1.3)

    def _b_beat(self) -> None:
        board = self.board
        with self.beat("change-b"):
            # A line marks where the bracket is 0: there the curve is half way up. b grows, and it goes left; b shrinks
            # below zero, and it slides right; and back
            self._end_sweeps("w")
            self._start_sweeps("b")
            self.play(FadeIn(board.show_halfway()), run_time=0.5)
            self.wait(1.6)  # until b is raised
            self._go("b", self.parameters.b_range[1], 1.7, rest=0.5)
            self._go("b", self.parameters.b_range[0], 2.0, rest=0.2)
            self._go("b", self.rest["b"], 1.1, rest=0.0)

    def _c_beat(self) -> None:
        with self.beat("change-c"):
            # c pulls the right end down, and down again; the left end stays near zero
            board = self.board
            self._end_sweeps("b", board.halfway)
            board.include(board.level)
            self._start_sweeps("c", Create(board.level))
            self.wait(0.5)
            self._go("c", self._between(), 1.7)
            self._go("c", self.parameters.heights()[0], 1.8)

    def _between(self) -> float:
        """A height between the lower and the full one: not yet that of the piece."""
        return round((self.parameters.heights()[0] + self.rest["c"]) / 2, 2)

    def _negative_beat(self) -> None:
        board = self.board
        with self.beat("negative"):
            # The other sign of c: the step turns over. c goes back to its first sign, alone; its height is still open.
            # The other sign of w: it is mirrored, high where it was low
            self.play(*self._title("heading-negative"), run_time=0.6)
            self._go("c", self.parameters.heights()[1], 2.0, rest=1.2)  # until c is put back
            self._end_sweeps("c")
            self.play(board.sweep(1.0, c=self._between()))
            self.wait(0.3)
            self.play(FadeOut(board.level), *self._light("w"), run_time=0.4)
            board.exclude(board.level)
            self.past = {}
            self._go("w", -self.rest["w"], 1.8, rest=0.0)
