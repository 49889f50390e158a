"""What a comparison comes to: told from means and how far the seeds scatter; and a training's loss at every epoch."""

from __future__ import annotations

import numpy as np
import pytest
from gradreel.core.results import (
    LECTURE,
    LossByEpoch,
    Losses,
    Result,
    depth_experiments,
    loss_by_epoch,
    width_experiments,
)
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.core.verdicts import (
    change,
    course,
    lecture_losses,
    losses_with_the_least,
    overfits_from,
    parting,
    repairs_a_part,
    sinks,
    stopping,
    training_change,
    unseen_change,
    worst_by_unseen,
)

NETWORKS = depth_experiments(depths=(0, 1, 2, 3), seeds=(0, 1, 2))


def losses(mean: float, spread: float = 1.0) -> Losses:
    return Losses(np.array([mean - spread, mean, mean + spread]))


def pair(*by_seed: float) -> Losses:
    return Losses(np.array(by_seed, dtype=float))


def results(training: list[float], unseen: list[float]) -> list[Result]:
    return [
        Result(network, (0, 1, 2), losses(seen), losses(other), None)
        for network, seen, other in zip(NETWORKS, training, unseen, strict=False)
    ]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (losses(100), losses(90), "falls"),
        (losses(100), losses(110), "rises"),
        (losses(100), losses(100), "stays"),
        (losses(100), losses(99.5, 0.0), "stays"),  # 1 % is not spoken of, however exact
        (losses(100, 10), losses(90, 10), "unclear"),  # 10 apart, and a standard error of the difference of 8
        (losses(100, 10), losses(96, 10), "stays"),
        (losses(100, 10), losses(80, 10), "falls"),
        (losses(0, 0), losses(0, 0), "stays"),
        (Losses(np.array([100.0])), Losses(np.array([96.0])), "stays"),  # single runs: 5 %
        (Losses(np.array([100.0])), Losses(np.array([94.0])), "falls"),
        (Losses(np.array([100.0])), losses(94.0), "falls"),
        (pair(99, 101), pair(95, 97), "stays"),  # two runs that agree say nothing of how others would scatter
        (pair(99, 101), pair(89, 91), "falls"),
        (pair(478, 478), pair(20, 459), "falls"),  # far less, and each run is
        (pair(478, 478), pair(10, 480), "unclear"),  # half as much on average, but one run is no better
        (pair(60, 140), pair(50, 150), "stays"),
    ],
)
def test_change_is_clear_only_beyond_the_scatter_of_seeds(before, after, said):
    assert change(before, after) == said
    assert change(after, before) == {"falls": "rises", "rises": "falls"}.get(said, said)


def test_two_standard_errors_of_the_difference():
    rng = np.random.default_rng(0)
    a, b = Losses(rng.normal(10, 1, 5)), Losses(rng.normal(11, 2, 5))
    t = (b.mean - a.mean) / np.sqrt(a.by_seed.var(ddof=1) / 5 + b.by_seed.var(ddof=1) / 5)
    assert abs(t) < 2
    assert change(a, b) == "unclear"
    shifted = Losses(b.by_seed + 3)
    assert change(a, shifted) == "rises"


@pytest.mark.parametrize(
    ("unseen", "said", "first"),
    [
        ([40, 43, 50, 49], "worse", 1),
        ([40, 52, 47, 43], "partly", 1),  # ours on the synthetic views: depth repairs part of what it spoils
        ([40, 45, 45.5, 50], "worse", 1),
        ([50, 47, 43, 40], "better", None),
        ([43, 52, 47, 38], "detour", None),  # the largest is best, and one layer was clearly worse than none
        ([50, 51, 43, 40], "better", None),  # which is not clear here
        ([46, 43, 38, 44], "middle", 3),  # as the lecture's, whose fourth layer is one too many
        ([46, 38, 38.5, 44], "middle", 3),  # the second after the best is not clearly worse
        ([40, 40.5, 40.2, 40.4], "flat", None),
        ([40, 50, 47, 40.5], "flat", 1),
    ],
)
def test_what_larger_networks_do_to_unseen_days(unseen, said, first):
    compared = results([30, 20, 15, 10], unseen)
    assert training_change(compared) == "falls"
    assert unseen_change(compared) == said
    assert overfits_from(compared) == first


@pytest.mark.parametrize("unseen", [[40.0, 41.0, 60.0], [60.0, 41.0, 40.0], [60.0, 40.0, 41.0]])
def test_what_may_be_chance_is_neither_better_nor_flat(unseen):
    networks = [
        Result(network, (0, 1, 2), losses(10.0), losses(mean, 30.0), None)
        for network, mean in zip(NETWORKS, unseen, strict=False)
    ]
    assert unseen_change(networks) == "unclear"
    assert overfits_from(networks) is None


def test_worst_has_the_largest_unseen_loss():
    compared = results([30, 20, 15, 10], [40, 52, 47, 43])
    assert worst_by_unseen(compared) is compared[1]


@pytest.mark.parametrize(
    ("unseen", "repaired"),
    [
        ([40, 52, 47, 43], True),
        ([40, 52, 47, 52], False),  # as bad as the first that overfits
        ([40, 52, 47, 60], False),
        ([40, 52, 47, 40.2], False),  # all of it
        ([52, 40, 60, 45], False),  # not of the one asked for, which is the best
    ],
)
def test_what_a_network_spoils_larger_ones_repair_in_part(unseen, repaired):
    assert repairs_a_part(results([30, 20, 15, 10], unseen), 1) == repaired


def by_epoch(training, unseen) -> LossByEpoch:
    return LossByEpoch(np.arange(float(len(unseen))), np.array(training, dtype=float), np.array(unseen, dtype=float))


FALLING = [90, 60, 50, 45, 40, 38, 36, 34, 32, 31, 30, 29]


@pytest.mark.parametrize(
    ("training", "unseen", "where"),
    [
        (FALLING, [90, 70, 60, 55, 52, 50, 54, 58, 62, 66, 70, 74], 5),
        (FALLING, [90, 70, 45, 55, 52, 50, 54, 58, 62, 66, 70, 74], 2),  # where the line that is drawn is lowest
        (FALLING, [90, 70, 60, 55, 52, 30, 52, 51, 50, 52, 51, 52], None),  # one state far below: noise
        (FALLING, [40, 70, 60, 55, 52, 50, 54, 58, 62, 66, 70, 74], None),  # least before the first update
        (FALLING, [90, 70, 60, 55, 52, 50, 50, 50, 50, 50, 50, 80], None),  # and one far above at the end
        (FALLING, [90, 70, 60, 55, 52, 50, 51, 52, 53, 53, 53, 53], None),  # 6 % is not spoken of
        (FALLING, [90, 70, 60, 55, 54, 54, 54, 54, 66, 67, 68, 69], 4),
        (FALLING, [90, 70, 60, 55, 54, 54, 54, 54, 66, 67, 50, 69], 10),
        (FALLING, [90, 70, 60, 55, 54, 54, 54, 54, 66, 67, 69, 50], None),  # least at the very end
        (FALLING, [90, 80, 70, 65, 60, 58, 56, 54, 52, 50, 49, 48], None),
        ([90, 60, 50, 45, 40, 38, 40, 45, 50, 55, 60, 65], [90, 70, 60, 55, 52, 50, 54, 58, 62, 66, 70, 74], None),
    ],
)
def test_where_the_losses_of_a_run_part(training, unseen, where):
    assert parting(by_epoch(training, unseen)) == where


def test_of_many_states_more_are_calmed():
    """The noise of a run decides nothing, however many of its states are looked at."""
    x = np.linspace(0, 1, 240)
    noisy = 50 + 40 * np.exp(-20 * x)
    noisy[-3:] += 20  # a last bump that is shorter than what is calmed
    assert parting(by_epoch(90 - 60 * x, noisy)) is None
    assert parting(by_epoch(90 - 60 * x, noisy + 10 * x)) is not None


STILL = [50.0] * 12


@pytest.mark.parametrize(
    ("training", "unseen", "state", "sinking", "then"),
    [
        (FALLING, [90, 70, 60, 55, 52, 50, 54, 58, 62, 66, 70, 74], 5, "both", "part"),
        (FALLING, [40, 70, 60, 55, 52, 50, 54, 58, 62, 66, 70, 74], 6, "seen", "rises"),
        (FALLING, [90, 70, 60, 55, 52, 50, 50, 50, 50, 50, 50, 50], 6, "both", "widens"),
        (FALLING, STILL, 6, "seen", "widens"),
        ([9, 8, 7, 6, 5, 4, 3, 2, 1], [9, 8, 7, 6, 5, 4, 3.5, 2.5, 2.5], 4, "both", "together"),  # it goes along
        (STILL, [90, 80, 70, 65, 60, 58, 56, 54, 52, 50, 49, 48], 6, "unseen", "together"),
        (STILL, STILL, 6, "neither", "together"),
        (FALLING, [loss + 10 for loss in FALLING], 6, "both", "together"),
        ([50] * 6 + [60] * 6, [40] * 6 + [80] * 6, 6, "neither", "together"),  # worse on both: nothing is learned
    ],
)
def test_what_the_losses_of_a_run_do(training, unseen, state, sinking, then):
    losses_of_run = by_epoch(training, unseen)
    assert (sinks(losses_of_run, state), course(losses_of_run, state)) == (sinking, then)
    assert (parting(losses_of_run) is not None) == (then == "part")


def test_worse_on_seen_days_too_is_no_overfitting():
    assert overfits_from(results([10, 20, 30, 40], [40, 50, 60, 70])) is None
    assert training_change(results([10, 20, 30, 40], [40, 50, 60, 70])) == "rises"


def test_lecture_as_far_as_it_gives_numbers():
    assert lecture_losses(()) == (320.0, 460.0)
    assert lecture_losses((100, 100)) == (180.0, None)
    assert lecture_losses((7,)) == (None, None)
    assert all(isinstance(lecture_losses(hidden), tuple) for hidden in LECTURE)


@pytest.mark.parametrize(
    ("least", "best", "best_least", "said"),
    [
        (372, 400, 384, "below"),
        (385, 400, 390, "even"),  # 4 % is small
        (372, 400, 370, "even"),  # stopped in time, the best network would have had less
        (372, 360, 350, "not"),
        (340, 360, 350, "below"),
    ],
)
def test_stopping_in_time_is_compared_with_the_best_network(least, best, best_least, said):
    assert stopping(by_epoch(FALLING[:3], [500, least, 600]), losses(best), best_least) == said


def test_the_least_unseen_loss_is_among_the_states_however_few(tmp_path):
    run = width_experiments(widths=(4,), seeds=(0,), epochs=3)[0].experiments[0]
    train(run, tmp_path)
    trace = Trace.find(tmp_path, run)
    every, few = loss_by_epoch(trace), losses_with_the_least(trace, 4)
    assert len(few.epoch) in (4, 5) and len(every.epoch) > 20
    assert few.unseen.min() == pytest.approx(every.unseen.min())
    assert few.epoch[np.argmin(few.unseen)] == every.epoch[np.argmin(every.unseen)]
    assert set(few.training) <= set(every.training)
    assert losses_with_the_least(trace, 10_000).unseen == pytest.approx(every.unseen)
