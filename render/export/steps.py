"""Clips cut where beats begin: what plays until it stands, with its picture and its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from gradreel.render.settings import RenderSettings, languages_of
from gradreel.render.stages import ClipFile, Shot
from gradreel.render.videos.video import reading, video_packets
from gradreel.scenes.catalog import SceneSource
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
    stand: int  # frames of the clip up to the picture on which a slide waits, see `as_slides`
    film_start: int  # frames of all clips before it, and of the clip's up to it
    frames: int

    @property
    def place(self) -> str:
        """Its name in the deck, which stays when others come and go: ``gradient-descent/walk``."""
        return f"{self.scene}/{self.beat}"


def steps_of(narration: Narration, settings: RenderSettings, shots: Sequence[Shot]) -> list[Step]:
    """The steps of ``shots``, whose files of H.264 have a key frame where a beat begins."""
    steps: list[Step] = []
    for shot in shots:
        file = shot.file
        title = titles_of(narration, shot.clip.request.source, languages_of(settings))
        beats = [(beat.name, beat.start, beat.end, lines.printed) for beat, lines in shot.beats]
        beats = beats or [(WHOLE, 0, file.frames, {})]
        starts = [0, *(start for _, start, _, _ in beats[1:]), file.frames]
        for (name, _, beat_end, lines), start, end in zip(beats, starts, starts[1:], strict=False):
            said = {language: text for language, text in lines.items() if text.strip()}
            where = (file, file.stand(start, min(beat_end, end)), shot.start + start, end - start)
            steps.append(Step(len(steps) + 1, shot.clip.scene, name, title, said, *where))
    return steps


def as_slides(steps: Sequence[Step]) -> list[Step]:
    """Returns the steps as slides have them: each ends where it stands, with its picture still there.

    What leaves the picture after that, such as the fade at a scene's end, is played at the beginning of the next step.
    After the last step it is not played. A step that shows nothing at all stands on its empty picture.
    """
    slides: list[Step] = []
    clip_start, start = steps[0].film_start, steps[0].film_start  # frames of the film
    for before, step in zip([steps[0], *steps], steps, strict=False):
        if step.clip is not before.clip:
            clip_start = step.film_start
        end = clip_start + step.stand
        slides.append(replace(step, film_start=start, frames=end - start))
        start = end
    return slides


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
    """Return the language of the pictures, and the others in which one of ``lines`` (texts by language) has words."""
    told = {language for line in lines for language, text in line.items() if text.strip()}
    return tuple(code for code in languages_of(settings) if code == settings.language or code in told)


def write_videos(steps: Sequence[Step], paths: Mapping[int, Path]) -> None:
    """Write each step as an MP4 at ``paths``, by number, and copy its packets. Each begins where the one before ends.

    Raises DamagedClipsError for a clip that cannot be read, or has no key frame where a step begins.
    """
    clips = list({step.clip.path: step.clip for step in steps}.values())
    with reading(clips), av.open(str(clips[0].path)) as first:
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
