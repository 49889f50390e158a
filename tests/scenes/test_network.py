"""network: a line's strength and dash are the recorded weight's, for runs of ours and recorded ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.trace.trace import Trace
from gradreel.scenes.lecture.any_run.layer_chain import layer_chain
from gradreel.scenes.lecture.any_run.network import MOST_LAYERS, Network
from gradreel.scenes.mobjects.network_parts import strength
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.testing.layout import check_scene

RUN = Experiment(hidden=(3, 9), epochs=30)


LINEAR = Experiment(hidden=(), epochs=3)
DEEP = Experiment(hidden=(12,) * (MOST_LAYERS - 1), activation="relu", epochs=2)
SPARSE = Experiment(hidden=(2,), epochs=30, keep={"every": 10})


def lines(scene) -> list[tuple[int, int, int, float, bool]]:
    """(layer, to, from, width, dashed) of every line on the screen."""
    return [
        (k, to, start, float(line.get_stroke_width()), len(line.points) > 4)
        for k, edges in enumerate(scene.diagram.edges)
        for (to, start), line in edges.lines.items()
    ]


def expected(trace: Trace, row: int, scene) -> list[tuple[int, int, int, float, bool]]:
    chain = layer_chain(trace.run)
    made = []
    for k, edges in enumerate(scene.diagram.edges):
        weights = chain.weights(np.asarray(trace.parameters[row], dtype=float), k)
        for to, start in edges.lines:
            weight = weights[to, start]
            width = strength(abs(weight) / scene.largest[k], edges.color_of_weights)[1]
            made.append((k, to, start, pytest.approx(width, rel=1e-6), bool(weight < 0)))
    return made


@pytest.fixture(scope="module")
def film(play):
    return play(Network, lambda scene, beat: (lines(scene), scene.counter[1].text), run=RUN)


def test_the_lines_are_the_recorded_weights_at_the_start_and_at_the_end(trace_of, film):
    trace = trace_of(RUN)
    assert film.beats == ["layers", "start", "walk", "end"]
    for beat, row, count in (("start", 0, "0"), ("walk", 30, "30")):
        assert film.seen[beat] == (expected(trace, row, film.scene), count)


def test_only_drawn_neurons_have_lines_and_the_words_say_so(film):
    drawn = {(to, start) for k, to, start, *_ in film.seen["walk"][0] if k == 2}
    assert drawn == {(0, j) for j in (0, 1, 2, 3, 4, 8)}
    texts = [part.source for part in film.scene.mobjects if isinstance(part, TextMobject)]
    assert any("27 of 39 weights" in text for text in texts)


def test_the_number_is_that_of_the_largest_weight_drawn(trace_of, film):
    trace, scene = trace_of(RUN), film.scene
    chain = layer_chain(RUN)
    weights = [
        float(chain.weights(np.asarray(trace.parameters[-1]), k)[to, start])
        for k, edges in enumerate(scene.diagram.edges)
        for to, start in edges.lines
    ]
    shown = float(scene.label[1].source.replace("\u2212", "-").replace("\\", ""))
    assert shown == pytest.approx(max(weights, key=abs), rel=0.005)


def test_the_weights_after_an_update_are_shown(play, trace_of):
    played = play(Network, lambda scene, beat: lines(scene), run=RUN, update=7)
    assert played.beats[-2:] == ["walk", "end"]
    assert played.seen["walk"] == expected(trace_of(RUN), 7, played.scene)
    assert played.scene.counter[1].text == "7"


def test_of_the_scenes_own_run_lines_grow_fade_and_turn_as_the_words_say(play, trace_of):
    scene = play(Network).scene
    run, seen = scene.run, 0.02  # of a layer's largest weight: so much thicker or thinner is seen
    assert "Some lines grow, some fade, and some change their sign" in next(
        beat.lines["en"] for beat in scene.beats if beat.name == "walk"
    )
    chain, trace = layer_chain(run), trace_of(run)
    first, last = (
        [[chain.weights(np.asarray(trace.parameters[row]), k)[to, start] for to, start in edges.lines]
         for k, edges in enumerate(scene.diagram.edges)]
        for row in (0, -1)
    )  # fmt: skip
    layers = list(zip(first, last, scene.largest, strict=True))
    grown = np.concatenate([(np.abs(end) - np.abs(start)) / largest for start, end, largest in layers])
    assert grown.max() > seen and grown.min() < -seen
    assert any((np.multiply(start, end) < 0).any() for start, end, _ in layers)


def test_before_the_first_update_nothing_walks(play):
    assert play(Network, run=RUN, update=0).beats == ["layers", "start", "end"]


@pytest.mark.parametrize(
    ("run", "lang", "said"), [(LINEAR, "zh", "有 0 个隐藏层"), (DEEP, "en", "with eight hidden layers")]
)
def test_from_no_hidden_layer_to_eight(play, run, lang, said):
    played = play(Network, check_scene, lang=lang, run=run)
    assert played.findings == []
    assert said in played.lines["layers"][lang]
    assert len(played.scene.diagram.columns) == len(run.hidden) + 2


def test_a_recorded_model_is_shown(play, loops):
    played = play(Network, lambda scene, beat: lines(scene), trace=str(loops / "adam"))
    assert played.beats == ["layers", "start", "walk", "end"]
    assert played.seen["walk"] == expected(Trace.open(loops / "adam"), -1, played.scene)
    assert [column.width_of_layer for column in played.scene.diagram.columns] == [1, 16, 1]


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
@pytest.mark.parametrize("name", ["overflow", "nan"])
def test_a_diverging_run_is_shown_up_to_that_point_and_the_words_say_so(play, broken, name, lang, theme):
    trace, findings = Trace.open(broken / name), []
    first = next(row for row in range(31) if not np.isfinite(trace.parameters[row]).all())

    def look(scene, beat):
        findings.extend(map(str, check_scene(scene, beat)))
        return scene.counter[1].text, [line[3] for line in lines(scene)]

    played = play(Network, look, lang=lang, theme=theme, trace=str(broken / name))
    scene, seen = played.scene, played.seen
    assert played.beats == ["layers", "start", "walk", "end"]
    assert findings == []
    assert (seen["start"][0], seen["walk"][0]) == ("0", str(first - 1))
    strongest = strength(1.0, scene.diagram.edges[0].color_of_weights)[1]
    for beat in ("start", "walk"):  # at each moment something is seen
        assert max(seen[beat][1]) == pytest.approx(strongest)
    texts = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
    up_to = {"en": f"shown up to update {first - 1} of 30", "zh": f"只画到第 {first - 1} 次更新（共 30 次）"}
    assert any(up_to[lang] in text for text in texts)
    assert not any("nan" in text.lower() for text in texts)
    assert not any("nan" in line.lower() or "∞" in line for beat in scene.beats for line in beat.lines.values())


def test_large_weights_are_powers_of_ten(play, broken):
    trace = Trace.open(broken / "overflow")
    last = max(row for row in range(31) if np.isfinite(trace.parameters[row]).all())
    largest = float(np.abs(trace.parameters[last]).max())
    assert largest > 1e6
    scene = play(Network, trace=str(broken / "overflow")).scene
    mantissa, power = scene.label[1].source.replace("\\", "").lstrip("\u2212").split("·10")
    assert int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))) == int(np.log10(largest))
    assert float(mantissa) == pytest.approx(largest / 10 ** int(np.log10(largest)), abs=0.051)


def test_an_update_after_the_breakdown_is_refused_and_one_before_is_shown(play, broken):
    path = str(broken / "nan")
    with pytest.raises(UserError, match=r"network\.update: .*after 12 updates not all .* at most 11 can be asked for"):
        play(Network, trace=path, update=20)
    assert play(Network, trace=path, update=11).beats[-2:] == ["walk", "end"]
    with pytest.raises(UserError, match="after 0 updates not all parameters are finite"):
        play(Network, trace=str(broken / "nan from the start"))


def test_a_model_that_is_no_chain_is_refused_with_the_models_that_work(tmp_path, record_loop):
    model = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.LayerNorm(4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    path = record_loop(tmp_path / "norm", lambda parameters: torch.optim.SGD(parameters, lr=0.1), 3, model=model)
    with pytest.raises(UserError, match=r"network.*1\.weight, of shape \(4,\).* what can be shown are weights"):
        Network.validated({"trace": str(path)})


def test_an_update_that_was_not_kept_is_named(play):
    with pytest.raises(TraceError, match="the state after 7 updates was not kept, that after 10 was"):
        play(Network, run=SPARSE, update=7)
