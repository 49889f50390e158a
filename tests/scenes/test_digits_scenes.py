"""digits and digit-mistakes: pictures, bars, curves and counts are those of the recorded run, by torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gradreel.scenes.lecture.classes.digit_mistakes import DigitMistakes
from gradreel.scenes.lecture.classes.digits import Digits
from gradreel.scenes.lecture.classes.digits_scene import DIGITS
from gradreel.scenes.mobjects.pixel_pictures import INK_SHADES, WEIGHT_SHADES

DATA = DIGITS.dataset


@pytest.fixture(scope="module")
def torch_shares(trace_of):
    """Return the shares (382, 10) of the held-out digits by torch after an update."""

    def shares(update):
        model = torch.nn.Sequential(torch.nn.Linear(64, 16), torch.nn.ReLU(), torch.nn.Linear(16, 10)).double()
        model.load_state_dict(trace_of(DIGITS).state_dict(update))
        return torch.softmax(model(torch.tensor(DATA.test_features())), dim=1).detach().numpy()

    return shares


@pytest.fixture(scope="module")
def digits(play):
    def seen(scene, beat):
        if beat == "untrained-unsure":
            return [bar.width for bar in scene.bars.bars], scene.picture.shades.copy()
        return [curve.points[-1].copy() for curve in scene.curves] if beat == "rise" else None

    return play(Digits, seen)


@pytest.fixture(scope="module")
def mistakes(play):
    def seen(scene, beat):
        if beat in ("noise", "forming"):
            return scene.filters.shades.reshape(16, 64).copy(), scene.large.shades.copy()
        return scene.matrix.counts.copy() if beat in ("before", "diagonal", "confused") else None

    return play(DigitMistakes, seen)


def test_the_picture_is_the_held_out_digit_and_the_bars_are_its_shares(digits, torch_shares):
    widths, shades = digits.seen["untrained-unsure"]
    row = digits.scene.parameters.digit
    np.testing.assert_array_equal(shades, np.rint(DATA.test_features()[row] * (INK_SHADES - 1)))
    shares = torch_shares(0)[row]
    np.testing.assert_allclose(widths, digits.scene.bars.full_width * shares, rtol=1e-6)
    assert f"{100 * shares.max():.0f} percent, for {shares.argmax()}" in digits.lines["untrained-unsure"]["en"]


def test_both_curves_end_at_the_recorded_accuracies(digits, trace_of, torch_shares):
    metrics = trace_of(DIGITS).metrics
    for end, name in zip(digits.seen["rise"], ("accuracy", "test_accuracy"), strict=True):
        assert digits.scene.plot.data(end)[1] == pytest.approx(metrics[name][1][-1], abs=1e-6)
    right = (torch_shares(DIGITS.n_updates).argmax(axis=1) == DATA.test_labels()).mean()
    assert f"{100 * right:.1f} on the others" in digits.lines["end-lower"]["en"]


@pytest.mark.parametrize(("beat", "state"), [("noise", 0), ("forming", -1)])
def test_each_square_of_a_filter_has_the_shade_of_its_recorded_weight(mistakes, trace_of, beat, state):
    weights = trace_of(DIGITS).parameters[state][: 16 * 64].reshape(16, 64)
    shades, large = mistakes.seen[beat]
    largest = mistakes.scene.largest
    np.testing.assert_allclose(shades, WEIGHT_SHADES * (1 + weights / largest), atol=0.501)
    np.testing.assert_array_equal(large, shades[mistakes.scene.parameters.unit])


@pytest.mark.parametrize(("beat", "update"), [("before", 0), ("diagonal", DIGITS.n_updates)])
def test_the_matrix_counts_the_answers_of_torch(mistakes, torch_shares, beat, update):
    expected = np.zeros((10, 10), dtype=int)
    for digit, answer in zip(DATA.test_labels().astype(int), torch_shares(update).argmax(axis=1), strict=True):
        expected[digit, answer] += 1
    np.testing.assert_array_equal(mistakes.seen[beat], expected)


def test_the_surest_mistake_and_the_favourites_are_those_of_torch(mistakes, torch_shares, trace_of):
    shares, labels = torch_shares(DIGITS.n_updates), DATA.test_labels().astype(int)
    wrong = np.flatnonzero(shares.argmax(axis=1) != labels)
    surest = wrong[shares[wrong].max(axis=1).argmax()]
    line = f"{shares[surest].argmax()}, with {100 * shares[surest].max():.0f} percent"
    assert line in mistakes.lines["surest"]["en"] and f"meant as a {labels[surest]}" in mistakes.lines["surest"]["en"]
    state, unit = trace_of(DIGITS).state_dict(DIGITS.n_updates), mistakes.scene.parameters.unit
    hidden = torch.tensor(DATA.test_features()) @ state["0.weight"][unit] + state["0.bias"][unit]
    assert mistakes.scene.favourites.tolist() == torch.argsort(-hidden, stable=True)[:6].tolist()


def test_a_changed_trace_changes_filters_matrix_and_lines(play, trace_of, rewritten, tmp_path):
    trace = trace_of(DIGITS)
    changed = np.array(trace.parameters)
    changed[-1, :64] *= -1
    changed[-1, -10] += 50.0  # the bias of class 0
    media_dir = rewritten(trace, tmp_path, parameters=changed)
    played = play(
        DigitMistakes, lambda s, beat: s.matrix.counts.copy() if beat == "confused" else None, media_dir=media_dir
    )
    counts = played.seen["confused"]
    assert counts[:, 0].sum() == 382 and counts[:, 1:].sum() == 0
    assert "As it learns" not in played.lines["diagonal"]["en"]
