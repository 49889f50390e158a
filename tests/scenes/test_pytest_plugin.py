import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gradreel.scenes.base import LectureScene
from gradreel.scenes.mobjects.text import words
from gradreel.scenes.stills import Still, beat_frames
from gradreel.scenes.testing.snapshots import (
    CHANNEL_TOLERANCE,
    PIXEL_SHARE,
    check_snapshots,
    compare,
    difference_picture,
    file_names,
)
from PIL import Image

pytestmark = pytest.mark.slow

pytest_plugins = "pytester"

SCENES = """
    import os
    from gradreel.scenes.base import LectureScene
    from gradreel.scenes.mobjects.text import words
    from gradreel.scenes.style import palette
    from manim import BLUE, Create, FadeIn, Scene, Square
    from pydantic import Field

    class Plain(Scene):
        def construct(self):
            self.play(Create(Square(2, color=BLUE, fill_opacity=1)))

    class Steps(LectureScene):
        class Parameters(LectureScene.Parameters):
            count: int = Field(2, ge=1)
            name: str = "step"

        def construct(self):
            for k in range(self.parameters.count):
                with self.beat(f"step-{k + 1}", say="Another one."):
                    self.play(FadeIn(Square(1, color=palette.blue).shift((2 * k - 4, 0, 0))))
            with self.beat("end", say="The end."):
                self.play(FadeIn(words(self.parameters.name).shift((0, 2, 0))))
"""

TESTS = """
    import pytest
    from my_scenes import Plain, Steps

    def test_plain(frames):
        frames(Plain)

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_steps(frames, lang):
        frames(Steps, lang=lang, theme="light", count=1)

    class TestSteps:
        def test_two_calls(self, frames):
            frames(Steps, count=1)
            frames(Steps, name="three", count=3, parameters={"name": "三"}) if WITH_NAME else None

    def test_layout(layout):
        layout(Steps, count=3)
"""


@pytest.fixture
def project(pytester):
    """A user's folder with scenes and tests.

    ``runpytest`` runs pytest in this process, where Manim has been imported; ``runpytest_subprocess`` as a user does.
    """
    pytester.makepyfile(my_scenes=SCENES, test_mine=TESTS.replace("WITH_NAME", "False"))
    pytester.makeini("[pytest]\npythonpath = .\naddopts = -p no:hypothesispytest\n")
    return pytester


def snapshots(project) -> list[str]:
    root = project.path / "snapshots"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*.png"))


ALL = [
    "TestSteps.test_two_calls/end.png",
    "TestSteps.test_two_calls/step-1.png",
    "test_plain/01-create.png",
    "test_steps-en/end.png",
    "test_steps-en/step-1.png",
    "test_steps-zh/end.png",
    "test_steps-zh/step-1.png",
]


def test_written_then_compared_in_parallel(project):
    missing = project.runpytest("-k", "plain")
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(
        [
            "Plain: snapshots are not as they should be (1)",
            "01-create: missing, there is no *snapshots/test_plain/01-create.png",
            "*actual*",
        ]
    )
    assert snapshots(project) == []

    written = project.runpytest("--snapshot-update")
    written.assert_outcomes(passed=5)
    written.stdout.fnmatch_lines(["*= snapshots =*", "written *snapshots/test_plain/01-create.png"])
    assert snapshots(project) == ALL
    for name in ALL:
        with Image.open(project.path / "snapshots" / name) as picture:
            assert (picture.mode, picture.size) == ("RGB", (854, 480))
        assert (project.path / "snapshots" / name).stat().st_size < 20_000

    times = {name: (project.path / "snapshots" / name).stat().st_mtime_ns for name in ALL}
    again = project.runpytest("--snapshot-update")
    again.assert_outcomes(passed=5)
    assert {
        name: (project.path / "snapshots" / name).stat().st_mtime_ns for name in ALL
    } == times  # nothing is written anew
    again.stdout.no_fnmatch_line("written *")

    same = project.runpytest_subprocess("-n", "2")
    same.assert_outcomes(passed=5)
    assert [path.name for path in (project.path / ".snapshots-failed").rglob("*.*")] == [".gitignore"]


def test_everything_that_is_wrong_is_named(project):
    project.runpytest("--snapshot-update").assert_outcomes(passed=5)
    root = project.path / "snapshots"
    project.makepyfile(my_scenes=SCENES.replace("Square(2, color=BLUE", "Square(2.1, color=BLUE"))  # a changed picture
    (root / "test_steps-en" / "step-1.png").unlink()  # a missing one
    Image.new("RGB", (854, 480)).save(root / "test_steps-zh" / "step-9.png")  # one left over by a beat
    (root / "test_gone").mkdir()  # by a test
    Image.new("RGB", (854, 480)).save(root / "test_gone" / "end.png")
    (root / "test_steps-fr").mkdir()  # by a case of a test
    Image.new("RGB", (854, 480)).save(root / "test_steps-fr" / "end.png")
    (root / "TestSteps.test_two_calls" / "three").mkdir()  # by a call
    Image.new("RGB", (854, 480)).save(root / "TestSteps.test_two_calls" / "three" / "end.png")
    (root / "notes").mkdir()  # no pictures: not ours

    wrong = project.runpytest()
    wrong.assert_outcomes(passed=2, failed=3, errors=1)
    failures = project.path / ".snapshots-failed" / "test_mine"
    wrong.stdout.fnmatch_lines_random(
        [
            "01-create: * of 409920 pixels (*%) differ by up to * of 255 within x 362 to 492, y 175 to 305",
            f"    actual     {failures}/test_plain/01-create.actual.png",
            f"    expected   {failures}/test_plain/01-create.expected.png",
            f"    difference {failures}/test_plain/01-create.difference.png",
            "step-1: missing, there is no *test_steps-en/step-1.png",
            "step-9: left over, the scene has no such beat: *test_steps-zh/step-9.png",
            "test_gone: left over, no test compares with *snapshots/test_gone",
            "test_steps-fr: left over, no test compares with *snapshots/test_steps-fr",
            "three: left over, no test compares with *snapshots/TestSteps.test_two_calls/three",
            "If the pictures are right as they are now: pytest --snapshot-update",
        ]
    )
    assert {path.name for path in (failures / "test_plain").iterdir()} == {
        f"01-create.{kind}.png" for kind in ("actual", "expected", "difference")
    }
    assert not any(failures.rglob("step-1.expected.png"))

    mended = project.runpytest("--snapshot-update")
    mended.assert_outcomes(passed=5)
    mended.stdout.fnmatch_lines_random(["written *test_plain/01-create.png", "deleted *test_gone/end.png"])
    assert snapshots(project) == ALL
    assert (root / "notes").exists()


def test_snapshots_of_a_test_of_the_same_name_in_another_file_stay(project):
    test = "from my_scenes import Plain\n\ndef test_plain(frames):\n    frames(Plain)\n\n"
    cases = "import pytest\nfrom my_scenes import Steps\n\n@pytest.mark.parametrize('count', [{}])\n"
    cases += "def test_scene(frames, count):\n    frames(Steps, count=count)\n"
    project.makepyfile(test_mine=test + cases.format(1), test_yours=cases.format(2))
    project.runpytest("--snapshot-update").assert_outcomes(passed=3)
    there = snapshots(project)
    assert {"test_scene-1/step-1.png", "test_scene-2/step-2.png"} <= set(there)
    project.runpytest("test_mine.py").assert_outcomes(passed=2)
    project.runpytest("test_mine.py", "--snapshot-update").assert_outcomes(passed=2)
    assert snapshots(project) == there


def test_other_files_beside_snapshots_stay(project):
    project.runpytest("--snapshot-update").assert_outcomes(passed=5)
    root = project.path / "snapshots"
    for name in ("baseline/before.png", "test_gone/end.png"):
        (root / name).parent.mkdir()
        Image.new("RGB", (8, 8)).save(root / name)
    (root / "test_gone" / "notes.txt").write_text("why it is so")
    project.runpytest("--snapshot-update").assert_outcomes(passed=5)
    assert [(root / name).exists() for name in ("baseline/before.png", "test_gone/end.png", "test_gone/notes.txt")] == [
        True, False, True,
    ]  # fmt: skip


def test_a_scene_has_the_words_of_a_file_beside_the_test(project):
    words = "[{0}.told]\ntitle = 'Told'\n[{0}.told.beats]\nend = 'The end.'\n[{0}.told.screen]\nlabel = '{1}'\n"
    (project.path / "words.toml").write_text(words.format("en", "end") + words.format("zh", "结束"), encoding="utf-8")
    project.makepyfile(
        test_mine="""
            import pytest
            from gradreel.scenes.base import LectureScene
            from gradreel.scenes.mobjects.text import words
            from manim import FadeIn

            class Told(LectureScene):
                def construct(self):
                    with self.beat("end"):
                        self.play(FadeIn(words(self.screen("label"))))

            @pytest.mark.parametrize("lang", ["en", "zh"])
            def test_told(frames, layout, lang):
                frames(Told, lang=lang, words="words.toml")
                layout(Told, lang=lang, words="words.toml")

            def test_without(layout):
                layout(Told)
        """
    )
    result = project.runpytest("--snapshot-update")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines("*told: * has no line: --lesson names a lesson whose words*")
    pictures = {(project.path / "snapshots" / f"test_told-{lang}" / "end.png").read_bytes() for lang in ("en", "zh")}
    assert len(pictures) == 2


def test_misuse_is_explained(project):
    project.makepyfile(
        test_mine="""
            import pytest
            from my_scenes import Plain, Steps
            from manim import Scene, Text

            class Small(Scene):
                def construct(self):
                    self.add(Text("two", font_size=20))

            class Crowded(Scene):
                def construct(self):
                    self.add(Text("one"), Text("two", font_size=20))

            def test_twice(frames):
                frames(Plain)
                frames(Plain)

            def test_plain_lang(frames):
                frames(Plain, lang="zh")

            def test_either(frames):
                frames(Steps, name="three")

            def test_unknown(frames):
                frames(Steps, cuont=3)

            @pytest.mark.parametrize("given", [int, 3, Plain(), "Plain", None])
            def test_no_scene(frames, given):
                frames(given)

            def test_no_scene_to_lay_out(layout):
                layout(3.5)

            @pytest.mark.parametrize(
                "option", [{"parameters": 3}, {"name": 3}, {"media_dir": 3}, {"tolerance": "a"}, {"share": "b"}]
            )
            def test_wrong_type(frames, option):
                frames(Plain, **option)

            def test_crowded(layout):
                layout(Crowded)

            def test_small(layout):
                layout(Small)

            def test_crowded_frames(frames):
                frames(Crowded)

            def test_both(frames):
                frames(Crowded, layout=True)
        """,
        test_other="def test_twice(frames): pass\n",
    )
    result = project.runpytest("--snapshot-update")
    result.stdout.fnmatch_lines_random(
        [
            "*these tests would share the folder *snapshots/test_twice; rename one: test_mine.py::test_twice, *",
            "*TypeError: lang and theme are for a LectureScene; Plain is none",
            "*TypeError: Steps has a parameter 'name', and so name= could mean either: *",
            "*steps has no parameter 'cuont'; it has count, name",
            "*UserError: frames() was given the class int; it needs the class of a Manim scene, such as frames(MySc*",
            "*UserError: frames() was given 3 (int); it needs the class of a Manim scene, such as frames(MyScene)",
            "*UserError: frames() was given a scene that has been made, Plain(); it needs *, such as frames(Plain)",
            "*UserError: frames() was given 'Plain' (str); *",
            "*UserError: frames() was given None (NoneType); *",
            "*UserError: layout() was given 3.5 (float); it needs the class of a Manim scene, such as layout(MyScene)",
            "*UserError: frames() was given parameters=3 (int); it needs a mapping of the scene's parameters, *",
            "*UserError: frames() was given name=3 (int); it needs a text, the name of a folder",
            "*UserError: frames() was given media_dir=3 (int); it needs a folder",
            "*UserError: frames() was given tolerance='a' (str); it needs a number, *",
            "*UserError: frames() was given share='b' (str); it needs a number, *",
            "Small: 1 breach of layout rules",
            "Crowded: 2 breaches of layout rules",
            "crowded, beat end: touch: 'one' touches 'two', at (*",
            "crowded, beat end: size: 'two' has size 20.0, the least is 24, at (*",
        ]
    )
    result.assert_outcomes(passed=2, failed=18)
    (project.path / "snapshots" / "test_both" / "end.png").unlink()
    both = project.runpytest("-k", "test_both")
    both.stdout.fnmatch_lines(
        [
            "Crowded: 2 breaches of layout rules",
            "Crowded: snapshots are not as they should be (1)",
            "end: missing, there is no *snapshots/test_both/end.png",
        ]
    )
    both.assert_outcomes(failed=1)


def test_runs_that_a_scene_shows_are_trained_once(project):
    project.makepyfile(
        test_mine="""
            import pytest
            from pathlib import Path
            from gradreel.core.experiment import Experiment
            from gradreel.scenes.base import LectureScene
            from gradreel.scenes.mobjects.text import words

            class Trained(LectureScene):
                class Parameters(LectureScene.Parameters):
                    run: Experiment = Experiment(epochs=20)

                def construct(self):
                    trace = self.trace("run")
                    with self.beat("loss", say="The loss."):
                        self.add(words(f"{trace.n_updates} updates"))

            def test_trained(frames):
                frames(Trained)
                frames(Trained, name="ten", run={"epochs": 10})

            def test_trained_elsewhere(frames, tmp_path):
                frames(Trained, media_dir=tmp_path)
                assert len(list((tmp_path / "traces").iterdir())) >= 1
        """
    )
    for _ in range(2):
        project.runpytest("--snapshot-update").assert_outcomes(passed=2)
    traces = project.path / ".pytest_cache" / "d" / "gradreel" / "traces"
    assert len([path for path in traces.iterdir() if (path / "meta.json").exists()]) == 2


def test_nothing_heavy_is_imported_with_the_plugin():
    code = "import sys; before = set(sys.modules); import gradreel.scenes.pytest_plugin"
    code += "; print(*set(sys.modules) - before)"
    code = "import pytest; " + code
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("gradreel")} <= {
        "gradreel",
        "gradreel.scenes",
        "gradreel.scenes.pytest_plugin",
        "gradreel.scenes.testing",
        "gradreel.scenes.testing.snapshot_folders",
    }
    assert not {"numpy", "manim", "torch", "pydantic", "PIL"} & set(loaded)


# -- comparing


def grey(value: int = 100) -> np.ndarray:
    return np.full((480, 854, 3), value, dtype=np.uint8)


def test_within_the_tolerance():
    changed = grey(100 + CHANNEL_TOLERANCE)
    changed[10, 10:30] = 255  # 20 pixels
    assert compare(changed, grey(), CHANNEL_TOLERANCE, PIXEL_SHARE) is None


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_difference_beyond_the_tolerance_names_its_place_and_size(channel):
    changed = grey()
    changed[10:13, 20:30, channel] = 160
    changed[200, 300, channel] = 91
    difference = compare(changed, grey(), CHANNEL_TOLERANCE, PIXEL_SHARE)
    assert (difference.pixels, difference.most, difference.box) == (31, 60, (20, 10, 301, 201))
    assert str(difference) == "31 of 409920 pixels (0.01%) differ by up to 60 of 255 within x 20 to 301, y 10 to 201"
    picture = np.asarray(difference_picture(changed, grey(), CHANNEL_TOLERANCE))
    assert ((picture == (255, 40, 40)).all(axis=2)).sum() == 31


def test_a_changed_digit_of_the_smallest_size_is_beyond_the_tolerance():
    def still(text):
        class Digit(LectureScene):
            def construct(self):
                self.add(words(text, 24))

        return np.asarray(beat_frames(Digit)[0].image())

    assert compare(still("0.13"), still("0.18"), CHANNEL_TOLERANCE, PIXEL_SHARE) is not None


def test_another_picture_size_is_a_difference(tmp_path):
    def check(*shape, update=False):
        stills = [Still("end", np.arange(np.prod(shape) * 4).reshape(*shape, 4).astype(np.uint8))]
        return check_snapshots(stills, tmp_path / "s", tmp_path / "f", update=update, tolerance=8, share=0.1)

    assert check(90, 160, update=True).written == [tmp_path / "s" / "end.png"]
    assert check(90, 160).problems == []
    (problem,) = check(45, 80).problems
    assert problem.startswith("end: 80 x 45 pixels, the snapshot has 160 x 90\n")
    assert not (tmp_path / "f" / "end.difference.png").exists()


@pytest.mark.parametrize("update", [False, True])
def test_a_blank_picture_fails_and_is_not_kept(tmp_path, update):
    blank = Still("gone", np.full((90, 160, 4), 17, dtype=np.uint8))
    for stills, problem in (([blank], "gone: blank, nothing can be seen"), ([], "there is no picture")):
        outcome = check_snapshots(stills, tmp_path / "s", tmp_path / "f", update=update, tolerance=8, share=1e-4)
        assert outcome.problems[0].startswith(problem) and not outcome.written


def test_a_changed_text_fails_even_if_the_scene_fades_out(project):
    scene = """
        from manim import FadeIn, FadeOut, Scene, Text

        class Fades(Scene):
            def construct(self):
                text = Text("one")
                self.play(FadeIn(text))
                self.wait()
                self.play(FadeOut(text))

        class Unseen(Scene):
            def construct(self):
                self.play(FadeIn(Text("black on black", color="#000000")))
    """
    test = "from fading import Fades, Unseen\n\ndef test_{0}(frames):\n    frames({0})\n"
    project.makepyfile(fading=scene, test_mine=test.format("Fades"), test_unseen=test.format("Unseen"))
    unseen = project.runpytest("--snapshot-update")
    unseen.assert_outcomes(passed=1, failed=1)
    unseen.stdout.fnmatch_lines(["01-fade-in: blank, nothing can be seen*"])
    assert snapshots(project) == ["test_Fades/01-fade-in.png"]
    project.makepyfile(fading=scene.replace('"one"', '"three"'))
    changed = project.runpytest("test_mine.py")
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(["01-fade-in: * of 409920 pixels*"])


def test_file_names_of_beats():
    assert file_names(["piece-1", "a/b: c", "曲线"]) == ["piece-1.png", "a-b-c.png", "曲线.png"]
    with pytest.raises(ValueError, match=r"two beats .* a-b\.png"):
        file_names(["a b", "a/b"])
    assert Path(file_names(["../../etc"])[0]).name == "etc.png"
