"""network: a line's strength and dash are the recorded weight's, for runs of ours and recorded ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.errors import TraceError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.layer_chain import layer_chain
from gradreel.core.trace import Trace
from gradreel.core.training import train
from gradreel.scenes.base import SceneContext
from gradreel.scenes.layout import check_scene
from gradreel.scenes.lecture.any_network import MOST_LAYERS, Network
from gradreel.scenes.mobjects.network_parts import strength
from gradreel.scenes.mobjects.text import TextMobject
from gradreel.scenes.stills import visit_beats

TINY = (320, 180)
RUN = Experiment(hidden=(3, 9), epochs=30)
OTHER = Experiment(hidden=(3, 9), epochs=30, seed=5)
LINEAR = Experiment(hidden=(), epochs=3)
DEEP = Experiment(hidden=(12,) * (MOST_LAYERS - 1), activation="relu", epochs=2)
SPARSE = Experiment(hidden=(2,), epochs=30, keep={"every": 10})


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    for run in (RUN, OTHER, LINEAR, DEEP, SPARSE):
        train(run, folder / "traces")
    return folder


def play(media: Path, look=lambda scene, beat: None, lang: str = "en", **parameters):
    """Call look(scene, beat) at each beat's end; the names of the beats, and the scene as it ended."""
    scene = visit_beats(Network, look, parameters, SceneContext(media_dir=media, language=lang), TINY)
    return [beat.name for beat in scene.beats], scene


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
def film(media):
    seen = {}

    def look(scene, beat):
        seen[beat] = lines(scene), scene.counter[1].text

    seen["beats"], seen["scene"] = play(media, look, run=RUN)
    return seen


def test_the_lines_are_the_recorded_weights_at_the_start_and_at_the_end(film, media):
    trace = Trace.find(media / "traces", RUN)
    assert film["beats"] == ["layers", "start", "walk", "end"]
    for beat, row, count in (("start", 0, "0"), ("walk", 30, "30")):
        assert film[beat] == (expected(trace, row, film["scene"]), count)


def test_only_drawn_neurons_have_lines_and_that_is_said(film):
    drawn = {(to, start) for k, to, start, *_ in film["walk"][0] if k == 2}
    assert drawn == {(0, j) for j in (0, 1, 2, 3, 4, 8)}
    texts = [part.source for part in film["scene"].mobjects if isinstance(part, TextMobject)]
    assert any("27 of 39 weights" in text for text in texts)


def test_the_number_is_that_of_the_largest_weight_drawn(film, media):
    trace, scene = Trace.find(media / "traces", RUN), film["scene"]
    chain = layer_chain(RUN)
    weights = [
        float(chain.weights(np.asarray(trace.parameters[-1]), k)[to, start])
        for k, edges in enumerate(scene.diagram.edges)
        for to, start in edges.lines
    ]
    shown = float(scene.label[1].source.replace("\u2212", "-").replace("\\", ""))
    assert shown == pytest.approx(max(weights, key=abs), rel=0.005)


def test_another_run_has_other_lines(film, media):
    _, other = play(media, run=OTHER)
    assert lines(other) != film["end"][0]


def test_the_weights_after_an_update_are_shown(media):
    seen = {}
    beats, scene = play(media, lambda scene, beat: seen.update({beat: lines(scene)}), run=RUN, update=7)
    assert beats[-2:] == ["walk", "end"]
    assert seen["walk"] == expected(Trace.find(media / "traces", RUN), 7, scene)
    assert scene.counter[1].text == "7"


def test_before_the_first_update_nothing_walks(media):
    assert play(media, run=RUN, update=0)[0] == ["layers", "start", "end-start"]


@pytest.mark.parametrize(("run", "lang", "first"), [(LINEAR, "zh", "layers-none"), (DEEP, "en", "layers")])
def test_from_no_hidden_layer_to_eight(media, run, lang, first):
    findings = []
    beats, scene = play(media, lambda scene, beat: findings.extend(check_scene(scene, beat)), lang=lang, run=run)
    assert findings == []
    assert beats[0] == first
    assert len(scene.diagram.columns) == len(run.hidden) + 2


def test_a_recorded_model_is_shown(media, loops):
    trace, seen = Trace.open(loops / "adam"), {}
    beats, scene = play(media, lambda scene, beat: seen.update({beat: lines(scene)}), trace=str(loops / "adam"))
    assert beats == ["layers-one", "start-recorded", "walk", "end"]
    assert seen["walk"] == expected(trace, -1, scene)
    assert [column.width_of_layer for column in scene.diagram.columns] == [1, 16, 1]


@pytest.mark.parametrize(("lang", "theme"), [("en", "dark"), ("zh", "light")])
@pytest.mark.parametrize(("name", "end"), [("overflow", "end-overflow"), ("nan", "end-nan")])
def test_a_run_that_breaks_down_is_shown_up_to_there_and_that_is_said(broken, media, name, end, lang, theme):
    trace, seen, findings = Trace.open(broken / name), {}, []
    first = next(row for row in range(31) if not np.isfinite(trace.parameters[row]).all())
    parameters = {"trace": str(broken / name)}

    def look(scene, beat):
        seen[beat] = scene.counter[1].text, [line[3] for line in lines(scene)]
        findings.extend(map(str, check_scene(scene, beat)))

    context = SceneContext(media_dir=media, language=lang, theme=theme)
    scene = visit_beats(Network, look, parameters, context, TINY)
    assert [beat.name for beat in scene.beats] == ["layers-one", "start-recorded", "walk-lost", end]
    assert findings == []
    assert (seen["start-recorded"][0], seen["walk-lost"][0]) == ("0", str(first - 1))
    strongest = strength(1.0, scene.diagram.edges[0].color_of_weights)[1]
    for beat in ("start-recorded", "walk-lost"):  # at each moment something is seen
        assert max(seen[beat][1]) == pytest.approx(strongest)
    texts = [part.source for part in scene.get_mobject_family_members() if isinstance(part, TextMobject)]
    up_to = {"en": f"shown up to update {first - 1} of 30", "zh": f"只画到第 {first - 1} 次更新（共 30 次）"}
    assert any(up_to[lang] in text for text in texts)
    assert not any("nan" in text.lower() for text in texts)
    assert f"{ {'en': 'By update', 'zh': '到第'}[lang] } {first} " in scene.beats[-1].lines[lang]


def test_large_weights_are_powers_of_ten(broken, media):
    trace = Trace.open(broken / "overflow")
    last = max(row for row in range(31) if np.isfinite(trace.parameters[row]).all())
    largest = float(np.abs(trace.parameters[last]).max())
    assert largest > 1e6
    _, scene = play(media, trace=str(broken / "overflow"))
    mantissa, power = scene.label[1].source.replace("\\", "").lstrip("\u2212").split("·10")
    assert int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))) == int(np.log10(largest))
    assert float(mantissa) == pytest.approx(largest / 10 ** int(np.log10(largest)), abs=0.051)


def test_an_update_after_the_breakdown_is_refused_and_one_before_is_shown(broken, media):
    path = str(broken / "nan")
    with pytest.raises(UserError, match=r"network\.update: .*after 12 updates not all .* at most 11 can be asked for"):
        play(media, trace=path, update=20)
    assert play(media, trace=path, update=11)[0][-2:] == ["walk", "end"]
    with pytest.raises(UserError, match="after 0 updates not all parameters are finite"):
        play(media, trace=str(broken / "nan from the start"))


def test_a_model_that_is_no_chain_is_refused_with_what_can_be_shown(tmp_path, record_loop):
    model = torch.nn.Sequential(
        torch.nn.Linear(1, 4), torch.nn.LayerNorm(4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
    )
    path = record_loop(tmp_path / "norm", lambda parameters: torch.optim.SGD(parameters, lr=0.1), 3, model=model)
    with pytest.raises(UserError, match=r"network.*1\.weight, of shape \(4,\).* what can be shown are weights"):
        Network.validated({"trace": str(path)})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"run": Experiment(hidden=(2,) * MOST_LAYERS)}, "up to 8 hidden layers are shown, this run has 9"),
        ({"run": RUN, "update": 31}, "update: the run has 30 updates, got 31"),
        ({"update": -1}, r"network.update: .*greater than or equal to 0 \(got -1\)"),
    ],
)
def test_parameters_that_do_not_fit_are_refused_with_their_bounds(parameters, message):
    with pytest.raises(UserError, match=message):
        Network.validated(parameters)


def test_an_update_that_was_not_kept_is_named(media):
    with pytest.raises(TraceError, match="the state after 7 updates was not kept, that after 0 was"):
        play(media, run=SPARSE, update=7)
