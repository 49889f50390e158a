"""A scene of your own: a class with parameters and beats. A beat is one sentence and the motion during it."""

from gradreel.scenes import LectureScene, Plot, formula, heading, palette
from manim import Create, FadeIn
from pydantic import Field


class Parabola(LectureScene):
    """A parabola, and what its factor does."""

    class Parameters(LectureScene.Parameters):
        a: float = Field(0.5, gt=0, le=2, description="How much the parabola bends")

    def construct(self):
        a = self.parameters.a
        plot = Plot((-3, 3), (0, 9 * a), left=-5, right=5, bottom=-2.6, top=1.4)
        x = plot.sample()
        with self.beat("formula", say="Here is a parabola."):
            self.play(FadeIn(heading("A parabola")), FadeIn(formula(f"blue(y) = {a:g} x_1^2").move_to([0, 2.2, 0])))
        with self.beat("curve", say="The larger its factor, the more it bends."):
            self.play(FadeIn(plot), Create(plot.curve(x, a * x**2, palette.blue)))
