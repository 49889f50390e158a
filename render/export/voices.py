"""Extracts a film's other spoken languages into files of their own, since browsers play one sound track of a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
from gradreel.render.clips.workspace import Workspace


def other_voices(video: Path, language: str, spoken: Sequence[str], workspace: Workspace) -> dict[str, Path]:
    """Return a sound file for each stream of ``video`` but the first, by language, under temporary names.

    ``spoken`` has the languages of the streams. The film's ``language`` is the first stream; the others are in
    alphabetical order. Packets are copied.
    """
    other_languages = sorted(spoken, key=lambda code: code != language)[1:]
    files = {code: workspace.temporary(f"film.{code}.m4a") for code in other_languages}
    for place, file in enumerate(files.values(), 1):
        with (
            av.open(str(video)) as source,
            av.open(str(file), "w", format="mp4", options={"movflags": "+faststart"}) as target,
        ):
            stream = source.streams.audio[place]
            copied = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is not None:
                    packet.stream = copied
                    target.mux(packet)
    return files
