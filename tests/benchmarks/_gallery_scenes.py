"""For `gallery`: scenes of 6 to 12 seconds as a Manim user writes them, for what Manim's own examples leave out.

None needs TeX. Those in `TRANSPARENT` are rendered with ``-t``.
"""
# ruff: noqa: F403, F405

import tempfile
import wave
from pathlib import Path

from manim import *

TRANSPARENT = {"LowerThird"}


class ZoomOnADetail(ZoomedScene):
    def __init__(self, **kwargs):
        super().__init__(zoom_factor=0.3, zoomed_display_height=2.5, zoomed_display_width=4, **kwargs)

    def construct(self):
        plane = NumberPlane()
        curve = plane.plot(lambda x: 2 * np.sin(3 * x) * np.exp(-x * x / 8), color=YELLOW)
        self.add(plane)
        self.play(Create(curve), run_time=1)
        frame = self.zoomed_camera.frame.move_to(curve.point_from_proportion(0.3))
        self.activate_zooming(animate=True)
        self.play(frame.animate.move_to(curve.point_from_proportion(0.7)), run_time=3)
        self.play(frame.animate.scale(0.5), run_time=2)
        self.wait()


class FollowTheDot(MovingCameraScene):
    def construct(self):
        self.camera.frame.save_state()
        plane = NumberPlane(background_line_style={"stroke_opacity": 0.4})
        path = plane.plot(lambda x: np.sin(2 * x) + x / 3, x_range=[-6, 6], color=BLUE)
        dot = Dot(path.get_start(), color=ORANGE)
        self.add(plane, path, dot)
        self.play(self.camera.frame.animate.scale(0.4).move_to(dot))
        self.camera.frame.add_updater(lambda frame: frame.move_to(dot))
        self.play(MoveAlongPath(dot, path), run_time=5, rate_func=linear)
        self.camera.frame.clear_updaters()
        self.play(Restore(self.camera.frame), run_time=2)


class TurningSurface(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=70 * DEGREES, theta=-45 * DEGREES)
        axes = ThreeDAxes()
        surface = Surface(
            lambda u, v: np.array([u, v, np.sin(u) * np.cos(v)]), u_range=[-3, 3], v_range=[-3, 3], resolution=16
        )
        title = Text("z = sin x cos y", font_size=36).to_corner(UL)
        self.add_fixed_in_frame_mobjects(title)
        self.add(axes)
        self.play(Create(surface), run_time=2)
        self.begin_ambient_camera_rotation(rate=0.3)
        self.wait(3)
        self.stop_ambient_camera_rotation()
        self.play(Rotate(surface, PI / 2), run_time=2)


class LowerThird(Scene):
    """To be laid over a film."""

    def construct(self):
        bar = Rectangle(width=7, height=1.2, fill_color=BLUE_E, fill_opacity=0.8, stroke_width=0).to_corner(DL)
        name = Text("Emmy Noether", font_size=36).move_to(bar).align_to(bar, LEFT).shift(0.3 * RIGHT + 0.2 * UP)
        role = Text("algebra, 1882 to 1935", font_size=22, color=GRAY_B).next_to(
            name, DOWN, aligned_edge=LEFT, buff=0.1
        )
        self.play(GrowFromEdge(bar, LEFT))
        self.play(Write(name), FadeIn(role, shift=UP))
        self.wait(3)
        self.play(FadeOut(VGroup(bar, name, role), shift=LEFT))


class Pendulum(Scene):
    def construct(self):
        pivot = 3 * UP
        rod = Line(pivot, pivot + 4 * DOWN)
        bob = Dot(radius=0.3, color=RED)
        state = {"angle": 1.0, "speed": 0.0}

        def swing(mobject, dt):
            state["speed"] -= 9.81 / 4 * np.sin(state["angle"]) * dt
            state["angle"] += state["speed"] * dt
            mobject.put_start_and_end_on(pivot, pivot + 4 * rotate_vector(DOWN, state["angle"]))

        rod.add_updater(swing)
        bob.add_updater(lambda mobject: mobject.move_to(rod.get_end()))
        self.add(Dot(pivot), rod, bob)
        self.wait(8)


class SlidingTangent(Scene):
    def construct(self):
        axes = Axes(x_range=[-3, 3], y_range=[-2, 5])
        curve = axes.plot(lambda x: x**2 / 2, color=BLUE)
        x = ValueTracker(-2.5)
        point = always_redraw(lambda: Dot(axes.c2p(x.get_value(), x.get_value() ** 2 / 2), color=YELLOW))
        tangent = always_redraw(
            lambda: axes.plot(lambda t: x.get_value() * (t - x.get_value() / 2), color=RED, x_range=[-3, 3])
        )
        label = always_redraw(lambda: Text(f"{x.get_value():.2f}", font_size=30).next_to(point, UP))
        self.play(Create(axes), Create(curve))
        self.add(tangent, point, label)
        self.play(x.animate.set_value(2.5), run_time=5)
        self.play(x.animate.set_value(0), run_time=2)


class Epicycles(Scene):
    def construct(self):
        angle = ValueTracker(0)
        arms = VGroup(*(Line(ORIGIN, RIGHT, stroke_width=3) for _ in range(4)))

        def turn(group):
            place = ORIGIN
            for number, arm in enumerate(group):
                speed = (1, -2, 5, -7)[number]
                end = place + 1.5 / (1 + number) * rotate_vector(RIGHT, speed * angle.get_value())
                arm.put_start_and_end_on(place, end)
                place = end

        arms.add_updater(turn, call_updater=True)
        trace = TracedPath(lambda: arms[-1].get_end(), stroke_color=YELLOW, stroke_width=4)
        fading = TracedPath(lambda: arms[1].get_end(), stroke_color=BLUE, dissipating_time=0.5, stroke_opacity=[0, 1])
        self.add(trace, fading, arms)
        self.play(angle.animate.set_value(TAU), run_time=8, rate_func=linear)


class ManyTexts(Scene):
    def construct(self):
        lines = [
            "A film of many words,", "each letter a shape of its own,", "written, moved and faded,",
            "as lecture notes are.", "Half of them are replaced,", "the others take their place.",
        ]  # fmt: skip
        left = VGroup(*(Text(line, font_size=32) for line in lines)).arrange(DOWN, aligned_edge=LEFT).to_edge(LEFT)
        right = Paragraph(*lines, font_size=24, line_spacing=1).to_edge(RIGHT)
        self.play(LaggedStart(*(Write(line) for line in left), lag_ratio=0.4), run_time=4)
        self.play(FadeIn(right, shift=LEFT))
        self.play(left.animate.set_color_by_gradient(BLUE, GREEN), run_time=2)
        self.play(TransformMatchingShapes(left[0].copy(), right[0]), FadeOut(left[1:], shift=DOWN))
        self.wait()


class PictureInAFrame(Scene):
    def construct(self):
        rows, columns = np.mgrid[0:270, 0:480]
        pixels = np.stack([rows % 256, columns % 256, (rows * columns // 97) % 256], axis=-1).astype(np.uint8)
        picture = ImageMobject(pixels).set(height=5)
        frame = SurroundingRectangle(picture, color=WHITE)
        caption = Text("every pixel a number", font_size=30).next_to(frame, DOWN)
        self.play(FadeIn(picture))
        self.play(Create(frame), Write(caption))
        self.play(Group(picture, frame).animate.scale(0.6).shift(3 * LEFT), run_time=2)
        lens = Circle(radius=0.6, color=YELLOW).move_to(picture)
        self.play(Create(lens))
        self.play(lens.animate.shift(RIGHT + UP / 2), run_time=2)
        self.wait()


class InSections(Scene):
    def construct(self):
        squares = VGroup(*(Square(0.8, fill_opacity=0.5) for _ in range(8))).arrange(RIGHT)
        self.next_section("squares")
        self.play(LaggedStartMap(FadeIn, squares, lag_ratio=0.2), run_time=2)
        self.next_section("colours")
        self.play(squares.animate.set_color_by_gradient(RED, YELLOW), run_time=2)
        self.wait(0.5)
        self.next_section("order")
        self.play(CyclicReplace(*squares), run_time=2)
        self.next_section("end")
        self.play(FadeOut(squares))


class Metronome(Scene):
    def construct(self):
        hand = Line(2 * DOWN, 2 * UP, stroke_width=8)
        self.add(Triangle().scale(3), hand)
        with tempfile.TemporaryDirectory() as folder:
            click = Path(folder) / "click.wav"
            with wave.open(str(click), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(44100)
                file.writeframes((8000 * np.sin(np.arange(2205) / 5)).astype("<i2").tobytes())
            for beat in range(8):
                self.add_sound(str(click))
                self.play(Rotate(hand, (-1) ** beat * PI / 6, about_point=2 * DOWN), rate_func=there_and_back)


class SmallPlays(Scene):
    """A hundred plays, each of a fraction of a second."""

    def construct(self):
        grid = VGroup(*(Square(0.5) for _ in range(50))).arrange_in_grid(5, 10, buff=0.1)
        self.add(grid)
        for number, square in enumerate(grid):
            self.play(square.animate.set_fill([BLUE, GREEN, YELLOW][number % 3], opacity=0.8), run_time=0.1)
        for number in range(0, 50, 2):
            self.play(Swap(grid[number], grid[number + 1]), run_time=0.1)
            self.wait(0.05)


class GrowingTree(Scene):
    def construct(self):
        tree = Graph([0], [], vertex_config={"radius": 0.12, "color": BLUE}, edge_config={"color": GRAY})
        self.add(tree)
        for number in range(1, 16):
            parent = (number - 1) // 2
            depth = int(np.log2(number + 1))
            place = np.array([14 * ((number + 1) / 2**depth - 1 + 0.5 / 2**depth) - 7, 3 - 1.7 * depth, 0])
            if number == 1:
                self.play(tree.animate.move_to(3 * UP), run_time=0.5)
            self.play(
                tree.animate.add_vertices(number, positions={number: place}, vertex_config={"radius": 0.12}),
                run_time=0.3,
            )
            self.play(tree.animate.add_edges((parent, number)), run_time=0.2)
        self.play(LaggedStart(*(Indicate(tree.vertices[number]) for number in range(16)), lag_ratio=0.1))
