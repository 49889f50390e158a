"""An output in a folder where no file can be made: refused by its own path, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

SMALL = ("-q", "l", "-o")
COMMANDS = [
    (("render", "my_scene.py:Ring", *SMALL), "film.mp4"),
    (("render", "my_scene.py:Ring", "--dry_run", *SMALL), "film.mp4"),
    (("render", "my_scene.py:Ring", "-s", *SMALL), "picture.png"),
    (("render", "--lesson", "shapes.toml", *SMALL), "film.mp4"),
    (("export", "slides", "my_scene.py:Ring", *SMALL), "slides.html"),
    (("export", "page", "my_scene.py:Ring", *SMALL), "page"),
    (("export", "youtube", "--lesson", "shapes.toml", *SMALL), "upload"),
    (("experiment", "width", "--widths", "0", "--seeds", "1", "--epochs", "1", "--csv"), "losses.csv"),
    (("narrate", "my_scene.py:Ring", "--recordings"), "recordings"),
]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which no file can be made")
@pytest.mark.parametrize(("command", "name"), COMMANDS, ids=lambda value: " ".join(value[:2]) if value[1:] else value)
def test_an_unwritable_output_is_refused_before_any_work(gradreel, project, command, name):
    result = gradreel(*command, f"/proc/{name}")
    assert result.exit_code == 2
    assert f"{command[-1]} /proc/{name}" in result.stderr
    assert not list(project.glob("media/clips/*")) + list(project.glob("media/traces/*"))


def test_a_missing_folder_is_made_only_when_the_film_is_ready(gradreel, project):
    refused = gradreel("render", "my_scene.py:Broken", "-q", "l", "-o", "new/folder/film.mp4")
    assert refused.exit_code == 1
    assert not (project / "new").exists()
