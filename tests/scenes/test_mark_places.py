"""Marks that a line lacks are placed in proportion to a line that has them."""

from __future__ import annotations

import pytest
from gradreel.scenes.words.mark_places import MarkedLine, MarkOrderError, merged_marks, with_all_marks
from gradreel.scenes.words.marks import BeatLines, cut
from hypothesis import given
from hypothesis import strategies as st


def letters(text: str, language: str = "en") -> float:
    return sum(letter.isalnum() for letter in text)


def marked(**lines: str) -> dict[str, MarkedLine]:
    return {language: MarkedLine(language, *cut(line)) for language, line in lines.items()}


def agreed(lines: dict[str, MarkedLine], **originals: str) -> dict[str, str]:
    """The lines as they are written with all marks."""
    found = with_all_marks(lines, marked(**originals), letters)
    marks = {line.marks for line in found.values()}
    assert len(marks) == 1
    return BeatLines(marks.pop(), {language: line.stretches for language, line in found.items()}).with_marks


ORIGINAL = "First five words come here, [flat]then as many as before, [sum]and at last the third part."


def test_a_reworded_line_has_the_marks_of_its_original_at_the_same_shares():
    own = "One two three four five six seven eight nine ten eleven twelve."
    text = agreed(marked(en=own), en=ORIGINAL)["en"]
    assert text.replace("[flat]", "").replace("[sum]", "") == own
    shares = MarkedLine("en", *cut(text)).shares(letters)
    wanted = MarkedLine("en", *cut(ORIGINAL)).shares(letters)
    assert shares == pytest.approx(wanted, abs=0.06), "to the nearest word"


def test_a_mark_is_placed_at_the_end_of_a_near_clause():
    own = "We begin with some words, and then go on with them; in the end we stop."
    assert agreed(marked(en=own), en=ORIGINAL)["en"] == (
        "We begin with some words, [flat]and then go on with them; [sum]in the end we stop."
    )


def test_a_written_mark_stays_and_divides_the_rest():
    own = "One two [sum]three four five six seven eight nine ten."
    assert agreed(marked(en=own), en=ORIGINAL)["en"] == "One [flat]two [sum]three four five six seven eight nine ten."


def test_marks_of_one_reworded_language_are_placed_by_it_in_the_other():
    lines = marked(en="A short [flat]start, and [sum]a very very long end of it all.", zh="一二三四五六七八九十。")
    zh = "甲乙丙丁戊己庚辛，[flat]壬，[sum]癸。"
    assert agreed(lines, en=ORIGINAL, zh=zh)["zh"] == "一二[flat]三四[sum]五六七八九十。"


def test_a_language_with_our_line_keeps_its_marks():
    lines = marked(en="My own words.", zh="甲乙，[flat]丙丁，[sum]戊己。")
    assert agreed(lines, en=ORIGINAL) == {
        "en": "My [flat]own [sum]words.",
        "zh": lines["zh"].text[:3] + "[flat]丙丁，[sum]戊己。",
    }


def test_the_same_text_without_marks_gets_them_at_their_places():
    own = ORIGINAL.replace("[flat]", "").replace("[sum]", "")
    assert agreed(marked(en=own), en=ORIGINAL)["en"] == ORIGINAL


def test_a_line_of_one_word_has_all_marks_after_it():
    assert agreed(marked(en="Yes."), en=ORIGINAL)["en"] == "Yes.[flat][sum]"


def test_a_line_that_begins_with_a_mark_still_does():
    assert agreed(marked(en="One two three."), en="[on]All of it.")["en"] == "[on]One two three."


def test_other_orders_of_marks_are_an_error():
    with pytest.raises(MarkOrderError):
        with_all_marks(marked(en="One [b]two [a]three."), marked(en="A [a]b [b]c."), letters)
    assert merged_marks([("a", "c"), ("b", "c"), ()]) == ("a", "b", "c")


def test_a_long_line_and_one_of_many_marks_are_marked():
    own = "word, and more of it. " * 100
    found = with_all_marks(marked(en=own), marked(en=ORIGINAL), letters)["en"]
    assert found.marks == ("flat", "sum") and found.text == own
    many = "".join(f"[m{k}]w " for k in range(200))
    assert len(with_all_marks(marked(en=many, zh="一。"), {}, letters)["zh"].marks) == 200


texts = st.text(st.sampled_from("abc de, f. 一二，三。12 {"), max_size=40)


@given(texts, texts, st.lists(st.integers(0, 40), max_size=4), st.sampled_from(["en", "zh"]))
def test_no_letter_is_lost_and_all_marks_are_in_order(own, original, places, language):
    names = [f"m{k}" for k in range(len(places))]
    line = original
    for name, place in sorted(zip(names, places, strict=True), key=lambda pair: -pair[1]):
        line = f"{line[:place]}[{name}]{line[place:]}"
    reference = MarkedLine(language, *cut(line))
    found = with_all_marks({language: MarkedLine(language, (own,), ())}, {language: reference}, letters)[language]
    assert found.text == own
    assert found.marks == reference.marks
