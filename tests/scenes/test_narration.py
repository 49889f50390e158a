import json
import re
import time
import unicodedata
from itertools import pairwise
from string import Formatter

import pytest
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.videos.subtitles import TimedLine, cues
from gradreel.scenes.base import HOLD, PAUSES
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import cut
from gradreel.scenes.words.narration import NEUTRAL, Narration, NarrationError, OwnWords
from gradreel.scenes.words.subtitle_timing import reading_seconds, split_cues, timed_cues
from hypothesis import given
from hypothesis import strategies as st

LIMITS = {"en": (42, 17), "zh": (16, 9)}
ZH_LETTERS = "梯度下降的一步损失函数了和是，。：；！“”（）…—θ3.5sigmoid 七 "
EN_LETTERS = "abcdefgh iklmno . , ; : ! ? — ( ) 0123 θ' -"
languages = st.sampled_from(["en", "zh"])
any_text = st.one_of(
    st.text(st.sampled_from(ZH_LETTERS), max_size=120),
    st.text(st.sampled_from(EN_LETTERS), max_size=200),
    st.text(max_size=60),
)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def characters(line: str, language: str) -> float:
    """The length of a line as the guidelines count it, apart from the code under test."""
    if language == "en":
        return len(line)
    return sum(0.5 if unicodedata.east_asian_width(letter) in ("Na", "N", "H") else 1 for letter in line)


@given(any_text, languages)
def test_no_character_is_lost_or_added(text, language):
    cues = split_cues(text, language)
    assert without_spaces("".join(cue.text for cue in cues)) == without_spaces(text)


@given(st.text(st.sampled_from(EN_LETTERS), max_size=200))
def test_english_words_stay_whole_and_apart(text):
    joined = " ".join(cue.text.replace("\n", " ") for cue in split_cues(text, "en"))
    assert joined.split() == text.split() or max(map(len, text.split())) > 42


@given(st.one_of(st.text(st.sampled_from(EN_LETTERS), max_size=200), st.text(st.characters(codec="latin-1"))))
def test_english_cues_fit_in_two_lines_of_42(text):
    for cue in split_cues(text, "en"):
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(characters(line, "en") for line in lines) <= 42


@given(st.text(st.sampled_from(ZH_LETTERS), max_size=120))
def test_chinese_cues_fit_in_two_lines_of_16(text):
    for cue in split_cues(text, "zh"):
        lines = cue.text.split("\n")
        assert len(lines) <= 2
        assert max(characters(line, "zh") for line in lines) <= 16


@given(st.text(st.sampled_from(ZH_LETTERS), min_size=1, max_size=120))
def test_chinese_lines_do_not_start_with_a_closing_mark(text):
    marks = "，。：；！”）"
    if re.search(f"[{marks}]{{6}}", without_spaces(text)) or re.search(rf"\s[{marks}]", text) or text[0] in marks:
        return  # a line of marks only, or marks set apart on purpose
    for cue in split_cues(text, "zh"):
        assert not any(line[0] in marks for line in cue.text.split("\n") if len(line) < 10)


@given(any_text, languages, st.floats(1.0, 4.0))
def test_every_cue_is_shown_long_enough_to_read(text, language, slower):
    needed = reading_seconds(text, language)
    for begin, end, cue in timed_cues(text, language, 3.0, 3.0 + needed * slower):
        read = characters(cue.replace("\n", ""), language) / LIMITS[language][1]
        assert 1.0 - 1e-9 <= end - begin <= 7.0 + 1e-9
        assert end - begin >= min(read, 7.0) - 1e-9


@given(any_text, languages, st.floats(0.1, 60))
def test_cues_follow_each_other_inside_the_beat(text, language, length):
    times = [
        3.0,
        *(t for begin, end, _ in timed_cues(text, language, 3.0, 3.0 + length) for t in (begin, end)),
    ]
    assert times == sorted(times)
    assert times[-1] <= 3.0 + length + 1e-9


@given(any_text, languages)
def test_shares_are_the_whole_beat(text, language):
    cues = split_cues(text, language)
    assert sum(cue.share for cue in cues) == pytest.approx(1.0 if text.split() else 0.0)
    assert reading_seconds(text, language) == pytest.approx(sum(cue.seconds for cue in cues))


def test_no_line_parts_a_common_word():
    lines = [line for scene in OURS.scenes["zh"].values() for line in scene.get("beats", {}).values()]
    rows = [cue.text.split("\n") for line in lines for cue in split_cues(line, "zh")]
    met = {row[0][-1] + row[1][0] for row in rows if len(row) > 1}
    assert met.isdisjoint({"函数", "参数", "向量", "等于", "损失", "更新", "网络", "斜率"})


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "一共有几个参数要算呢 26\u2009002 个"), ("en", f"{'a' * 38} 26\u2009002 b")]
)
def test_a_number_in_groups_is_one_word(language, text):
    rows = [row for cue in split_cues(text, language) for row in cue.text.split("\n")]
    assert any("26\u2009002" in row for row in rows)


def test_reading_speed_is_17_characters_a_second_and_9_in_chinese():
    assert reading_seconds("a" * 34, "en") == pytest.approx(2.0)
    assert reading_seconds("一" * 16 + "，" + "一" * 10, "zh") == pytest.approx(27 / 9)
    assert reading_seconds("Yes.", "en") == 1.0
    assert reading_seconds("", "en") == 0.0


def test_a_long_line_is_split_at_its_sentences():
    cues = split_cues(
        "The red curve rises and then it falls. The line cannot follow it, whatever its slope may be.", "en"
    )
    assert [cue.text.replace("\n", " ") for cue in cues] == [
        "The red curve rises and then it falls.",
        "The line cannot follow it, whatever its slope may be.",
    ]


def test_cut_at_the_clause_and_lines_balanced():
    cues = split_cues("梯度下降从随机的一点出发：先量出损失在每个方向上的斜率，再逆着它走一小步，然后重复。", "zh")
    assert [cue.text for cue in cues] == [
        "梯度下降从随机的一点出发：",
        "先量出损失在每个方向上的斜率，\n再逆着它走一小步，然后重复。",
    ]


def test_english_lines_do_not_end_with_an_article():
    (cue,) = split_cues("Adding all of the blue pieces together gives the red curve", "en")
    assert cue.text == "Adding all of the blue pieces\ntogether gives the red curve"


def test_word_longer_than_a_line_is_cut():
    (cue,) = split_cues("x" * 60, "en")
    assert cue.text == "x" * 42 + "\n" + "x" * 18


@pytest.mark.parametrize(
    "text",
    [
        "x" * 20_000,
        "你" * 20_000,
        "。" * 20_000,
        "（" * 20_000,
        "a" + "\u0301" * 20_000,
        "\u3099" * 20_000,
        "x " * 10_000,
    ],
    ids=["letters", "characters", "closing marks", "opening marks", "accents", "wide accents", "words"],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_text_without_end_is_cut_in_a_time_in_proportion_to_its_length(text, language):
    began = time.process_time()
    cues = split_cues(text, language)
    assert time.process_time() - began < 20, (
        "a fortieth of that; it was minutes when each cut measured all that follows"
    )
    assert without_spaces("".join(cue.text for cue in cues)) == without_spaces(text)
    limit = LIMITS[language][0]
    bare = "".join(letter for letter in "|".join(cue.text for cue in cues) if not unicodedata.combining(letter))
    assert all(characters(row, language) <= limit for row in re.split(r"[|\n]", bare))


@given(st.text(st.sampled_from("你好（。ae\u0301\u3099"), min_size=20, max_size=90))
def test_no_line_begins_with_the_accent_of_the_character_before(text):
    rows = [row for cue in split_cues(text, "zh") for row in cue.text.split("\n")]
    assert not [row for row in rows[1:] if unicodedata.combining(row[0])]


# -- the files of lines


@pytest.fixture
def narration(tmp_path):
    (tmp_path / "en.toml").write_text(
        '[build-curve]\ntitle = "Adding up"\n[build-curve.beats]\nconstant = "Start with {value}."\n'
        'piece = "One more, {k}."\n'
        'piece-2 = "Two."\nbroken = "Half a {field"\n[build-curve.screen]\nheading = "A constant and {count} pieces"\n',
        encoding="utf-8",
    )
    (tmp_path / "zh.toml").write_text(
        '[build-curve]\n[build-curve.beats]\nconstant = "从{value}开始。"\npiece = "再加一块。"\n',
        encoding="utf-8",
    )
    return Narration.load(("en", "zh"), tmp_path)


def test_fields_are_filled_in_every_language(narration):
    assert narration.line("build-curve", "constant", {"value": 1, "unused": 2}) == {
        "en": "Start with 1.",
        "zh": "从1开始。",
    }


def test_numbered_beat_falls_back_to_the_general_line(narration):
    assert narration.line("build-curve", "piece-3", {"k": 3}) == {"en": "One more, 3.", "zh": "再加一块。"}
    assert narration.line("build-curve", "piece-2", {"k": 2})["en"] == "Two."


def test_a_neutral_line_is_used_unless_the_users_words_replace_it(tmp_path):
    for language in LANGUAGES:
        (tmp_path / f"{language}.toml").write_text(
            '[a]\n[a.beats]\none = "Ours is best."\ntwo = "Two."\n[a.neutral]\none = "It has {loss}."\n'
        )
    narration, other = Narration.load(("en",), tmp_path), {"loss": 3, "neutral": True}
    assert narration.line("a", "one", {"loss": 3}) == {"en": "Ours is best."}
    assert [narration.line("a", beat, other)["en"] for beat in ("one", "two")] == ["It has 3.", "Two."]
    (tmp_path / "own.toml").write_text('[en.a.beats]\none = "Mine."\n')
    assert narration.with_words(OwnWords.read(tmp_path / "own.toml")).line("a", "one", other) == {"en": "Mine."}
    (tmp_path / "own.toml").write_text('[en.a.neutral]\none = "Mine, and neutral."\n')
    own = narration.with_words(OwnWords.read(tmp_path / "own.toml"))
    assert own.line("a", "one", other) == {"en": "Mine, and neutral."}
    assert own.line("a", "one", {"loss": 3}) == {"en": "Ours is best."}


def test_screen_words_and_titles(narration):
    assert narration.screen("build-curve", "heading", "en", {"count": 3}) == "A constant and 3 pieces"
    assert narration.title("build-curve", "en") == "Adding up"
    assert narration.title("my-own-scene", "en") == "My own scene"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda n: n.line("build-curve", "sum"),
            ["build-curve", "'sum'", "en.toml", "`sum`", "[build-curve.beats]"],
        ),
        (lambda n: n.line("build-curve", "sum-2"), ["`sum-2` or `sum`"]),
        (lambda n: n.line("no-such", "sum"), ["no-such", "'sum'"]),
        (
            lambda n: n.line("build-curve", "constant", {"count": 1}),
            ["build-curve", "'constant'", "{value}", "count"],
        ),
        (lambda n: n.line("build-curve", "broken", {}), ["build-curve", "'broken'", "en.toml"]),
        (lambda n: n.screen("build-curve", "heading", "zh"), ["screen text 'heading'", "zh.toml"]),
        (lambda n: n.title("build-curve", "zh"), ["build-curve", "title", "zh.toml"]),
        (lambda n: n.title("build-curve", "fr"), ["'fr'", "en, zh"]),
    ],
)
def test_missing_words_are_named(narration, ask, message):
    with pytest.raises(NarrationError) as caught:
        ask(narration)
    assert all(word in str(caught.value) for word in message), str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[a]\ntitle = \n", "line 2"),
        ("a = 3\n", "[a]"),
        ("[a]\nbeat = {}\n", "found beat"),
        ("[a.beats]\none = 1\n", "[a.beats] one must be a text"),
        ('[a.screen]\none = " "\n', "[a.screen] one must be a text"),
        ('[a]\ntitle = ""\n', "[a] title must be a text, found ''"),
    ],
)
def test_broken_file_is_refused_by_place(tmp_path, content, message):
    (tmp_path / "en.toml").write_text(content)
    with pytest.raises(NarrationError, match=r"en\.toml") as caught:
        Narration.load(("en",), tmp_path)
    assert message in str(caught.value)


def test_unknown_language_and_missing_file(tmp_path):
    with pytest.raises(NarrationError, match=r"no language 'fr'; use one of en, zh"):
        Narration.load(("fr",))
    with pytest.raises(NarrationError, match="there is no such file"):
        Narration.load(("en",), tmp_path)
    assert {code: language.iso for code, language in LANGUAGES.items()} == {"en": "eng", "zh": "zho"}


# -- the words of the lecture


def pauses_of(scene: str) -> dict[str, str]:
    """The pauses that the beats of a scene of the lecture name in its file."""
    (file,) = (PACKAGE_FOLDER / "scenes" / "lecture").rglob(f"{scene.replace('-', '_')}.py")
    return dict(re.findall(r'self\.beat\("([\w-]+)", pause="(\w+)"', file.read_text("utf-8")))


def plausible(text: str, long: bool) -> dict[str, object]:
    """A value for each field of ``text``: of the kind its name or its form tells, as short or as long as they get."""
    words = {"_en": ("one", "Monday, 25 January 2021"), "_zh": ("一", "2021年1月25日周一")}
    fields = [name for _, name, _, _ in Formatter().parse(text) if name]
    return {name: words[name[-3:]][long] if name[-3:] in words else Number(long) for name in fields}


class Number:
    """A count where it is written as a word, else digits."""

    def __init__(self, long: bool) -> None:
        self.long = long

    def __format__(self, form: str) -> str:
        return format(Count(1234 if self.long else 3), form) if form else "12 345.67" if self.long else "3"


OURS = Narration.load()


@pytest.mark.parametrize("neutral", [False, True], ids=["claiming", "neutral"])
@pytest.mark.parametrize("long", [False, True], ids=["short values", "long values"])
@pytest.mark.parametrize("scene", sorted(scene for scene in OURS.scenes["en"] if "beats" in OURS.scenes["en"][scene]))
def test_subtitles_of_every_line_are_readable(scene, long, neutral):
    lines = {}
    for beat in OURS.scenes["en"][scene]["beats"]:
        words = [OURS.scenes[language][scene] for language in OURS.languages]
        texts = [table.get(NEUTRAL, {}).get(beat, "") + table["beats"][beat] for table in words]
        lines[beat] = OURS.line(scene, beat, plausible(" ".join(texts), long) | {"neutral": neutral})
    assert not [line for said in lines.values() for line in said.values() if re.search(r"[{}]", line)]
    spans, start, pauses = [], 0.0, pauses_of(scene)
    for beat, said in lines.items():
        needed = max(reading_seconds(line, language) for language, line in said.items())
        spans.append((start, start + max(HOLD, needed + PAUSES[pauses.get(beat, "breath")])))
        start = spans[-1][1]
    for language, (longest_line, speed) in LIMITS.items():
        timed = [TimedLine(*span, said[language]) for span, said in zip(spans, lines.values(), strict=True)]
        shown = cues(timed, language)
        assert "".join(without_spaces(cue.text) for cue in shown) == "".join(
            without_spaces(said[language]) for said in lines.values()
        )
        for cue in shown:
            rows, seconds = cue.text.split("\n"), (cue.end - cue.start) / 1000
            assert len(rows) <= 2, cue
            assert max(characters(row, language) for row in rows) <= longest_line, cue
            assert sum(characters(row, language) for row in rows) / seconds <= speed, cue
            assert 1.0 <= seconds <= 7.0, cue
        assert all(before.end < after.start for before, after in pairwise(shown))


def test_both_languages_have_the_same_scenes_beats_and_words():
    english, chinese = (
        {
            scene: {name: set(tables[name]) for name in ("beats", "screen", NEUTRAL) if name in tables}
            for scene, tables in ours.items()
        }
        for ours in OURS.scenes.values()
    )
    assert english == chinese
    for ours in OURS.scenes.values():
        assert [scene for scene, tables in ours.items() if "beats" in tables and "title" not in tables] == []
        assert all({*tables.get(NEUTRAL, {})} <= {*tables.get("beats", {})} for tables in ours.values())


@pytest.mark.parametrize("table", ["beats", NEUTRAL])
def test_our_lines_have_the_same_marks_in_each_language(table):
    marks = [
        {(scene, beat): cut(line)[1] for scene, words in ours.items() for beat, line in words.get(table, {}).items()}
        for ours in OURS.scenes.values()
    ]
    assert all(other == marks[0] for other in marks)


def test_a_copy_of_our_words_changes_nothing(tmp_path):
    (tmp_path / "own.toml").write_text(
        f"[en.backprop.beats]\nstep = {json.dumps(OURS.scenes['en']['backprop']['beats']['step'])}\n"
    )
    assert OURS.with_words(OwnWords.read(tmp_path / "own.toml")).scenes == OURS.scenes


def test_a_changed_file_is_parsed_again(tmp_path):
    (tmp_path / "en.toml").write_text('[my-scene]\ntitle = "One"\n')
    one = Narration.load(["en"], tmp_path)
    assert Narration.load(["en"], tmp_path).scenes["en"] is one.scenes["en"]
    (tmp_path / "en.toml").write_text('[my-scene]\ntitle = "Two"\n')
    assert Narration.load(["en"], tmp_path).title("my-scene", "en") == "Two"
