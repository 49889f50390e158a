"""Clips cut where beats begin: what plays until it stands, with its picture and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.render.settings import RenderSettings, languages_of
from gradreel.scenes.render.stages import ClipFile, Shot
from gradreel.scenes.render.videos.video import reading
from gradreel.scenes.words.narration import Narration, NarrationError

WHOLE = "all"  # the name of the one step of a scene without beats


@dataclass(frozen=True)
class Step:
    """From where a beat begins (a scene's first: the scene) up to where the next one does, or to the scene's end."""

    number: int  # from 1 on
    scene: str
    beat: str
    title: Mapping[str, str]  # the scene's, by language
    lines: Mapping[str, str]  # what is said, by language
    clip: ClipFile
    start: int  # frames of the clip
    end: int
    film_start: int  # frames of all clips before it, and of the clip's up to it

    @property
    def frames(self) -> int:
        return self.end - self.start

    @property
    def place(self) -> str:
        """Its name in the deck, which stays when others come and go: ``gradient-descent/walk``."""
        return f"{self.scene}/{self.beat}"


def steps_of(narration: Narration, settings: RenderSettings, shots: Sequence[Shot]) -> list[Step]:
    """The steps of ``shots``, whose files of H.264 have a key frame where a beat begins."""
    steps: list[Step] = []
    for shot in shots:
        title = titles_of(narration, shot.clip.request.source, languages_of(settings))
        beats = [(beat.name, beat.start, lines.printed) for beat, lines in shot.beats] or [(WHOLE, 0, {})]
        starts = [0, *(start for _, start, _ in beats[1:]), shot.file.frames]
        for (name, _, lines), start, end in zip(beats, starts, starts[1:], strict=False):
            said = {language: text for language, text in lines.items() if text.strip()}
            where = (shot.file, start, end, shot.start + start)
            steps.append(Step(len(steps) + 1, shot.clip.scene, name, title, said, *where))
    return steps


def titles_of(narration: Narration, scene: SceneSource, languages: Sequence[str]) -> dict[str, str]:
    """A scene's title in each language; in one that a scene of one's own has no words in, that of the first.

    Raises NarrationError where the first, that of the pictures, has none.
    """
    found = dict.fromkeys(languages, narration.title(scene.name, languages[0], scene.is_ours))
    for language in languages[1:]:
        with suppress(NarrationError):
            found[language] = narration.title(scene.name, language, scene.is_ours)
    return found


def languages_told(settings: RenderSettings, lines: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The language of the pictures, and those that any of the ``lines``, by language, is written in."""
    told = {language for line in lines for language, text in line.items() if text.strip()}
    return tuple(code for code in languages_of(settings) if code == settings.language or code in told)


def write_videos(steps: Sequence[Step], paths: Mapping[int, Path]) -> None:
    """Each step as an MP4 of its own, packets copied, at ``paths`` by number.

    Raises DamagedClipsError for a clip that cannot be read, or has no key frame where a step begins.
    """
    of_clip: dict[Path, list[Step]] = {}
    for step in steps:
        of_clip.setdefault(step.clip.path, []).append(step)
    for its in of_clip.values():
        with reading([its[0].clip]):
            _cut(its, paths)


def _cut(steps: Sequence[Step], paths: Mapping[int, Path]) -> None:
    """The steps of one clip."""
    with av.open(str(steps[0].clip.path)) as source:
        stream = source.streams.video[0]
        packets = (packet for packet in source.demux(stream) if packet.dts is not None)
        base = stream.time_base
        assert base is not None
        for step in steps:
            offset = round(Fraction(step.start, step.clip.fps) / base)
            scale = str(round(1 / base))
            options = {"movflags": "+faststart", "video_track_timescale": scale}
            with av.open(str(paths[step.number]), "w", format="mp4", options=options) as target:
                copied = target.add_stream_from_template(stream)
                for frame in range(step.frames):
                    packet = next(packets, None)
                    if packet is None or (frame == 0 and not packet.is_keyframe):
                        raise ValueError(f"it is shorter than it was, or has no key frame at {step.place}")
                    assert packet.pts is not None
                    assert packet.dts is not None
                    packet.pts -= offset
                    packet.dts -= offset
                    packet.stream = copied
                    target.mux(packet)
