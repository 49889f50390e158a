"""Each change renders exactly the clips that it touches, and the old picture is never shown for new data."""

from __future__ import annotations

import json
import os
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
from gradreel.render.clips import dependencies, toolchain
from gradreel.render.clips.own_files import own_files
from gradreel.render.clips.plan import Plan, plan
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import SceneDescription
from gradreel.render.workers.pool import Workers
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.catalog import resolve
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
from gradreel.scenes.mobjects.text import words
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
            self.add(words(self.screen("name"), 30))
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
[zh.views.screen]
name = "播放量"
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
    """A reporter that stores the names of its tasks, except of joining: that makes no clip."""

    def __init__(self) -> None:
        self.tasks: list[str] = []

    def begin(self, task: str, total: int, unit: str) -> None:
        if task != "join":
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
        """Return the plan from the descriptions of the first rendering; starts no process."""
        lesson = load_lesson(self.folder / "film.toml")
        changed = replace(self.settings, **settings)
        return plan(lesson.requests(changed), descriptions or self.descriptions, Folders(changed.media_dir))

    def touched(self, **settings: object) -> dict[str, str]:
        """The clips that would be rendered, and why."""
        return {clip.scene: clip.why for clip in self.plan(**settings).out_of_date}

    def render(self) -> list[str]:
        """Render the lesson and return the sorted names of the tasks that ran."""
        heard = Heard()
        pipeline.render_lesson(load_lesson(self.folder / "film.toml"), self.settings, heard)
        return sorted(heard.tasks)

    def pixel(self, scene: str, x: float = 0.5) -> tuple[int, ...]:
        """Return the colour of a scene's clip in the first frame, at half its height and at ``x`` of its width."""
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


def test_an_unchanged_project_is_up_to_date_in_any_folder_without_manim(film):
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
        "code of shapes/filled/__init__.py",
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
        "code of colour_scheme.py changed",
    ),
    "a module by its path": (lambda film: film.write("scale.py", "1", "2"), {"disc"}, "code of scale.py changed"),
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
def test_a_change_makes_exactly_the_clips_stale_that_show_it(film, change):
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


def test_versions_make_the_clips_stale_that_are_drawn_with_them(film, monkeypatch):
    known = toolchain.distribution_version
    monkeypatch.setattr(toolchain, "distribution_version", lambda name: "0.22.99" if name == "manim" else known(name))
    assert film.touched() == dict.fromkeys(ALL, "version of manim changed")
    monkeypatch.setattr(toolchain, "distribution_version", lambda name: "99" if name == "scipy" else known(name))
    assert set(film.touched()) == ALL, "Manim draws with it"


def test_versions_of_libraries_that_a_scene_imports_make_it_stale(film, monkeypatch):
    film.write("photo.py", "class Photo", "import xlsxwriter\n\n\nclass Photo")
    assert film.render() == ["photo"]
    known = toolchain.module_version
    monkeypatch.setattr(dependencies, "module_version", lambda name: "0" if name == "xlsxwriter" else known(name))
    assert film.touched() == {"photo": "version of xlsxwriter changed"}


def test_a_library_installed_later_makes_the_clips_stale_that_looked_for_it(film, monkeypatch):
    film.write("photo.py", "class Photo", "try:\n    import xlsxreader\nexcept ImportError:\n    pass\n\n\nclass Photo")
    assert film.render() == ["photo"]
    assert film.touched() == {}
    known = toolchain.module_version
    monkeypatch.setattr(dependencies, "module_version", lambda name: "1" if name == "xlsxreader" else known(name))
    assert film.touched() == {"photo": "version of xlsxreader changed"}


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


def test_a_missing_asset_is_named_before_any_work(film):
    (film.folder / "pictures/photo.png").unlink()
    with pytest.raises(UserError, match=r"photo.py: asset\('pictures/photo.png'\): there is no file .*photo.png"):
        film.render()
    (film.folder / "pictures/photo.png").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        film.render()
    film.write("photo.py", "pictures/photo.png", "/etc/passwd")
    with pytest.raises(UserError, match=r"needed: the name of a file beside photo\.py"):
        film.render()


def test_the_users_files_are_listed(film):
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


def test_modules_on_pythons_path_are_the_users_unless_an_installer_put_them_there(film, tmp_path, monkeypatch):
    for folder in ("library", "installed"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"from_{folder}.py").touch()
        monkeypatch.syspath_prepend(tmp_path / folder)
    (tmp_path / "installed/from_installed-1.0.dist-info").mkdir()  # as pip install --target writes
    film.write("disc.py", "class Disc", "import from_library\nimport from_installed\n\n\nclass Disc")
    files = {path.name for path in own_files(resolve("disc.py:Disc")).values()}
    assert "from_library.py" in files and "from_installed.py" not in files


def test_a_helper_that_is_no_python_is_an_error_with_its_line(film):
    (film.folder / "shapes/filled.py").write_text("class DiscScene:\n    def construct(self:\n")
    with pytest.raises(UserError, match=r"(?s)filled.py is not valid Python:.*line 2"):
        film.render()


def test_users_files_with_the_names_of_ours_count_by_themselves(film):
    (film.folder / "scenes").mkdir()
    (film.folder / "scenes/__init__.py").touch()  # else a regular package later on the path would come first
    (film.folder / "scenes/base.py").write_text("WIDTH = 1\n")
    imports = "from gradreel.scenes import base\nfrom scenes.base import WIDTH\n\n\n"
    film.write("photo.py", "class Photo", f"{imports}class Photo")
    assert film.render() == ["photo"]
    (film.folder / "scenes/base.py").write_text("WIDTH = 2\n")
    assert film.touched() == {"photo": "code of scenes/base.py changed"}


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
    assert film.render() == ["photo"]
    for file in (tmp_path / "linked.py", library / "parts/far.py"):
        before = file.read_text()
        file.write_text("Z = 2\n")
        assert set(film.touched()) == {"photo"}, file
        file.write_text(before)
        assert film.touched() == {}
    (film.folder / "parts.py").write_text("near = 1\n")
    assert film.touched() == {"photo": "code of parts.py changed"}, "it would be imported first"


def test_a_module_that_a_scene_opens_as_a_file_counts_with_its_comments(film, tmp_path):
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


@pytest.fixture(scope="module")
def modules_of(tmp_path_factory) -> Callable[[str], set[str]]:
    """The names of our modules that a scene of ours was described with."""
    settings = RenderSettings(media_dir=tmp_path_factory.mktemp("media"))
    (one, two) = load_lesson(only=["build-curve", "relu"]).requests(settings)
    with Workers(2) as workers:
        visits = {request.name: workers.submit("visit", request, False) for request in (one, two)}
        return {name: set(future.result()[1].files) for name, future in visits.items()}.__getitem__


def test_our_scene_depends_on_its_imports_and_on_the_drawing_code(modules_of):
    names = modules_of("build-curve")
    assert {"gradreel/scenes/base.py", "gradreel/scenes/lecture/curves/build_curve.py"} <= names
    frames = PACKAGE_FOLDER / "render/frames"
    drawing = {file.name for ending in ("*.py", "*.c") for file in frames.glob(ending)}
    assert {f"gradreel/render/frames/{name}" for name in drawing} <= names
    others = tuple(f"gradreel/{place}" for place in ("cli", "render/videos", "render/export", "render/pipeline"))
    assert not any(name.startswith(others) for name in names)


def test_a_scene_of_ours_depends_on_no_other_scenes_files(modules_of):
    only_relu = {"gradreel/scenes/lecture/curves/relu.py", "gradreel/scenes/mobjects/three_steps.py"}
    assert only_relu <= modules_of("relu") and not only_relu & modules_of("build-curve")


DRAW_NOTHING = {
    *("click", "cloup", "rich", "tqdm", "watchdog", "srt"),  # Manim's command, its progress and its subtitles
    *("pydantic", "pydantic-core", "annotated-types", "typing-extensions", "typing-inspection"),  # parameters
    *("filelock", "xxhash", "threadpoolctl", "pydub", "moderngl"),  # locks, checksums, threads, sounds, OpenGL
    "setuptools",
}
"""Libraries that a worker loads before it draws, and whose version changes no frame."""

PRELOADED = """
import json, sys
from importlib import metadata
import gradreel.render.preloaded
names = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)
known = metadata.packages_distributions()
print(json.dumps([known[name][0].lower().replace("_", "-") for name in names if name in known]))
"""


def test_all_libraries_that_draw_are_of_the_toolchain():
    result = subprocess.run([sys.executable, "-c", PRELOADED], capture_output=True, text=True, check=True)
    assert set(json.loads(result.stdout)) <= {"gradreel", *toolchain.DRAWN_WITH, *DRAW_NOTHING}
