"""Clips that were damaged, or described by somebody: they do not count and are made again."""

from __future__ import annotations

import json
import os
from pathlib import Path

import av
import pytest
from gradreel.render.cache import contents
from gradreel.render.clips.clip_files import intact_description, read_description, size_of
from gradreel.render.clips.plan import earlier_clips
from gradreel.render.clips.workspace import LARGEST_JSON, read_json
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.listing import print_scenes
from gradreel.render.settings import RenderSettings
from hypothesis import given, settings
from hypothesis import strategies as st

SMALL = ("--lesson", "film.toml", "-r", "64,36", "--fps", "5")


def damage_inside(clip: Path) -> None:
    """Flip one byte in the middle of a clip, and keep its size and times."""
    found, content = clip.stat(), bytearray(clip.read_bytes())
    content[len(content) // 2] ^= 255
    clip.write_bytes(content)
    os.utime(clip, ns=(found.st_atime_ns, found.st_mtime_ns))


def frames_in(video: Path) -> int:
    with av.open(str(video)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("damage", ["short", "empty", "pipe"])
def test_a_damaged_clip_is_planned_and_made_again(rendered, damage):
    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    if damage == "pipe":
        clip.unlink()
        os.mkfifo(clip)
    else:
        os.truncate(clip, clip.stat().st_size - 200 if damage == "short" else 0)
    dry = rendered.run("render", *SMALL, "--dry_run", "--json")
    (again,) = json.loads(dry.stdout)["render"]
    assert again["why"] == "its file is gone or damaged"
    assert rendered.run("render", *SMALL).exit_code == 0
    assert intact_description(clip) is not None


def test_a_folder_instead_of_a_clip_is_an_error_that_names_it(rendered):
    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    clip.unlink()
    clip.mkdir()
    (clip / "mine.txt").write_text("mine")
    assert f"{clip} is a folder" in rendered.refused("render", *SMALL)
    assert (clip / "mine.txt").read_text() == "mine"


def test_a_clip_damaged_inside_is_made_again_when_it_is_joined(rendered):
    (video,) = rendered.media.glob("videos/film/*/film.mp4")
    frames = frames_in(video)
    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    sound = clip.read_bytes()
    damage_inside(clip)
    video.unlink()
    result = rendered.run("render", *SMALL)
    assert result.exit_code == 0 and f"{clip.name} in" in result.stderr and "damaged, made again" in result.stderr
    assert clip.read_bytes() == sound
    assert frames_in(video) == frames


@pytest.mark.parametrize("content", [b"no film", b"\0" * 4096])
def test_a_clip_that_is_described_but_no_film_is_made_again(rendered, content):
    """As somebody would write it, size and checksum and all."""
    from gradreel.render.clips.clip_files import checksum_of

    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    clip.write_bytes(content)
    description = clip.with_suffix(".json")
    forged = json.loads(description.read_text()) | {"size": len(content), "checksum": checksum_of(clip)}
    description.write_text(json.dumps(forged))
    result = rendered.run("render", *SMALL)
    assert (result.exit_code, "damaged, made again" in result.stderr) == (0, True)


@settings(max_examples=25)
@given(data=st.data())
def test_any_description_is_read_or_ignored_without_a_crash(rendered, odd_json, data, capsys):
    """Commands that plan, list, estimate and clean up read descriptions; no content makes them crash."""
    clip = sorted(rendered.media.glob("clips/*.mp4"))[0]
    description = clip.with_suffix(".json")
    before = description.read_bytes()
    changed = data.draw(odd_json(json.loads(before)))
    description.write_text(json.dumps(changed))
    lesson = load_lesson(Path("film.toml"))
    try:
        found = read_description(description)
        assert found is None or json.dumps(found) == json.dumps(changed)  # as text: a NaN is not equal to itself
        assert len(earlier_clips(clip.parent)) == (1 if found is None else 2)
        contents([(lesson, RenderSettings(width=64, height=36, fps=5, media_dir=rendered.media))])
        print_scenes("en", False, rendered.media)
    finally:
        description.write_bytes(before)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"a":' * 100_000, "9" * 10_000, "\ud800"])
def test_a_file_that_is_no_json_object_counts_as_missing(tmp_path, text):
    (tmp_path / "x.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    assert read_json(tmp_path / "x.json") is None


def test_neither_a_pipe_nor_a_folder_nor_a_huge_file_is_read_as_json(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(60 * 2**30)
    assert LARGEST_JSON < 60 * 2**30
    assert [read_json(file) for file in sorted(tmp_path.iterdir())] == [None] * 3
    assert size_of(tmp_path / "pipe.json") == -1


def test_a_descriptions_text_cannot_control_the_terminal(rendered):
    """Neither of a clip that is out of date, nor of one that is of another film."""
    first, second = sorted(rendered.media.glob("clips/*.json"))
    content = json.loads(first.read_text())
    read = content["dependencies"] | {"files": {"\x1b[2J": "0"}}
    first.write_text(json.dumps(content | {"dependencies": read}))
    parts = content["parts"] | {"\x1b[2J": "0"}
    second.with_name(f"{'0' * 24}.json").write_text(json.dumps(content | {"scene": "\x1b[2J", "parts": parts}))
    second.unlink()
    (rendered.media / "clips" / f"{'0' * 24}.mp4").write_bytes(b"0" * content["size"])
    for command in (("render", *SMALL, "--dry_run"), ("cache", "--lesson", "film.toml", "--prune", "--yes")):
        said = rendered.run(*command).output
        assert ("\x1b" not in said, "\\x1b[2J" in said) == (True, True)
