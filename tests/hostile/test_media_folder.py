"""A media folder that came from elsewhere: whatever lies in it, nothing outside of it is written or removed."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from gradreel.render.clips.dependencies import KEY_DIGITS
from gradreel.render.clips.workspace import Folders
from gradreel.render.videos.output_stamp import clips_of_videos
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = ("--lesson", "film.toml", "-r", "64,36", "--fps", "5")


def test_a_note_of_renames_is_not_carried_out(rendered):
    """A file with renames, as an older Gradreel wrote it, is ignored."""
    names = [[str(rendered.folder / "notes.txt"), str(rendered.home / ".bashrc")], ["/none", str(rendered.home)]]
    (rendered.media / ".gradreel" / "publishing.json").write_text(json.dumps({"rename": names}))
    for left in ("000000000000-there", "nothing"):
        (rendered.media / ".gradreel" / "temporary" / left).mkdir()
    assert rendered.run("render", *SMALL, "--lang", "zh").exit_code == 0


def test_a_videos_record_cannot_name_files_to_remove(rendered):
    """Only subtitle files beside the video are removed, whatever the list of its files names."""
    (stamp,) = (rendered.media / ".gradreel" / "published").glob("*.json")
    content = json.loads(stamp.read_text())
    for path in (rendered.folder / "notes.txt", rendered.home / ".bashrc", rendered.folder / "films" / "own.en.srt"):
        found = path.stat()
        for name in (str(path), os.path.relpath(path, rendered.media / "videos" / "film" / "36p5")):
            content["files"][name] = [found.st_size, found.st_mtime_ns]
    stamp.write_text(json.dumps(content | {"made_of": "another"}))
    assert rendered.run("render", *SMALL).exit_code == 0


@pytest.mark.parametrize("place", ["videos", "videos/film", "videos/film/36p5", "images", "images/film", "clips"])
def test_a_link_in_the_media_folder_writes_nothing_outside(rendered, place):
    link = rendered.media / place
    shutil.rmtree(link, ignore_errors=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(rendered.folder / "films")
    command = ("frames", *SMALL[:4]) if "images" in place else ("render", *SMALL)
    assert "leads out of" in rendered.refused(*command)


def test_paths_that_the_user_names_may_be_anywhere_in_any_spelling(rendered):
    made = rendered.folder / "films" / "new.mp4"
    beside = [made.with_name(f"new.{ending}") for ending in ("mp4", "jpg", "manifest.json")]
    beside += [made.with_name(f"new.{language}.{kind}") for language in ("en", "zh") for kind in ("srt", "vtt")]
    result = rendered.run("render", *SMALL, "-o", "media/../films/new.mp4", may_change=beside)
    assert (result.exit_code, made.is_file()) == (0, True)


@pytest.mark.parametrize("place", ["locks", "temporary", "inspections", "published", "results", "speech"])
def test_a_link_in_our_private_folder_writes_nothing_outside(rendered, place):
    link = rendered.media / ".gradreel" / place
    shutil.rmtree(link, ignore_errors=True)
    link.symlink_to(rendered.folder / "films")
    assert "leads out of" in rendered.refused("render", *SMALL)
    scenes = rendered.folder / "my.py"
    scenes.write_text(scenes.read_text().replace("0.2", "0.4"))
    assert "leads out of" in rendered.refused("frames", *SMALL[:4])


def test_files_that_are_links_are_replaced_and_not_written_through(rendered):
    for path in list(rendered.media.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            path.unlink()
            path.symlink_to(rendered.home / ".bashrc")
    assert "does not say that Gradreel made it" in rendered.refused("render", *SMALL)
    assert rendered.run("render", *SMALL, "--overwrite").exit_code == 0
    assert not (rendered.media / "videos" / "film" / "36p5" / "film.mp4").is_symlink()


EVERY = ("clips/*.json", "videos/*/*/*", ".gradreel/*.json", ".gradreel/*/*.json", ".gradreel/locks/*.lock")


@pytest.mark.parametrize("pattern", EVERY)
def test_folders_in_the_place_of_any_files_end_in_no_traceback(rendered, pattern):
    for path in rendered.media.glob(pattern):
        path.unlink()
        (path / "mine").mkdir(parents=True)
    rendered.run("render", *SMALL)
    assert all((path / "mine").is_dir() for path in rendered.media.glob(pattern) if path.is_dir())


def test_pipes_in_the_place_of_all_files_are_neither_waited_for_nor_read(rendered):
    for path in [path for path in rendered.media.rglob("*") if path.is_file()]:
        path.unlink()
        os.mkfifo(path)
    assert "does not say that Gradreel made it" in rendered.refused("render", *SMALL)
    assert rendered.run("render", *SMALL, "--overwrite").exit_code == 0
    assert rendered.run("cache", "--lesson", "film.toml").exit_code == 0
    assert rendered.run("list", "--lesson", "film.toml").exit_code == 0


@pytest.mark.parametrize("place", ["videos", "clips", ".gradreel", ".gradreel/locks"])
def test_links_that_lead_to_themselves_are_an_error_in_words(rendered, place):
    shutil.rmtree(rendered.media / place)
    (rendered.media / place).symlink_to(rendered.media / place)
    assert str(rendered.media) in rendered.refused("render", *SMALL)


@pytest.mark.parametrize(("command", "place"), [("render", "videos"), ("frames", "images")])
def test_a_link_that_leads_to_itself_in_a_new_media_folder_is_an_error_in_words(project, command, place):
    link = project.media / place
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(place)
    message = project.refused(command, *SMALL[:4])
    assert f"{link} is a link that leads to itself" in message
    assert "shorter" not in message, "no shorter name mends a link"


@pytest.mark.parametrize("command", ["render", "frames"])
def test_folders_in_the_place_of_files_are_an_error_and_stay(project, command):
    place = {"render": "videos/film/36p5/film.mp4", "frames": "images/film/contact-sheet.png"}[command]
    mine = project.media / place / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert "move it away" in project.refused(command, *(SMALL if command == "render" else SMALL[:4]))
    assert mine.read_text() == "mine"


def test_a_folder_of_pictures_that_also_has_notes_is_not_replaced(project):
    mine = project.media / "images" / "film" / "ring" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert "contains notes.txt" in project.refused("frames", *SMALL[:4])
    assert mine.read_text() == "mine"


def test_files_that_are_not_our_clips_or_traces_are_not_pruned(rendered):
    """Folders that are called as ours are, with files of somebody's in them."""
    mine = [
        rendered.media / "clips" / ("0" * 24) / "notes.txt",
        rendered.media / "traces" / ("0" * 32) / "features.npy",
    ]
    for file in mine:
        file.parent.mkdir(parents=True)
        file.write_text("mine")
    (mine[1].parent / "meta.json").write_text(json.dumps({"digest": "0" * 32}))
    assert rendered.run("cache", "--lesson", "film.toml", "--prune", "--yes").exit_code == 0
    assert [file.read_text() for file in mine] == ["mine"] * 2


KINDS = {
    "stamp": ".gradreel/published/*.json",
    "results": ".gradreel/results/*.json",
    "manifest": "videos/film/*/manifest.json",
}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_record_of_a_video_is_handled_without_a_crash(rendered, odd_json, kind, data):
    (file,) = rendered.media.glob(KINDS[kind])
    before = file.read_bytes()
    file.write_text(json.dumps(data.draw(odd_json(json.loads(before)))))
    try:
        assert rendered.run("cache", "--lesson", "film.toml", "--json").exit_code == 0
        assert rendered.run("render", *SMALL, "--dry_run").exit_code in (0, 2)
        assert all(isinstance(name, str) for name in clips_of_videos(Folders(rendered.media)))
    finally:
        file.write_bytes(before)


@pytest.mark.parametrize("lock", ["prune", "publish", "clip"])
def test_a_lock_that_is_a_link_is_not_written_through(rendered, lock):
    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    clip.unlink()
    file = rendered.media / ".gradreel" / "locks" / f"{clip.stem[:KEY_DIGITS] if lock == 'clip' else lock}.lock"
    file.unlink(missing_ok=True)
    file.symlink_to(rendered.home / ".bashrc")
    (rendered.media / ".gradreel" / "temporary" / "000000000000-there.lock").symlink_to(rendered.home / ".bashrc")
    assert str(file) in rendered.refused("render", *SMALL)


@pytest.mark.parametrize(
    "command",
    [("list",), ("cache",), ("render", *SMALL[2:], "--dry_run"), ("train", "--dry_run"), ("frames", "--dry_run")],
)
def test_read_only_commands_write_nothing(rendered, command):
    before = rendered.state()
    rendered.run(*command, "--lesson", "film.toml")
    assert rendered.state() == before


RUN = """
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene


class Shows(LectureScene):
    class Parameters(LectureScene.Parameters):
        run: Experiment = Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1))), epochs=3)

    def construct(self):
        with self.beat("one", say="One."):
            self.trace("run")
"""


@pytest.mark.parametrize(
    ("name", "target"),
    [("{}", "work/films"), (".{}.partial", "work/films"), ("{}.time.json", ".bashrc"), (".{}.lock", ".bashrc")],
)
def test_a_link_among_the_traces_is_not_written_through(project, name, target):
    (project.folder / "shows.py").write_text(RUN, encoding="utf-8")
    dry = project.run("train", "shows.py", "--dry_run", "--json")
    (run,) = json.loads(dry.stdout)["train"]
    link = project.media / "traces" / name.format(run["digest"])
    link.parent.mkdir(parents=True)
    link.symlink_to(project.home / target)
    project.run("train", "shows.py")
