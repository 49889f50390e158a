"""A program of its own: English in Kokoro's phonemes. ``python -m gradreel.render.voice.english_phonemes_program JOB``.

The phonemes are those of espeak-ng, which lies in piper-tts. Both are GPL: no other file of ours imports them, and this
one is only run as a process. As an exception to the licence of the whole, it is also under GPL-3.0-or-later.

JOB is a JSON file: ``texts``, a list of texts for each line, ``british``, and ``phonemes``, the file to be written.
That file has the phonemes of each text in the same order.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from pathlib import Path

from gradreel.render.voice.kokoro_symbols import english_symbols

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # piper imports onnxruntime, which else writes into the home

from piper import espeakbridge
from piper.phonemize_espeak import ESPEAK_DATA_DIR

DASHES = r"\s*([—…]|\.\.\.|\s[–-]\s)\s*"  # pauses that Kokoro knows and espeak does not


def main(job: Path) -> None:
    """Write the phonemes of all texts."""
    wanted = json.loads(job.read_text("utf-8"))
    espeakbridge.initialize(str(ESPEAK_DATA_DIR))
    espeakbridge.set_voice("en-gb-x-rp" if wanted["british"] else "en-us")
    phonemes = [[phonemes_of(text, wanted["british"]) for text in texts] for texts in wanted["texts"]]
    Path(wanted["phonemes"]).write_text(json.dumps(phonemes), encoding="utf-8")


def phonemes_of(text: str, british: bool) -> str:
    """Return a text in Kokoro's symbols, with its punctuation."""
    written = ""
    for part, dash in re.findall(rf"(.*?)(?:{DASHES}|$)", text):
        for ipa, end, _ in espeakbridge.get_phonemes(part) if part.strip() else ():
            without_flags = re.sub(r"\([^)]*\)", "", ipa)  # that espeak puts around words of another language
            written += f"{english_symbols(unicodedata.normalize('NFD', without_flags), british)}{end} "
        if dash:
            written = written.rstrip() + ("…" if "." in dash or "…" in dash else "—") + " "
    return written.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
