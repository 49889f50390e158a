"""Scenes in a notebook: a kernel of Jupyter's runs one, and what its cells show is looked at."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import av
import pytest
from gradreel.core.errors import UserError
from gradreel.render import notebook
from IPython.core.error import UsageError

CELL = """
from helper import RADIUS
from manim import *

class Ring(Scene):
    def construct(self):
        self.play(Create(Circle(RADIUS)), run_time=1)
"""
SIZE = "-r 160,90 --fps 5"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helper.py").write_text("RADIUS = 1\n")
    return tmp_path


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::RuntimeWarning")
def test_a_notebook_shows_the_video_of_a_cell_and_a_picture(folder):
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_notebook

    sources = [
        "%load_ext gradreel",
        f"%%gradreel {SIZE}\n{CELL}",
        f"%gradreel media/notebook/Ring.py Ring {SIZE} -s",
        f"%gradreel media/notebook/Ring.py Rong {SIZE}",
    ]
    opened = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(opened, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}}).execute()
    loaded, video, picture, mistake = (cell.outputs for cell in opened.cells)
    assert loaded == []
    (html,) = [output.data["text/html"] for output in video if output.output_type == "display_data"]
    content = base64.b64decode(re.search(r"data:video/mp4;base64,([\w+/=]+)", html)[1])
    with av.open(BytesIO(content)) as container:
        assert container.streams.video[0].frames == 5
    assert content == (folder / "media/videos/Ring/90p5/ring.mp4").read_bytes()
    (png,) = [output.data["image/png"] for output in picture if output.output_type == "display_data"]
    assert base64.b64decode(png).startswith(b"\x89PNG")
    (said,) = [output.text for output in mistake if output.name == "stderr"]
    assert said.startswith("UsageError: media/notebook/Ring.py has no class Rong")


@pytest.mark.parametrize(
    ("line", "cell", "words"),
    [
        ("", None, "name a scene"),
        ("-q l", "class A(:", "line 1 of the cell: invalid syntax"),
        ("-q l", "x = 3", "the cell has no class"),
        ("'", "class A: ...", "No closing quotation"),
        ("--watch", "class A: ...", "--watch never ends"),
    ],
)
def test_an_error_in_a_cell_is_one_line(folder, line, cell, words):
    with pytest.raises(UsageError, match=words):
        notebook.show(line, cell)


def test_help_is_printed(folder, capsys):
    notebook.show("--help", None)
    assert "--quality" in capsys.readouterr().out


def test_a_cell_is_saved_under_its_class_and_written_only_if_it_changed(folder):
    file = notebook.saved_cell(CELL)
    assert (file, file.read_text()) == (Path("media/notebook/Ring.py"), CELL)
    before = file.stat().st_mtime_ns
    assert notebook.saved_cell(CELL).stat().st_mtime_ns == before
    notebook.saved_cell(CELL + "\n# more\n")
    assert file.read_text().endswith("# more\n")


def test_a_folder_of_cells_that_is_a_link_to_itself_is_an_error_in_words(folder):
    (folder / "media").mkdir()
    (folder / "media/notebook").symlink_to("notebook")
    with pytest.raises(UserError, match="media/notebook cannot be a folder"):
        notebook.saved_cell(CELL)


def test_a_link_in_the_folder_of_cells_does_not_lead_out_of_it(folder):
    (folder / "mine.py").write_text("mine")
    notebook.saved_cell(CELL)
    (folder / "media/notebook/Ring.py").unlink()
    (folder / "media/notebook/Ring.py").symlink_to(folder / "mine.py")
    assert notebook.saved_cell(CELL).read_text() == CELL
    (folder / "media/notebook").rename(folder / "elsewhere")
    (folder / "media/notebook").symlink_to(folder / "elsewhere")
    with pytest.raises(UsageError, match="leads out of media by a link"):
        notebook.show("-q l", CELL + "# new")
    assert (folder / "mine.py").read_text() == "mine"
    assert [file.name for file in (folder / "elsewhere").iterdir()] == ["Ring.py"]


def test_a_large_video_is_linked_not_embedded(folder, monkeypatch):
    monkeypatch.setattr(notebook, "LARGEST_EMBEDDED", 10)
    for name in ("a.mp4", "a.png", "a.gif"):
        (folder / name).write_bytes(bytes(11))
    assert 'src="a.mp4"' in notebook.displayed(folder / "a.mp4")._repr_html_()
    assert all(
        f"href='{folder / name}'" in notebook.displayed(folder / name)._repr_html_() for name in ("a.png", "a.gif")
    )
    assert "href" in notebook.displayed(folder)._repr_html_()
