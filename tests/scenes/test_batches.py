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
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import loss
from gradreel.core.trace.trace import Trace
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.batch_boxes import BOXES, Boxes
from gradreel.scenes.lecture.optimization.batches import (
    CLOSE_UP,
    FIELD,
    WHOLE_FIELD,
    Batches,
    updates_in_an_epoch,
)
from gradreel.scenes.lecture.optimization.pictures.batch_field import (
    DONE,
    MOST,
    TINTS,
    WAITING,
    BatchCloseUp,
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
    "adam": Experiment(batch_size=20, epochs=3, optimizer="adam", learning_rate=0.01),
    "many batches": Experiment(dataset=CurveDataset(examples=500), batch_size=2, epochs=1),
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
        if beat == "epoch":
            seen["count"] = int(scene.result[1].text)
        if beat == "split":
            seen["source"], seen[beat] = scene.source.source, framed(scene)
        if beat in ("first", "epoch"):
            seen[beat] = [text.source for text in scene.formulas]
            seen[beat, "batch"] = scene.field.batches[0].tolist()
        if beat == "one-batch-slower":
            plot, far = scene.plot, scene.losses.plot
            seen["losses"] = {
                name: np.array([axes.data(point) for point in curve.corners])
                for name, axes, curve in (("batch", far.axes, far.batch), ("whole", plot.axes, plot.whole))
            }
            seen["axis"], seen["far"] = plot.axis, far.axis
            seen["labels"] = [plot.labels["whole"].source, scene.in_one_batch.label.source]
            batches = {far.batch, *scene.losses.dots, *scene.losses.labels[0]}
            seen["batches"] = batches & set(scene.get_mobject_family_members())
            seen["epochs"] = [label.source for label in plot.epochs[1]]
            seen["in one"] = np.array([plot.axes.data(ring.get_center()) for ring in scene.in_one_batch.rings])

    with patch.multiple(LectureScene, other_data=False, checked_claims=()):
        played = play(Batches, look, run=RUN)
    return seen | {"beats": played.beats, "lines": played.lines, "scene": played.scene}


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


def test_both_runs_show_their_updates_for_each_epoch_after_the_batch_losses(film):
    assert not film["batches"]
    assert film["labels"] == [f"{RUN.batches_per_epoch} updates an epoch", "1 update an epoch"]
    assert film["epochs"] == ["1", "2", "0", "3", "epochs"]  # both ends


def test_other_batches_give_another_picture(play, rewritten, film, trace, tmp_path):
    batch = trace.columns["batch"]
    other = rewritten(trace, tmp_path, batch=batch[:, ::-1], batch_loss=trace.batch_loss * 1.1)
    scene = play(Batches, until="first", run=RUN, media_dir=other).scene
    assert film["first", "batch"] == batch[0, :32].tolist()
    assert scene.field.batches[0].tolist() == batch[0, ::-1][:32].tolist()
    assert scene.formulas[0].source != film["first"][0]


def test_the_beats(film):
    assert film["beats"] == BEATS


@pytest.mark.parametrize(("name", "language"), list(zip(EXTREMES, ("en", "zh", "zh", "en", "en"), strict=True)))
def test_extreme_runs_stay_readable_with_all_their_words(play, name, language):
    quiz = {"two batches": {"quiz": [10_000, 3]}, "adam": {"quiz": [7, 7]}}.get(name, {})
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


def test_days_are_called_synthetic_or_named_by_their_source(film):
    assert film["source"] == "our made\\-up channel" and isinstance(RUN.dataset, DailyViews) and RUN.dataset.synthetic


def own(values, **changed) -> Experiment:
    series = DailySeries(start=date(2022, 1, 3), values=tuple(map(float, values)), name="own.csv")
    run = {"dataset": DailyViews(series=series, window=3), "batch_size": 16, "epochs": 3, **changed}
    return Experiment.model_validate({**THREE_DAYS.model_dump(), **run})


@pytest.mark.parametrize(("size", "written"), [(1.0, r"\d\.\d\d"), (20_000.0, r"\d\d\.\dk"), (3e6, r"\d\.\d\dM")])
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


def test_days_that_are_all_alike_are_refused():
    with pytest.raises(UserError, match=r"batches\.parameters: own\.csv: .* all have 50 views, so there is nothing"):
        Batches.validated({"run": own([50.0] * 90)})


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"run": {"batch_size": 0}}, "run.batch_size: from 1 to 80"),
        ({"run": {"batch_size": 81}}, "run.batch_size: from 1 to 80"),
        ({"run": {"batch_size": 8, "keep": {"every": 10}}}, "every update"),
        ({"run": {"dataset": {"examples": MOST + 1}, "batch_size": 8}}, f"at most {MOST} examples"),
        ({"quiz": [10, 20]}, "quiz: a batch of 20 is more than 10 examples"),
        ({"quiz": [10, 0]}, "greater than or equal to 1"),
    ],
)
def test_runs_that_cannot_be_shown_are_refused(parameters, word):
    with pytest.raises(UserError, match=word):
        Batches.validated(parameters)


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
    assert all(
        said[-1] == "" for said in quiz.said.stretches.values()
    )  # the mark is the last: the boxes are filled in silence
    assert quiz.motion - quiz.marks["think"] > 3.5 * film["scene"].camera.frame_rate
    for language, text in film["lines"]["quiz-answer"].items():  # the picture begins with the answer, too
        assert any(letter.isdigit() for letter in split_cues(text, language)[0].text)


def test_the_known_part_ends_before_the_question_mark(play):
    scene = play(Batches, until="quiz", run=EXTREMES["two batches"], quiz=[10_000, 10_000]).scene
    assert check_scene(scene, "quiz") == []
    assert scene.asked.get_left()[0] - scene.given.get_right()[0] > 0.39


def test_the_highlight_moves_from_batch_to_batch():
    field = BatchField(np.arange(60).reshape(6, 10), (-6, 6, -2, 2), (-6, 6, -2, 2))
    field.turn(1)
    turning, start = field.turning(2), field.frame.get_center()
    for share in (0.0, 0.5, 1.0):
        turning.update_function(turning.mobject, share)
        assert field.shares[:2] == pytest.approx([DONE, 1 + share * (DONE - 1)])
        assert field.shares[2:] == pytest.approx([WAITING + share * (1 - WAITING), *[WAITING] * 3])
        assert field.frame.get_center() == pytest.approx(
            start + share * np.append(field.corner(2) - field.corner(1), 0)
        )
    lit = [shape.get_fill_color() for cell in field.cells for shape in cell]
    field.turn(2)
    assert lit == [shape.get_fill_color() for cell in field.cells for shape in cell]


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


def test_later_examples_are_brighter_whatever_batch_they_are_in():
    batches = np.random.default_rng(2).permutation(60).reshape(6, 10)
    field = BatchField(batches, (-6, 6, -2, 2), (-6, 6, -2, 2))
    for batch in field.batches:
        parts = field.parts(batch)
        assert sorted(np.concatenate(parts)) == sorted(batch)
        assert [part // 15 for part in map(np.unique, parts)] == [
            pytest.approx(np.full(len(part), k)) for k, part in enumerate(map(np.unique, parts))
        ]
    shades = [shape.get_fill_color().to_rgb()[0] for shape in field.cells[0]]
    assert shades == sorted(shades) and len(set(shades)) == len(TINTS)


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


def test_squares_of_the_close_up_come_from_the_batch_and_run_together(trace):
    batches = [trace.examples(k) for k in range(RUN.batches_per_epoch)]
    field = BatchField(batches, WHOLE_FIELD, FIELD)
    field.put(field.in_batches(batches), field.pitch)
    close_up = BatchCloseUp(field, 1, CLOSE_UP)
    for shape, examples in zip(close_up.put(0.0), field.parts(batches[1]), strict=True):
        np.testing.assert_allclose(corners(shape).mean(axis=1), field.places[examples], atol=1e-9)
    close_up.put(1.0)
    for shape, examples in zip(close_up, field.parts(batches[1]), strict=True):  # the same block, in the drawn order
        row, column = np.divmod([batches[1].tolist().index(example) for example in examples], field.width_in_squares)
        within = np.round((corners(shape).mean(axis=1) - [CLOSE_UP[0], CLOSE_UP[3]]) / close_up.pitches[1] - 0.5, 6)
        np.testing.assert_allclose(within, np.stack([column, -row - 1], axis=-1), atol=1e-6)
    left, right, bottom, top = CLOSE_UP
    points = np.concatenate([shape.points for shape in close_up])
    assert (points[:, :2] > [left, bottom]).all() and (points[:, :2] < [right, top]).all()
    middles = np.concatenate([corners(shape).mean(axis=1) for shape in close_up])
    assert len(np.unique(middles.round(6), axis=0)) == len(batches[1]) == 32
    flow = close_up.flowing(np.array([1.0, 0.5, 0.0]))
    flow.begin()
    flow.interpolate(1.0)
    middles = np.concatenate([corners(shape).mean(axis=1) for shape in close_up])
    np.testing.assert_allclose(middles, np.tile([1.0, 0.5], (32, 1)), atol=1e-9)
