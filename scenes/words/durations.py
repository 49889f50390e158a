"""Long and short times as people say them: ``format(Duration(90), "en")``."""

from __future__ import annotations

import math

THIN_SPACE = "\u2009"
UNITS = (  # seconds, English, Chinese
    (365.25 * 86400, "year", "年"),
    (86400.0, "day", "天"),
    (3600.0, "hour", "小时"),
    (60.0, "minute", "分钟"),
    (1.0, "second", "秒"),
)


class Duration(float):
    """Seconds that format as words, to two digits: ``en`` "21 000 years", ``zh`` "2.1 万年"; "less than a second"."""

    def __format__(self, spec: str) -> str:
        if spec not in ("en", "zh"):
            return super().__format__(spec)
        if self < 1:
            return "less than a second" if spec == "en" else "不到一秒"
        if not math.isfinite(self):
            return "for ever" if spec == "en" else "永远"
        size, *names = next(unit for unit in UNITS if self >= unit[0])
        number = float(f"{self / size:.1e}") if self / size >= 10 else round(self / size)
        return _english(number, names[0]) if spec == "en" else _chinese(number, names[1])


def _english(number: float, unit: str) -> str:
    plural = unit if number == 1 else f"{unit}s"
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word} {plural}"
    return f"{number:,.0f} {plural}".replace(",", THIN_SPACE)


def _chinese(number: float, unit: str) -> str:
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if number >= size:
            return f"{number / size:.3g} {word}{unit}"
    return f"{number:.0f} {unit}"
