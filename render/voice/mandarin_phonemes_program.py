"""A program of its own: Mandarin in Kokoro's phonemes.

``python -m gradreel.render.voice.mandarin_phonemes_program JOB`` runs it.
The phonemes are misaki's, with which Kokoro learned. JOB is a JSON file as that of `english_phonemes_program`.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import jieba
from misaki.zh import ZHG2P


def main(job: Path) -> None:
    """Write the phonemes of all texts."""
    wanted = json.loads(job.read_text("utf-8"))
    jieba.setLogLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(job.parent)  # where it keeps its dictionary, parsed: it goes with the job
    phonemes = [[phonemes_of(text) for text in texts] for texts in wanted["texts"]]
    Path(wanted["phonemes"]).write_text(json.dumps(phonemes), encoding="utf-8")


def phonemes_of(text: str) -> str:
    """Return a text in Kokoro's symbols, with its punctuation."""
    punctuated = ZHG2P.map_punctuation(text)
    return str(ZHG2P.legacy_call(punctuated)).strip() if punctuated else ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
