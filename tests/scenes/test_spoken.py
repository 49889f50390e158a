"""Tests of spoken text: a table of cases, numbers read back, every line of the lecture, marks."""

from __future__ import annotations

import re
import time
from itertools import cycle
from string import Formatter

import pytest
from gradreel.scenes.words.counts import Count
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.marks import marked
from gradreel.scenes.words.narration import NEUTRAL, SPOKEN, Narration, NarrationError, OwnWords
from gradreel.scenes.words.numbers import number_text
from gradreel.scenes.words.spoken import OWN, TIDY, spoken_form
from gradreel.scenes.words.spoken_numbers import SPEECH
from hypothesis import example, given, settings
from hypothesis import strategies as st

OURS = Narration.load()
MODEL = "ResNet_18 <v2>"  # anybody's own


def said(text: str, language: str) -> str:
    return spoken_form(text, language, OURS.lexicon(language))


CASES = [  # printed, in English, in Chinese
    ("26 001", "twenty-six thousand and one", "两万六千零一"),
    ("26\u2009001", "twenty-six thousand and one", "两万六千零一"),
    ("1,281,167", "one million, two hundred and eighty-one thousand, one hundred and sixty-seven",
     "一百二十八万一千一百六十七"),
    ("100\u2009000\u2009000\u2009000\u2009000", "one hundred trillion", "一百万亿"),
    ("803420656", "eight hundred and three million, four hundred and twenty thousand, six hundred and fifty-six",
     "八亿零三百四十二万零六百五十六"),
    ("0", "zero", "零"),
    ("0.0048", "zero point zero zero four eight", "零点零零四八"),
    ("0.040", "zero point zero four zero", "零点零四零"),
    ("7.0", "seven point zero", "七点零"),
    ("−4.65", "minus four point six five", "负四点六五"),
    ("-4.65", "minus four point six five", "负四点六五"),
    ("2.19 × 10⁻⁴", "two point one nine times ten to the minus four", "二点一九乘十的负四次方"),
    ("1e-4", "ten to the minus four", "十的负四次方"),
    ("2.1e+16", "two point one times ten to the sixteen", "二点一乘十的十六次方"),
    ("x₁", "x one", "艾克斯一"),
    ("x₁₂", "x twelve", "艾克斯十二"),
    ("c₂", "c two", "西二"),
    ("a₂", "eigh two", "诶二"),
    ("w₂₁", "w two one", "达布溜二一"),
    ("w_{2,1}", "w two one", "达布溜二一"),
    ("w_{12,3}", "w twelve three", "达布溜十二三"),
    ("xⱼ, wᵢⱼ", "x j, w i j", "艾克斯杰，达布溜爱杰"),
    ("θ", "theta", "西塔"),
    ("Δ", "delta", "德尔塔"),
    ("ŷ", "y hat", "歪哈特"),
    ("W′", "W prime", "达布溜撇"),
    ("cᵀ", "c transposed", "西转置"),
    ("σ(r)", "sigma of r", "西格玛阿尔"),
    ("fθ(x)", "f theta of x", "艾弗西塔艾克斯"),
    ("2021-02-11", "the eleventh of February, twenty twenty-one", "二零二一年二月十一日"),
    ("2021-02-30", "twenty twenty-one, two, thirty", "两千零二十一、二、三十"),
    ("0.68k", "six hundred and eighty", "六百八十"),
    ("7.13k", "seven thousand one hundred and thirty", "七千一百三十"),
    ("0.0001k", "zero point zero zero zero one thousand", "零点零零零一千"),
    ("−12 %", "minus twelve percent", "负百分之十二"),
    ("3.57%", "three point five seven percent", "百分之三点五七"),
    ("3:1", "three to one", "三比一"),
    ("W x", "W x", "达布溜艾克斯"),
    ("56-100-100-1", "fifty-six, one hundred, one hundred, one", "五十六、一百、一百、一"),
    ("1/3", "one third", "三分之一"),
    ("1/2, 3/100", "one half, three over one hundred", "二分之一，一百分之三"),
    ("R²", "R squared", "阿尔的平方"),
    ("xⁿ, x³", "x to the n, x cubed", "艾克斯的恩次方，艾克斯的立方"),
    ("L1", "L one", "艾尔一"),
    ("2i", "two i", "二爱"),
    ("2 × 100", "two times one hundred", "二乘一百"),
    ("≈ 0", "about zero", "约等于零"),
    ("a < b", "a is less than b", "诶小于必"),
    ("±1", "plus or minus one", "正负一"),
    ("N = 3", "N equals three", "恩等于三"),
    ("3–5", "three to five", "三到五"),
    ("1 + 3 − 2 + 0.6", "one plus three minus two plus zero point six", "一加三减二加零点六"),
    ("3−2", "three minus two", "三减二"),
    ("top-5", "top-five", "提欧批五"),
    ("x - 1, 5 - 3", "x minus one, five minus three", "艾克斯减一，五减三"),
    ("y = -x, σ(−x)", "y equals minus x, sigma of minus x", "歪等于负艾克斯，西格玛负艾克斯"),
    ("e^{-x}, e⁻ˣ", "e to the minus x, e to the minus x", "伊的负艾克斯次方，伊的负艾克斯次方"),
    ("−2, +2", "minus two, plus two", "负二，正二"),
    ("10~20", "ten to twenty", "十到二十"),
    ("5-10%, 5%–10 %", "five to ten percent, five to ten percent", "百分之五到百分之十，百分之五到百分之十"),
    ("10 ms, 1 ms, 2 s, 20 °C", "ten milliseconds, one millisecond, two seconds, twenty degrees Celsius",
     "十毫秒，一毫秒，两秒，二十摄氏度"),
    ("χ², Θ", "chi squared, theta", "希的平方，西塔"),
    ("Adam", "Adam", "亚当"),
    ("[gap] 3", "[gap] three", "[gap]三"),
]  # fmt: skip
ENGLISH = {
    "On 7 Feb.": "On the seventh of February.",
    "Monday, 25 January 2021": "Monday, the twenty-fifth of January, twenty twenty-one",
    "2017 to 2020": "twenty seventeen to twenty twenty",
    "AlexNet, 2012: 8 layers": "AlexNet, twenty twelve: eight layers",
    "the 1st, the 22nd": "the first, the twenty-second",
    "Each a times its c; an a.": "each eigh times its c; an eigh.",
    "A dot, a c takes 1": "A dot, a c takes one",
    "100 ReLUs": "one hundred relloos",
    "684 views (0.68k), 700 views (0.7k).": "six hundred and eighty-four views, seven hundred views.",
    "A model (124M) of 2 layers (5k).": "A model, one hundred and twenty-four million, of two layers, five thousand.",
    "The 1980s, the 80s, 30s long": "The nineteen eighties, the eighties, thirty seconds long",
    "Steps - smooth ones - add up": "Steps - smooth ones - add up",
    "W (12 %) grows.": "W, twelve percent, grows.",
    "The lecture’s “w’s”": "The lecture's w's",
}
CHINESE = {
    "2 个，2 层，20 个，200 个，2 000 次": "两个，两层，二十个，两百个，两千次",
    "等于 2，第 2 个，2.5 次，12 次": "等于二，第二个，二点五次，十二次",
    "2012 年，2017 到 2020 年": "二零一二年，二零一七到二零二零年",
    "2021年2月11日，2月1日": "二零二一年二月十一日，二月一日",
    "2017–2020 年，二〇二一年": "二零一七到二零二零年，二零二一年",
    "10～20 个，2 小时，2 分钟": "十到二十个，两小时，两分钟",
    "4.49 千，2.1 万年": "四千四百九十，二点一万年",
    "差 684 次观看 (0.68k)。": "差六百八十四次观看。",
    "一个 hard sigmoid、ReLU 和 SGD": "一个哈德西格莫伊德、瑞路和艾斯吉迪",
    "第一批 L¹，θ⁰": "第一批艾尔一，西塔零",
    "看“S 型”": "看艾斯型",
}


@pytest.mark.parametrize(("printed", "english", "chinese"), CASES)
def test_numbers_and_signs_are_spoken_as_a_lecturer_would(printed, english, chinese):
    assert (said(printed, "en"), said(printed, "zh")) == (english, chinese)


@pytest.mark.parametrize(("language", "lines"), [("en", ENGLISH), ("zh", CHINESE)])
def test_a_line_is_spoken_by_its_languages_rules(language, lines):
    assert {printed: said(printed, language) for printed in lines} == lines


# -- numbers are read back ---------------------------------------------------------------------------------------------

ONES = [
    *["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
    *["thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
]
TENS = [*["", ""], "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
DIGITS = "零一二三四五六七八九"


def english_value(text: str) -> str:
    """Digits of a number in words."""
    if text.startswith("minus "):
        return f"-{english_value(text.removeprefix('minus '))}"
    whole, _, decimals = text.partition(" point ")
    words = re.split(r"[\s-]+", whole.replace(",", "").replace(" and ", " "))
    if len(words) > 15 and set(words) <= set(ONES[:10]):  # one by one
        value = "".join(str(ONES.index(word)) for word in words)
    else:
        total = below = 0
        for word in words:
            if word in LARGE:
                total, below = total + below * LARGE[word], 0
            elif word == "hundred":
                below *= 100
            else:
                below += 10 * TENS.index(word) if word in TENS else ONES.index(word)
        value = str(total + below)
    return value + "".join([".", *(str(ONES.index(word)) for word in decimals.split())] if decimals else [])


def chinese_value(text: str) -> str:
    if text.startswith("负"):
        return f"-{chinese_value(text[1:])}"
    whole, _, decimals = text.partition("点")
    return f"{chinese_whole(whole)}" + (
        f".{''.join(str(DIGITS.index(digit)) for digit in decimals)}" if decimals else ""
    )


def chinese_whole(text: str) -> int:
    for unit, size in (("亿", 10**8), ("万", 10**4), ("千", 1000), ("百", 100), ("十", 10)):
        above, found, below = text.rpartition(unit)
        if found:
            return (chinese_whole(above) if above.strip("零") else 1) * size + chinese_whole(below)
    text = text.removeprefix("零") or "零"
    return DIGITS.index(text.replace("两", "二"))


@settings(max_examples=60)
@given(st.one_of(st.integers(-(10**17), 10**17), st.floats(-1e17, 1e17), st.floats(-2, 2)), st.integers(0, 8))
@example(2, 0)
@example(10**15, 0)
@example(10**8 + 10, 0)
def test_printed_numbers_are_recovered_from_their_spoken_words(value, decimals):
    printed = number_text(value, decimals)
    digits = printed.replace("\u2009", "").replace("\u2212", "-")
    assert english_value(said(printed, "en")) == digits
    assert chinese_value(said(printed, "zh")) == digits


@given(st.text("0123 .,-−+~×/%:()[]{}_^₁²⁻′aθwxkMse第个千年µſ°", max_size=12), st.sampled_from(["en", "zh"]))
@example("µ ſ ² ³ ₁ _^ 1/0 9999-99-99 10⁺ 1⁻ ٣ () ( [a", "en")
@example("x_{} x^{} x^- w_, 2⁻⁻ 1e999999999 0.1e-k K ｗ① 零", "zh")
def test_any_text_can_be_spoken(text, language):
    said(text, language)


# -- the lines of the lecture ------------------------------------------------------------------------------------------

LEFT_OVER = {"en": r"[^A-Za-z '\-,.;:!?]", "zh": r"[^\u4e00-\u9fff，。；：！？、]"}
VALUES = (Count(2), -0.0475, "26\u2009001", "\u22124.65", "0.68k", "w₂₁", MODEL)


@pytest.fixture(scope="module")
def lines() -> list[tuple[str, str, str]]:
    """Every line of both languages, filled with values of every kind: language, printed, spoken."""
    filled, kinds = [], cycle(VALUES)
    for scene, tables in OURS.scenes["en"].items():
        for beat in tables.get("beats", {}):
            templates = [
                OURS.scenes[language][scene].get(table, {}).get(beat, "")
                for language in OURS.languages
                for table in ("beats", NEUTRAL)
            ]
            fields = [(name, form) for text in templates for _, name, form, _ in Formatter().parse(text) if name]
            counts = {name for name, form in fields if form}
            for neutral in (False, True):
                values: dict[str, object] = {"neutral": neutral}
                values |= {name: next(kinds) for name, _ in fields} | dict.fromkeys(counts, Count(2))
                printed = OURS.line(scene, beat, values)
                spoken = OURS.lines(scene, beat, values, spoken=True).with_marks
                filled += [(language, printed[language], spoken[language]) for language in printed]
    return filled


def test_no_digit_formula_letter_or_sign_remains_in_a_spoken_line(lines):
    left = {
        (text, found[0]) for language, _, text in lines if (found := re.search(LEFT_OVER[language], marked(text)[0]))
    }
    assert left == set()


def test_a_line_in_spoken_form_is_unchanged(lines):
    again = {(text, said(text, language)) for language, _, text in lines}
    assert {pair for pair in again if pair[0] != pair[1]} == set()


def test_a_separate_spoken_line_has_the_fields_and_marks_of_the_printed_one():
    found = []
    for language in OURS.languages:
        for scene, tables in OURS.scenes[language].items():
            for beat, text in tables.get(SPOKEN, {}).items():
                printed = tables["beats"][beat]
                assert names(text) == names(printed), f"{language}: {scene}, {beat}"
                assert marks(text) == marks(printed), f"{language}: {scene}, {beat}"
                found.append(beat)
    assert found


def test_every_language_has_a_voice():
    assert SPEECH.keys() == OWN.keys() == TIDY.keys() == LANGUAGES.keys()


def test_every_letter_has_its_chinese_name():
    lexicon = OURS.lexicon("zh")
    assert all(letter in lexicon for letter in "abcdefghijklmnopqrstuvwxyz")
    assert [spoken for spoken in lexicon.values() if re.search(r"[^\u4e00-\u9fff]", spoken)] == []


def test_letters_in_a_chinese_lexicon_are_spelled_as_the_voice_drops_them():
    assert spoken_form("BERT 学习", "zh", {**OURS.lexicon("zh"), "BERT": "B 模型"}) == "必模型学习"


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def marks(text: str) -> list[str]:
    return [name for name, _ in marked(text)[1]]


# -- marks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text", "marks"),
    [
        ("Up, [fall]then down.", "Up, then down.", (("fall", 4),)),
        ("Up, [fall] then down.", "Up, then down.", (("fall", 4),)),
        ("Up[fall] then [on-2]down.", "Up then down.", (("fall", 3), ("on-2", 8))),
        ("[one]Up.[end]", "Up.", (("one", 0), ("end", 3))),
        ("先升，[fall]再降。", "先升，再降。", (("fall", 3),)),
        ("In [0, 1] or [A] or []", "In [0, 1] or [A] or []", ()),
    ],
)
def test_a_mark_is_removed_and_its_place_is_known(line, text, marks):
    assert marked(line) == (text, marks)


@given(st.text(st.sampled_from("ab1 ,.[]-"), max_size=30))
def test_unmarked_text_is_unchanged(line):
    text, found = marked(line)
    assert "".join(re.sub(r"\[[a-z][a-z0-9]*(-[a-z0-9]+)*\]", "", line).split()) == "".join(text.split())
    places = [place for _, place in found]
    assert places == sorted(places) and all(0 <= place <= len(text) for place in places)


# -- files of words ----------------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    """``own(text)``: our narration with a file of one's own words over it."""

    def read(text: str) -> Narration:
        (tmp_path / "words.toml").write_text(text, encoding="utf-8")
        return OURS.with_words(OwnWords.read(tmp_path / "words.toml"))

    return read


def test_the_users_lexicon_overrides_ours(own):
    narration = own('[en.lexicon]\nGELU = "gelloo"\nReLU = "the rectifier"\n[zh.lexicon]\nReLU = "修正"\n')
    assert spoken_form("GELU, ReLU, 2 ReLUs", "en", narration.lexicon("en")) == "gelloo, the rectifier, two relloos"
    spoken = narration.lines("relu", "slopes", spoken=True).printed
    assert "the rectifier" in spoken["en"] and "修正" in spoken["zh"]
    assert narration.line("relu", "slopes") == OURS.line("relu", "slopes")


def test_a_users_line_removes_our_spoken_form(own):
    values = dict.fromkeys(names(OURS.scenes["en"]["backprop"]["beats"]["through-c"]), "x₁")
    assert "the output grows" in OURS.lines("backprop", "through-c", values, spoken=True).printed["en"]
    line = '[en.backprop.beats]\nthrough-c = "Go, [nudge]go, [times]{a}."\n'
    assert own(line).lines("backprop", "through-c", values, spoken=True).printed["en"].endswith("x one.")
    both = own(f'{line}[en.backprop.spoken]\nthrough-c = "Go, [nudge]go to, [times]{{a}}!"\n')
    assert both.lines("backprop", "through-c", values, spoken=True).printed["en"].endswith("x one!")
    assert both.line("backprop", "through-c", values)["en"] == "Go, go, x₁."


def test_marks_are_not_printed_and_values_of_fields_contain_none(own):
    narration = own("".join(f'[{code}.title.beats]\ntitle = "A line, [gap]then {{name}}."\n' for code in LANGUAGES))
    assert narration.line("title", "title", {"name": "[gap]"})["en"] == "A line, then [gap]."


@pytest.mark.parametrize("table", ["beats", "spoken"])
def test_a_mark_in_only_one_language_or_form_is_placed_in_all(own, table):
    narration = own(f'[en.naming.{table}]\nnameless = "A line, [gap]then this."\n')
    for spoken in (False, True):
        lines = narration.lines("naming", "nameless", spoken=spoken)
        assert lines.marks == ("gap",)
        assert {len(stretches) for stretches in lines.stretches.values()} == {2}


def test_marks_in_another_order_than_ours_are_an_error_that_names_both(own):
    narration = own('[en.build-curve.beats]\npiece-1 = "One [sum]two [flat]three."\n')
    with pytest.raises(NarrationError, match=r"build-curve: beat 'piece-1': .*en: sum, flat; .*flat, sum"):
        narration.lines("build-curve", "piece-1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[en.lexicon.beats]\none = "One."\n', "a scene cannot be called lexicon"),
        ("[en.lexicon]\nReLU = 3\n", "'ReLU' = 3"),
        ("[en]\nlexicon = 3\n", "must be a table of words"),
        ("[en.relu.spoken]\nrelu = 3\n", "[en.relu.spoken] relu must be a text"),
    ],
)
def test_a_wrong_lexicon_is_named(own, text, message):
    with pytest.raises(NarrationError, match=re.escape(message)):
        own(text)


@pytest.mark.parametrize("spaces", [" " * 20_000, "\u3000" * 20_000, "\n" * 20_000])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_many_spaces_are_read_in_a_time_in_proportion_to_their_number(spaces, language):
    began = time.process_time()
    spoken_form(f"{spaces}word", language, {})
    assert time.process_time() - began < 5, "a twentieth of that; it was 11 s and more"
