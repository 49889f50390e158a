"""What a film speaks beside its first language, a sound file each: browsers play one track of a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
from gradreel.render.clips.workspace import Workspace


def other_voices(video: Path, language: str, spoken: Sequence[str], workspace: Workspace) -> dict[str, Path]:
    """By language: the sound streams of ``video`` but its first, packets copied, under temporary names.

    ``spoken``: the languages of its streams, of which that of the film comes first, as `tracks` has them.
    """
    others = sorted(spoken, key=lambda code: code != language)[1:]
    files = {code: workspace.temporary(f"film.{code}.m4a") for code in others}
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
