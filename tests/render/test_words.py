"""Tests that words are checked against the scenes' sources, which are read but never played."""

from __future__ import annotations

from pathlib import Path

import pytest
from gradreel.core.errors import UserError
from gradreel.render.lessons.own_words import (
    brackets_as_text,
    check_words,
    fields_of,
    left_in_other_languages,
    marks_placed,
    word_requests,
)
from gradreel.render.lessons.said_in_place import check_said, said_marks_placed
from gradreel.scenes.catalog import beat_names, find_scenes, resolve
from gradreel.scenes.words.narration import Narration, OwnWords

SCENES = """
from gradreel.scenes.base import LectureScene
from gradreel.scenes.lecture.curves.build_curve import BuildCurve


class Mine(LectureScene):
    def construct(self):
        with self.beat("one" if self.parameters else "other", count=3):
            pass
        for k in range(2):
            with self.beat(name=f"piece-{k}-of", k=k):
                pass
        values = {"loss": 1}
        with self.beat("end", **values):
            pass
        with self.beat("said", say="In place."):
            pass
        self.ask("named")

    def ask(self, name):
        with self.beat(name, size=self.screen("size", unit="m")):
            pass


class Steps(LectureScene):
    def construct(self):
        with self.beat("step-1"):
            pass
        with self.beat("step-2"):
            pass
        with self.beat("formula", "Here is a parabola."):
            pass


class SumOfSigmoids(LectureScene):
    def construct(self):
        with self.beat("add-up"):
            pass
        with self.beat("mine"):
            pass


class Shorter(BuildCurve):
    def construct(self):
        with self.beat("general"):
            pass
"""
MINE = {"one": "{count}", "other": "", "piece-1-of": "{k}", "piece-2-of": "{k}", "end": "{loss}, {anything}"}


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(SCENES, encoding="utf-8")
    return lambda name: resolve(f"{tmp_path / 'mine.py'}:{name}")


def fault(scenes, *sources) -> str:
    """Return the error for English words of these scenes; "" if there is none."""
    try:
        check_words(OwnWords(Path("words.toml"), {"en": scenes}), sources)
    except UserError as error:
        return str(error)
    return ""


def test_requested_words_are_read_from_a_scenes_source(mine):
    requests = word_requests(mine("Mine"))
    assert {(request.table, request.written, *request.fields) for request in requests} == {
        ("beats", "one", "count"),
        ("beats", "other", "count"),
        ("beats", "piece-{k}-of", "k"),
        ("beats", "end"),
        ("beats", "said"),
        ("beats", "", "size"),
        ("screen", "size", "unit"),
    }
    assert [request.written for request in requests if request.has_open_fields] == ["end"]
    assert [request.written for request in requests if request.has_line] == ["said"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("none, {{not}} {a} and {b:.2f}", ["a", "b"]),
        ("{a.b[0]} {c!r} {d:{width}}", ["a", "c", "d", "width"]),
        ("{} {0}", ["", "0"]),
    ],
)
def test_fields_of_a_line(text, fields):
    assert fields_of(text) == fields


def test_words_that_fit(mine):
    assert fault({"mine": {"beats": MINE, "screen": {"size": "{unit}", "elsewhere": "{x}"}}}, mine("Mine")) == ""
    assert fault({"mine": {"beats": MINE | {"by-a-name": "{size}"}}}, mine("Mine")) == "", "a name it does not tell"
    assert fault({"build-curve": {"beats": {"piece-3": "{piece}, {start:en-th}"}, "screen": {"gap": "off"}}}) == ""
    assert fault({"steps": {"beats": {"step": "A step."}}}, mine("Steps")) == "", "a number falls back to none"
    assert fault({"steps": {"beats": {"step-1": "A.", "step-2": "B."}}}, mine("Steps")) == ""
    assert fault({"part-map": {"screen": {"loss": "The loss"}}}) == "", "words that several scenes have"
    assert fault({}, mine("Shorter")) == "", "a scene that is derived from ours has its words"
    assert fault({"shorter": {"beats": {"general": "Any curve."}}}, mine("Shorter")) == "", "what it does not play"


@pytest.mark.parametrize(
    ("scenes", "expected"),
    [
        ({"mine": {"beats": MINE | {"one": "{cuont}"}}}, "[en.mine]: beat 'one' wants {cuont}, and the scene gives "),
        ({"mine": {"beats": {"one": "{count}"}}}, "[en.mine]: it has no line for beat 'other'"),
        ({"mine": {"beats": {"one": "{count}"}}}, "[en.mine]: it has no line for beat 'piece-{k}-of'"),
        ({"mine": {"beats": MINE | {"said": "x"}}}, "[en.mine]: beat 'said' has its line in the scene's source"),
        ({"mien": {}, "mine": {"beats": MINE}}, "[en.mien]: there is no such scene; did you mean mine?"),
        ({}, "there is no [en.mine.beats]: beat 'one' has no line, and the scene says none"),
        ({"gradient-descent": {"beats": {"arrival": "{lsos}"}}}, "wants {lsos}, and the scene gives"),
        ({"build-curve": {"beats": {"piece-1": "{rest}"}}}, "beat 'piece-1' wants {rest}, and the scene gives way_en"),
        ({"build-curve": {"beats": {"shape-2": "x"}}}, "build-curve has no beat 'shape-2'; it has curve, "),
        ({"build-curve": {"beats": {"constant-1": "x"}}}, "build-curve has no beat 'constant-1'"),
        ({"build-curve": {"screen": {"gap-2": "x"}}}, "build-curve has no screen text 'gap-2'"),
        ({"part-map": {"screen": {"loss-2": "x"}}}, "part-map has no screen text 'loss-2'"),
        ({"deeper-and-deeper": {"beats": {"nowhere": "x"}}}, "deeper-and-deeper has no beat 'nowhere'"),
        ({"relu": {"spoken": {"none": "x"}}}, "relu has no spoken beat 'none'; it has map, "),
        ({"relu": {"spoken": {"two": "{many}"}}}, "spoken beat 'two' wants {many}, and the scene gives no fields"),
        ({"part-map": {"screen": {"lost": "x"}}}, "part-map has no screen text 'lost'"),
    ],
)  # fmt: skip
def test_words_that_do_not_fit_are_named(mine, scenes, expected):
    message = fault(scenes, mine("Mine"))
    assert message.startswith("words.toml: ")
    assert expected in message


def test_all_our_lines_are_requested_and_every_beat_has_one():
    narration = Narration.load()
    check_words(OwnWords(Path("ours.toml"), narration.scenes), ())
    for source in find_scenes():
        requests = [request for request in word_requests(source) if request.table == "beats"]
        played = {request.written for request in requests} & set(beat_names(source))
        for language in narration.languages:
            lines = narration.scenes[language].get(source.name, {}).get("beats", {})
            unspoken = [beat for beat in played if beat and "{" not in beat and beat not in lines]
            assert unspoken == [], f"{source.name} has no line in {language}"
            if all(request.written for request in requests):
                silent = [key for key in lines if key not in played and not any("{" in beat for beat in played)]
                assert silent == [], f"{source.name} never says this in {language}"


def test_a_users_scene_named_like_ours_has_our_lines_and_needs_its_own(mine):
    message = fault({"sum-of-sigmoids": {"title": "Sums"}}, mine("SumOfSigmoids"))
    assert message == "words.toml: [en.sum-of-sigmoids]: it has no line for beat 'mine'"
    assert fault({"sum-of-sigmoids": {"beats": {"mine": "My own."}}}, mine("SumOfSigmoids")) == ""


def test_a_line_in_the_source_may_be_the_second_argument(mine):
    assert [request.written for request in word_requests(mine("Steps")) if request.has_line] == ["formula"]
    assert fault({}, mine("Steps")).count("has no line") == 2
    message = fault({"steps": {"beats": {"step": "A step.", "formula": "Another."}}}, mine("Steps"))
    assert "beat 'formula' has its line in the scene's source" in message


def test_a_line_changed_in_only_one_language_is_named_with_the_other():
    changed = {"en": {"build-curve": {"beats": {"constant": "A line.", "piece-2": "More.", "all": "All."}}}}
    kept = "words.toml: [zh.build-curve.beats] has no constant, piece-2, changed in another language: the subtitles in"
    changed["zh"] = {"build-curve": {"beats": {"all": "好。"}, "title": "线"}, "line": {"beats": {"end": "完。"}}}
    words = OwnWords(Path("words.toml"), changed)
    assert left_in_other_languages(words, ["build-curve"]) == [f"{kept} zh keep our line"]
    changed["zh"]["build-curve"]["beats"] |= {"constant": "线。", "piece-2": "还有。"}
    assert left_in_other_languages(words, ["build-curve"]) == []


def test_words_of_a_users_scene_are_not_mixed_with_our_lines():
    words = OwnWords(Path("words.toml"), {"en": {"mine": {"beats": {"one": "One."}}, "line": {"title": "A line"}}})
    assert left_in_other_languages(words, ["mine", "line"]) == []


def marks(language: str = "en", **beats: str) -> str:
    try:
        check_words(OwnWords(Path("words.toml"), {language: {"build-curve": {"beats": beats}}}), ())
    except UserError as error:
        return str(error)
    return ""


def test_a_line_may_have_all_our_marks_some_or_none():
    for line in ("None.", "Some [sum]of them.", "All [flat]of [sum]them."):
        assert marks(**{"piece-1": line}) == ""
    assert marks("zh", **{"piece-1": "先[flat]平。"}) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("It is [flta]flat.", "waits for [flat], [sum], not for [flta]; did you mean [flat]?"),
        ("It is [nothing]like it.", "not for [nothing]; leave it out"),
        ("A [sum]b [flat]c.", "in the order sum, flat, and in another line of this beat in the order flat, sum"),
        ("A [flat]b [flat]c.", "a mark comes twice (flat, flat)"),
    ],
)
def test_marks_that_do_not_match_are_named(line, expected):
    message = marks(**{"piece-1": line})
    assert message.startswith("words.toml: [en.build-curve]: beat 'piece-1'")
    assert expected in message


def test_a_mark_in_a_users_scene_is_checked_against_its_source(tmp_path):
    def told(until, line):
        (tmp_path / "mine.py").write_text(
            "from gradreel.scenes.base import LectureScene\nclass Mine(LectureScene):\n    def construct(self):\n"
            f'        with self.beat("one"):\n            self.until({until})\n'
        )
        return fault({"mine": {"beats": {"one": line}}}, resolve(f"{tmp_path / 'mine.py'}:Mine"))

    assert "waits for [half], not for [hafl]; did you mean [half]?" in told('"half"', "A [hafl]b.")
    assert told('"half"', "A [half]b, [end]c.") == "", "one more mark harms nobody"
    assert told("self.name", "A [hafl]b.") == "", "the source does not tell"


WAITS = """
from gradreel.scenes.base import LectureScene


class Waits(LectureScene):
    def construct(self):
        with self.beat("one"):
            self.until("move")
"""
MISSPELT = ["[Move]", "[ move]", "[move-]", "[mo_ve]", "[move ", "move]", "［move］", "【Move】", "[move)"]


@pytest.fixture
def waits(tmp_path):
    """Return a function: of a line, it returns a user's words with that line and a scene that waits for ``[move]``."""
    (tmp_path / "waits.py").write_text(WAITS)
    source = resolve(f"{tmp_path / 'waits.py'}:Waits")
    return lambda line: (OwnWords(Path("words.toml"), {"en": {"waits": {"beats": {"one": line}}}}), source)


@pytest.mark.parametrize("written", MISSPELT)
def test_a_bracket_that_misspells_an_awaited_mark_is_refused(waits, written):
    words, source = waits(f"It stands, {written}and moves.")
    with pytest.raises(UserError, match=r"did you mean \[move\]"):
        check_words(words, [source])


def test_a_bracket_that_misspells_a_mark_of_our_line_is_refused():
    assert "did you mean [flat]?" in marks(**{"piece-1": "It is [Flat]flat."})


@pytest.mark.parametrize("written", ["[0, 1]", "[0, 1)", "[a, b]", "[moved away]", "[move]", "[{move}]", "(move)"])
def test_other_brackets_are_no_fault(waits, written):
    words, source = waits(f"It stands, {written} and moves.")
    requested = WAITS.replace('"one"', '"one", move=1')
    source.file.write_text(requested)
    check_words(words, [source])


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("It [see below] moves.", True),
        ("It [see below][move]moves.", False),
        ("It is in [0, 1].", False),
        ("It.", False),
    ],
)
def test_a_bracketed_text_where_a_mark_is_awaited_is_told(waits, line, is_told):
    words, source = waits(line)
    told = brackets_as_text(words, [source], ["en"])
    assert ("[see below] in waits/one" in told) if is_told else told == ""


@pytest.mark.parametrize(
    ("beats", "message"),
    [
        ({"piece-one": "x"}, "did you mean piece-1?"),
        ({"constnat": "x"}, "did you mean constant?"),
        ({"rest": "{rest:enn}"}, "cannot be filled in: {rest:enn}"),
        ({"rest": "{rest.size}"}, "cannot be filled in: {rest.size}"),
    ],
)
def test_a_misspelt_beat_and_a_form_that_nothing_has_are_named(beats, message):
    assert message in marks(**beats)


def test_a_counted_beat_is_not_mistaken_for_one_with_a_similar_name(tmp_path):
    (tmp_path / "mine.py").write_text(
        "from gradreel.scenes.base import LectureScene\nclass Mine(LectureScene):\n    def construct(self):\n"
        "        for k in range(3):\n            with self.beat(f'step-{k + 1}'):\n                pass\n"
        "        for name in ('a', 'b'):\n            with self.beat(f'part-{name}'):\n                pass\n"
    )
    mine = resolve(f"{tmp_path / 'mine.py'}:Mine")
    lines = {"step": "A step.", "part": "A part."}
    assert fault({"mine": {"beats": lines | {"step-2": "x", "part-b": "x"}}}, mine) == ""
    assert "has no beat 'step-two'" in fault({"mine": {"beats": lines | {"step-two": "x"}}}, mine)


def test_marks_placed_in_another_language_are_reported_once():
    words = OwnWords(
        Path("words.toml"),
        {"en": {"build-curve": {"beats": {"piece-1": "A [flat]b [sum]c.", "heights": "A [at]b."}}},
         "zh": {"build-curve": {"beats": {"piece-1": "一二三。", "heights": "一[everywhere]二。"}}}},
    )  # fmt: skip
    told = marks_placed(words, ["build-curve"])
    assert told.count("words.toml") == 1
    assert "in zh of build-curve/piece-1, build-curve/heights" in told and "in en of build-curve/heights" in told
    assert marks_placed(words, ["relu"]) == ""


SAYING = """
from gradreel.scenes.base import LectureScene


class Saying(LectureScene):
    def construct(self):
        for k in range(2):
            with self.beat(f"rise-{k}", say=SAY):
                self.until("wait")
"""


@pytest.fixture
def saying(tmp_path):
    """``saying('{"en": "It rises."}')``: a scene whose beats say this."""

    def write(say):
        (tmp_path / "saying.py").write_text(SAYING.replace("SAY", say), encoding="utf-8")
        return resolve(f"{tmp_path / 'saying.py'}:Saying")

    return write


@pytest.mark.parametrize(
    ("say", "message"),
    [
        ('{"fr": "Il monte."}', "no language 'fr'"),
        ('{"en": "It [up]rises, [down]falls.", "zh": "[down]落，[up]升。"}', "en: up, down; zh: down, up"),
        ('{"en": f"It [up]rises {k} [up]times."}', "a mark comes twice (up, up)"),
        ("{}", "texts by language"),
        ('{"en": "It [Up]rises.", "zh": "[up]升。"}', "did you mean [up]?"),
        ('f"It [Wait]rises {k} times."', "did you mean [wait]?"),
    ],
)
def test_lines_in_a_scenes_source_are_checked_before_it_plays(saying, say, message):
    with pytest.raises(UserError) as raised:
        check_said([saying(say)])
    assert "saying: beat 'rise-{k}'" in str(raised.value) and message in str(raised.value)


@pytest.mark.parametrize(
    ("say", "placed_in"),
    [
        ('{"en": "It [up]rises.", "zh": "升。"}', "zh"),
        ('{"en": f"It rises {self.x[k]}.", "zh": f"[up]升。"}', "en"),
        ('{"en": "It [up]rises.", "zh": "[up]升。"}', ""),
        ('{"en": "It [up]rises."}', ""),
        ('"It [up]rises."', ""),
        ('{"en": self.line, "zh": "[up]升。"}', ""),
    ],
)
def test_marks_missing_in_one_language_of_a_line_in_the_source_are_reported(saying, say, placed_in):
    source = saying(say)
    check_said([source])
    told = said_marks_placed([source], ("en", "zh"))
    assert (f"in {placed_in} of saying/rise-" in told) if placed_in else told == ""
    assert said_marks_placed([source], ("en",)) == ""
