"""The commands that work, on a small project of one's own, through worker processes as in earnest."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import click
import pytest
from gradreel.cli import commands
from gradreel.scenes.words.narration import Narration

GRADREEL = shutil.which("gradreel", path=os.path.dirname(sys.executable))
SMALL = ("--lesson", "shapes.toml", "-r", "160,90", "--fps", "5")


def abbreviated_list(folder: Path) -> set[str]:
    """Files and folders in a media folder, the private one left out."""
    paths = (path.relative_to(folder) for path in folder.rglob("*"))
    return {str(path) for path in paths if path.parts[0] != ".gradreel"}


def test_describe(gradreel, project):
    result = gradreel("describe", "my_scene.py:Ring", "--lesson", "shapes.toml", "--set", "ring.radius=2", "--json")
    assert result.exit_code == 0
    scene = json.loads(result.stdout)
    assert (scene["name"], scene["class"], scene["doc"]) == ("ring", "Ring", "A ring, drawn.")
    assert scene["file"] == str(project / "my_scene.py")
    assert scene["beats"] == ["draw", "rest"]
    radius = scene["parameters"][0]
    assert radius == {
        "name": "radius",
        "type": "float",
        "default": "1.0",
        "bounds": "> 0, ≤ 3",
        "description": "Radius in scene units.",
        "value": 2.0,
    }
    assert scene["experiments"]["run"]["updates"] == 3
    nested = ["." in parameter["name"] for parameter in scene["parameters"]]
    assert nested == sorted(nested) and any(nested), "parameters before what is in them"
    words = gradreel("describe", "my_scene.py:Ring", "--lesson", "shapes.toml", "--set", "ring.radius=2").stdout
    for line in ("  radius: float, > 0, ≤ 3", "      = 2.0   (default 1.0)", "  draw", "      Radius in scene units."):
        assert line in words.splitlines()


def test_describe_shows_the_words_on_the_picture(gradreel, project):
    screen = Narration.load(["en"]).scenes["en"]["build-curve"]["screen"]
    assert json.loads(gradreel("describe", "build-curve", "--json").stdout)["screen"] == screen
    words = gradreel("describe", "build-curve").stdout
    assert "\nWords on the picture ([en.build-curve.screen]" in words
    assert all(f"\n  {key}: {text}\n" in words for key, text in screen.items())


IN_A_FOLDER = """
from gradreel.scenes.base import LectureScene
from helper import {name}
from manim import Dot

class {name}(LectureScene):
    class Parameters(LectureScene.Parameters):
        size: float = {name}

    def construct(self):
        with self.beat("only", say="A dot."):
            self.add(Dot(radius=self.parameters.size))
            self.wait(0.2)
"""


def test_scenes_in_two_folders_have_helpers_of_one_name(gradreel, project):
    for folder, name in (("a", "First"), ("b", "Second")):
        (project / folder).mkdir()
        (project / folder / "scene.py").write_text(IN_A_FOLDER.format(name=name))
        (project / folder / "helper.py").write_text(f"{name} = 0.5\n")
    scenes = ("a/scene.py:First", "b/scene.py:Second")
    assert gradreel("render", *scenes, "-r", "64,36", "--fps", 5).exit_code == 0
    both = 'title = { en = "Both" }\n[[scene]]\nname = "a/scene.py:First"\n[[scene]]\nname = "b/scene.py:First"\n'
    (project / "both.toml").write_text(both)
    (project / "b/scene.py").write_text(IN_A_FOLDER.format(name="First"))
    for asked in (("--lesson", "both.toml"), ("a/scene.py:First", "b/scene.py:First")):
        result = gradreel("render", *asked)
        assert result.exit_code == 2
        assert "two scenes are called first: in " in result.stderr and "rename one of the classes" in result.stderr


def test_a_project_folder_may_have_braces_in_its_name_but_the_media_folder_may_not(gradreel, tmp_path, monkeypatch):
    folder = tmp_path / "{project}"
    folder.mkdir()
    monkeypatch.chdir(folder)
    text = (
        "from manim import Scene, Text\n\nclass Word(Scene):\n    def construct(self):\n        self.add(Text('a'))\n"
    )
    (folder / "word.py").write_text(text)
    assert gradreel("render", "word.py", "-r", "64,36", "--fps", 5).exit_code == 0
    assert gradreel("check", "word.py").exit_code == 0
    result = gradreel("render", "word.py", "-r", "64,36", "--media_dir", "{m}")
    assert (result.exit_code, "--media_dir FOLDER" in result.stderr) == (2, True)


OF_SECTIONS = """
from gradreel.scenes.base import LectureScene

class Sections(LectureScene):
    class Parameters(LectureScene.Parameters):
        count: int

    def construct(self):
        self.next_section("before")
        with self.beat("a", say="A."):
            self.wait(0.4)
        self.next_section("left out", skip_animations=True)
        self.wait(5)
"""


def test_a_scene_with_beats_may_have_sections_and_a_missing_one_is_named(gradreel, project):
    (project / "sections.py").write_text(OF_SECTIONS)
    lacking = gradreel("describe", "sections.py")
    assert (lacking.exit_code, "add --set sections.count=…, or write defaults" in lacking.stderr) == (2, True)
    wrong = gradreel("describe", "sections.py", "--set", "sections.count=x")
    assert (wrong.exit_code, "`gradreel describe sections.py:Sections` shows" in wrong.stderr) == (2, True)
    given = ("sections.py", "--set", "sections.count=1", "-r", "64,36")
    (video,) = gradreel("render", *given, "--fps", 5).stdout.splitlines()
    with av.open(video) as container:
        assert 2 <= container.streams.video[0].frames < 15


def test_train_then_render_a_lesson(gradreel, project):
    dry = gradreel("render", *SMALL, "--dry_run")
    assert [line.split()[0] for line in dry.stdout.splitlines()] == ["train", "render", "render", "in", "by"]
    assert dry.stdout.startswith("train   the run of ring (run), 3 updates, roughly ")
    assert "\nin all  roughly " in dry.stdout and "no estimate" not in dry.stdout
    assert not (project / "media").exists()

    (trace,) = json.loads(gradreel("train", "--lesson", "shapes.toml", "--json").stdout)
    assert (trace["updates"], trace["scenes"]) == (3, ["ring"])
    assert (Path(trace["path"]) / "meta.json").is_file()

    result = gradreel("render", *SMALL)
    assert result.exit_code == 0
    video = project / "media/videos/shapes/90p5/shapes.mp4"
    assert result.stdout.splitlines() == [str(video)]
    with av.open(str(video)) as container:
        assert container.streams.video[0].codec_context.width == 160
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == ["Ring", "Plain"]

    again = gradreel("render", *SMALL, "--dry_run")
    assert again.stdout.splitlines() == ["keep    ring: up to date", "keep    plain: up to date"]


def test_render_scenes_by_name_with_options_of_manim(gradreel, project):
    last = gradreel("render", "my_scene.py:Plain", *SMALL, "-s", "-t", "-o", "end.png")
    assert (last.exit_code, last.stdout.splitlines()) == (0, [str(project / "end.png")])
    video = gradreel("render", "my_scene.py", "Plain", *SMALL, "-o", "here/plain.WEBM")
    assert (video.exit_code, video.stdout.splitlines()) == (0, [str(project / "here/plain.webm")])
    with av.open(str(project / "here/plain.webm")) as container:
        assert "webm" in container.format.name


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_a_video_on_another_disk_is_joined_only_once(gradreel, project):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        video = Path(folder) / "plain.mp4"
        arguments = ("render", "my_scene.py:Plain", *SMALL, "-o", video)
        assert gradreel(*arguments).exit_code == 0
        made = video.stat().st_mtime_ns, video.stat().st_ino
        assert gradreel(*arguments).exit_code == 0
        assert (video.stat().st_mtime_ns, video.stat().st_ino) == made
        video.write_bytes(b"spoilt")
        assert gradreel(*arguments).exit_code == 2
        assert gradreel(*arguments, "--overwrite").exit_code == 0
        assert video.stat().st_size > 1000


def test_a_folder_is_replaced_only_if_it_contains_just_pictures(gradreel, project):
    photos = project / "photos"
    photos.mkdir()
    (photos / "mine.jpg").write_text("mine")
    pictures = ("render", "my_scene.py:Plain", *SMALL, "--format", "png-sequence", "-o")
    refused = gradreel(*pictures, "photos.png")
    assert refused.exit_code == 2 and "contains mine.jpg" in refused.stderr
    assert (photos / "mine.jpg").read_text() == "mine"
    for _ in range(2):
        made = gradreel(*pictures, "film")
        assert (made.exit_code, made.stdout.splitlines()) == (0, [str(project / "film")])
        assert (project / "film/00000.png").is_file()


def test_frames(gradreel, project):
    result = gradreel("frames", "my_scene.py:Ring", "--lesson", "shapes.toml", "-r", "160,90", "--progress_bar", "none")
    assert result.exit_code == 0
    images = project / "media/images/shapes"
    assert result.stdout.splitlines() == [
        str(images / name) for name in ("ring/draw.png", "ring/rest.png", "contact-sheet--ring.png")
    ]
    assert all(Path(line).is_file() for line in result.stdout.splitlines())


def test_frames_as_json_name_the_picture_of_each_beat(gradreel, project):
    result = gradreel("frames", "my_scene.py", "Ring", "Plain", "-r", "160,90", "--json")
    found = json.loads(result.stdout)
    beats = {scene: list(pictures) for scene, pictures in found["scenes"].items()}
    assert beats["ring"] == ["draw", "rest"] and len(beats["plain"]) == 1
    images = project / "media/images/my_scene"
    assert found["scenes"]["ring"]["rest"] == str(images / "ring/rest.png")
    assert found["contact_sheet"] == str(images / "contact-sheet--ring+plain.png")
    files = [*found["scenes"]["ring"].values(), *found["scenes"]["plain"].values(), found["contact_sheet"]]
    assert all(map(os.path.isfile, files))


def test_describe_shows_the_line_of_a_numbered_beat_before_that_of_all_others(gradreel, project):
    result = gradreel("describe", "build-curve", "--json")
    beats = json.loads(result.stdout)["beats"]
    assert beats[beats.index("piece-1") + 1] == "piece-{k}"
    assert f"piece-1: {Narration.load(['en']).scenes['en']['build-curve']['beats']['piece-1']}" in (
        gradreel("describe", "build-curve").stdout
    )


def test_check_names_the_language_and_the_theme(gradreel, project):
    checked = gradreel("check", "my_scene.py:Plain", "--lang", "zh", "--theme", "light")
    assert "(zh, light)" in checked.stdout


def test_describe_shows_one_scene_and_says_so(gradreel, project):
    assert gradreel("describe", "my_scene.py", "Plain").stdout.startswith("plain: Plain\n")
    result = gradreel("describe", "my_scene.py", "Plain", "Ring")
    assert (result.exit_code, "2 were named; name one" in result.stderr) == (2, True)


def test_force_draws_up_to_date_clips_again_with_the_same_bytes(gradreel, project):
    size = ("-r", "160,90", "--fps", "5")
    render = ("render", "my_scene.py", "Ring", "Plain", *size)
    assert gradreel(*render).exit_code == 0
    clips = {file: file.read_bytes() for file in (project / "media/clips").glob("*.mp4")}
    assert len(clips) == 2
    planned = gradreel(*render[:3], *size, "--force", "--dry_run").stdout.splitlines()
    assert planned[0].startswith("render  ring: --force")
    spoiled = next(iter(clips))
    spoiled.write_bytes(bytes(len(clips[spoiled])))  # as it would stay if it counted as up to date
    times = {file: file.stat().st_mtime_ns for file in clips}
    assert gradreel(*render, "--force").exit_code == 0
    assert {file: file.read_bytes() for file in (project / "media/clips").glob("*.mp4")} == clips
    assert all(file.stat().st_mtime_ns > times[file] for file in clips)
    again = gradreel(*render, "--dry_run").stdout.splitlines()
    assert again == ["keep    ring: up to date", "keep    plain: up to date"]


def test_check_exits_1_on_a_finding(gradreel, project):
    well = gradreel("check", "my_scene.py:Plain", "--lesson", "shapes.toml")
    assert (well.exit_code, well.stdout) == (0, "1 scene (en, dark): nothing breaks a layout rule\n")
    smooth = gradreel("check", "my_scene.py:Plain", "--lesson", "shapes.toml", "--jumps")
    assert (smooth.exit_code, smooth.stdout) == (0, "1 scene (en, dark): nothing jumps\n")
    bad = gradreel("check", "my_scene.py:Outside", "--lesson", "shapes.toml", "--json")
    assert bad.exit_code == 1
    finding = json.loads(bad.stdout)[0]
    assert (finding["scene"], finding["beat"]) == ("outside", "end")
    assert {"rule", "message", "where"} <= finding.keys()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["my_scene.py:Ring", "--set", "ring.radius=9"], "ring.radius"),
        (["my_scene.py:Ring", "--set", "ring.size=9"], "radius"),
        (["my_scene.py:Plain", "--set", "plain.size=9"], "plain Manim scene"),
        (["my_scene.py:Ring", "-n", "nonsense"], "draw, rest"),
    ],
)
def test_mistake_that_the_scene_finds(gradreel, project, arguments, words):
    result = gradreel("render", *arguments, *SMALL)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not (project / "media/videos").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "gif"], "not gif; name scenes"),
        (["-n", "draw,rest"], "name the scene"),
        (["-s", "-o", "end.png"], "-o end.png is one file, but 2 scenes"),
        (["my_scene.py:Ring", "my_scene.py:Plain", "-o", "x.mp4"], "is one file, but 2 scenes"),
        (["my_scene.py:Ring", "-n", "nonsense"], "ring has no such beats"),
    ],
)
def test_a_dry_run_refuses_whatever_rendering_would_refuse(gradreel, project, arguments, words):
    planned = gradreel("render", *arguments, *SMALL, "--dry_run")
    assert (planned.exit_code, planned.stdout) == (2, "")
    assert words in planned.stderr.replace(f"{project}/", "")
    rendered = gradreel("render", *arguments, *SMALL)
    assert (rendered.exit_code, rendered.stdout, rendered.stderr) == (2, "", planned.stderr)


def test_an_invalid_value_from_a_file_is_named_with_the_file(gradreel, project):
    rows = "".join(f"{x},{x % 7}\n" for x in range(400))
    (project / "curve.csv").write_text("x,y\n" + rows, encoding="utf-8")
    (project / "run.json").write_text('{"seed": -3, "epochs": 3}', encoding="utf-8")
    many = "any-curve.knots: Tuple should have at most 200 items after validation, not 400; it was read from "
    given = gradreel("render", "any-curve", "--set", "any-curve.knots=@curve.csv", *SMALL)
    assert (given.exit_code, given.stderr.splitlines()[0]) == (2, f"Error: {many}curve.csv")
    lesson = project / "curves.toml"
    lesson.write_text('[[scene]]\nname = "any-curve"\nparameters = { knots = "@curve.csv" }\n', encoding="utf-8")
    of_lesson = gradreel("describe", "any-curve", "--lesson", "curves.toml")
    assert of_lesson.stderr.splitlines()[0] == f"Error: {many}{project}/curve.csv"
    instead = gradreel("describe", "any-curve", "--lesson", "curves.toml", "--set", "any-curve.knots=[[1]]")
    assert instead.exit_code == 2 and "read from" not in instead.stderr
    run = gradreel("describe", "my_scene.py:Ring", "--set", "ring.run=@run.json", "--set", "ring.run.epochs=-1")
    epochs, seed, _ = run.stderr.splitlines()
    assert "ring.run.epochs: " in epochs and epochs.endswith("(got -1)")
    assert "ring.run.seed: " in seed and seed.endswith("(got -3); it was read from run.json")
    of_mine = '[[scene]]\nname = "my_scene.py:Ring"\nparameters = { run = "mine" }\n'
    lesson.write_text(f"[experiments.mine]\n{of_mine}", encoding="utf-8")
    mine = gradreel("describe", "my_scene.py:Ring", "--lesson", "curves.toml", "--set", "experiments.mine=@run.json")
    assert "--set experiments.mine.seed: " in mine.stderr and mine.stderr.endswith("; it was read from run.json\n")


def test_a_scene_that_raises_shows_its_line_and_leaves_existing_files(gradreel, project):
    video = project / "media/videos/shapes/90p5/broken.mp4"
    video.parent.mkdir(parents=True)
    video.write_text("from before")
    result = gradreel("render", "my_scene.py:Broken", *SMALL)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "1 / 0" in result.stderr
    assert "ZeroDivisionError" in result.stderr
    assert "gradreel/" not in result.stderr
    assert video.read_text() == "from before"


def test_verify_names_the_fault_and_exits_with_1(gradreel, project):
    missing = gradreel("verify", "--lesson", "shapes.toml")
    assert (missing.exit_code, "gradreel train" in missing.stderr) == (2, True)
    (trace,) = json.loads(gradreel("train", "--lesson", "shapes.toml", "--json").stdout)
    for targets in ([], ["my_scene.py:Ring"], [trace["path"]]):
        (well,) = json.loads(gradreel("verify", *targets, "--lesson", "shapes.toml", "--json").stdout)
        assert (well["ok"], well["updates"], well["agreement"], well["problems"]) == (True, 3, "exact", [])
    column = Path(trace["path"]) / "parameters.npy"
    content = bytearray(column.read_bytes())
    content[-9] ^= 1
    column.chmod(0o644)
    column.write_bytes(content)
    damaged = gradreel("verify", "--lesson", "shapes.toml", "--json")
    assert damaged.exit_code == 1
    (found,) = json.loads(damaged.stdout)
    assert found["ok"] is False
    assert {problem["column"] for problem in found["problems"]} == {"parameters"}
    assert "found" in found["problems"][0]["text"]
    assert gradreel("verify", "--lesson", "shapes.toml").stdout.startswith("BAD  ")


def test_verify_refuses_a_valid_trace_of_another_run(gradreel, project):
    three, four = (
        json.loads(gradreel("train", "--lesson", "shapes.toml", "--set", f"ring.run.epochs={epochs}", "--json").stdout)
        for epochs in (3, 4)
    )
    shutil.rmtree(three[0]["path"])
    shutil.copytree(four[0]["path"], three[0]["path"])
    result = gradreel("verify", "--lesson", "shapes.toml")
    assert (result.exit_code, result.stdout.startswith("BAD  ")) == (1, True)
    assert gradreel("verify", three[0]["path"]).exit_code == 0


def test_verify_of_a_folder_without_a_trace_is_a_user_error_and_suggests_no_deletion(gradreel, project):
    (trace,) = json.loads(gradreel("train", "--lesson", "shapes.toml", "--json").stdout)
    for folder in (".", "media/traces"):
        result = gradreel("verify", folder)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(f"Error: {folder} is no trace: meta.json is missing; a trace is a folder with")
        assert "delete" not in result.stderr
    assert result.stderr.endswith(f"in it there are media/traces/{Path(trace['path']).name}\n")


@pytest.mark.parametrize(
    ("optimizer", "how"),
    [("SGD", "4 updates computed again, equal bit for bit"), ("RMSprop", "no update computed again")],
)
def test_verify_lists_the_checks_of_a_recorded_loop(optimizer, how, gradreel, tmp_path, monkeypatch):
    import torch
    from gradreel.core.recording.recording import record

    kind = getattr(torch.optim, optimizer)
    monkeypatch.chdir(tmp_path)
    model = torch.nn.Linear(2, 1)
    optimizer = kind(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "runs" / "mine"):
        for _ in range(4):
            optimizer.zero_grad()
            model(torch.ones(3, 2)).square().mean().backward()
            optimizer.step()
    result = gradreel("verify", "runs/mine")
    assert result.exit_code == 0
    first, *told = result.stdout.splitlines()
    assert first == f"ok   {tmp_path}/runs/mine: recorded around a loop of its own; {how}"
    (found,) = json.loads(gradreel("verify", "runs/mine", "--json").stdout)
    assert found["agreement"] == ("exact" if kind is torch.optim.SGD else "not computed again")
    assert found["checked"]
    assert found["unchecked"]
    words = " ".join(" ".join(told).split())
    assert words == " ".join(
        [f"checked: {text}" for text in found["checked"]] + [f"not checked: {text}" for text in found["unchecked"]]
    )
    (tmp_path / "runs" / "mine" / "batch_loss.npy").unlink()
    damaged = gradreel("verify", "runs/mine")
    assert (damaged.exit_code, damaged.stdout.startswith("BAD  ")) == (1, True)


def test_verify_checks_the_trace_folder_that_a_scene_was_set_to(gradreel, record_loop, tmp_path, monkeypatch):
    import torch

    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "runs" / "mine"
    record_loop(mine, lambda parameters: torch.optim.SGD(parameters, lr=0.01), updates=4)
    scene = '[[scene]]\nname = "loss-curve"\nparameters = { trace = "runs/mine" }\n'
    (tmp_path / "one.toml").write_text(scene)
    (tmp_path / "two.toml").write_text(scene + scene.replace("loss-curve", "network"))
    for asked, scenes in (
        (["--lesson", "one.toml"], ["loss-curve"]),
        (["--lesson", "two.toml"], ["loss-curve", "network"]),
        (["loss-curve", "--set", "loss-curve.trace=runs/mine"], ["loss-curve"]),
        (["runs/mine", "loss-curve", "--set", "loss-curve.trace=runs/mine"], ["loss-curve"]),
    ):
        (found,) = json.loads(gradreel("verify", *asked, "--json").stdout)
        assert (found["trace"], found["scenes"], found["ok"]) == (str(mine), scenes, True)
    (mine / "batch_loss.npy").unlink()
    damaged = gradreel("verify", "--lesson", "one.toml")
    assert (damaged.exit_code, damaged.stdout.startswith(f"BAD  {mine}")) == (1, True)


def test_a_tilde_means_the_home_folder_in_every_path_option(gradreel, project, monkeypatch):
    home = project / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    options = [option for command in commands.commands.values() for option in command.params]
    paths = [option for option in options if isinstance(option.type, click.Path)]
    assert {option.name for option in paths} >= {"lesson", "data", "output", "media_dir", "csv", "folder"}
    assert {option.type.convert("~/a b", option, None) for option in paths} == {home / "a b"}
    before = set(project.iterdir())
    (trace,) = json.loads(gradreel("train", "--lesson=~/../shapes.toml", "--media_dir=~/made", "--json").stdout)
    assert Path(trace["path"]).parent == home / "made" / "traces"
    assert set(project.iterdir()) == before, "there is no folder called ~"


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGINT, 130, "Interrupted."),
        (signal.SIGTERM, 143, "Stopped by SIGTERM."),
        (signal.SIGHUP, 129, "Stopped by SIGHUP."),
    ],
)
def test_a_signal_stops_a_command_in_order_and_leaves_no_half_file(project, number, code, message):
    process = subprocess.Popen(
        [GRADREEL, "render", "my_scene.py:Slow", *SMALL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # a shell's background jobs ignore some signals
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "slow begins\n", "what a scene prints is no result"
    time.sleep(0.2)
    if number == signal.SIGTERM:
        process.terminate()
    else:
        os.killpg(process.pid, number)  # a terminal sends these to the whole group
    _, errors = process.communicate(timeout=20)
    assert process.returncode == code
    assert "Traceback" not in errors
    assert message in errors.splitlines()
    assert not [name for name in abbreviated_list(project / "media") if name.startswith(("clips/", "videos/"))]
    assert not list((project / "media/.gradreel/temporary").glob("*/*"))


def test_a_terminated_command_ends_its_voice(project):
    (project / "say.sh").write_text("echo speaks > spoken.pipe; exec sleep 600 > held.pipe\n")
    for name in ("spoken.pipe", "held.pipe"):
        os.mkfifo(project / name)
    voice = "en=command:sh say.sh {file} {text}"
    process = subprocess.Popen(
        [GRADREEL, "render", "my_scene.py:Ring", *SMALL[2:], "--voice", voice], stderr=subprocess.PIPE, text=True
    )
    with open("spoken.pipe") as spoken:
        assert spoken.readline() == "speaks\n"
    with open("held.pipe") as held:
        process.terminate()
        assert held.read() == "", "the voice holds its end of the pipe until it ends"
    assert process.communicate()[1].splitlines()[-1] == "Stopped by SIGTERM."
    assert process.returncode == 143


def test_caller_is_in_a_folder_with_names_of_ours(project):
    for name in ("core", "scenes", "render", "cli"):
        (project / f"{name}.py").write_text("raise SystemExit('this is the caller\\'s own')\n")
    result = subprocess.run(
        [GRADREEL, "render", "my_scene.py:Plain", *SMALL], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_subtitles_in_the_picture_are_no_stream_and_the_clips_stay(gradreel, project):
    render = ("render", "my_scene.py", "Ring", "-r", "160,90", "--fps", "5", "-o", "ring.mp4")
    assert gradreel(*render).exit_code == 0
    (clip,) = (project / "media/clips").glob("*.mp4")
    before = clip.read_bytes(), (project / "ring.mp4").read_bytes()
    burned = gradreel(*render, "--burn_subtitles", "en")
    assert (burned.exit_code, "ring: encoded again, with subtitles in English" in burned.stderr) == (0, True)
    assert (project / "ring.mp4").read_bytes() != before[1]
    assert [file.read_bytes() for file in (project / "media/clips").glob("*.mp4")] == [before[0]]
    with av.open(str(project / "ring.mp4")) as container:
        assert [stream.language for stream in container.streams.subtitles] == []
    assert (project / "ring.en.srt").is_file()
    assert "encoded again" not in gradreel(*render, "--burn_subtitles", "en").stderr, "it is there as it would be"
    assert gradreel(*render).exit_code == 0
    assert (project / "ring.mp4").read_bytes() == before[1]
