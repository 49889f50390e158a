"""batches: each square is an example of the recorded batch that it stands in, each loss a recorded one."""

from __future__ import annotations

import re
from datetime import date
from unittest.mock import patch

import numpy as np
import pytest
from gradreel.core.analysis.planes import plane_of
from gradreel.core.daily.series import DailySeries
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.batch_boxes import BOXES, Boxes
from gradreel.scenes.lecture.optimization.batches import (
    Batches,
    updates_in_an_epoch,
)
from gradreel.scenes.lecture.optimization.pictures.batch_field import (
    MOST,
    BatchField,
)
from gradreel.scenes.lecture.optimization.pictures.batch_path import BatchPath
from gradreel.scenes.lecture.runs import THREE_DAYS
from gradreel.scenes.testing.layout import check_scene
from gradreel.scenes.words.subtitle_timing import split_cues

RUN = THREE_DAYS.model_copy(update={"epochs": 3})
FEW = CurveDataset(examples=12)
EXTREMES = {
    "two batches": Experiment(dataset=FEW, batch_size=11, epochs=4),
    "one epoch of single examples": Experiment(dataset=FEW, batch_size=1, epochs=1),
    "as many examples as there may be": Experiment(dataset=CurveDataset(examples=MOST), batch_size=4000, epochs=2),
}
BEATS = ["split", "first", "epoch", "wander", "whole-falls", "one-batch-slower", "quiz", "quiz-answer"]


@pytest.fixture(scope="module")
def trace(trace_of) -> Trace:
    return trace_of(RUN)


def corners(mobject) -> np.ndarray:
    """(n, 4, 2): the corners of the squares that a mobject holds."""
    return mobject.points.reshape(-1, 4, 4, 3)[:, :, 0, :2]


def framed(scene) -> dict[int, set[int]]:
    """Batch -> the examples whose squares its frame holds, as they stand on the screen."""
    field, found = scene.field, {}
    centers = np.empty((field.n_examples, 2))
    for cell, batch in zip(field.cells, field.batches, strict=True):
        for shape, examples in zip(cell, field.parts(batch), strict=True):
            centers[examples] = corners(shape).mean(axis=1)
    for k in range(len(field.batches)):
        field.turn(k)
        low, high = field.frame.get_corner([-1, -1, 0])[:2], field.frame.get_corner([1, 1, 0])[:2]
        found[k] = set(np.flatnonzero(((centers > low) & (centers < high)).all(axis=1)).tolist())
    return found


@pytest.fixture(scope="module")
def film(play) -> dict:
    seen: dict = {}

    def look(scene, beat):
        if beat == "split":
            seen[beat] = framed(scene)
        if beat in ("first", "epoch"):
            seen[beat] = [text.source for text in scene.formulas]
        if beat == "one-batch-slower":
            plot, far = scene.plot, scene.losses.plot
            seen["losses"] = {
                name: np.array([axes.data(point) for point in curve.corners])
                for name, axes, curve in (("batch", far.axes, far.batch), ("whole", plot.axes, plot.whole))
            }
            seen["axis"], seen["far"] = plot.axis, far.axis
            seen["in one"] = np.array([plot.axes.data(ring.get_center()) for ring in scene.in_one_batch.rings])

    with patch.multiple(LectureScene, other_data=False, checked_claims=()):
        played = play(Batches, look, run=RUN)
    return seen | {"lines": played.lines, "scene": played.scene}


def test_each_square_is_in_its_recorded_batch(film, trace):
    for k in range(RUN.batches_per_epoch):
        assert film["split"][k] == set(trace.examples(k).tolist())


def test_the_losses_in_the_formulas_are_the_recorded_ones(film, trace):
    to_views = RUN.dataset.absolute_error_in_views(1.0)
    for beat, update in (("first", 1), ("epoch", 2)):
        told = film[beat][0].split('part("value", "')[1].split('"')[0]
        assert told == f"{trace.batch_loss[update - 1] * to_views / 1000:.2f}k"
        assert f"L^({update}) (orange(theta^({update - 1})))" in film[beat][1]


def test_the_curves_are_the_recorded_losses_of_batches_and_of_all_examples(film, trace):
    to_views = RUN.dataset.absolute_error_in_views(1.0) / 1000
    x, y = film["losses"]["batch"].T
    np.testing.assert_allclose(x, np.arange(3 * RUN.batches_per_epoch), atol=1e-9)
    wanted = trace.batch_loss[: 3 * RUN.batches_per_epoch] * to_views
    np.testing.assert_allclose(y, film["far"].of_loss(wanted), atol=1e-9)
    x, y = film["losses"]["whole"].T
    whole = loss(RUN, trace.parameters[x.round().astype(int)]) * to_views
    np.testing.assert_allclose(y, film["axis"].of_loss(whole), atol=1e-9)
    assert np.ptp(y) > 0.8 * (film["axis"].high - film["axis"].low)  # "falls", and that is seen


def test_beside_them_is_the_recorded_run_with_one_update_for_each_epoch(film, trace_of):
    x, y = film["in one"].T
    np.testing.assert_allclose(x, RUN.batches_per_epoch * np.arange(RUN.epochs + 1), atol=1e-9)
    other = trace_of(RUN.model_copy(update={"batch_size": 0}))
    wanted = loss(RUN, other.parameters[: RUN.epochs + 1]) * RUN.dataset.absolute_error_in_views(1.0) / 1000
    np.testing.assert_allclose(y, film["axis"].of_loss(wanted), atol=1e-9)


@pytest.mark.parametrize(("name", "language"), list(zip(EXTREMES, ("en", "zh", "en"), strict=True)))
def test_extreme_runs_stay_readable_with_all_their_words(play, name, language):
    quiz = {"quiz": [10_000, 3]} if name == "two batches" else {}
    played = play(Batches, check_scene, lang=language, theme="light", run=EXTREMES[name], **quiz)
    assert played.findings == []
    rounded_up = played.scene.answer[0].source
    assert ("ceil" in rounded_up and "3\u2009334" in rounded_up) == (name == "two batches")
    assert played.beats == BEATS


@pytest.mark.parametrize(
    ("examples", "batch_size"), [(1000, 100), (10_000, 10), (10, 3), (7, 7), (10_000, 1), (10_000, 10_000), (1, 1)]
)
def test_boxes_hold_as_many_dots_as_batches_have(examples, batch_size):
    boxes = Boxes(examples, batch_size)
    frames, dots = corners(boxes.frames), corners(boxes.fill(boxes.count).dots).mean(axis=1)
    assert len(frames) == boxes.count == updates_in_an_epoch(examples, batch_size) and len(dots) == examples
    low, high = frames.min(axis=1), frames.max(axis=1)
    left, right, bottom, top = BOXES
    assert (low >= [left, bottom]).all() and (high <= [right, top]).all()
    held = np.arange(examples) // batch_size
    assert ((low[held] < dots) & (dots < high[held])).all()
    assert len(corners(boxes.fill(boxes.count / 2).dots)) == pytest.approx(examples / 2, abs=batch_size)


def own(values, **changed) -> Experiment:
    series = DailySeries(start=date(2022, 1, 3), values=tuple(map(float, values)), name="own.csv")
    run = {"dataset": DailyViews(series=series, window=3), "batch_size": 16, "epochs": 3, **changed}
    return Experiment.model_validate({**THREE_DAYS.model_dump(), **run})


@pytest.mark.parametrize(("size", "written"), [(1.0, r"\d\.\d\d"), (3e6, r"\d\.\d\dM")])
def test_losses_are_written_in_views_whatever_their_size(play, size, written):
    run = own(size * (3 + np.arange(120) % 7))
    seen, found = {}, []

    def look(scene, beat):
        found.extend(map(str, check_scene(scene, beat)))
        if beat == "first":
            seen["told"] = scene.formulas[0].source.split('part("value", "')[1].split('"')[0]
        if beat == "wander":
            seen["axis"] = [label.source for label in scene.plot.axes.y_tick_labels]

    play(Batches, look, until="wander", run=run)
    assert re.fullmatch(written, seen["told"]), seen["told"]
    assert seen["told"].lstrip("0123456789.") == seen["axis"][-1].lstrip("0123456789.")
    assert found == []


def test_shuffled_squares_fill_the_same_places_in_the_order_of_the_batches():
    whole, batches = (-6, 6, -2, 2), np.random.default_rng(1).permutation(60).reshape(6, 10)
    field = BatchField(batches, whole, whole)
    in_order = field.places.copy()
    shuffling = field.shuffle(batches, 1.0)
    shuffling.update_function(shuffling.mobject, 1.0)
    np.testing.assert_allclose(field.places[batches.ravel()], in_order)
    cutting = field.gather(batches, 1.0)
    cutting.update_function(cutting.mobject, 1.0)
    np.testing.assert_allclose(field.places, field.in_batches(batches))


def test_answers_come_after_a_pause_to_think(film):
    quiz = next(beat for beat in film["scene"].beats if beat.name == "quiz")
    assert all(said[-1] == "" for said in quiz.said.stretches.values()), "the boxes are filled in silence"
    assert quiz.motion - quiz.marks["think"] > 3.5 * film["scene"].camera.frame_rate
    for language, text in film["lines"]["quiz-answer"].items():  # the picture begins with the answer, too
        assert any(letter.isdigit() for letter in split_cues(text, language)[0].text)


def test_every_batch_has_a_frame_around_its_squares_and_no_frames_touch():
    batches = np.split(np.random.default_rng(1).permutation(58), range(10, 60, 10))
    field = BatchField(batches, (-6, 6, -2, 2), (-6, 6, -2, 2))
    field.put(field.in_batches(batches), field.pitch)
    boxes = field.boxes.points.reshape(-1, 16, 3)[:, :, :2]
    low, high = boxes.min(axis=1), boxes.max(axis=1)
    assert len(boxes) == len(batches)
    for k, cell in enumerate(field.cells):
        points = np.concatenate([shape.points for shape in cell])[:, :2]
        assert (points > low[k]).all() and (points < high[k]).all()
    apart = np.maximum(low[:, None] - high, low - high[:, None]).max(axis=-1) + np.diag(np.ones(len(boxes)))
    assert apart.min() > 0.05
    small = (-1.2, 1.2, -0.4, 0.4)
    assert len(BatchField(np.arange(320).reshape(160, 2), small, small).boxes.points) == 0


def test_the_point_makes_one_recorded_step_for_each_batch(trace):
    path = BatchPath(trace, RUN.batches_per_epoch, (-2.0, 2.0, -1.0, 1.0), "two directions")
    flat = plane_of(trace, RUN.batches_per_epoch).coordinates(trace.parameters[: RUN.batches_per_epoch + 1])
    for row in (1, 2, RUN.batches_per_epoch):
        if row > 2:  # the first two are seen from near
            path.zoom_out().interpolate(1.0)
        path.show(float(row))
        points = np.vstack([path.line.get_start_anchors(), path.line.get_end()])[: row + 1, :2]
        assert len(points) == row + 1 and (np.abs(points) <= [2.0, 1.0]).all()
        steps, wanted = np.diff(points, axis=0), np.diff(flat[: row + 1], axis=0)
        factor = np.linalg.norm(steps[0]) / np.linalg.norm(wanted[0])
        np.testing.assert_allclose(steps, factor * wanted, atol=1e-9)  # one scale: directions and lengths are true
    np.testing.assert_allclose(path.marker.get_center()[:2], points[-1])
    shafts = [path.gradient(row)[0].points[3][:2] - points[row] for row in range(2)]
    factor = np.linalg.norm(shafts[0]) / np.linalg.norm(steps[0])
    np.testing.assert_allclose(shafts, -factor * steps[:2], atol=1e-9)  # uphill, in proportion
