"""Cuts clips into steps where beats begin. A slide shows one step, then waits on its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from gradreel.render.settings import RenderSettings, languages_of
from gradreel.render.stages import ClipFile, Shot
from gradreel.render.videos.video import reporting_damaged_clips, video_packets
from gradreel.scenes.catalog import SceneSource
from gradreel.scenes.words.narration import Narration, NarrationError

WHOLE = "all"  # the name of the one step of a scene without beats


@dataclass(frozen=True)
class Step:
    """One beat of a scene, up to the start of the next beat or the scene's end.

    A scene's first step begins with the scene, even if its first beat begins later.
    """

    number: int  # counted from 1
    scene: str
    beat: str
    title: Mapping[str, str]  # the scene's title for each language
    lines: Mapping[str, str]  # printed lines for each language; none for a language without words
    clip: ClipFile
    stand: int  # frames from the clip's start up to and including the picture on which a slide waits, see `as_slides`
    film_start: int  # frames of the film before this step
    frames: int

    @property
    def place(self) -> str:
        """Return the step's name in the deck, such as ``gradient-descent/walk``. Other steps do not change it."""
        return f"{self.scene}/{self.beat}"


def steps_of(narration: Narration, settings: RenderSettings, shots: Sequence[Shot]) -> list[Step]:
    """Return the steps of ``shots`` in film order. The shots' clips have a key frame where each beat begins.

    A scene without beats is one step called `WHOLE`.
    """
    steps: list[Step] = []
    for shot in shots:
        file = shot.file
        title = titles_of(narration, shot.clip.request.source, languages_of(settings))
        beats = [(beat.name, beat.start, beat.end, lines.printed) for beat, lines in shot.beats]
        beats = beats or [(WHOLE, 0, file.frames, {})]
        starts = [0, *(start for _, start, _, _ in beats[1:]), file.frames]
        for (name, _, beat_end, lines), start, end in zip(beats, starts, starts[1:], strict=False):
            spoken_lines = {language: text for language, text in lines.items() if text.strip()}
            position = (file, file.end_before_clearing(start, min(beat_end, end)), shot.start + start, end - start)
            steps.append(Step(len(steps) + 1, shot.clip.scene, name, title, spoken_lines, *position))
    return steps


def as_slides(steps: Sequence[Step]) -> list[Step]:
    """Return the steps as slides: each ends on the picture on which it waits.

    The motion after that picture, such as the fade at a scene's end, plays at the beginning of the next slide. After
    the last step it is not played. A step that shows nothing at all waits on its empty picture.
    """
    slides: list[Step] = []
    clip_start, start = steps[0].film_start, steps[0].film_start  # frames of the film
    for previous, step in zip([steps[0], *steps], steps, strict=False):
        if step.clip is not previous.clip:
            clip_start = step.film_start
        end = clip_start + step.stand
        slides.append(replace(step, film_start=start, frames=end - start))
        start = end
    return slides


def titles_of(narration: Narration, scene: SceneSource, languages: Sequence[str]) -> dict[str, str]:
    """Return a scene's title in each of ``languages``. A missing title is replaced by the one in the first language.

    Raises NarrationError if the first language, that of the pictures, has no title.
    """
    titles = dict.fromkeys(languages, narration.title(scene.name, languages[0], scene.is_ours))
    for language in languages[1:]:
        with suppress(NarrationError):
            titles[language] = narration.title(scene.name, language, scene.is_ours)
    return titles


def languages_with_words(settings: RenderSettings, lines: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """Return the language of the pictures, and each other language in which one of ``lines`` has words.

    ``lines`` are texts by language. The order is that of the settings.
    """
    spoken = {language for line in lines for language, text in line.items() if text.strip()}
    return tuple(code for code in languages_of(settings) if code == settings.language or code in spoken)


def write_videos(steps: Sequence[Step], paths: Mapping[int, Path]) -> None:
    """Write each step as an MP4 at ``paths[step.number]``, by copying packets.

    Each step must begin in the film where the one before ends. Raises DamagedClipsError for a clip that cannot be read,
    is too short, or has no key frame where a step begins.
    """
    clips = list({step.clip.path: step.clip for step in steps}.values())
    with reporting_damaged_clips(clips), av.open(str(clips[0].path)) as first:
        template = first.streams.video[0]
        packets, base = video_packets(clips, template.codec_context), template.time_base
        assert base is not None
        for step in steps:
            offset = round(Fraction(step.film_start - steps[0].film_start, step.clip.fps) / base)
            options = {"movflags": "+faststart", "video_track_timescale": str(round(1 / base))}
            with av.open(str(paths[step.number]), "w", format="mp4", options=options) as target:
                copied = target.add_stream_from_template(template)
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
