"""Tests how runs are divided among workers, and the messages about unfinished runs."""

from __future__ import annotations

import itertools

import pytest
from gradreel.core.analysis.compared_networks import depth_experiments, width_experiments
from gradreel.core.errors import TrainingError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.training_times import training_seconds
from gradreel.render.workers import training
from gradreel.render.workers.groups import Bundle, Group, balanced_groups, bundles_for_workers
from gradreel.render.workers.pool import Listeners, Workers
from gradreel.render.workers.training import LocalTrainers, train_bundle, train_group, training_claim


def makespan(groups, jobs):
    """When the last worker is done, each free one taking the next group."""
    busy = [0.0] * jobs
    for group in groups:
        busy.sort()
        busy[0] += group.cost
    return max(busy)


def all_runs():
    networks = {network.name: network for network in (*width_experiments(), *depth_experiments())}
    return [run for network in networks.values() for run in network.experiments]


@pytest.mark.parametrize("jobs", [1, 2, 3, 8, 100])
def test_every_run_is_in_one_group_of_similar_runs_and_long_groups_come_first(jobs):
    runs = all_runs()
    groups = balanced_groups(runs, jobs)
    assert sorted(run.digest for group in groups for run in group.runs) == sorted(run.digest for run in runs)
    for group in groups:
        assert len({run.model_copy(update={"seed": 0}) for run in group.runs}) == 1
    costs = [group.cost for group in groups]
    assert costs == sorted(costs, reverse=True)


def test_one_worker_trains_all_seeds_of_a_network_side_by_side():
    assert sorted(len(group.runs) for group in balanced_groups(all_runs(), 1)) == [5] * 7


def test_groups_are_split_if_that_shortens_the_total_time():
    (network,) = width_experiments(widths=(1000,))
    assert [len(group.runs) for group in balanced_groups(network.experiments, 2)] == [3, 2]
    whole = [Group(network.experiments) for network in (*width_experiments(), *depth_experiments()[1:])]
    longest_first = sorted(whole, key=lambda group: -group.cost)
    groups = balanced_groups(all_runs(), 2)
    assert makespan(groups, 2) <= makespan(longest_first, 2)
    even = sum(group.cost for group in groups) / 2
    assert makespan(groups, 2) < 1.1 * even


@pytest.mark.parametrize("jobs", [1, 2, 3, 100])
def test_groups_are_dealt_out_evenly_and_each_once(jobs):
    groups = balanced_groups(all_runs(), jobs)
    bundles = bundles_for_workers(groups, jobs)
    assert len(bundles) <= jobs
    assert sorted(g.runs[0].digest for b in bundles for g in b.groups) == sorted(g.runs[0].digest for g in groups)
    assert max(bundle.cost for bundle in bundles) <= makespan(groups, jobs) * (1 + 1e-9)


def test_a_bundle_is_trained_group_after_group_with_progress_over_all(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(training, "report_progress", lambda done, total: told.append((done, total)))
    groups = [Group((Experiment(epochs=300, seed=1),)), Group((Experiment(epochs=100, learning_rate=50, seed=2),))]
    outcomes = train_bundle(Bundle((*groups, Group((Experiment(epochs=200, seed=3),)))), tmp_path)
    assert [outcome.error is None for outcome in outcomes] == [True, False, True], "one that diverges stops no other"
    assert told == sorted(told)
    assert told[-1] == (1000, 1000)


def test_wider_deeper_longer_and_more_cost_more():
    networks = [*width_experiments(), *depth_experiments()[1:]]
    for fewer, more in itertools.pairwise(range(1, 6)):
        assert Group(networks[1].experiments[:fewer]).cost < Group(networks[1].experiments[:more]).cost
        alone = Group(networks[1].experiments[:1]).cost
        assert Group(networks[1].experiments[:more]).cost < more * alone, "side by side is quicker"
    assert Group(networks[0].experiments).cost < Group(networks[2].experiments).cost


def test_runs_trained_together_give_the_traces_of_runs_trained_alone(tmp_path):
    runs = [Experiment(epochs=4, seed=seed) for seed in (1, 2)]
    together, alone = tmp_path / "together", tmp_path / "alone"
    assert [outcome.error for outcome in train_group(runs, together)] == [None, None]
    for run in runs:
        expected = train(run, alone)
        assert Trace.find(together, run, checksums=True).meta == expected.meta
        assert training_seconds(together, run) > 0
        assert training_seconds(alone, run) is None


def test_a_diverging_seed_does_not_affect_the_others(tmp_path):
    """At this rate some random starts of a small network diverge and some do not."""
    runs = [Experiment(hidden=(2,), activation="relu", learning_rate=0.3, epochs=30, seed=seed) for seed in range(6)]
    diverged = {}
    for run in runs:
        try:
            train(run, tmp_path / "alone")
        except TrainingError as error:
            diverged[run.digest] = str(error)
    assert 0 < len(diverged) < len(runs), "else this test is about nothing"
    outcomes = train_group(runs, tmp_path / "together")
    assert {outcome.digest: str(outcome.error) for outcome in outcomes if outcome.error} == diverged
    for run in runs:
        assert (tmp_path / "together" / run.digest).exists() == (run.digest not in diverged)


def test_a_run_that_another_command_trained_meanwhile_is_not_trained_again(tmp_path):
    traces = tmp_path / "traces"
    runs = [Experiment(epochs=2, seed=seed) for seed in (1, 2)]
    others, ours = training_claim(runs[1:], traces), training_claim(runs, traces)
    heard = []
    listeners = Listeners(lambda: heard.append("begun"), lambda done, total: None, heard.append)
    assert others.take() and not ours.take()
    part = training_claim(runs[:1], traces)
    assert part.take(), "nobody holds a part of what he waits for"
    part.release()
    with Workers(1) as workers:
        outcomes = LocalTrainers(workers).train(Bundle((Group(tuple(runs)),)), traces, ours, listeners)
        while not heard:
            assert not outcomes.done()
        for run in runs:
            train(run, traces)
        others.release()
        assert [outcome.digest for outcome in outcomes.result()] == [run.digest for run in runs]
    assert heard == ["another gradreel is training some of them; waiting for the result"]


def test_a_damaged_trace_is_trained_again(tmp_path):
    run = Experiment(epochs=2)
    train(run, tmp_path)
    claim = training_claim([run], tmp_path)
    assert claim.take()
    assert claim.find_result() is None, "whoever asks for it has found that it is damaged"
