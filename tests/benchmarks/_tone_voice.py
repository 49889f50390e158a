"""A voice for benchmarks: swelling tones, a twentieth of a second a letter. It takes no time to speak of.

python _tone_voice.py FILE TEXT
"""

from __future__ import annotations

import math
import sys
import wave
from array import array

RATE = 48_000
SECONDS_A_LETTER = 0.06

file, text = sys.argv[1:]
pitch = 100 + sum(text.encode()) % 60  # Hz; another text sounds otherwise
swell = [math.sin(2 * math.pi * k / 12_000) ** 2 for k in range(12_000)]  # four syllables a second
tone = [math.sin(2 * math.pi * k * pitch / RATE) for k in range(RATE)]
count = round(SECONDS_A_LETTER * len(text) * RATE)
with wave.open(file, "wb") as out:
    out.setnchannels(1), out.setsampwidth(2), out.setframerate(RATE)
    out.writeframes(array("h", (round(9000 * swell[k % 12_000] * tone[k % RATE]) for k in range(count))).tobytes())
