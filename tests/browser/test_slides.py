"""Slides in a browser: a deck of six steps, whose beats have a colour each and a square that moves."""

from __future__ import annotations

import io
import re
import wave
from contextlib import chdir
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from gradreel.cli import commands
from PIL import Image

pytestmark = pytest.mark.slow

SCENES = """
from gradreel.scenes.base import LectureScene
from manim import BLUE, GREEN, RED, YELLOW, RIGHT, Scene, Square


def ground(colour):
    return Square(30, fill_opacity=1, stroke_width=0, color=colour)


class Walk(LectureScene):
    def construct(self):
        dot = Square(2, fill_opacity=1, stroke_width=0, color=YELLOW)
        for name, colour in (("one", RED), ("two", GREEN), ("three", BLUE)):
            with self.beat(name):
                self.add(ground(colour), dot)
                if name == "two":
                    self.add_sound("tone.wav")
                self.play(dot.animate.shift(1.5 * RIGHT), run_time=0.3)


class Plain(Scene):
    def construct(self):
        dot = Square(2, fill_opacity=1, stroke_width=0, color=RED)
        self.add(ground(YELLOW), dot)
        self.wait(0.3)
        for colour in (GREEN, BLUE):
            self.next_section("turn")
            self.add(ground(colour), dot)
            self.play(dot.animate.shift(RIGHT), run_time=0.3)
"""
HOSTILE = "</script><script>window.harmed = 1</script> \"'&amp; <b onclick=x> שלום"
WORDS = f"""
[en.walk]
title = '''{HOSTILE}'''
[en.walk.beats]
one = '''<b>One</b> שלום'''
two = "Two."
three = "Three, the last."
[zh.walk]
title = "走"
[zh.walk.beats]
one = "一。"
two = "二。"
three = "三，最后。"
"""
LESSON = f"""
title = {{ en = '''{HOSTILE}''', zh = "课" }}
narration = "words.toml"
[[scene]]
name = "own.py:Walk"
[[scene]]
name = "own.py:Plain"
"""
SMALL = ("--lesson", "small.toml", "-r", "320,180", "--fps", "10", "--voice", "en=en", "--voice", "zh=zh")
TONES = {"any": 300, "en": 440, "zh": 660}  # hertz, of what a scene adds and of its voices
PLACES = ["walk/one", "walk/two", "walk/three", "plain/autocreated", "plain/turn", "plain/turn-2"]
STILL = "#stage[data-phase=end] .shown"


def write_project(folder: Path) -> None:
    for name, text in (("own.py", SCENES), ("words.toml", WORDS), ("small.toml", LESSON)):
        (folder / name).write_text(text, encoding="utf-8")
    write_tone(folder / "tone.wav", TONES["any"])
    for language in "en", "zh":
        for beat in "one", "two", "three":
            write_tone(folder / language / "walk" / f"{beat}.wav", TONES[language])


def write_tone(file: Path, hertz: int) -> None:
    """Three tenths of a second."""
    file.parent.mkdir(parents=True, exist_ok=True)
    samples = (np.sin(2 * np.pi * hertz * np.arange(14_400) / 48_000) * 9000).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1), out.setsampwidth(2), out.setframerate(48_000)
        out.writeframes(samples.tobytes())


@pytest.fixture(scope="module")
def small(tmp_path_factory, quickly):
    """The lesson in a folder, exported: ``one`` and ``folder`` are pages, ``ends`` what its film shows as steps end."""
    place = tmp_path_factory.mktemp("slides")
    write_project(place)

    def gradreel(*arguments):
        with chdir(place), quickly():
            result = CliRunner().invoke(commands, [*arguments, *SMALL], catch_exceptions=False)
        assert result.exit_code == 0, result.stderr
        return place / result.stdout.strip()

    one, folder = gradreel("export", "slides"), gradreel("export", "slides", "--folder")
    film = gradreel("render")
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    lengths = [int(length) for length in re.findall(r'data-frames="(\d+)"', folder.read_text("utf-8"))]
    assert sum(lengths) == len(pictures)
    return SimpleNamespace(one=one, folder=folder, ends=[pictures[end - 1] for end in np.cumsum(lengths)])


@pytest.fixture
def one_deck(small, page):
    """The page opened, in one file; it shows the first frame."""
    return opened(page, small.one)


@pytest.fixture
def folder_deck(small, page):
    """The same, as a folder."""
    return opened(page, small.folder)


def opened(page, file):
    page.set_viewport_size({"width": 320, "height": 180})
    page.goto(file.as_uri())
    page.wait_for_selector("#stage .shown")
    page.evaluate("hint(false)")  # as after the first key: the picture fills the window
    return page


def place_of(page):
    return page.url.partition("#")[2]


def stands_at(page, small, number):
    """Return whether the page shows the end of step ``number``, by its address and its picture."""
    page.wait_for_selector(STILL)
    page.wait_for_function("place => location.hash === '#' + place", arg=PLACES[number - 1])
    for _ in range(150):  # a busy machine paints a frame later than the page has sought it
        if np.abs(picture(page) - small.ends[number - 1]).mean() < 4:
            return True
        page.wait_for_timeout(100)
    return False


def picture(page):
    """Return the page's picture without bar and notes, (180, 320, 3)."""
    hidden = "#bar, #note { visibility: hidden }"
    return np.asarray(Image.open(io.BytesIO(page.screenshot(style=hidden))).convert("RGB")).astype(float)


def keep_what_is_heard(page):
    """`sounding` is the file that is heard; `heard` has all that were."""
    page.evaluate("sound.addEventListener('playing', () => { (window.heard ??= []).push(sounding) })")


def heard_in(page):
    """Return the sounds played since the last call, and the error of the sound if any."""
    return page.evaluate("[window.heard?.splice(0) ?? [], sound.error]")


def test_each_step_plays_and_stops_at_its_last_frame_and_its_sound_is_in_the_single_file(one_deck, small):
    keep_what_is_heard(one_deck)
    first = picture(one_deck)
    assert [np.abs(first - end).mean() < 4 for end in small.ends] == [False] * len(PLACES)
    for number in range(1, len(PLACES) + 1):
        one_deck.keyboard.press("Space")
        assert one_deck.get_attribute("#stage", "data-phase") == "playing"
        assert stands_at(one_deck, small, number)
    one_deck.keyboard.press("Space")
    assert stands_at(one_deck, small, len(PLACES)), "after the last there is none"
    assert heard_in(one_deck) == [["002-any.m4a"], None]


def test_back_shows_the_end_of_the_previous_step_and_forward_while_playing_jumps_to_the_end(one_deck, small):
    one_deck.keyboard.press("PageDown")
    one_deck.keyboard.press("PageDown")
    assert stands_at(one_deck, small, 1)
    one_deck.keyboard.press("ArrowRight")
    one_deck.keyboard.press("ArrowRight")
    assert stands_at(one_deck, small, 2)
    one_deck.keyboard.press("ArrowLeft")
    assert stands_at(one_deck, small, 1)
    one_deck.keyboard.press("ArrowRight")
    assert stands_at(one_deck, small, 2), "it has played again"
    for _ in range(5):
        one_deck.keyboard.press("PageUp")
    one_deck.wait_for_selector("#stage[data-phase=start] .shown")


def test_a_number_and_the_overview_and_an_address_lead_to_a_step(one_deck, small):
    for key in "4", "Enter":
        one_deck.keyboard.press(key)
    assert stands_at(one_deck, small, 4)
    for key in "9", "9", "Enter":
        one_deck.keyboard.press(key)
    assert stands_at(one_deck, small, 6)
    one_deck.keyboard.press("o")
    one_deck.locator("#steps .step").nth(1).click()
    assert stands_at(one_deck, small, 2)
    one_deck.evaluate("location.hash = 'plain'")
    assert stands_at(one_deck, small, 4), "a scene's name alone is its first step"
    one_deck.keyboard.press("Home")
    one_deck.wait_for_selector("#stage[data-phase=start] .shown")


def test_the_slides_begin_at_the_last_position_or_at_the_address(one_deck, small, context):
    for key in "2", "Enter", "l":
        one_deck.keyboard.press(key)
    assert stands_at(one_deck, small, 2)
    one_deck.close()
    again = opened(context.new_page(), small.one)
    assert stands_at(again, small, 2)
    assert again.locator("#title").text_content() == "走", "and in the language that it was in"
    again.goto(f"{small.one.as_uri()}#walk/three")
    assert stands_at(again, small, 3)


def test_the_slides_begin_in_the_language_of_their_pictures(small, page, tmp_path):
    chinese = tmp_path / "slides.html"
    chinese.write_text(small.one.read_text("utf-8").replace('<html lang="en">', '<html lang="zh">'), "utf-8")
    opened(page, chinese)
    assert page.locator("#title").text_content() == "走"
    assert page.locator("#language").input_value() == "zh"


def test_swipes_taps_and_buttons_act_like_keys(one_deck, small):
    one_deck.set_viewport_size({"width": 320, "height": 180})
    one_deck.mouse.click(200, 60)
    one_deck.mouse.click(200, 60)
    assert stands_at(one_deck, small, 1)

    def swipe(start, end):
        one_deck.mouse.move(start, 60)
        one_deck.mouse.down()
        one_deck.mouse.move(end, 60)
        one_deck.mouse.up()

    swipe(200, 100)
    assert stands_at(one_deck, small, 2)
    swipe(100, 200)
    assert stands_at(one_deck, small, 1)
    one_deck.mouse.click(20, 60)
    one_deck.wait_for_selector("#stage[data-phase=start]")
    one_deck.click("[data-do=forward]")
    assert stands_at(one_deck, small, 1)


def test_after_a_click_on_a_button_space_still_advances(one_deck, small):
    for number, button in enumerate(("[data-do=sound] svg", "[data-do=help]"), 1):
        one_deck.locator(button).click()
        one_deck.keyboard.press("Escape")
        one_deck.wait_for_function("() => document.activeElement === document.body")
        one_deck.keyboard.press("Space")
        assert stands_at(one_deck, small, number)


def test_a_dark_screen_is_black_in_any_theme_and_a_step_ends_it(one_deck, small):
    one_deck.evaluate("root.style.setProperty('--background', '#fff')")
    for key in "c", "b":
        one_deck.keyboard.press(key)
    assert picture(one_deck).max() == 0
    for key in "c", "Space":
        one_deck.keyboard.press(key)
    assert stands_at(one_deck, small, 1)


def test_the_help_closes_by_its_button_by_a_click_beside_it_and_from_the_speakers_window(one_deck, context):
    speaker = speakers_window(one_deck, context)
    for close in (
        lambda: one_deck.locator("dialog button").click(),
        lambda: one_deck.mouse.click(2, 2),
        lambda: speaker.keyboard.press("Escape"),
        lambda: speaker.keyboard.press("Space"),
    ):
        speaker.keyboard.press("h")
        assert one_deck.locator("dialog").is_visible()
        close()
        assert not one_deck.locator("dialog").is_visible()
    assert one_deck.get_attribute("#stage", "data-phase") == "start"


def speakers_window(page, context):
    """Press S and return the speaker's window that opens."""
    with context.expect_page() as found:
        page.keyboard.press("s")
    return found.value


def test_f5_of_a_remote_loads_neither_window_again(one_deck, context):
    press = "document.dispatchEvent(new KeyboardEvent('keydown', { key: 'F5', cancelable: true }))"
    assert [page.evaluate(press) for page in (one_deck, speakers_window(one_deck, context))] == [False, False]


def test_s_reopens_the_speakers_window_after_a_reload(one_deck, small, context):
    lost = speakers_window(one_deck, context)
    lost.reload()
    one_deck.keyboard.press("Space")
    assert stands_at(one_deck, small, 1)
    assert speakers_window(one_deck, context).locator(".said").count() == 2
    assert lost.is_closed()


def test_after_a_click_in_the_speakers_window_space_still_advances(one_deck, small, context):
    speaker = speakers_window(one_deck, context)
    speaker.locator(".top button").click()
    speaker.keyboard.press("Space")
    assert stands_at(one_deck, small, 1)


def test_the_speakers_window_shows_words_next_step_and_clock_and_controls_the_slides(one_deck, small, context):
    speaker = speakers_window(one_deck, context)
    speaker.locator(".foot button").nth(1).click()
    assert stands_at(one_deck, small, 1)
    assert speaker.locator(".said").all_text_contents() == ["<b>One</b> שלום", "Two."]
    assert speaker.locator("img").nth(1).get_attribute("src") == picture_of(one_deck, 2)
    speaker.keyboard.press("ArrowRight")
    assert stands_at(one_deck, small, 2)
    assert speaker.locator(".said").all_text_contents() == ["Two.", "Three, the last."]
    assert re.search(r"0:0\d.*\d\d?:\d\d", speaker.locator(".top").text_content())
    speaker.locator("select").select_option("zh")
    assert speaker.locator(".said").all_text_contents() == ["二。", "三，最后。"]
    assert one_deck.locator("#title").text_content() == "走"
    one_deck.close()
    speaker.wait_for_event("close") if not speaker.is_closed() else None


def picture_of(page, number):
    return page.locator("#steps img").nth(number - 1).get_attribute("src")


def test_words_are_shown_in_one_language_at_a_time(one_deck):
    for key in "2", "Enter", "c":
        one_deck.keyboard.press(key)
    assert one_deck.locator("#words").text_content() == "Two."
    one_deck.keyboard.press("l")
    assert one_deck.locator("#words").text_content() == "二。"
    one_deck.keyboard.press("o")
    headings = one_deck.locator("h2 > :visible").all_text_contents()
    assert headings[0] == "走"
    assert len(headings) == 2


def test_markup_in_a_lessons_text_is_shown_as_text(one_deck):
    assert one_deck.title() == HOSTILE
    assert one_deck.locator("#title").text_content() == HOSTILE
    one_deck.keyboard.press("Space")
    one_deck.keyboard.press("c")
    assert one_deck.locator("#words").text_content() == "<b>One</b> שלום"
    assert one_deck.evaluate("[window.harmed, document.querySelectorAll('[onclick]').length]") == [None, 0]


def test_a_step_has_its_sound_and_its_words_in_each_language(small):
    def heard(name):
        with av.open(str(small.folder.with_name(name))) as container:
            samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
        seconds = np.pad(samples, (0, -len(samples) % 48_000)).reshape(-1, 48_000)
        strength = np.abs(np.fft.rfft(seconds)).max(axis=0)  # the film's first second has no word
        return [tone for tone, hertz in TONES.items() if strength[hertz - 3 : hertz + 4].max() > strength.max() / 10]

    sounds = [file.name for file in small.folder.parent.glob("*.m4a")]
    assert sorted(sounds) == ["001-en.m4a", "001-zh.m4a", "002-any.m4a", *(f"00{n}-{code}.m4a" for n in (2, 3)
                              for code in ("en", "zh"))]  # fmt: skip
    assert [heard(f"00{number}-zh.m4a") for number in (1, 2, 3)] == [["zh"], ["any", "zh"], ["zh"]]
    assert heard("001-en.m4a") == ["en"]
    assert heard("002-any.m4a") == ["any"]


def test_a_step_is_heard_without_a_voice_or_in_a_language_or_not_at_all(folder_deck, small):
    keep_what_is_heard(folder_deck)

    def play(number):
        for key in "Home", str(number), "Enter", "r":
            folder_deck.keyboard.press(key)
        folder_deck.wait_for_selector("#stage[data-phase=playing]")
        assert stands_at(folder_deck, small, number)
        return heard_in(folder_deck)

    assert [play(number) for number in (1, 2)] == [[[], None], [["002-any.m4a"], None]]
    folder_deck.keyboard.press("v")
    assert play(3) == [["003-en.m4a"], None]
    folder_deck.keyboard.press("v")
    assert play(3) == [["003-zh.m4a"], None]
    folder_deck.keyboard.press("v")
    assert play(2) == [[], None]


def test_a_voice_chosen_in_a_pause_waits_for_its_end(folder_deck):
    keep_what_is_heard(folder_deck)
    for key in "1", "Enter":
        folder_deck.keyboard.press(key)
    folder_deck.wait_for_selector(STILL)
    folder_deck.evaluate("""async () => {
        commands.again()
        await new Promise(playing => { player(here).view.onplaying = playing })
        commands.pause()
        commands.sound()
        await new Promise(go => setTimeout(go, 300))
    }""")
    assert heard_in(folder_deck) == [[], None]
    folder_deck.keyboard.press("p")
    folder_deck.wait_for_selector(STILL)
    assert heard_in(folder_deck) == [["001-en.m4a"], None]


def test_a_print_has_one_page_for_each_step_with_its_words(one_deck):
    paper = one_deck.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", paper)) == len(PLACES)
    one_deck.emulate_media(media="print")
    assert one_deck.locator(".step p:visible").all_text_contents() == ["<b>One</b> שלום", "Two.", "Three, the last."]
    assert one_deck.locator(".step img:visible").count() == len(PLACES)


def test_without_scripts_the_slides_show_pictures_and_words(browser, small):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(small.one.as_uri())
    assert page.locator(".step img:visible").count() == len(PLACES)
    assert page.locator(".step p:visible").all_text_contents()[:2] == ["<b>One</b> שלום", "一。"]
    context.close()


def test_steps_play_even_if_the_browser_limits_changes_of_the_address(one_deck, small):
    one_deck.evaluate("() => { history.replaceState = () => { throw new DOMException('', 'SecurityError') } }")
    one_deck.keyboard.press("Space")
    one_deck.wait_for_selector(STILL)
    assert np.abs(picture(one_deck) - small.ends[0]).mean() < 4


def test_the_slides_start_with_the_first_picture_without_waiting_for_video_data(small, page):
    page.add_init_script("addEventListener('loadeddata', event => event.stopImmediatePropagation(), true)")
    opened(page, small.one)
    corner = picture(page)[0, 0] - small.ends[0][0, 0]
    assert np.abs(corner).max() < 10
    page.keyboard.press("Space")
    assert stands_at(page, small, 1)


def test_a_browser_that_cannot_play_the_films_shows_their_last_pictures_and_says_why(small, page, complaints):
    page.route(re.compile(r"\.mp4$"), lambda route: route.abort())
    opened(page, small.folder)
    assert "H.264" in page.locator("#note").text_content()
    page.keyboard.press("Space")
    assert stands_at(page, small, 1)
    page.keyboard.press("Space")
    assert stands_at(page, small, 2)
    assert {complaint for complaint in complaints if "ERR_FAILED" not in complaint} == set()
    complaints.clear()


SIZES = [(1280, 800), (820, 1180), (375, 812)]
ALL_OF_AXE = {"preload": False, "resultTypes": ["violations"]}  # it would ask for style sheets again, from a file


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_axe_finds_nothing_in_slides_overview_help_and_speakers_window(page, small, context, size):
    def check(where):
        found = Axe().run(where, options=ALL_OF_AXE)
        assert found.violations_count == 0, found.generate_report()

    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(small.one.as_uri())
    page.wait_for_selector("#stage .shown")
    check(page)  # with the hint
    page.keyboard.press("Space")
    page.wait_for_selector(STILL)
    page.keyboard.press("c")
    check(page)
    speaker = speakers_window(page, context)
    speaker.set_viewport_size({"width": size[0], "height": size[1]})
    check(speaker)
    page.keyboard.press("o")
    check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    check(page)


@pytest.mark.parametrize("size", SIZES[1:], ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_bar_stays_on_an_upright_screen(page, small, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(small.one.as_uri())
    page.wait_for_selector("#stage .shown")
    page.keyboard.press("Space")
    page.wait_for_selector("html.resting")
    page.wait_for_timeout(300)  # longer than a transition
    assert page.evaluate("getComputedStyle(document.getElementById('bar')).opacity") == "1"


def test_a_first_visit_shows_a_hint_on_keys_until_a_key_is_pressed(page, small, context):
    page.set_viewport_size({"width": 640, "height": 360})
    page.goto(small.one.as_uri())
    page.wait_for_selector("#stage .shown")
    page.wait_for_selector("html.resting")
    assert "→" in page.locator("#hint").inner_text()
    stage, hint, bar = (page.locator(place).bounding_box() for place in ("#stage", "#hint", "#bar"))
    assert stage["y"] + stage["height"] <= hint["y"], "it covers nothing of the picture"
    assert hint["y"] + hint["height"] <= bar["y"]
    assert page.evaluate("getComputedStyle(document.getElementById('bar')).opacity") == "1"
    page.keyboard.press("Space")
    assert not page.locator("#hint").is_visible()
    page.close()
    again = context.new_page()
    again.goto(small.one.as_uri())
    again.wait_for_selector("#stage .shown")
    assert not again.locator("#hint").is_visible()


def test_on_a_touch_screen_the_hint_is_about_taps_and_a_tap_closes_it(browser, small):
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(small.one.as_uri())
    page.wait_for_selector("#stage .shown")
    hint = page.locator("#hint")
    assert hint.is_visible() and "→" not in hint.inner_text()
    page.touchscreen.tap(250, 100)
    page.wait_for_selector(STILL)
    assert not hint.is_visible()
    assert place_of(page) == PLACES[0]
    context.close()


def test_whoever_wants_little_motion_sees_the_ends_of_steps_and_r_plays_one(page, small):
    page.emulate_media(reduced_motion="reduce")
    opened(page, small.one)
    page.evaluate("() => { window.played = 0; addEventListener('play', () => { window.played += 1 }, true) }")
    for number in (1, 2):
        page.keyboard.press("Space")
        assert stands_at(page, small, number)
    assert page.evaluate("window.played") == 0
    page.keyboard.press("r")
    page.wait_for_function("window.played === 1")
    assert stands_at(page, small, 2)


def test_the_overview_has_a_button_for_each_step_and_says_which_is_shown(one_deck, small):
    for key in "2", "Enter", "o":
        one_deck.keyboard.press(key)
    steps = one_deck.get_by_role("button", name=re.compile("^[1-6]\\. "))
    assert steps.count() == len(PLACES)
    assert [steps.nth(k).get_attribute("aria-current") for k in range(3)] == [None, "step", None]
    assert "Two." in steps.nth(1).get_attribute("aria-label")
    steps.nth(2).press("Space")
    assert stands_at(one_deck, small, 3)
    assert one_deck.locator("#steps [role=button]").count() == 0
