"""Each change renders exactly the clips that it touches, and the old picture is never shown for new data."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import pytest
from filelock import FileLock
from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render import pipeline
from gradreel.render.clips import fingerprint, toolchain
from gradreel.render.clips.fingerprint import code_digests, own_files, screen_words
from gradreel.render.clips.plan import Plan, plan
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneDescription
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.catalog import find_scenes, resolve
from gradreel.scenes.words.narration import Narration
from PIL import Image

FILES = {
    "photo.py": '''
from gradreel.scenes.assets import asset
from manim import ImageMobject, Scene


class Photo(Scene):
    """A picture that fills the frame."""

    def construct(self):
        self.add(ImageMobject(str(asset("pictures/photo.png"))).scale_to_fit_width(20))
        self.wait(0.2)
''',
    "disc.py": '''
import importlib.util
import os
from pathlib import Path

from manim import Circle, Scene
from shapes.filled import DiscScene


class Disc(DiscScene):
    def radius(self):
        """Its radius is in files that only running this tells, its colour in a module."""
        spec = importlib.util.spec_from_file_location("scale", "scale.py")
        scale = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(scale)
        return float(open("radius.txt").read()) * (scale.FACTOR + 0.1 * len(list(Path("larger").rglob("*.txt"))))

    def colour(self):
        os.environ.get("DISC_TOKEN")
        return importlib.import_module("_".join(["colour", "scheme"])).COLOUR
''',
    "shapes/__init__.py": "",
    "shapes/filled.py": '''
from manim import Circle, Scene


class DiscScene(Scene):
    def construct(self):
        self.add(Circle(self.radius(), fill_opacity=1, fill_color=self.colour(), stroke_width=0))
        self.wait(0.2)
''',
    "colour_scheme.py": 'COLOUR = "#00FF00"\n',
    "scale.py": "FACTOR = 1\n",
    "radius.txt": "2.0\n",
    "larger/once.txt": "",
    "views_scene.py": '''
import numpy
from gradreel.core.datasets import Dataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import Circle
from pydantic import Field


class Views(LectureScene):
    """A disc as large as a recorded parameter."""

    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(Experiment(epochs=2), description="The run.")
        factor: float = Field(1.0, gt=0, description="How large.")

    def construct(self):
        theta = self.trace("run").parameters[-1]
        self.add(Circle(self.parameters.factor * (1 + float(numpy.abs(theta).sum()) % 2), fill_opacity=1))
        with self.beat("shown", size=float(theta[0])):
            pass
''',
    "words.toml": '''
[en.views]
title = "Views"
[en.views.beats]
shown = "Here are some views."
[en.views.screen]
name = "views"
[zh.views]
title = "播放量"
[zh.views.beats]
shown = "这是播放量。"
''',
    "views.csv": "date,views\n" + "".join(f"2024-{1 + d // 28:02}-{1 + d % 28:02},{20 + d % 7}\n" for d in range(28)),
    "film.toml": '''
title = { en = "A film" }
narration = "words.toml"

[experiments.small]
dataset = { kind = "daily views", data = "views.csv", window = 3 }
hidden = []
epochs = 2
loss = "mae"
learning_rate = 0.1

[[scene]]
name = "photo.py:Photo"
[[scene]]
name = "disc.py:Disc"
[[scene]]
name = "views_scene.py:Views"
parameters = { run = "small" }
''',
}  # fmt: skip


TOKEN = "a secret of the user's"


class Heard(Reporter):
    """What was made."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def begin(self, task: str, total: int, unit: str) -> None:
        self.tasks.append(task)


@dataclass
class Film:
    """A user's project of three scenes and its media folder."""

    folder: Path
    settings: RenderSettings
    descriptions: list[SceneDescription]

    def write(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def plan(self, descriptions: list[SceneDescription] | None = None, **settings: object) -> Plan:
        """By what the scenes said of themselves when they were rendered: no process is started."""
        lesson = load_lesson(self.folder / "film.toml")
        changed = replace(self.settings, **settings)
        return plan(lesson.requests(changed), descriptions or self.descriptions, Folders(changed.media_dir))

    def touched(self, **settings: object) -> dict[str, str]:
        """The clips that would be rendered, and why."""
        return {clip.scene: clip.why for clip in self.plan(**settings).out_of_date}

    def render(self) -> list[str]:
        """What is made."""
        heard = Heard()
        pipeline.render_lesson(load_lesson(self.folder / "film.toml"), self.settings, heard)
        return sorted(heard.tasks)

    def pixel(self, scene: str, x: float = 0.5) -> tuple[int, ...]:
        """Of the clip that the lesson's video has of a scene, half-way down its first frame."""
        clip = next(clip for clip in self.plan().clips if clip.scene == scene)
        with av.open(str(clip.path)) as container:
            frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
        return tuple(int(value) for value in frame[frame.shape[0] // 2, int(x * frame.shape[1])])


def paint(folder: Path, colour: str) -> None:
    (folder / "pictures").mkdir(exist_ok=True)
    Image.new("RGB", (16, 9), colour).save(folder / "pictures" / "photo.png")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory, worker_id, quickly) -> tuple[Path, list[SceneDescription]]:
    """The project after its first rendering, which one of the processes that run tests does for all."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder = shared / "film"
    before = Path.cwd()
    with FileLock(shared / "film.lock"), quickly():
        first = not folder.exists()
        if first:
            for inner in ("shapes", "larger"):
                (folder / inner).mkdir(parents=True)
            for name, text in FILES.items():
                (folder / name).write_text(text, encoding="utf-8")
            paint(folder, "red")
        os.chdir(folder)
        os.environ["DISC_TOKEN"] = TOKEN
        try:
            settings = RenderSettings(width=96, height=54, fps=5, jobs=2, media_dir=folder / "media")
            lesson, heard = load_lesson(folder / "film.toml"), Heard()
            pipeline.render_lesson(lesson, settings, heard)
            assert sorted(heard.tasks) == (["disc", "photo", "train small", "views"] if first else [])
            return folder, pipeline.inspect_lesson(lesson, settings)[1]
        finally:
            os.chdir(before)
            del os.environ["DISC_TOKEN"]


@pytest.fixture
def film(rendered, tmp_path, monkeypatch, quick_workers) -> Film:
    """A copy of it, somewhere else: that alone is no change."""
    folder, descriptions = rendered
    copy = tmp_path / "moved"
    shutil.copytree(folder, copy)
    monkeypatch.chdir(copy)
    settings = RenderSettings(width=96, height=54, fps=5, jobs=2, media_dir=copy / "media")
    return Film(copy, settings, descriptions)


WITHOUT_MANIM = """
import sys

sys.modules["manim"] = sys.modules["torch"] = sys.modules["av"] = None  # importing them is an error
from gradreel.render.workers.pool import Workers

Workers.submit = None  # as is starting a worker
from gradreel.cli import main

main()
"""


def test_an_unchanged_project_is_up_to_date_wherever_it_lies_and_needs_no_manim(film):
    assert film.touched() == {}
    assert film.touched(jobs=7) == {}
    film.render()  # the video of the copy
    videos = film.folder / "media/videos"
    before = {file: file.stat().st_mtime_ns for file in videos.rglob("*.*")}
    command = [sys.executable, "-c", WITHOUT_MANIM, "render", "--lesson", "film.toml", "-r", "96,54", "--fps", "5"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.strip() == str(videos / "film/54p5/film.mp4")
    assert {file: file.stat().st_mtime_ns for file in videos.rglob("*.*")} == before, "written once"

    video, subtitles = videos / "film/54p5/film.mp4", videos / "film/54p5/film.en.srt"
    whole, lines = video.read_bytes(), subtitles.read_text("utf-8")
    video.unlink()
    subtitles.unlink()
    film.write("words.toml", "some views", "more views")
    assert film.render() == [], "what is missing is written again, from the clips"
    assert subtitles.read_text("utf-8") == lines.replace("some views", "more views")
    assert len(video.read_bytes()) == len(whole)


ALL = {"photo", "disc", "views"}
CHANGES: dict[str, tuple[Callable[[Film], None], set[str], str]] = {
    "a scene's code": (lambda film: film.write("photo.py", "wait(0.2)", "wait(0.4)"), {"photo"}, "code of photo.py"),
    "a comment in it": (lambda film: film.write("photo.py", "wait(0.2)", "wait(0.2)  # a while"), set(), ""),
    "a docstring": (lambda film: film.write("photo.py", "picture that", "photo that"), {"photo"}, "code of photo.py"),
    "a base class in another module": (
        lambda film: film.write("shapes/filled.py", "stroke_width=0", "stroke_width=1"),
        {"disc"},
        "code of shapes/filled.py",
    ),
    "the package around that module": (
        lambda film: (film.folder / "shapes/__init__.py").write_text("print()\n"),
        {"disc"},
        "code of shapes/__init__.py",
    ),
    "a package of a module's name": (
        lambda film: (
            (film.folder / "shapes/filled").mkdir(),
            (film.folder / "shapes/filled/__init__.py").write_text("from manim import Scene as DiscScene\n"),
        ),
        {"disc"},
        "code of shapes/filled",
    ),
    "an asset": (lambda film: paint(film.folder, "blue"), {"photo"}, "pictures/photo.png"),
    "a file that it opens": (
        lambda film: (film.folder / "radius.txt").write_text("3.0\n"),
        {"disc"},
        "radius.txt changed",
    ),
    "a new file in a folder that it looks through": (
        lambda film: (film.folder / "larger/twice.txt").write_text(""),
        {"disc"},
        "larger changed",
    ),
    "a new folder in it": (lambda film: (film.folder / "larger/more").mkdir(), {"disc"}, "larger changed"),
    "what such a file has in it": (lambda film: (film.folder / "larger/once.txt").write_text("1"), set(), ""),
    "a module by a computed name": (
        lambda film: film.write("colour_scheme.py", "00FF00", "0000FF"),
        {"disc"},
        "colour_scheme.py changed",
    ),
    "a module by its path": (lambda film: film.write("scale.py", "1", "2"), {"disc"}, "scale.py changed"),
    "a word": (lambda film: film.write("words.toml", "some views", "more views"), set(), ""),
    "a line's length": (
        lambda film: film.write("words.toml", "some views.", "some views, and a good many they are, day by day."),
        {"views"},
        "narration",
    ),
    "a field in a line": (
        lambda film: film.write("words.toml", "some views.", "views: {size}"), {"views"}, "narration"
    ),
    "a word on the screen": (
        lambda film: film.write("words.toml", 'name = "views"', 'name = "visit"'), {"views"}, "narration"
    ),
    "a chapter's title": (lambda film: film.write("words.toml", '"Views"', '"Visits"'), set(), ""),
    "a part of the lesson": (
        lambda film: film.write("film.toml", 'name = "disc', 'part = { en = "Part" }\nname = "disc'), set(), ""
    ),
    "manim.cfg": (
        lambda film: (film.folder / "manim.cfg").write_text("[CLI]\nbackground_color = WHITE\n"),
        ALL,
        "manim.cfg",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_touches_exactly_the_clips_that_show_it(film, change):
    make, touched, why = CHANGES[change]
    make(film)
    found = film.touched()
    assert set(found) == touched, found
    assert all(text.startswith(why) for text in found.values()), found


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"language": "zh"}, "language"), ({"theme": "light"}, "theme"), ({"width": 128, "height": 72}, "height, width")],
)
def test_language_theme_and_quality_touch_all(film, settings, why):
    touched = film.touched(**settings)
    assert set(touched) == ALL
    assert all(why in text for text in touched.values()), touched


def test_a_parameter_and_an_experiment_touch_the_scene_that_has_them(film):
    photo, disc, views = film.descriptions
    larger = replace(views, parameters=views.parameters | {"factor": 2.0})
    changed = film.plan([photo, disc, larger])
    assert [(clip.scene, clip.why) for clip in changed.out_of_date] == [("views", "parameter factor changed")]
    run = views.experiments["run"].model_copy(update={"seed": 7})
    other = replace(views, parameters=views.parameters | {"run": run.model_dump(mode="json")}, experiments={"run": run})
    changed = film.plan([photo, disc, other])
    assert [missing.experiment for missing in changed.runs] == [run]
    assert [clip.scene for clip in changed.out_of_date] == ["views"]


def test_versions_touch_what_is_drawn_with_them(film, monkeypatch):
    known = toolchain.distribution_version
    monkeypatch.setattr(toolchain, "distribution_version", lambda name: "0.22.99" if name == "manim" else known(name))
    assert film.touched() == dict.fromkeys(ALL, "version of manim changed")
    monkeypatch.setattr(toolchain, "distribution_version", lambda name: "99" if name == "scipy" else known(name))
    assert set(film.touched()) == ALL, "Manim draws with it"
    monkeypatch.setattr(toolchain, "distribution_version", known)
    film.write("disc.py", "import importlib.util", "import importlib.util\nimport filelock")
    assert film.touched() == {"disc": "code of disc.py, version of filelock changed"}
    assert fingerprint.library_versions(resolve("photo.py:Photo")) == {}


def test_a_variable_of_the_environment_is_neither_counted_nor_written_down(film):
    assert film.touched() == {}, "rendered with the variable, asked for without"
    written = [file for file in (film.folder / "media").rglob("*") if file.is_file()]
    assert any(file.parent.name == "clips" for file in written)
    assert [file for file in written if TOKEN.encode() in file.read_bytes()] == []


def test_changes_are_seen_on_the_picture(film):
    """Rendered in earnest, one change after the other."""
    assert film.render() == []
    red, green = film.pixel("photo"), film.pixel("disc")
    assert red[0] > 200 > 60 > red[2] and green[1] > 200 > 60 > green[0]

    paint(film.folder, "blue")
    film.write("colour_scheme.py", "00FF00", "0000FF")
    assert film.render() == ["disc", "photo"]
    assert all(film.pixel(scene)[2] > 200 > 60 > film.pixel(scene)[1] for scene in ("photo", "disc"))

    black = film.pixel("disc", x=0.75)
    (film.folder / "radius.txt").write_text("3.9\n")
    before = film.plan().clips[2]
    film.write("views.csv", "2024-01-05,24", "2024-01-05,25")  # one byte
    assert film.render() == ["disc", "train small", "views"]
    assert film.pixel("disc", x=0.75)[2] > 200 > 60 > black[2]
    film.descriptions = pipeline.inspect_lesson(load_lesson(film.folder / "film.toml"), film.settings)[1]
    after = film.plan().clips[2]
    assert after.up_to_date and after.path != before.path
    assert after.parts["traces"] != before.parts["traces"], "another trace, another clip"
    assert film.render() == []


def test_an_asset_that_is_missing_or_no_file_is_named_before_anything_is_made(film):
    (film.folder / "pictures/photo.png").unlink()
    with pytest.raises(UserError, match=r"photo.py: asset\('pictures/photo.png'\): there is no file .*photo.png"):
        film.plan()
    (film.folder / "pictures/photo.png").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        film.plan()
    film.write("photo.py", "pictures/photo.png", "/etc/passwd")
    with pytest.raises(UserError, match=r"a file beside photo\.py was wanted"):
        film.plan()


def test_files_of_the_users_are_told(film):
    assert own_files(resolve("photo.py:Photo")) == {
        "photo.py": film.folder / "photo.py",
        "pictures/photo.png": film.folder / "pictures/photo.png",
    }
    assert set(own_files(resolve("disc.py:Disc"))) == {
        "disc.py",
        "shapes/__init__.py",
        "shapes/filled.py",
    }
    assert own_files(resolve("build-curve")) == {}


def test_a_helper_that_is_no_python_is_an_error_with_its_line(film):
    (film.folder / "shapes/filled.py").write_text("class DiscScene:\n    def construct(self:\n")
    with pytest.raises(UserError, match=r"(?s)filled.py is not valid Python:.*line 2"):
        film.plan()


def test_users_files_with_the_names_of_ours_count_by_themselves(film):
    (film.folder / "scenes").mkdir()
    (film.folder / "scenes/base.py").write_text("WIDTH = 1\n")
    imports = "from gradreel.scenes import base\nfrom scenes.base import WIDTH\n\n\n"
    film.write("photo.py", "class Photo", f"{imports}class Photo")
    before = code_digests(resolve("photo.py:Photo"))
    assert {"scenes/base.py", "gradreel/scenes/base.py"} <= set(before)
    (film.folder / "scenes/base.py").write_text("WIDTH = 2\n")
    after = code_digests(resolve("photo.py:Photo"))
    assert {name for name in after if after[name] != before[name]} == {"scenes/base.py"}


def test_modules_behind_links_and_on_pythons_path_count(film, tmp_path, monkeypatch):
    library = tmp_path / "library"
    (library / "parts").mkdir(parents=True)
    (library / "parts/__init__.py").write_text("")
    (library / "parts/near.py").write_text("from . import far\n")
    (library / "parts/far.py").write_text("X = 1\n")
    (tmp_path / "linked.py").write_text("Y = 1\n")
    (film.folder / "linked.py").symlink_to(tmp_path / "linked.py")
    monkeypatch.syspath_prepend(library)
    film.write("photo.py", "class Photo", "import linked\nimport parts.near\n\n\nclass Photo")
    source = resolve("photo.py:Photo")
    names = {"linked.py", "../library/parts/near.py", "../library/parts/far.py"}
    assert names <= set(code_digests(source))
    for file in (tmp_path / "linked.py", library / "parts/far.py"):
        before = code_digests(source)
        file.write_text("Z = 2\n")
        assert code_digests(source) != before, file


def test_a_module_that_a_scene_opens_to_show_it_counts_with_its_comments(film, tmp_path):
    """And an asset of a module with a computed name; a file that is opened by a relative name, from where it is run."""
    film.write("disc.py", "float(open(", "float(len(open('shapes/filled.py').read()) > 0) * float(open(")
    film.write("colour_scheme.py", "COLOUR", "from gradreel.scenes.assets import asset\nasset('shade.txt')\nCOLOUR")
    (film.folder / "shade.txt").write_text("1")
    assert film.render() == ["disc"]
    film.write("shapes/filled.py", "self.wait(0.2)", "self.wait(0.2)  # is shown")
    assert film.touched() == {"disc": "shapes/filled.py changed"}
    film.write("shapes/filled.py", "  # is shown", "")
    assert film.touched() == {}
    (film.folder / "shade.txt").write_text("2")
    assert film.touched() == {"disc": "shade.txt changed"}
    (film.folder / "shade.txt").write_text("1")
    os.chdir(tmp_path)
    assert film.touched() == {"disc": "shapes/filled.py, radius.txt, larger changed"}, "it would find others there"


# -- our own scenes -----------------------------------------------------------------------------------------------


def test_no_scene_of_ours_computes_whose_words_it_shows():
    assert [scene.name for scene in find_scenes() if "" in screen_words(scene)] == []


def test_words_that_a_scene_takes_from_another_count_for_it():
    words = {scene.name: screen_words(scene) for scene in find_scenes()}
    assert "naming" in words["deeper-and-deeper"]
    assert words["naming"] == ["daily-data"], "besides its own"
    ours = Narration.load().scenes["en"]
    assert {section for sections in words.values() for section in sections if "screen" not in ours[section]} == set()


DECIDE_NOTHING = {
    "stages",
    "settings",
    "clips.beat_range",
    "clips.file_digest",
    "clips.workspace",
    "workers.worker_process",
}
"""Of the renderer: imported by what plays a scene, without a say in what its frames are; or counted elsewhere."""


def test_the_digest_of_the_renderer_has_every_file_that_decides_what_a_frame_is():
    renderer = PACKAGE_FOLDER / "render"
    counted, waiting, seen = set(toolchain.drawing_files()), {renderer / "frames/scene_player.py"}, set()
    while waiting:
        seen |= waiting
        text = "".join(file.read_text("utf-8") for file in waiting)
        imports = re.findall(r"^from gradreel\.scenes\.render\.([\w.]+) import (\w+)", text, re.M)
        names = {f"{name}.{first}" if (renderer / name).is_dir() else name for name, first in imports}
        modules = [renderer.joinpath(*name.split(".")) for name in names - DECIDE_NOTHING]
        waiting = {next(filter(Path.exists, map(module.with_suffix, (".py", ".c")))) for module in modules} - seen
    assert seen <= counted
    assert not any(file.name in ("pipeline.py", "plan.py", "pool.py", "publishing.py") for file in counted)


SEEN_FROM_OUTSIDE = """
import json, sys
from pathlib import Path
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.scenes.catalog import find_scenes
from gradreel.render.clips.fingerprint import code_digests
from gradreel.render.clips.import_graph import one_moment

assert PACKAGE_FOLDER == Path(sys.argv[1]), PACKAGE_FOLDER

def digests():
    scenes = find_scenes()
    with one_moment():
        return {scene.name: code_digests(scene) for scene in scenes}

before = digests()
for name, old, new in json.loads(sys.argv[2]):
    file = PACKAGE_FOLDER / name
    text = file.read_text("utf-8")
    assert old in text, name
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    after = digests()
    print(json.dumps(sorted(scene for scene in after if after[scene] != before[scene])))
    file.write_text(text, encoding="utf-8")
assert digests() == before
"""


def test_changes_of_our_own_code_touch_the_scenes_that_import_it(tmp_path):
    """In a copy of the package."""
    package = tmp_path / "gradreel"
    root = PACKAGE_FOLDER
    package.mkdir()
    for name in ("core", "scenes", "render", "assets/lessons", "assets/narration"):
        shutil.copytree(root / name, package / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "__init__.py", package)
    changes = [
        ("scenes/lecture/curves/relu.py", "import annotations\n", "import annotations\nCHANGED = 1\n"),
        ("scenes/lecture/curves/relu.py", "import annotations\n", "import annotations\n# a comment\n"),
        ("scenes/mobjects/three_steps.py", "import annotations\n", "import annotations\nCHANGED = 1\n"),
        ("scenes/base.py", "HOLD = 1.0", "HOLD = 1.5"),
        ("render/pipeline.py", "import annotations\n", "import annotations\nCHANGED = 1\n"),
    ]
    result = subprocess.run(
        [sys.executable, "-c", SEEN_FROM_OUTSIDE, str(package), json.dumps(changes)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    code, comment, helper, base, renderer = map(json.loads, result.stdout.splitlines())
    everything = sorted(scene.name for scene in find_scenes())
    assert "relu" in code and len(code) < len(everything) / 2
    assert (comment, base, renderer) == ([], everything, [])
    drawn = scenes_that_import("gradreel.scenes.mobjects.three_steps")
    assert set(helper) == drawn and 1 < len(drawn) < len(everything)


def scenes_that_import(module: str) -> set[str]:
    """By the text of the files, line by line."""

    def reaches(file: Path, seen: set[Path]) -> bool:
        seen.add(file)
        text = file.read_text("utf-8")
        if f"from {module} import" in text or f"from {module.rpartition('.')[0]} import {file.stem}" in text:
            return True
        names = [line.split()[1] for line in text.splitlines() if line.strip().startswith("from gradreel.scenes.")]
        files = [PACKAGE_FOLDER.joinpath(*name.split(".")[1:]).with_suffix(".py") for name in names]
        return any(reaches(file, seen) for file in files if file.is_file() and file not in seen)

    return {scene.name for scene in find_scenes() if reaches(scene.file, set())}
