"""Ctrl+C works in every test, also where the tests are run in the background: a shell has them ignore it there.

``quick_workers``: for tests of what worker processes make.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def quick_workers(monkeypatch):
    """Workers that draw are forks of one server for all tests of this process, in whatever folder each is run.

    A run of its own has one for itself, and so have the tests without this. Where manim.cfg says something else than
    when the server began, a worker is a new Python, as ever.
    """
    if sys.platform != "linux":
        return
    from gradreel.scenes.render.clips.sources import configuration_digest
    from gradreel.scenes.render.workers import forks

    def context(with_manim):
        same = with_manim and forks.begun_server()[1] == configuration_digest()
        return multiprocessing.get_context("forkserver" if same else "spawn")

    monkeypatch.setattr(forks, "context", context)
