"""The scene depth-experiment: the linear model and networks of ever more layers, trained on daily views, compared."""

from __future__ import annotations

from collections.abc import Iterator

from gradreel.core.analysis.results import clearly_lower, lecture_losses
from gradreel.scenes.lecture.experiments.bars_scene import BarsScene
from gradreel.scenes.lecture.experiments.networks_scene import DepthsParameters
from gradreel.scenes.lecture.experiments.pictures.depth_picture import LECTURE_BEST, LectureDepths
from gradreel.scenes.lecture.experiments.pictures.loss_bars import SEEN, UNSEEN
from gradreel.scenes.lecture.many_layers import BOX, hundred_layers
from gradreel.scenes.lecture.relu_blocks import wires
from gradreel.scenes.lecture.runs import LECTURE_DEPTHS
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.words.claims import Claim, claim
from gradreel.scenes.words.counts import Count
from manim import RIGHT, Create, FadeIn, FadeOut, LaggedStart, UpdateFromAlphaFunc, VGroup, smooth


class DepthExperiment(BarsScene):
    """Networks of ever more hidden layers: bars of both losses; then the lecture's own losses."""

    Parameters = DepthsParameters

    def claims(self) -> Iterator[Claim]:
        linear, one, *deep = self.outcome
        best, floor = self.best, self.floor
        assert floor is not None, "the lesson's days are made up"
        training = [result.training.mean for result in self.outcome]
        validation = [result.validation.mean for result in self.outcome]
        name, filled = "training-falls-deeper", {"filled": training, "floor": floor.training}
        yield claim(name, "one layer is far below the linear model", training[1] < 0.6 * training[0], **filled)
        below = training[-1] < floor.training < training[1]
        yield claim(name, "the deepest is below the floor, and one layer is not", below, **filled)
        clear = clearly_lower(deep[-1].training, one.training)
        yield claim(name, "the deepest is clearly below one layer", clear, **filled)

        name = "validation-falls-to-three"
        helps = clearly_lower(one.validation, linear.validation) and clearly_lower(best.validation, one.validation)
        yield claim(name, "more layers clearly lower the outlined bar", helps, outlined=validation)
        others = [each for each in deep if each is not best]
        just = best in deep and not any(clearly_lower(best.validation, each.validation) for each in others)
        yield claim(name, "the best is only just better than other deep networks", just, outlined=validation)

        lecture = [lecture_losses(hidden)[1] for hidden in LECTURE_DEPTHS]
        known = [views for views in lecture if views is not None]
        worse = lecture[-1] is not None and lecture[LECTURE_DEPTHS.index(LECTURE_BEST)] == min(known) < lecture[-1]
        yield claim("lecture-agrees", "the lecture's best is three layers, and four are worse", worse, lecture=known)
        same = best.network.hidden == LECTURE_BEST
        yield claim("lecture-agrees", "ours is the lecture's best, too", same, outlined=validation)

    def construct(self) -> None:
        self._prepare()
        self._networks_beat()
        with self.beat("train", pause="long"):
            self._train(self.wires)
        self._training_beat()
        self._validation_beat()
        self._lecture_beat()
        self.hand_on(self.lecture.axis)

    def _networks_beat(self) -> None:
        with self.beat("networks", pause="short", width=Count(self.parameters.width)):
            # The hundred layers that stack-layers ends with come near, until a few are left, and go to the deepest
            # network. Layer after layer follows, from left to right: a block of dots for each, and a few lines of its W
            board, p = self.board, self.parameters
            many = hundred_layers(LayerDiagram((p.dataset.window, p.width, p.width, p.width, 1), BOX)).show(1.0)
            self.add(many)
            near = UpdateFromAlphaFunc(many, lambda layers, share: layers.show(1 - share), rate_func=smooth)
            self.play(*self._arrive(), near, run_time=1.0)
            self.play(FadeOut(many, target_position=board.blocks[-1], scale=0.2), FadeIn(board.names), run_time=0.8)
            self.until("layers")
            built, self.wires = [], VGroup()
            for result, block in zip(self.outcome, board.blocks, strict=True):
                layers = list(zip(wires(block), block, strict=True)) if result.network.hidden else [(block,)]
                self.wires.add(*(layer[0] for layer in layers[1:]))
                parts = [FadeIn(VGroup(*layer), shift=0.2 * RIGHT) for layer in layers]
                built.append(LaggedStart(*parts, lag_ratio=0.6))
            self.play(LaggedStart(*built, lag_ratio=0.6), run_time=4.0)

    def _training_beat(self) -> None:
        with self.beat("training-falls-deeper", **self.training_values()):
            self.play(*map(FadeOut, (*self.counter, *self.stopped)), *self._light(SEEN), run_time=0.5)
            self._numbers(self.board.side(SEEN), 2.0)
            if self.board.floor is not None:
                self._draw_floor()

    def _validation_beat(self) -> None:
        with self.beat("validation-falls-to-three", pause="long", **self.validation_values()):
            # The outlined bars, and a ring at the best
            self.play(*self._light(UNSEEN), run_time=0.5)
            self._numbers(self.board.side(UNSEEN), 3.2)
            self.until("best")
            self._ring_best()

    def _lecture_beat(self) -> None:
        with self.beat("lecture-agrees"):
            # Ours leave. The lecture's own losses of unseen days, in a picture of their own: none of two layers
            lecture = self.lecture = LectureDepths(self)
            everything = [part for part in self.mobjects if part is not self.title]
            arriving = self.next_heading(self.screen("heading-lecture"))
            self.play(*map(FadeOut, everything), *arriving)
            self.play(*map(FadeIn, (lecture.axis, lecture.names, self.data_caption("caption-lecture"))), run_time=0.5)
            lecture.draw(self, "validation", 2.4)
            self.until("best")
            mark = lecture.mark("validation", LECTURE_DEPTHS.index(LECTURE_BEST))
            self.play(Create(mark), FadeIn(lecture.labels["validation"]), run_time=0.5)
