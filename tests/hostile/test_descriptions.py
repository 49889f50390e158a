"""Tests of cached descriptions of scenes: an invalid one is ignored, and the scene is described again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.render.clips.dependencies import Dependencies, key_of
from gradreel.render.clips.fingerprint import description_parts, words_parts
from gradreel.render.clips.workspace import Folders, Workspace
from gradreel.render.inspection import _DESCRIPTIONS, cached_description, keep_description
from gradreel.render.settings import RenderSettings
from gradreel.render.speech import keep_words, kept_words, timed_plan, wanted_lines
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


def test_a_cached_description_is_read_back_unchanged(workspace):
    keep_description(workspace, REQUEST, OURS, Dependencies())
    assert cached_description(workspace.inspections, REQUEST) == OURS


@given(field=st.sampled_from(FIELDS), odd=ODD)
def test_a_damaged_description_is_ignored_or_has_the_right_types(tmp_path, field, odd):
    result = _DESCRIPTIONS.dump_python(OURS, mode="json") | {field: odd}
    kept(tmp_path, description_parts(REQUEST), {"result": result})
    found = cached_description(tmp_path, REQUEST)
    if found is not None:
        assert all(isinstance(run, Experiment) for run in found.experiments.values())
        assert {type(getattr(found, name)) for name in FIELDS} <= {str, dict, tuple, bool}


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "", "/dev/zero", "x" * 5000, "/", "<here>/../../..", "gradreel/.."])
def test_files_named_by_a_description_may_have_any_name(tmp_path, name):
    result = _DESCRIPTIONS.dump_python(OURS, mode="json")
    kept(tmp_path, description_parts(REQUEST), {"result": result, "dependencies": {"files": {name: "a digest"}}})
    assert cached_description(tmp_path, REQUEST) is None


@pytest.mark.parametrize("content", ["", "[]", "null", "{}", "[" * 100_000, '{"dependencies": 5}', "\x00"])
def test_a_file_that_is_no_description_is_ignored(tmp_path, content):
    (tmp_path / f"{key_of(description_parts(REQUEST))}{'0' * 12}.json").write_text(content)
    assert cached_description(tmp_path, REQUEST) is None


@given(data=st.data())
def test_a_damaged_result_is_used_or_ignored_without_a_crash(tmp_path, odd_json, data):
    whole = {"dependencies": {"files": {"a.py": "1|2|3"}, "libraries": {"numpy": "0"}, "screen": [["a", "b", "c"]]}}
    kept(tmp_path, description_parts(REQUEST), data.draw(odd_json(whole)))
    cached_description(tmp_path, REQUEST)


CLIP = Clip(REQUEST, {}, {"traces": {}}, narrated_as="build-curve")
PARTS = words_parts(REQUEST, "build-curve", {})
WORDS = SceneWords(
    "build-curve",
    (
        BeatSpan("curve", 0, 0, {"en": "It"}, {"corners": {"count": 3}, "neutral": False}, from_narration=True),
        BeatSpan("own", 0, 0, {"en": "One [a]two", "zh": "一[a]二"}, {}, from_narration=False),
    ),
)


def test_cached_words_are_read_back_unchanged(workspace):
    keep_words(workspace, PARTS, Dependencies(), WORDS)
    assert kept_words([CLIP], workspace) == {"build-curve": WORDS}


def test_a_beat_whose_cached_line_has_no_language_takes_its_own_time(tmp_path):
    wordless = replace(WORDS, beats=(WORDS.beats[0], BeatSpan("own", 0, 0, {}, {}, from_narration=False)))
    (clip,) = timed_plan(Plan((), (CLIP,)), {"build-curve": wordless}, {"build-curve": {}}, Folders(tmp_path)).clips
    assert "curve" in clip.request.speech
    assert "own" not in clip.request.speech


@given(data=st.data())
def test_damaged_words_can_be_spoken_or_are_ignored(tmp_path, odd_json, data):
    folders = Folders(tmp_path)
    folders.inspections.mkdir(parents=True, exist_ok=True)
    kept(folders.inspections, PARTS, {"result": data.draw(odd_json(json.loads(json.dumps(asdict(WORDS)))))})
    for words in kept_words([CLIP], folders).values():
        with suppress(UserError):
            list(wanted_lines([CLIP], {"build-curve": words}, {"en": None, "zh": None}))
            timed_plan(Plan((), (CLIP,)), {"build-curve": words}, {"build-curve": {}}, folders)


@pytest.fixture
def workspace(tmp_path):
    with Workspace(tmp_path / "media") as workspace:
        yield workspace


def kept(folder: Path, parts: Mapping[str, Any], content: object) -> None:
    """Write a cached result; a dictionary ``content`` replaces some of its fields, any other value all of it."""
    whole = {"parts": parts, "dependencies": {}, "result": None}
    content = whole | content if isinstance(content, dict) else content
    (folder / f"{key_of(parts)}{'0' * 12}.json").write_text(json.dumps(content))
