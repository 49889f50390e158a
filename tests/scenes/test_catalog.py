import os
import pickle
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.scenes import catalog
from gradreel.scenes.catalog import (
    SceneImportError,
    SceneNotFoundError,
    SceneSource,
    beat_names,
    find_scenes,
    kebab_name,
    load_class,
    resolve,
    specs_of,
)
from gradreel.scenes.scene_source import certain_beats, module_source
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a user's file; what importing it leaves in this process goes at the end of the test."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)

    def write(name: str, content: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(content), encoding="utf-8")
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("BuildCurve", "build-curve"),
        ("Title", "title"),
        ("ReLU", "re-lu"),
        ("MNISTScene", "mnist-scene"),
        ("My_Scene2", "my-scene2"),
    ],
)
def test_kebab_name(class_name, name):
    assert kebab_name(class_name) == name


@given(st.from_regex(r"[A-Z][A-Za-z0-9_]{0,20}", fullmatch=True))
def test_kebab_names_are_words_and_hyphens(class_name):
    name = kebab_name(class_name)
    assert name == name.lower()
    assert not name.startswith("-")
    assert name.replace("-", "") == class_name.replace("_", "").lower()


# -- finding


def lecture(write, lesson=""):
    write("lecture/sums.py", '''
        from manim import Circle
        from gradreel.scenes.base import LectureScene
        from lecture.shared import Curve
        class Helper: pass
        class _Hidden(LectureScene):
            def construct(self): ...
        class BuildCurve(LectureScene):
            """Pieces add up.

            More.
            """
            def construct(self):
                with self.beat("constant"):
                    self.play()
                self.pieces()
                with self.beat(name="end", say="x"):
                    pass
            def pieces(self):
                for k in range(3):
                    with self.beat(f"piece-{k + 1}", k=k), other():
                        self.pieces()
                with self.beat("up" if k else "down"):
                    pass
        class AnyCurve(Curve): pass
    ''')  # fmt: skip
    write("lecture/shared.py", """
        from gradreel.scenes import base
        class Curve(base.LectureScene):
            def construct(self):
                with self.beat("whole"):
                    ...
        class Abstract(base.LectureScene):
            def draw(self): ...
    """)  # fmt: skip
    folder = write("lecture/__init__.py", "").parent
    return folder, [write("lesson.toml", lesson)]


def test_scenes_are_found_without_importing_them(write):
    scenes = find_scenes(*lecture(write))
    assert [scene.name for scene in scenes] == ["build-curve", "curve"]
    assert scenes[0].class_name == "BuildCurve"
    assert scenes[0].doc == "Pieces add up.\n\nMore."
    assert scenes[0].file.name == "sums.py"
    assert pickle.loads(pickle.dumps(scenes)) == scenes


def test_a_base_class_in_a_neighbouring_file_is_followed(write):
    folder, lessons = lecture(write)
    write("lecture/more.py", "from .shared import Curve as Base\nclass AnyCurve(Base): pass\n")
    assert [scene.name for scene in find_scenes(folder, lessons)] == ["any-curve", "build-curve", "curve"]
    found = next(scene for scene in find_scenes(folder, lessons) if scene.name == "any-curve")
    assert beat_names(found) == ("whole",)


def test_order_of_the_film_then_of_the_alphabet(write):
    folder, lessons = lecture(write, '[[scene]]\nname = "curve"\n[[scene]]\nname = "not-there"\n')
    write("lecture/a.py", "class A(LectureScene):\n    def construct(self): ...\n")
    assert [scene.name for scene in find_scenes(folder, lessons)] == ["curve", "a", "build-curve"]


def test_beats_are_read_in_the_order_of_construct(write):
    scene = next(scene for scene in find_scenes(*lecture(write)) if scene.name == "build-curve")
    assert beat_names(scene) == ("constant", "piece-{k + 1}", "up", "down", "end")


def test_two_scenes_of_one_name_are_refused(write):
    folder, lessons = lecture(write)
    write("lecture/twice.py", "class BuildCurve(LectureScene):\n    def construct(self): ...\n")
    with pytest.raises(UserError, match=r"two scenes are called build-curve: .*sums.py and .*twice.py"):
        find_scenes(folder, lessons)


def test_lesson_that_is_not_toml(write):
    with pytest.raises(UserError, match=r"lesson.toml is not valid TOML: .*line 1"):
        find_scenes(*lecture(write, "[[scene\n"))


def test_each_of_our_scenes_has_words():
    for scene in find_scenes():
        assert scene.doc, f"{scene.class_name} has no docstring"
        assert scene.is_ours
        assert scene.module_name.startswith("gradreel.scenes.lecture.")


# -- naming


@pytest.fixture
def ours(write, monkeypatch):
    folder, lessons = lecture(write)
    monkeypatch.setattr(catalog, "find_scenes", lambda: find_scenes(folder, lessons))


@pytest.mark.usefixtures("ours")
def test_resolve_by_name():
    assert resolve("build-curve").class_name == "BuildCurve"
    assert resolve("BuildCurve").name == "build-curve"


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("spec", ["bild-curve", "build_curve", "BuildCurv"])
def test_the_nearest_names_are_suggested(spec):
    with pytest.raises(SceneNotFoundError, match=f"{spec!r}; the nearest: build-curve") as caught:
        resolve(spec)
    assert "gradreel list" in str(caught.value)


USER_FILE = """
    from manim import Scene as S
    import manim
    class Shape: pass
    class Mine(manim.MovingCameraScene):
        '''My own.'''
        def construct(self): self.beat("a")
    class Second(Mine): pass
"""


def test_resolve_in_a_users_file(write):
    file = write("my_scene.py", USER_FILE)
    source = resolve(f"{file}:Mine")
    assert source == SceneSource("mine", "Mine", file.resolve(), "My own.")
    assert not source.is_ours
    assert beat_names(source) == ("a",)
    assert beat_names(resolve(f"{file}:Second")) == ("a",)
    assert resolve(f"{file}:S").doc == ""  # imported there: found out when it is loaded


def test_a_file_with_one_scene_needs_no_class_name(write):
    assert resolve(str(write("one.py", "class One(Scene):\n    def construct(self): ...\n"))).name == "one"


@pytest.mark.parametrize(
    ("words", "specs"),
    [
        (["my_scene.py", "Mine", "Second"], ["my_scene.py:Mine", "my_scene.py:Second"]),
        (["my_scene.py", "Nine"], ["my_scene.py:Nine"]),  # which is then said not to be there
        (["my_scene.py", "small", "relu"], ["my_scene.py:small", "relu"]),
        (["my_scene.py", "build-curve", "Mine"], ["my_scene.py", "build-curve", "Mine"]),
        (["my_scene.py:Mine", "Second"], ["my_scene.py:Mine", "Second"]),
        (["relu", "my_scene.py"], ["relu", "my_scene.py"]),
        (["my_scene.py", "none.py", "Mine"], ["my_scene.py", "none.py:Mine"]),
        (["folder.py", "relu"], ["folder.py", "relu"]),
        ([], []),
    ],
)
def test_class_names_may_follow_the_file_as_in_manim(write, tmp_path, monkeypatch, words, specs):
    write("my_scene.py", USER_FILE + "\n    class small(Mine): pass\n")
    (tmp_path / "folder.py").mkdir()
    monkeypatch.chdir(tmp_path)
    assert specs_of(words) == specs


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("my_scene.py:Nine", "my_scene.py has no class Nine; the scene classes in that file: Mine, Second"),
        (
            "my_scene.py",
            "write .*my_scene.py:ClassName; the scene classes in that file: Mine, Second",
        ),
        ("none.py:Nine", "there is no file .*none.py"),
        ("empty.py:A", "empty.py has no class A; that file has no scene class"),
        ("folder.py:A", "folder.py is a folder"),
        ("bad.py:A", r"(?s)bad.py is not valid Python:\nline 3: .*\n    def f\(:\n          \^"),
        ("binary.py:A", "binary.py is not valid Python"),
        ("latin.py:A", "latin.py is not valid Python"),
    ],
)
def test_faults_in_a_users_file_are_named(write, tmp_path, monkeypatch, spec, message):
    write("my_scene.py", USER_FILE)
    write("empty.py", "")
    write("bad.py", "import os\n\ndef f(:\n    pass\n")
    write("binary.py", "a\0b")
    (tmp_path / "latin.py").write_bytes(b"name = '\xe9'\n")
    (tmp_path / "folder.py").mkdir()
    monkeypatch.chdir(tmp_path)
    for written in (spec, str(tmp_path / spec)):
        with pytest.raises(UserError, match=message):
            resolve(written)


# -- loading


def test_users_file_is_imported_with_its_siblings_under_a_private_name(write):
    write("project/shapes.py", "radius = 3\n")
    file = write("project/json.py", """
        from manim import Scene
        import shapes
        class Mine(Scene):
            radius = shapes.radius
    """)  # fmt: skip
    source = SceneSource("mine", "Mine", file.resolve(), "")
    loaded = load_class(source)
    assert loaded.radius == 3
    assert loaded.__module__ == source.module_name
    assert sys.modules["json"].__file__ != str(file)  # a user's file called like a library's hides nothing
    assert load_class(source) is loaded


def test_module_name_is_the_same_in_a_spawned_process(write):
    source = resolve(f"{write('my_scene.py', USER_FILE)}:Mine")
    code = "import pickle, sys; print(pickle.loads(bytes.fromhex(sys.argv[1])).module_name)"
    run = [sys.executable, "-c", code, pickle.dumps(source).hex()]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    assert (
        subprocess.run(run, env=environment, capture_output=True, text=True, check=True).stdout.strip()
        == source.module_name
    )


def test_error_in_a_users_file_shows_their_lines_only(write):
    write("helpers.py", "def half(x):\n    return x / 0\n")
    file = write("my_scene.py", """
        from manim import Circle, Scene
        from helpers import half
        try:
            half(3)
        except ZeroDivisionError as error:
            Circle(radius=1, nonsense=2)
        class Mine(Scene): pass
    """)  # fmt: skip
    with pytest.raises(SceneImportError) as caught:
        load_class(resolve(f"{file}:Mine"))
    message = str(caught.value)
    assert "my_scene.py could not be imported" in message
    assert "Circle(radius=1, nonsense=2)" in message
    assert "return x / 0" in message
    assert "unexpected keyword argument 'nonsense'" in message
    for foreign in ("catalog.py", "importlib", "site-packages", "exec_module"):
        assert foreign not in message
    with pytest.raises(SceneImportError):  # no half-imported module is left for a second attempt
        load_class(resolve(f"{file}:Mine"))


@pytest.mark.parametrize("statement", ["import sys; sys.exit(3)", "raise SystemExit('no')", "import no_such_module"])
def test_file_that_ends_the_program_or_lacks_a_module(write, statement):
    file = write("my_scene.py", f"class Mine: pass\n{statement}\n")
    with pytest.raises(SceneImportError, match=r"my_scene.py.*, line 2"):
        load_class(resolve(f"{file}:Mine"))


def test_class_that_is_no_scene(write):
    file = write("my_scene.py", USER_FILE)
    with pytest.raises(SceneNotFoundError, match=r"my_scene.py: Shape is not a Manim Scene; .*: Mine, Second$"):
        load_class(resolve(f"{file}:Shape"))
    with pytest.raises(SceneNotFoundError, match=r"my_scene.py has no class Gone; .*: Mine, Second$"):
        load_class(SceneSource("gone", "Gone", file.resolve(), ""))


@pytest.mark.parametrize(
    ("spec", "meant"),
    [("mine:Two", "mine.py:Two"), ("mine.Two", "mine.py:Two"), ("mine", "mine.py"), ("a/mine:B", "a/mine.py:B")],
)
def test_a_file_without_its_suffix_gets_a_suggestion(tmp_path, monkeypatch, spec, meant):
    (tmp_path / "a").mkdir()
    for file in (tmp_path / "mine.py", tmp_path / "a" / "mine.py"):
        file.write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"did you mean {re.escape(meant)}\\?"):
        resolve(spec)
    with pytest.raises(UserError, match="no scene is called 'other:Three'; the") as raised:
        resolve("other:Three")
    assert "did you mean" not in str(raised.value)


def test_certain_beats_are_outside_branches_and_loops(tmp_path):
    (tmp_path / "own.py").write_text(
        "class Own(LectureScene):\n"
        "    def construct(self):\n"
        "        with self.beat('first', say='One.'):\n            self.more()\n"
        "        if self.parameters:\n            with self.beat('maybe'): pass\n"
        "        for k in range(3):\n            with self.beat(f'k-{k}'): pass\n"
        "        with self.beat('a' if self.x else 'b'): pass\n"
        "        self.last()\n"
        "    def more(self):\n        with self.beat(name='second'): pass\n"
        "    def last(self):\n"
        "        if self.x:\n            return\n"
        "        with self.beat('third'): pass\n"
    )
    scene = module_source(tmp_path / "own.py").find_class("Own")
    assert [(beat, say is not None) for beat, say in certain_beats(scene)] == [("first", True), ("second", False)]
