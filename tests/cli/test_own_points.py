"""Tests of a scene on a large table of points: only the trace holds its numbers, other files name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradreel.core.trace.trace import Trace

SCENE = """
import numpy as np
from gradreel import Experiment
from gradreel.core.datasets import PointsDataset
from gradreel.scenes.base import LectureScene
from pydantic import BaseModel, Field

ROWS = np.random.default_rng(0).normal(size=(20_000, 3))


class Mine(LectureScene):
    class Parameters(BaseModel):
        run: Experiment = Field(
            Experiment(dataset=PointsDataset(points=ROWS), epochs=2, hidden=(2,)), description="the run"
        )

    def construct(self):
        self.trace("run")
        self.wait()
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mine.py").write_text(SCENE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_trace_has_the_points_and_printed_texts_only_name_them(here: Path, gradreel: Any) -> None:
    described = gradreel("describe", "mine.py:Mine", "--json")
    assert len(described.stdout) < 20_000
    run = json.loads(described.stdout)["experiments"]["run"]
    assert run["experiment"]["dataset"]["points"]["shape"] == [20_000, 3]
    assert gradreel("train", "mine.py:Mine").exit_code == 0
    trace = Trace.open(here / "media" / "traces" / run["digest"], checksums=True)
    assert trace.columns["points"].tobytes() == np.random.default_rng(0).normal(size=(20_000, 3)).tobytes()
    verified = gradreel("verify", "mine.py:Mine", "--json")
    assert verified.exit_code == 0 and json.loads(verified.stdout)[0]["agreement"] == "exact"
    rendered = gradreel("render", "mine.py:Mine", "-q", "l")
    assert rendered.exit_code == 0
    kept = {file.stat().st_size for file in here.rglob("*.json") if "inspections" not in file.parts}
    assert max(kept) < 50_000
