"""Tests of the exported page in a real browser: it shows the recorded numbers and makes no network requests."""

from __future__ import annotations

import json
import shutil
import wave

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from gradreel.cli import commands
from gradreel.core.network.theta import predict
from gradreel.core.trace.trace import Trace
from gradreel.scenes.themes import THEMES

pytestmark = pytest.mark.slow

SCENES = """
from gradreel.core.datasets import CurveDataset
from gradreel.core.experiment import Experiment
from gradreel.scenes.base import LectureScene
from manim import Dot, FadeIn
from pydantic import Field

RUN = Experiment(dataset=CurveDataset(knots=((0, 0), (1, 1), (2, 0)), examples=9), hidden=(2,), epochs=700, seed=1)


class Fit(LectureScene):
    class Parameters(LectureScene.Parameters):
        run: Experiment = Field(RUN, description="The run.")
        other: Experiment = Field(RUN.model_copy(update={"seed": 2}), description="Another.")

    def construct(self):
        with self.beat("start"):
            self.play(FadeIn(Dot()), run_time=0.4)
        with self.beat("walk-down"):
            self.wait(0.2)


class Rest(LectureScene):
    def construct(self):
        with self.beat("rest"):
            self.play(FadeIn(Dot()), run_time=0.4)
"""
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> \"quotes\" 'one' & \u202eright to left\u202c"
WORDS = f"""
[en.fit]
title = '''Fit {HOSTILE}'''
[en.fit.beats]
start = "Training begins {{{{ here }}}}."
walk-down = "The walk <b>downhill</b> & on."
[en.rest]
title = "A rest"
[en.rest.beats]
rest = "It rests."
[zh.fit]
title = "拟合"
[zh.fit.beats]
start = "训练开始。"
walk-down = "一路往下走。"
[zh.rest]
title = "休息"
[zh.rest.beats]
rest = "停下来。"
"""
LESSON = f"""
title = {{ en = {json.dumps(HOSTILE)}, zh = "一课" }}
narration = "words.toml"
[[scene]]
name = "scenes.py:Fit"
[[scene]]
part = {{ en = "The end", zh = "结尾" }}
name = "scenes.py:Rest"
"""
TINY = ("-r", "64,36", "--fps", "10")


def gradreel(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], catch_exceptions=False)


def speak(folder):
    """A second of a tone for each beat, in each language; the options that say so."""
    for language, hertz in (("en", 440), ("zh", 660)):
        for beat in ("fit/start", "fit/walk-down", "rest/rest"):
            file = folder / language / f"{beat}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            levels = 8000 * np.sin(2 * np.pi * hertz * np.arange(24_000) / 24_000)
            with wave.open(str(file), "wb") as out:
                out.setnchannels(1), out.setsampwidth(2), out.setframerate(24_000)
                out.writeframes(levels.astype("<i2").tobytes())
    return [part for language in ("en", "zh") for part in ("--voice", f"{language}={folder / language}")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory, quickly):
    """A folder with a lesson that two languages are spoken in, exported as a folder ``page`` and as ``page.html``."""
    folder = tmp_path_factory.mktemp("desk")
    for name, text in (("scenes.py", SCENES), ("words.toml", WORDS), ("lesson.toml", LESSON)):
        (folder / name).write_text(text, encoding="utf-8")
    lesson = ("--lesson", folder / "lesson.toml", "--media_dir", folder / "media")
    common = ("export", "page", *lesson, *TINY, *speak(folder / "voices"))
    with quickly():
        for arguments in (("-o", folder / "page"), ("--one_file", "-o", folder / "page.html")):
            result = gradreel(*common, *arguments)
            assert result.exit_code == 0, result.stderr
    return folder


@pytest.fixture
def address(desk):
    return (desk / "page" / "index.html").as_uri()


def trace_of(desk, seed):
    traces = [Trace.open(path) for path in (desk / "media" / "traces").iterdir() if path.is_dir()]
    (found,) = [trace for trace in traces if trace.experiment.seed == seed]
    return found


def opened(page, address):
    """The page at ``address`` once its film can be sought in and its figures are drawn."""
    page.goto(address)
    page.wait_for_function("() => !document.getElementById('film') || document.getElementById('film').readyState >= 1")
    page.wait_for_function("() => document.querySelector('#theta-rows td')?.textContent")
    return page


def start_of(page, beat):
    return float(page.locator(f'[id="{beat}"]').get_attribute("data-start"))


def now(page):
    """The beat that the transcript marks, and the film's time."""
    marked = page.locator(".beat a[aria-current]")
    return marked.locator("..").get_attribute("id"), page.evaluate("() => document.getElementById('film').currentTime")


# -- the film and its transcript -----------------------------------------------------------------------------------


def test_the_transcript_follows_the_film(page, address):
    opened(page, address)
    assert now(page) == ("fit/start", 0)
    for beat in ("rest/rest", "fit/walk-down"):
        page.evaluate(
            "seconds => { document.getElementById('film').currentTime = seconds }", start_of(page, beat) + 0.3
        )
        page.wait_for_function("id => document.getElementById(id).querySelector('[aria-current]')", arg=beat)


def test_the_transcript_follows_while_the_film_plays(page, address):
    opened(page, address)
    page.evaluate("() => { film.muted = true; film.playbackRate = 4; return film.play() }")
    page.wait_for_function("() => document.getElementById('rest/rest').querySelector('[aria-current]')")


def test_a_line_that_is_clicked_is_sought_and_linked_to(page, address):
    opened(page, address)
    page.get_by_text("It rests.").click()
    beat, seconds = now(page)
    assert (beat, seconds) == ("rest/rest", pytest.approx(start_of(page, "rest/rest"), abs=0.05))
    assert page.evaluate("() => location.hash") == "#rest/rest"
    page.go_back()
    assert page.evaluate("() => location.hash") == ""


def test_a_link_leads_to_its_moment_even_if_the_beats_name_has_an_outcome(page, address):
    opened(page, f"{address}#fit/walk")
    assert now(page) == ("fit/walk-down", pytest.approx(start_of(page, "fit/walk-down"), abs=0.05))
    for link, beat in (("rest", "rest/rest"), ("fit/walk-down", "fit/walk-down"), ("rest/rest", "rest/rest")):
        page.goto(f"{address}#{link}")
        page.wait_for_function("id => document.getElementById(id).querySelector('[aria-current]')", arg=beat)
        assert now(page) == (beat, pytest.approx(start_of(page, beat), abs=0.05))


@pytest.mark.parametrize("name", ["given", "language", "update"])
def test_a_scene_may_have_the_name_of_a_page_element(page, desk, name):
    text = (desk / "page.html").read_text("utf-8")
    called = text.replace('id="rest', f'id="{name}').replace('href="#rest', f'href="#{name}')
    (desk / f"{name}.html").write_text(called, "utf-8")
    opened(page, f"{(desk / f'{name}.html').as_uri()}#{name}")
    assert now(page) == (f"{name}/rest", pytest.approx(start_of(page, f"{name}/rest"), abs=0.05))
    page.get_by_label("Updates made").press("End")
    assert number(numbers(page)["updates made"]) == 700


@pytest.mark.parametrize("width", [390, 820, 1366])
def test_a_link_to_a_moment_shows_the_film_from_its_top(page, address, width):
    page.set_viewport_size({"width": width, "height": 500})
    opened(page, f"{address}#rest/rest")
    page.wait_for_function("() => document.readyState === 'complete'")
    for _ in range(2):
        page.wait_for_timeout(100)
        assert page.evaluate("() => document.getElementById('film').getBoundingClientRect().top") >= 0
        page.evaluate("() => { location.hash = '#fit/walk-down' }")


@pytest.mark.parametrize("link", ["50%", "run:50%", "%E0%A4%A"])
def test_an_address_with_an_unknown_name_leaves_the_page_unchanged(page, address, link):
    opened(page, f"{address}#{link}")  # its run is drawn, see there
    assert now(page) == ("fit/start", 0)
    page.get_by_label("Updates made").press("End")
    assert number(numbers(page)["updates made"]) == 700


def test_next_and_previous_beat(page, address):
    opened(page, address)
    walked = []
    for name in ("Next beat", "Next beat", "Next beat", "Previous beat"):
        page.get_by_role("button", name=name).click()
        walked.append(now(page)[0])
    assert walked == ["fit/walk-down", "rest/rest", "rest/rest", "fit/walk-down"]


def test_speed(page, address):
    opened(page, address)
    page.get_by_label("Speed").select_option("1.5×")
    assert page.evaluate("() => film.playbackRate") == 1.5


def test_the_language_of_words_lines_and_captions_is_switched_and_remembered(page, address):
    opened(page, address)
    page.evaluate("() => { film.textTracks[0].mode = 'showing' }")
    page.get_by_label("Language").select_option("中文")
    for _ in range(2):
        assert page.get_by_text("停下来。").is_visible() and not page.get_by_text("It rests.").is_visible()
        assert page.get_by_role("button", name="下一段").is_visible()
        assert page.evaluate("() => [document.documentElement.lang, document.title]") == ["zh", "一课"]
        page.wait_for_timeout(1)
        if _ == 0:
            modes = page.evaluate("() => [...film.textTracks].map(track => [track.language, track.mode])")
            assert modes == [["en", "disabled"], ["zh", "showing"]]
            opened(page, address)


VOICE = "document.querySelector('audio[data-voice=zh]')"
IN_STEP = f"Math.abs({VOICE}.currentTime - film.currentTime) < 0.3"


def test_the_film_plays_its_first_language_and_other_languages_as_synchronous_sound(page, address):
    opened(page, address)
    assert page.evaluate(f"() => [film.muted, {VOICE}.paused, document.querySelectorAll('audio').length]") == [
        False,
        True,
        1,
    ]
    page.get_by_label("Language").select_option("中文")
    page.locator("#film").click()
    page.wait_for_function(f"() => film.currentTime > 0.5 && !{VOICE}.paused && {IN_STEP}")
    assert page.evaluate(f"() => [film.muted, {VOICE}.muted]") == [True, False]
    page.evaluate("seconds => { film.currentTime = seconds }", start_of(page, "fit/walk-down"))
    page.wait_for_function(f"() => film.currentTime > 1 && !{VOICE}.paused && {IN_STEP}")
    page.evaluate("() => { film.muted = false }")  # as the film's own button does
    page.wait_for_function(f"() => film.muted && {VOICE}.muted")
    page.evaluate("() => film.pause()")
    page.wait_for_function(f"() => {VOICE}.paused")
    page.get_by_label("语言").select_option("English")
    assert page.evaluate("() => film.muted")  # it was turned off


def test_changing_the_volume_keeps_the_second_voice_on(page, address):
    opened(page, address)
    page.get_by_label("Language").select_option("中文")
    page.evaluate("() => { film.volume = 0.5; film.muted = false }")  # as the film's own slider does
    page.wait_for_function(f"() => film.muted && {VOICE}.volume === 0.5")
    assert not page.evaluate(f"() => {VOICE}.muted")


def test_the_page_contains_captions_in_each_language(page, address):
    opened(page, address)
    cues = page.evaluate("""async () => Object.fromEntries(await Promise.all([...film.textTracks].map(async track => {
        track.mode = "hidden"
        const element = [...film.querySelectorAll("track")].find(one => one.track === track)
        if (element.readyState < 2) await new Promise(done => { element.onload = done })
        return [track.language, [...track.cues].map(cue => [cue.startTime, cue.getCueAsHTML().textContent])]
    })))""")
    assert [text for _, text in cues["zh"]] == ["训练开始。", "一路往下走。", "停下来。"]
    assert [text for _, text in cues["en"]][1:] == ["The walk <b>downhill</b> & on.", "It rests."]
    starts = [start_of(page, beat) for beat in ("fit/start", "fit/walk-down", "rest/rest")]
    starts[0] += 1  # the film begins with a second of picture before its first word
    assert [start for start, _ in cues["en"]] == pytest.approx(starts, abs=0.01)


def test_search_leaves_the_lines_that_have_the_words_in_the_language_that_is_read(page, address):
    opened(page, address)
    page.get_by_label("Search").fill("WALK")
    shown = [row.get_attribute("id") for row in page.locator(".beat:visible").all()]
    assert (shown, page.locator("#found").inner_text()) == (["fit/walk-down"], "1 found")
    page.get_by_label("Search").fill("往下")
    assert page.locator(".beat:visible").count() == 0
    page.get_by_label("Search").fill("")
    assert page.locator(".beat:visible").count() == 3


def test_chapters_have_parts_and_lead_to_scenes(page, address):
    opened(page, address)
    page.locator("nav summary").click()
    assert [line.inner_text().strip() for line in page.locator("nav .part").all()] == ["The end"]
    page.locator("nav").get_by_role("link", name="A rest").click()
    assert now(page)[0] == "rest/rest"


def test_both_themes_have_the_films_colours(page, address):
    opened(page, address)
    for theme in ("dark", "light"):
        shown = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert shown == "rgb({}, {}, {})".format(*bytes.fromhex(THEMES[theme]["background"][1:]))
        page.get_by_role("button", name="Light").click()
    page.wait_for_function("() => document.getElementById('figure-curve').bokeh?.get_model_by_name('a').data.y.length")
    page.reload()
    assert page.evaluate("() => document.documentElement.dataset.theme") == "dark"


def test_hostile_words_stay_text(page, address):
    opened(page, address)
    assert page.title() == HOSTILE
    assert page.locator("h1").inner_text().strip() == HOSTILE
    assert page.get_by_text("The walk <b>downhill</b> & on.").is_visible()
    assert page.get_by_text("Training begins { here }.").is_visible()
    assert page.locator("img, main b").count() == 0


def test_without_scripts_the_page_shows_film_and_text(browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}#rest/rest")
    assert page.locator("video").get_attribute("controls") is not None
    assert page.locator("video").get_attribute("src") == "film.mp4" and page.locator("video").is_visible()
    for text in ("It rests.", "停下来。", "The recorded runs need JavaScript."):
        assert page.get_by_text(text).is_visible()
    assert page.get_by_label("Search").count() == 0 or not page.get_by_label("Search").is_visible()
    assert not page.locator("#update").is_visible()
    context.close()


def test_the_single_file_contains_everything(page, desk):
    alone = shutil.copy(desk / "page.html", desk / "alone.html")
    opened(page, f"{alone.as_uri()}#rest/rest")
    assert now(page)[0] == "rest/rest"
    page.wait_for_function("() => film.readyState >= 2 && film.videoWidth === 64")
    assert page.locator("#loss-rows td").count() > 0


@pytest.mark.parametrize(
    ("file", "theme", "size"),
    [
        ("page/index.html", "dark", (1280, 800)),
        ("page/index.html", "light", (390, 844)),
        ("page/index.html", "dark", (820, 1180)),
        ("run.html", "light", (390, 844)),  # its parts are the page's
    ],
)
def test_axe_finds_nothing(page, desk, recorded, theme, file, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.add_init_script(f"localStorage.setItem('gradreel-theme', '{theme}')")
    opened(page, (desk / file).as_uri())
    found = Axe().run(page, options={"preload": False})  # it would ask for the style sheet again, from a file
    assert found.violations_count == 0, found.generate_report()


def test_nothing_is_wider_than_a_phone(page, address):
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, address)
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390


# -- recorded runs -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recorded(desk, record_loop):
    """The trace of somebody's own loop, exported as ``run.html`` from a folder whose name is hostile."""
    import torch

    path = record_loop(desk / '<b>"mine" & co', lambda parameters: torch.optim.Adam(parameters, lr=0.01), updates=300)
    result = gradreel("export", "run", path, "-o", desk / "run.html", "--media_dir", desk / "media")
    assert result.exit_code == 0, result.stderr
    return Trace.open(path)


def numbers(page, column=1):
    """Return the table's column as {name: text}."""
    return {
        row.locator("th").inner_text().replace("\n", ""): row.locator("td").nth(column - 1).inner_text()
        for row in page.locator("#loss-rows tr, #theta-rows tr").all()
    }


def number(text):
    return float(text.replace("−", "-").replace("\u2009", "").replace("–", "nan"))


def move(page, place):
    page.evaluate("""place => {
        const slider = document.getElementById("update")
        slider.value = Math.round(place * slider.max)
        slider.dispatchEvent(new Event("input"))
    }""", place)  # fmt: skip


def drawn(page, figure, source):
    """Return the columns of a figure's data source as lists."""
    return page.evaluate(
        """([figure, source]) => {
            const data = document.getElementById(`figure-${figure}`).bokeh.get_model_by_name(source).data
            return Object.fromEntries(Object.entries(data).map(([key, values]) => [key, Array.from(values)]))
        }""",
        [figure, source],
    )


def test_the_numbers_at_an_update_are_those_of_the_trace(page, address, desk):
    trace = trace_of(desk, 1)
    opened(page, address)
    for place in (0, 0.2, 0.61, 1):
        move(page, place)
        shown = {name: number(text) for name, text in numbers(page).items()}
        update = int(shown.pop("updates made"))
        loss = shown.pop("loss")
        assert list(shown) == ["w1", "w2", "b1", "b2", "c1", "c2", "b"]
        assert list(shown.values()) == pytest.approx(trace.parameters[trace.row(update)].tolist(), rel=1e-5)
        if update < trace.n_updates:
            assert loss == pytest.approx(trace.batch_loss[update], rel=1e-5)
        said = page.get_by_label("Updates made").get_attribute("aria-valuetext")
        assert said.startswith(f"{update} of 700 updates, loss")
    assert update == trace.n_updates


def test_the_drawn_curve_is_the_cores_curve_at_that_update(page, address, desk):
    trace = trace_of(desk, 1)
    data = trace.experiment.dataset
    opened(page, address)
    for place in (0, 0.5, 1):
        move(page, place)
        update = int(number(numbers(page)["updates made"]))
        curve = drawn(page, "curve", "a")
        wanted = predict(trace.experiment, trace.parameters[trace.row(update)], data.features_at(np.array(curve["x"])))
        assert curve["y"] == pytest.approx(wanted.tolist(), abs=1e-5)
    target = drawn(page, "curve", "target")
    assert target["y"] == pytest.approx(data.curve()(np.array(target["x"])).tolist(), abs=1e-6)


def test_the_path_grows_with_the_slider_and_the_map_has_the_loss(page, address):
    opened(page, address)
    lengths = []
    for place in (0, 0.5, 1):
        move(page, place)
        lengths.append(len(drawn(page, "map-a", "path")["x"]))
    whole = drawn(page, "map-a", "whole")
    assert lengths[0] == 1 and lengths == sorted(lengths) and lengths[-1] == len(whole["x"]) > lengths[1]
    assert drawn(page, "map-a", "at") == {"x": whole["x"][-1:], "y": whole["y"][-1:]}
    assert len(drawn(page, "map-a", "bands")["fill"]) > 5


def test_two_seeds_side_by_side(page, address, desk):
    opened(page, address)
    options = page.locator("#run-b option").all_inner_texts()
    (other,) = [text for text in options if "seed 2" in text]
    page.get_by_label("Beside it").select_option(other)
    page.wait_for_function("() => document.querySelectorAll('#theta-rows tr:first-child td').length === 2")
    move(page, 0.7)
    for column, seed in ((1, 1), (2, 2)):
        shown = [number(text) for text in numbers(page, column).values()]
        assert shown[2:] == pytest.approx(trace_of(desk, seed).parameters[int(shown[0])].tolist(), rel=1e-5)
    assert page.locator("#figure-map-b").is_visible()


def test_playing_runs_to_the_end_and_stepping_moves_by_one(page, address):
    opened(page, address)
    move(page, 0.99)
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.getElementById('update').value === document.getElementById('update').max")
    page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    assert "700" in page.locator("#where").inner_text()
    page.get_by_role("button", name="One state back").click()
    assert number(numbers(page)["updates made"]) < 700


def test_a_link_chooses_the_run_of_a_scene_each_time(page, address):
    opened(page, address)
    for _ in range(2):
        page.locator("#run-a").select_option(index=1)
        page.locator("#lines").get_by_role("link", name="Touch the run").click()
        page.wait_for_function("() => document.getElementById('run-a').selectedIndex === 0")
    assert page.locator("#touch").is_visible()


def test_a_recorded_loop_shows_only_recorded_numbers(page, desk, recorded):
    opened(page, (desk / "run.html").as_uri())
    assert page.locator("h1").inner_text().strip() == '<b>"mine" & co'
    move(page, 0.4)
    shown = numbers(page)
    update, loss = int(number(shown.pop("updates made"))), number(shown.pop("loss"))
    assert loss == pytest.approx(recorded.batch_loss[update], rel=1e-5)
    row = recorded.parameters[recorded.row(update)]
    names = [recorded.run.entry_name(index) for index in range(recorded.n_parameters)]
    wanted = {name: row[names.index(name)] for name in shown}
    assert {name: number(text) for name, text in shown.items()} == pytest.approx(wanted, rel=1e-5)
    assert not page.locator("#prediction").is_visible()
    assert drawn(page, "map-a", "bands")["fill"] == []
    assert "The loss around the path is not known." in page.locator("#share-a").inner_text()


def test_a_loss_logged_now_and_then_is_one_line_and_the_marker_stays_on_it(page, tmp_path):
    import torch
    from gradreel.core.recording.recording import record

    model = torch.nn.Linear(1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, optimizer, tmp_path / "run") as recording:
        for k in range(60):
            model(torch.ones(1, 1)).square().sum().backward()
            optimizer.step()
            if k % 10 == 9:
                recording.log(loss=k + 1.0)
    result = gradreel("export", "run", tmp_path / "run", "-o", tmp_path / "run.html", "--media_dir", tmp_path)
    assert result.exit_code == 0, result.stderr
    opened(page, (tmp_path / "run.html").as_uri())
    assert drawn(page, "loss", "a")["x"] == [9, 19, 29, 39, 49, 59]
    move(page, 35 / 60)
    assert number(numbers(page)["loss"]) == 30
    assert drawn(page, "loss", "at-a") == {"x": [29], "y": [30]}


@pytest.fixture(scope="module")
def logging_runs(tmp_path_factory):
    """A page of two loops that log an accuracy and lower their learning rate, and both traces."""
    import torch
    from gradreel.core.recording.recording import record

    folder, traces = tmp_path_factory.mktemp("logging"), []
    for name, base in (("first", 0.1), ("second", 0.2)):
        model = torch.nn.Linear(1, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=base)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        with record(model, optimizer, folder / name) as recording:
            for k in range(60):
                optimizer.zero_grad()
                model(torch.ones(1, 1)).square().sum().backward()
                optimizer.step()
                schedule.step()
                recording.log(loss=1.0 / (k + 1), val_accuracy=0.5 + 0.4 * (k % 2))
        traces.append(Trace.open(folder / name))
    runs = [folder / "first", folder / "second"]
    result = gradreel("export", "run", *runs, "-o", folder / "runs.html", "--media_dir", folder)
    assert result.exit_code == 0, result.stderr
    return (folder / "runs.html").as_uri(), traces


def test_every_logged_number_is_listed_and_drawn_beside_the_other_runs(page, logging_runs):
    address, traces = logging_runs
    opened(page, address)
    move(page, 0.5)
    update = int(number(numbers(page)["updates made"]))
    rows = {row.locator("th").inner_text(): row.locator("td") for row in page.locator("#logged-rows tr").all()}
    assert list(rows) == ["val_accuracy", "learning rate"]
    for column, trace in enumerate(traces):
        _, values = trace.metrics["val_accuracy"]
        assert number(rows["val_accuracy"].nth(column).inner_text()) == pytest.approx(values[update - 1], rel=1e-5)
        assert number(rows["learning rate"].nth(column).inner_text()) == pytest.approx(trace.rates[update, 0], rel=1e-4)
    page.locator("#logged-series").select_option(label="learning rate")
    page.wait_for_function("() => document.getElementById('logged-name').textContent === 'learning rate'")
    for letter, trace in zip("ab", traces, strict=True):
        assert drawn(page, "logged-log", letter)["y"] == pytest.approx(trace.rates[:, 0].tolist(), rel=1e-5)
    assert drawn(page, "logged-log", "at-a")["x"] == [update]


def test_lines_are_smoothed_and_the_scale_is_chosen(page, logging_runs):
    address, (trace, _) = logging_runs
    opened(page, address)
    assert page.locator("#figure-loss-log").is_visible() and not page.locator("#figure-loss").is_visible()
    page.locator("#scale").select_option("linear")
    page.locator("#figure-loss").wait_for(state="visible")
    page.locator("#smoothing").select_option("5")
    wanted = [np.mean(trace.batch_loss[max(0, k - 4) : k + 1]) for k in range(60)]
    page.wait_for_function(
        "want => Math.abs(document.getElementById('figure-loss').bokeh.get_model_by_name('a').data.y[9] - want) < 1e-6",
        arg=wanted[9],
    )
    assert drawn(page, "loss", "a")["y"] == pytest.approx(wanted, rel=1e-5)
    assert drawn(page, "loss", "batch")["y"] == pytest.approx(trace.batch_loss.tolist(), rel=1e-5)


def test_omitted_parts_are_reported(page, desk, recorded):
    opened(page, (desk / "run.html").as_uri())
    said = page.locator("#thinned").inner_text().replace("\u2009", "")
    shown = page.evaluate("() => Number(document.getElementById('update').max) + 1")
    assert f"Of 301 recorded states of 300 updates {shown} are here" in said
    assert "Of 49 parameters 40 are listed" in said


def test_a_missing_file_of_a_run_is_reported(page, complaints, address, desk):
    folder = desk / "broken"
    shutil.copytree(desk / "page", folder, dirs_exist_ok=True)
    opened(page, (folder / "index.html").as_uri())
    for file in folder.glob("run-*.js"):
        file.unlink()
    page.locator("#run-a").select_option(index=1)
    page.get_by_role("alert").wait_for()
    assert "could not be read" in page.get_by_role("alert").inner_text()
    assert all("ERR_FILE_NOT_FOUND" in complaint for complaint in complaints)
    complaints.clear()
