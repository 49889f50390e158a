"""title: the motif is the recorded run."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from gradreel.core.errors import TraceError
from gradreel.core.experiment import Experiment
from gradreel.core.network.theta import predict
from gradreel.scenes.lecture.opening.title import Title
from gradreel.scenes.stills import _drawn
from gradreel.scenes.testing.layout import check_scene

SHORT = Experiment(epochs=300)
OTHER = Experiment(epochs=300, seed=5)


def last_curve(scene, _beat):
    motif = scene.motif
    points = np.array([motif.plot.data(p) for p in [*motif.blue.get_start_anchors(), motif.blue.get_end()]])
    run, dataset = motif.run, motif.run.experiment.dataset
    recorded = predict(run.experiment, run.parameters[-1], (points[:, 0] - dataset.offset)[:, None])
    return float(np.abs(points[:, 1] - recorded).max())


def test_the_curve_ends_on_the_last_recorded_state(play):
    seen = list(play(Title, last_curve, run=SHORT).seen.values())
    assert seen[-1] < 1e-9
    assert seen[0] > 0.1  # at the first beat's end it still is the random start


def test_the_curves_run_below_all_words(play):
    def lowest(scene, _beat):
        return min(text.get_bottom()[1] for text in scene.texts) - scene.motif.red.get_top()[1]

    assert min(play(Title, lowest, run=SHORT).seen.values()) > 0.3


@pytest.mark.parametrize("knots", [None, ((0, 4), (3, 1), (7, 3))])
def test_what_is_asked_stands_clear_of_red_or_not_at_all(play, knots):
    run = (
        SHORT
        if knots is None
        else SHORT.model_copy(update={"dataset": SHORT.dataset.model_copy(update={"knots": knots})})
    )
    scene = play(Title, run=run).scene
    assert len(scene.asked) == (knots is None)
    for line in scene.asked:
        points = scene.motif.red.points
        assert points[points[:, 0] < line.get_right()[0], 1].max() < line.get_bottom()[1]


def test_the_level_axis_has_its_words_again_where_blue_has_left_them_room(play):
    def below(scene, _beat):
        lines = (scene.motif.blue, *scene.motif.ghosts)
        points = np.concatenate([line.points for line in lines])
        over = points[points[:, 0] > scene.known.get_left()[0], 1]
        return over.min() - scene.known.get_top()[1] if len(scene.known) else np.inf

    assert 0 < play(Title, below).last < np.inf
    low = SHORT.model_copy(update={"dataset": SHORT.dataset.model_copy(update={"knots": ((0, 4), (3, 3), (7, 0))})})
    assert play(Title, below, run=low).last > 0


def test_another_run_is_another_picture(play):
    one, other = (play(Title, lambda scene, beat: _drawn(scene), run=run).last for run in (SHORT, OTHER))
    assert (one != other).any()


@pytest.mark.parametrize("text", ["Costs $5 and $10", "$", "$$x^2$$ #let *a* \\$ _b_ @c <d>"])
def test_a_users_words_are_shown_as_they_are(play, text):
    played = play(
        Title, lambda scene, beat: set(map(len, scene.texts)), run=SHORT, title=text, subtitle=text, credit=text
    )
    assert set().union(*played.seen.values()) == {len(text.replace(" ", ""))}  # a glyph a character


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("title", [None, "A very long title that a lecturer gave without thinking of the room"])
def test_layout_holds(play, language, title):
    assert play(Title, check_scene, lang=language, run=SHORT, title=title).findings == []


def test_a_damaged_trace_is_not_shown(play, trace_of, tmp_path):
    folder = shutil.copytree(trace_of(SHORT).path, tmp_path / "traces" / SHORT.digest)
    column = folder / "parameters.npy"
    content = bytearray(column.read_bytes())
    content[-9] ^= 1  # one bit of one number
    column.write_bytes(content)
    with pytest.raises(TraceError, match=r"parameters\.npy|parameters"):
        play(Title, run=SHORT, media_dir=tmp_path)
