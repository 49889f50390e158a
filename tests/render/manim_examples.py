"""Scenes in the style of Manim's documentation, without LaTeX, which test our renderer against Manim's."""

from pathlib import Path

import numpy as np
from manim import *
from PIL import Image


class SquareToCircle(Scene):
    def construct(self):
        circle = Circle().set_fill(PINK, opacity=0.5)
        square = Square().rotate(PI / 4)
        self.play(Create(square), run_time=0.5)
        self.play(Transform(square, circle), run_time=0.5)
        self.play(square.animate.scale(0.3).rotate(0.4), run_time=0.5)
        self.play(FadeOut(square), run_time=0.3)


class FollowingGraphCamera(MovingCameraScene):
    def construct(self):
        self.camera.frame.save_state()
        axes = Axes(x_range=[-1, 10], y_range=[-1, 10])
        graph = axes.plot(lambda x: np.sin(x), color=BLUE, x_range=[0, 3 * PI])
        dot = Dot(axes.i2gp(graph.t_min, graph), color=ORANGE)
        self.add(axes, graph, dot)
        self.play(self.camera.frame.animate.scale(0.5).move_to(dot))
        dot.add_updater(lambda mob: self.camera.frame.move_to(mob.get_center()))
        self.play(MoveAlongPath(dot, graph, rate_func=linear))
        self.play(Restore(self.camera.frame))


class MovingZoomedScene(ZoomedScene):
    def construct(self):
        dot = Dot().shift(UL)
        image = ImageMobject(np.uint8([[0, 100, 30, 200], [255, 0, 5, 33]])).set(height=4)
        self.add(image, dot)
        self.activate_zooming(animate=True)
        self.play(self.zoomed_camera.frame.animate.shift(DOWN * 0.5))


class FixedInFrame(ThreeDScene):
    def construct(self):
        self.set_camera_orientation(phi=75 * DEGREES, theta=-45 * DEGREES)
        self.add(ThreeDAxes(), Cube(side_length=2, fill_opacity=0.7))
        self.begin_ambient_camera_rotation(rate=0.3)
        self.wait(0.4)
        self.stop_ambient_camera_rotation()
        self.move_camera(phi=30 * DEGREES, run_time=0.4)


class PointWithTrace(Scene):
    def construct(self):
        dot = Dot()
        path = TracedPath(dot.get_center, stroke_color=YELLOW)
        self.add(path, dot)
        self.play(Rotating(dot, angle=PI, about_point=RIGHT, run_time=1))
        self.play(dot.animate.shift(UP), rate_func=there_and_back)
        self.wait(0.5)


class ImageFading(Scene):
    def construct(self):
        image = ImageMobject(np.arange(64, dtype=np.uint8).reshape(8, 8) * 4).set(height=3)
        self.play(FadeIn(image, shift=UP))
        self.play(image.animate.scale(1.5).rotate(0.3))
        self.wait(0.3)


class GradientAndOrder(Scene):
    def construct(self):
        back = Rectangle(width=6, height=3, fill_opacity=1).set_color_by_gradient(BLUE, GREEN).set_z_index(1)
        front = Star(fill_opacity=0.5, color=[RED, YELLOW], stroke_width=8).set_z_index(2)
        self.play(FadeIn(front), GrowFromCenter(back))
        self.bring_to_front(back)
        self.play(front.animate.set_z_index(0), Rotate(back, PI / 5))


class CloudOfPoints(Scene):
    def construct(self):
        cloud = PointCloudDot(density=8, color=RED)
        self.play(FadeIn(cloud))
        self.play(cloud.animate.shift(RIGHT * 2))


class CountingValue(Scene):
    def construct(self):
        tracker = ValueTracker(0)
        bar = always_redraw(lambda: Line(LEFT * 4, LEFT * 4 + RIGHT * (0.1 + tracker.get_value()), stroke_width=20))
        label = Text("n").add_updater(lambda text: text.next_to(bar, UP))
        self.add(bar, label)
        self.play(tracker.animate.set_value(6))
        self.wait_until(lambda: True)
        self.play(LaggedStart(*(Indicate(mob) for mob in (bar, label)), lag_ratio=0.3))


class RandomWalk(Scene):
    def construct(self):
        dots = VGroup(*(Dot(np.array([x, 0, 0])) for x in np.random.uniform(-3, 3, 9)))
        self.add(dots)
        dots.add_updater(lambda group, dt: [dot.shift(dt * np.random.normal(size=3)) for dot in group])
        self.wait(1)
        dots.clear_updaters()
        self.wait(0.5)


class LookedAtFromElsewhere(Scene):
    """A plain camera's view is fixed when it draws the first shape, not earlier."""

    def construct(self):
        self.camera.frame_center = RIGHT
        self.wait(0.2)
        self.camera.frame_width, self.camera.frame_height = 20, 20 * 9 / 16
        square = Square(fill_opacity=1)
        self.play(FadeIn(square))
        self.camera.frame_center = 3 * LEFT
        self.play(square.animate.shift(2 * UP))


class OverlapsThatComeAndGo(Scene):
    """Not of the documentation: half-transparent shapes that appear, vanish and change order while others move."""

    def construct(self):
        discs = VGroup(*(Circle(0.8, fill_opacity=0.5, stroke_width=8 * k).shift(k * 0.7 * RIGHT) for k in range(5)))
        moving = Square(1.2, fill_opacity=0.4, color=YELLOW).shift(3 * LEFT)
        gradient = Line(2 * DOWN + 5 * LEFT, 2 * DOWN + 5 * RIGHT, stroke_width=20).set_color([RED, GREEN])
        outside = Dot(radius=1).move_to(9 * RIGHT)
        time = ValueTracker(0)
        members = list(discs.submobjects)

        def shuffle(group):
            step = int(time.get_value() * 10)
            group.submobjects = [members[(k * 2 + step) % 5] for k in range(5 - step % 3)]
            group.submobjects[0].set_fill([RED, BLUE][step % 2], opacity=0.5)

        discs.add_updater(shuffle)
        self.add(gradient, moving, discs, outside, Text("still", font_size=24).shift(2 * UP))
        passing = moving.animate.shift(6 * RIGHT), outside.animate.shift(5 * LEFT)
        self.play(time.animate.set_value(1), *passing, run_time=2)
        discs.clear_updaters()
        self.play(FadeOut(discs), moving.animate.set_fill([RED, BLUE], opacity=1), gradient.animate.rotate(1))
        self.wait(0.3)


class StandingStillInTurns(Scene):
    """Shapes that now move and now stand still, under or over others, on a ground that changes; at times all move."""

    def construct(self):
        chance = np.random.default_rng(3)
        shapes = [Square(1.5, fill_opacity=0.5, color=[RED, BLUE, YELLOW][k % 3], z_index=k % 2) for k in range(6)]
        self.add(*(shape.shift((k - 2.5) * RIGHT) for k, shape in enumerate(shapes)))
        for turn in range(24):
            one = shapes[turn % 6]  # changed while nothing is played
            change = chance.choice([self.remove, self.bring_to_back, lambda shape: shape.set_fill(opacity=0.9)])
            change(one)
            if turn in (9, 17):  # while some stand still, while all move
                self.camera.background_color = {9: GREEN, 17: YELLOW}[turn]
            if turn in (12, 20):  # while some stand still, while all move
                self.camera.background[100 * (turn % 3) : 240, turn : 20 * turn, 1] = 160
            if turn % 5 == 4:
                self.wait(0.2)
            others = [shape for shape in self.mobjects if shape is not one]
            moving = self.mobjects[:] if turn % 3 == 2 else [others[k] for k in chance.permutation(len(others))[:2]]
            way = chance.uniform([-1, -1, 0], [1, 1, 0])
            self.play(*(shape.animate.shift(way) for shape in moving), run_time=0.2)
            self.bring_to_back(one.shift(-way))


class CrossedFromSideToSide(Scene):
    """Long shapes that are redrawn only in part: nearly level lines, sharp corners, curves, transparent areas."""

    def construct(self):
        random = np.random.default_rng(4)
        crowd = VGroup()
        for turn in range(24):
            ends = np.array([[-7.5, 0, 0], [7.5, random.normal(scale=0.003 * 2 ** (turn % 6)), 0]])
            line = Line(*(ends + random.uniform(-3, 3) * UP), stroke_width=random.uniform(0.3, 6))
            crowd.add(line.set_color([BLUE, RED, GREEN][turn % 3]).set_opacity(random.uniform(0.3, 1)))
        for color in (YELLOW, PINK, ORANGE):
            corners = random.uniform([-7, -4, 0], [7, 4, 0], (7, 3))
            jagged = VMobject(stroke_width=3, color=color).set_points_as_corners([*corners, corners[0]])
            smooth = VMobject(stroke_width=1, color=color).set_points_smoothly(corners[::-1])
            crowd.add(jagged.set_fill(color, opacity=0.3), smooth.set_fill(color, opacity=0.2))
        dots = VGroup(*(Dot([-6, height, 0], radius=0.07) for height in (-2.7, 0.4, 1.9)))
        self.add(dots, crowd)
        self.play(*(dot.animate.shift(random.uniform(6, 13) * RIGHT) for dot in dots), rate_func=linear, run_time=3)
        self.play(crowd[3].animate.shift(0.01 * UP), crowd[25].animate.rotate(0.02), dots[1].animate.scale(3))


class OneOutline(VMobject):
    """A shape whose curves form one path, even if a curve does not begin where the previous one ends."""

    def get_subpath_split_indices_from_points(self, points, n_dims=3):
        return np.array([[0, len(points)]])


class PathsOfTheirOwn(Scene):
    def construct(self):
        apart = np.concatenate([Square(side).shift(side * RIGHT).points for side in (1, 1.5)])
        joined, two = (kind(fill_opacity=0.5, color=GREEN).set_points(apart) for kind in (OneOutline, VMobject))
        nearly = Line(LEFT, RIGHT).append_points(Line(RIGHT + 5e-6 * UP, UP).points)
        begun = VMobject(color=RED).set_points_as_corners([LEFT, UP, RIGHT]).start_new_path(2 * DOWN)
        shapes = VGroup(joined.shift(3 * LEFT), two, nearly.shift(2 * UP), begun.shift(4 * RIGHT))
        self.play(shapes.animate.shift(DOWN))
        self.play(Rotate(shapes[:3], PI / 3))


class FrameThatStandsAndGoes(MovingCameraScene):
    """A camera that rests, moves and changes its shape, over objects that move or rest."""

    def construct(self):
        crowd = VGroup(*(Circle(0.4, fill_opacity=0.4, color=color) for color in (RED, GREEN, BLUE))).arrange(RIGHT)
        picture = (
            ImageMobject(np.arange(48, dtype=np.uint8).reshape(4, 4, 3) * 5).set(height=1.5).shift(2 * DOWN + LEFT)
        )
        gradient = Line(3 * LEFT, 3 * RIGHT, stroke_width=15).set_color([RED, GREEN]).shift(1.5 * UP)
        self.add(gradient, crowd, Text("still", font_size=30).shift(2.5 * UP), picture)
        self.play(crowd[1].animate.shift(UP))
        self.play(self.camera.frame.animate.scale(0.4).move_to(crowd[1]), crowd[0].animate.rotate(1))
        self.play(crowd[2].animate.shift(0.5 * DOWN), picture.animate.shift(UP))
        self.camera.frame.set_stroke(YELLOW, 4)
        self.add(self.camera.frame)
        self.play(self.camera.frame.animate.stretch(1.3, 0))
        self.wait(0.2)


class DisplayThatGrows(ZoomedScene):
    """Objects before the inner camera move, appear and vanish, while the display rests and while it grows."""

    def construct(self):
        dots = VGroup(*(Dot(k * 0.3 * RIGHT, color=color) for k, color in enumerate((RED, GREEN, BLUE))))
        self.add(dots, Square(2, stroke_width=1))
        self.activate_zooming()
        self.play(dots[0].animate.shift(0.2 * UP))
        self.play(FadeIn(Circle(0.2, color=YELLOW)), dots[1].animate.set_color(ORANGE))
        self.play(self.zoomed_display.animate.scale(0.7).shift(DOWN))
        self.play(self.zoomed_camera.frame.animate.scale(1.5), dots.animate.shift(0.1 * DOWN))
        self.play(self.get_zoomed_display_pop_out_animation(), rate_func=lambda t: 1 - t)


class SurfacesAndLabels(ThreeDScene):
    """Faces that move before a camera that stands still and one that turns, and what does not turn with them."""

    def construct(self):
        self.set_camera_orientation(phi=60 * DEGREES, theta=-50 * DEGREES, zoom=0.8)
        wave = Surface(lambda u, v: [u, v, np.sin(u) * np.cos(v)], u_range=[-2, 2], v_range=[-2, 2], resolution=(7, 5))
        ball = Sphere(radius=0.6, resolution=(4, 6)).shift(2 * UR + OUT).set_color_by_gradient(RED, YELLOW)
        cube = Cube(side_length=1, fill_opacity=1, stroke_width=2).shift(2 * LEFT)
        cube.set_shade_in_3d(True, z_index_as_group=True)
        title = Text("fixed", font_size=30).to_corner(UL)
        label = Text("P", font_size=40).set_color([RED, GREEN]).shift(DR)
        self.add(ThreeDAxes(), wave, ball, cube, Dot3D(2 * DOWN, color=PINK), VMobject().set_points(np.ones((4, 3))))
        self.add_fixed_in_frame_mobjects(title)
        self.add_fixed_orientation_mobjects(label)
        self.play(Rotate(wave, PI / 5, axis=RIGHT), label.animate.shift(0.5 * OUT), run_time=0.3)
        self.wait(0.2)
        self.begin_ambient_camera_rotation(rate=0.5)
        self.play(cube.animate.shift(OUT), title.animate.set_color(RED), run_time=0.3)
        self.stop_ambient_camera_rotation()
        self.play(
            ball.animate.set_fill(BLUE, opacity=0.5), self.camera.light_source.animate.shift(5 * RIGHT), run_time=0.3
        )
        self.move_camera(frame_center=0.5 * RIGHT, gamma=0.2, run_time=0.3)
        self.camera.should_apply_shading = False
        self.play(FadeOut(cube), Create(Line(ORIGIN, OUT, color=[BLUE, YELLOW])), run_time=0.3)
        self.camera.exponential_projection = True
        self.play(wave.animate.shift(IN), run_time=0.3)


class DrawnByHand(Scene):
    """Draws on its camera's picture itself."""

    def construct(self):
        circle, square = Circle(fill_opacity=1), Square(color=RED)
        self.play(FadeIn(circle))
        self.camera.capture_mobject(square)
        self.play(circle.animate.shift(RIGHT))


class PointsThatChangeHands(Scene):
    """One mobject takes over the array of points of another, which gets a copy."""

    def construct(self):
        square, dot = Square(fill_opacity=0.5), Dot(2 * LEFT)

        def hand_over(mobject):
            old, mobject.points = mobject.points, mobject.points.copy()
            old += 0.5

        self.add(square.add_updater(hand_over), dot)
        self.play(dot.animate.shift(4 * RIGHT))


class ColoursOfAnImage(Scene):
    """Shapes coloured by an image, which Manim composes over the whole picture."""

    def construct(self):
        image = Path(config.get_dir("media_dir"), "colours.png")
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.arange(144 * 256 * 3, dtype=np.uint32).reshape(144, 256, 3).astype(np.uint8)).save(image)
        circle = Circle(2, stroke_width=30).color_using_background_image(str(image))
        square = Square(fill_opacity=0.5)
        self.play(Create(circle), FadeIn(square), run_time=0.5)
        self.play(square.animate.shift(RIGHT), run_time=0.3)
        self.play(FadeOut(circle), run_time=0.3)
        self.bring_to_back(circle)
        self.play(square.animate.shift(LEFT), run_time=0.3)
        self.remove(circle)
        self.play(square.animate.shift(RIGHT), run_time=0.3)


class AnotherCamera(Scene):
    """Puts another camera in the place of the one that it was made with."""

    def setup(self):
        self.renderer.camera = MovingCamera()

    def construct(self):
        square = Square(fill_opacity=0.5)
        self.play(self.camera.frame.animate.scale(0.5), square.animate.shift(RIGHT), run_time=0.5)


class ImageInTheFrame(ThreeDScene):
    def construct(self):
        image = ImageMobject(np.uint8([[0, 255], [90, 180]])).set(height=1).to_corner(UL)
        self.add_fixed_in_frame_mobjects(image)
        self.add(Cube())
        self.move_camera(phi=40 * DEGREES, run_time=0.3)
        self.play(image.animate.shift(DOWN), run_time=0.3)


class GroundOfTheDisplay(ZoomedScene):
    def construct(self):
        self.add(Dot())
        self.activate_zooming()
        self.wait(0.2)
        self.zoomed_camera.background_color = RED
        self.wait(0.2)


class LinesThatGrowBroader(Scene):
    """The camera's line width grows; the shapes themselves do not change."""

    def construct(self):
        width = ValueTracker(0.01)
        self.add(Square().add_updater(lambda _: setattr(self.camera, "cairo_line_width_multiple", width.get_value())))
        self.play(width.animate.set_value(0.1), run_time=0.5)


class Noise(ImageMobject):
    def get_pixel_array(self):
        return np.random.randint(0, 256, self.pixel_array.shape, np.uint8)


class NewPixelsWheneverAsked(Scene):
    def construct(self):
        self.add(Noise(np.zeros((9, 16, 4), np.uint8)).add_updater(lambda mobject, dt: None))
        self.wait(0.5)


class NoGround(Scene):
    """A transparent background keeps its colour, which an opaque film shows."""

    def construct(self):
        self.camera.background_color = GREEN
        self.camera.background_opacity = 0
        self.play(FadeIn(Square(fill_opacity=1)), run_time=0.2)


class LookedAwayAfterASkippedPlay(Scene):
    """A plain camera's view is fixed by the first shape that it draws, even in a skipped section."""

    def construct(self):
        circle = Circle()
        self.next_section("not shown", skip_animations=True)
        self.play(Create(circle))
        self.camera.frame_center = 2 * RIGHT
        self.next_section("shown")
        self.play(circle.animate.shift(UP), run_time=0.5)


class PictureOfWhatWasSkipped(Scene):
    """A skipped animation is drawn if the scene asks for the frame."""

    def construct(self):
        square = Square(fill_opacity=1)
        self.next_section("not shown", skip_animations=True)
        self.play(FadeIn(square), square.animate.shift(LEFT))
        picture = ImageMobject(self.renderer.get_frame()).scale(0.5)
        self.next_section("shown")
        self.add(picture)
        self.play(picture.animate.shift(UP), run_time=0.3)


class FramesOfItsOwn(Scene):
    """Among those that are drawn, from an array that is painted on meanwhile; and a canvas drawn on by hand."""

    def construct(self):
        dot, circle = Dot(), Circle()
        self.add(Square(), dot)
        self.play(dot.animate.shift(RIGHT), run_time=0.2)
        own = self.renderer.get_frame()
        for shade in range(0, 250, 25):
            own[:] = shade
            self.renderer.add_frame(own, 2)
        self.play(dot.animate.shift(RIGHT), run_time=0.2)
        self.camera.capture_mobject(circle)
        self.renderer.freeze_current_frame(0.2)
        self.wait(0.1)
        self.camera.reset()
        self.play(dot.animate.shift(3 * LEFT), run_time=0.2)


class CamerasInTurn(Scene):
    def construct(self):
        square, first, other = Square(), self.camera, Camera(background_color=BLUE)
        self.add(Dot(2 * LEFT))
        for camera in (first, other, first, other):
            self.renderer.camera = camera
            self.play(square.animate.shift(0.5 * RIGHT), run_time=0.2)


class TwoDisplaysThenOne(ZoomedScene):
    """The first is drawn by Manim while there are two, on a canvas of another size."""

    def construct(self):
        circle = Circle(fill_opacity=0.6)
        self.add(circle)
        self.activate_zooming()
        self.wait(0.2)
        second = ImageMobjectFromCamera(MovingCamera()).scale(0.25).to_corner(DL)
        self.camera.add_image_mobject_from_camera(second)
        self.add_foreground_mobjects(second)
        self.zoomed_display.scale(0.5)
        self.wait(0.2)
        self.camera.image_mobjects_from_cameras.remove(second)
        self.remove_foreground_mobjects(second)
        self.play(circle.animate.shift(0.2 * LEFT), run_time=0.3)


class StretchedFrame(MovingCameraScene):
    """A unit is more pixels high than wide, and so are broad lines."""

    def construct(self):
        line = Line(LEFT, RIGHT, stroke_width=30)
        self.add(line)
        self.camera.frame.stretch_to_fit_height(0.5)
        self.wait(0.2)
        self.play(line.animate.shift(0.1 * UP), run_time=0.4)


class FarAway(Scene):
    def construct(self):
        lines = [Line(ORIGIN, [far, 1, 0], color=RED) for far in (1e8, 1e10, 1e307, -1.2e308, np.inf, np.nan)]
        self.add(*lines)
        self.play(Create(Square()), run_time=0.2)
        self.play(*(line.animate.set_color(BLUE) for line in lines), run_time=0.2)


class InThePlaneOfTheCamera(ThreeDScene):
    """Lines in the plane of the camera, with an infinite or undefined projection."""

    def construct(self):
        line = Line([1, 0, 0], [1, 1, 20], stroke_width=8)
        self.add(line, Line(ORIGIN, [0, 0, 20], stroke_width=8), Square())
        self.wait(0.1)
        self.play(line.animate.set_color(RED), run_time=0.2)


class FixedWhileItStandsStill(ThreeDScene):
    def construct(self):
        cube = Cube()
        self.set_camera_orientation(phi=60 * DEGREES, theta=20 * DEGREES)
        for change in (self.add, self.add_fixed_in_frame_mobjects, self.remove_fixed_in_frame_mobjects):
            change(cube)
            self.wait(0.2)


class OneAfterAnother(Scene):
    """A new mobject may reuse the id of a freed one of another type; it must still be drawn."""

    def construct(self):
        picture, made = np.full((20, 20), 150, np.uint8), []

        def replace(card, dt):
            place = id(card[0])
            card.submobjects = []
            if made:
                return
            if self.time < 0.3:
                card.add(Square(4, color=BLUE))
            else:
                while not made or (id(made[-1]) != place and len(made) < 2000):
                    made.append(ImageMobject(picture))
                card.add(made[-1])
                card.remove_updater(replace)

        self.add(Group(Square(4, color=BLUE)).add_updater(replace))
        self.wait(0.8)


class WaysOfItsOwn(ThreeDScene):
    """Functions in the place of Manim's, from the second play on."""

    def construct(self):
        cube, other = Cube(), Square()
        split = other.get_subpath_split_indices_from_points
        other.get_subpath_split_indices_from_points = lambda points, **how: split(points, **how)[:0]
        self.set_camera_orientation(phi=60 * DEGREES, theta=20 * DEGREES)
        self.play(FadeIn(cube, other), run_time=0.2)
        turned = self.camera.get_rotation_matrix
        self.camera.project_points = lambda points: np.dot(points, turned().T)
        self.play(cube.animate.shift(RIGHT), run_time=0.2)
