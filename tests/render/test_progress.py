from __future__ import annotations

import io

import pytest
from gradreel.render.workers import progress
from gradreel.render.workers.progress import Bars, Lines, Reporter, reporter


@pytest.fixture
def clock(monkeypatch):
    """Return the one-element list of the fake time in seconds; tests advance it."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_lines_come_now_and_then_with_the_known_part_of_the_total(clock):
    stream = io.StringIO()
    lines = Lines(stream)
    lines.begin("build-curve", 100, "frames")
    for seconds, done in ((1, 5), (11, 40), (12, 50), (22, 120)):
        clock[0] = seconds
        lines.advance("build-curve", done)
    lines.end("build-curve")
    lines.detail("not told")
    assert stream.getvalue().splitlines() == [
        "build-curve: 40 of about 100 frames, about 17 s left",  # 35 took 10 s, 60 are left
        "build-curve: 120 frames",  # the estimate was too low
    ]


def test_the_remaining_time_of_a_continued_task_uses_its_present_speed(clock):
    stream = io.StringIO()
    lines = Lines(stream)
    lines.begin("train", 1000, "updates")
    for seconds, done in ((1, 800), (21, 840), (32, 1000)):
        clock[0] = seconds
        lines.advance("train", done, 1000)
    assert stream.getvalue().splitlines() == [
        "train: 840 of 1000 updates, about 1 min 20 s left",
        "train: 1000 of 1000 updates",
    ]


def test_no_bars_means_no_lines_of_progress(clock):
    stream = io.StringIO()
    lines = Lines(stream, details=True, bars=False)
    lines.begin("train", 10, "updates")
    clock[0] = 60
    lines.advance("train", 5, 10)
    lines.detail("knots changed")
    assert stream.getvalue() == "knots changed\n"


def test_a_bar_whose_estimate_was_too_low_shows_no_total():
    with Bars(leave=True) as bars:
        bars.begin("clip", 100, "frames")
        bars.advance("clip", 40)
        (shown,) = bars._progress.tasks
        assert (shown.completed, shown.total) == (40, 100)
        bars.advance("clip", 101)
        assert (shown.completed, shown.total) == (101, None)
        bars.end("clip")
        bars.end("never begun")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"quiet": True}, Reporter),
        ({"verbosity": "ERROR"}, Reporter),
        ({"progress": "none"}, Lines),
        ({}, Lines),  # no terminal here
    ],
)
def test_the_reporter_is_the_requested_one(options, kind, monkeypatch):
    monkeypatch.setattr(progress.sys, "stderr", io.StringIO())
    assert type(reporter(**{"progress": "display", **options})) is kind
