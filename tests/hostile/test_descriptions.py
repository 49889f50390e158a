"""What a media folder keeps of a scene's description: what is none of ours is asked of the scene again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.render.clips.fingerprint import listening_key
from gradreel.render.clips.workspace import Folders
from gradreel.render.inspection import _DESCRIPTIONS, kept_description
from gradreel.render.settings import RenderSettings
from gradreel.render.speech import kept_words, timed_plan, wanted_lines
from gradreel.render.stages import BeatSpan, Clip, ParameterRow, Plan, SceneDescription, SceneRequest, SceneWords
from gradreel.scenes.catalog import resolve
from hypothesis import given
from hypothesis import strategies as st

ROW = ParameterRow("run", "Experiment", "", "", "The run.")
OURS = SceneDescription(
    "build-curve",
    "Dots.",
    {"count": 2},
    (ROW,),
    {"run": Experiment(epochs=3)},
    ("one", "piece-{k}"),
    True,
    {"trace": "runs"},
)
REQUEST = SceneRequest(resolve("build-curve"), RenderSettings())
FIELDS = sorted(_DESCRIPTIONS.dump_python(OURS, mode="json"))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_a_description_is_read_as_it_was_kept(tmp_path):
    file = kept(tmp_path, _DESCRIPTIONS.dump_python(OURS, mode="json"))
    assert kept_description(file, REQUEST) == OURS


@given(field=st.sampled_from(FIELDS), odd=ODD)
def test_a_description_with_something_odd_in_it_is_none_or_one_of_the_right_kinds(tmp_path, field, odd):
    file = kept(tmp_path, _DESCRIPTIONS.dump_python(OURS, mode="json") | {field: odd})
    found = kept_description(file, REQUEST)
    if found is not None:
        assert all(isinstance(run, Experiment) for run in found.experiments.values())
        assert {type(getattr(found, name)) for name in FIELDS} <= {str, dict, tuple, bool}


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", "/dev/zero", "x" * 5000, "/", "<here>/../../.."])
def test_a_file_that_it_names_may_be_called_anything(tmp_path, name):
    file = kept(tmp_path, _DESCRIPTIONS.dump_python(OURS, mode="json") | {"files": {name: "a digest"}})
    assert kept_description(file, REQUEST) is None


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", "[" * 100_000, '{"files": 5}', "\x00"])
def test_what_is_no_description_at_all_is_none(tmp_path, content):
    file = tmp_path / "kept.json"
    file.write_text(content)
    assert kept_description(file, REQUEST) is None


CLIP = Clip(REQUEST, {}, Path("clip.mp4"), {"narration": {"words": "build-curve"}}, "", 0)
WORDS = SceneWords(
    "build-curve",
    (
        BeatSpan("curve", 0, 0, {"en": "It"}, {"corners": {"count": 3}, "neutral": False}, from_narration=True),
        BeatSpan("own", 0, 0, {"en": "One [a]two", "zh": "一[a]二"}, {}, from_narration=False),
    ),
)


def test_what_a_scene_says_is_read_as_it_was_kept(tmp_path):
    folders = Folders(tmp_path)
    kept_under(folders, asdict(WORDS))
    assert kept_words([CLIP], folders) == {"build-curve": WORDS}


@given(data=st.data())
def test_whatever_is_kept_of_what_a_scene_says_can_be_said_or_does_not_count(tmp_path, odd_json, data):
    folders = Folders(tmp_path)
    kept_under(folders, data.draw(odd_json(json.loads(json.dumps(asdict(WORDS))))))
    for words in kept_words([CLIP], folders).values():
        with suppress(UserError):
            list(wanted_lines([CLIP], {"build-curve": words}, {"en": None, "zh": None}))
            timed_plan(Plan((), (CLIP,)), {"build-curve": words}, {"build-curve": {}}, folders)


def kept_under(folders: Folders, content: object) -> None:
    folders.inspections.mkdir(parents=True, exist_ok=True)
    kept(folders.inspections, content).rename(folders.inspections / f"{listening_key(CLIP.parts, REQUEST)}.json")


def kept(folder: Path, content: object) -> Path:
    file = folder / "kept.json"
    file.write_text(json.dumps(content))
    return file
