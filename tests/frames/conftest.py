"""Fixtures of the frame snapshots: English on dark and Chinese on light, and recorded torch loops."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from gradreel.scenes.testing.layout import Bounds

FILM = Bounds(dimmed_contrast=4.5, uncrossed=True)  # of the lecture's own film


@pytest.fixture(params=[("en", "dark"), ("zh", "light")], ids="-".join)
def look(request) -> dict[str, Any]:
    """``frames(SceneClass, **look)``: in English on dark and in Chinese on light, the layout rules checked as well."""
    lang, theme = request.param
    return {"lang": lang, "theme": theme, "layout": FILM}


@pytest.fixture(scope="session")
def recordings(tmp_path_factory, record_loop) -> Path:
    """A folder of recorded runs, through the examples in order: sgd, adam, and one without losses."""
    folder = tmp_path_factory.mktemp("recordings")

    def pick(update):
        return torch.arange(update * 7, update * 7 + 16) % 64

    for name, kind, rate in (("sgd", "SGD", 0.1), ("adam", "Adam", 0.01), ("unlogged", "SGD", 0.1)):
        optimizer = partial(getattr(torch.optim, kind), lr=rate)
        record_loop(folder / name, optimizer, 240, log=name != "unlogged", pick=pick)
    return folder
