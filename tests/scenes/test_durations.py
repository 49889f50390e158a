"""Long times as people say them."""

from __future__ import annotations

import math

import pytest
from gradreel.scenes.words.counts import Duration

YEAR = 365.25 * 86400


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.04, "less than a second", "不到一秒"),
        (1, "1 second", "1 秒"),
        (59, "59 seconds", "59 秒"),
        (60, "1 minute", "1 分钟"),
        (5 * 3600, "5 hours", "5 小时"),
        (115.7 * 86400, "120 days", "120 天"),
        (20_767 * YEAR, "21\u2009000 years", "2.1 万年"),
        (1.36e9 * YEAR, "1.4 billion years", "14 亿年"),
        (3.2e6 * YEAR, "3.2 million years", "320 万年"),
        (math.inf, "for ever", "永远"),
    ],
)
def test_a_time_in_words(seconds, english, chinese):
    assert (f"{Duration(seconds):en}", f"{Duration(seconds):zh}") == (english, chinese)


def test_other_formats_are_a_number_s():
    assert f"{Duration(2.5):.2f}" == "2.50"
