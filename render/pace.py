"""Measures how fast each beat is spoken, how long it is silent, and how long nothing moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from gradreel.render.clips.beat_lines import refill_spoken_lines
from gradreel.render.stages import BeatSpan, Clip, Finding
from gradreel.scenes.words.languages import LANGUAGES

LONGEST_SILENCE = 5.0  # seconds from the last word to the end of the beat, at most
LONGEST_STILL = 4.0  # seconds of speech after all motion is over, at most
LONGEST_PAUSE = 1.5  # seconds of silence before the words after a mark, at most
WORST = 10


@dataclass(frozen=True)
class BeatPace:
    """The pace of one beat in one language; times are in seconds."""

    scene: str
    beat: str
    language: str
    count: int  # words as they are spoken, or characters: see `Language.said_in`
    seconds: float  # of the beat
    speech: float | None  # time in which it is spoken, with its own pauses; None: no voice speaks it
    silence: float = 0.0  # from the last word to the end of the beat
    still: float = 0.0  # speech after all motion is over
    pauses: Mapping[str, float] = field(default_factory=dict)  # silence before the words after each mark

    @property
    def rate(self) -> float:
        """Return words, or characters, a minute while they are spoken; without a voice, over the whole beat."""
        return 60 * self.count / (self.speech or self.seconds)

    @property
    def findings(self) -> Iterator[Finding]:
        """Yield what a listener would mind: too fast, too long silent, too long without motion."""
        kind = LANGUAGES[self.language]
        if round(self.rate) > kind.fastest:
            message = f"{self.rate:.0f} {kind.said_in} a minute; {kind.fastest} can be followed"
            yield self._new_finding(
                "pace", message if self.speech else f"{message} (over the whole beat: it has no voice)"
            )
        if self.silence > LONGEST_SILENCE:
            yield self._new_finding("silence", f"{self.silence:.1f} s after its last word")
        if self.still > LONGEST_STILL:
            yield self._new_finding("still", f"its words go on for {self.still:.1f} s after its motion is over")
        for mark, pause in self.pauses.items():
            if pause > LONGEST_PAUSE:
                yield self._new_finding("pause", f"{pause:.1f} s of silence before [{mark}]")

    def _new_finding(self, rule: str, message: str) -> Finding:
        """Return a finding about this beat."""
        return Finding(self.scene, self.beat, rule, message, self.language)


def pace_of(clip: Clip, beats: Sequence[BeatSpan]) -> list[BeatPace]:
    """Return the pace of a clip's ``beats``, as they were played, in each language that has words for them."""
    narration = clip.request.narration()
    paces = []
    for number, beat in enumerate(beats):
        texts = refill_spoken_lines(narration, clip.narrated_as, beat).stretches
        for language in texts:
            count = len(re.findall(LANGUAGES[language].SAID, "".join(texts[language])))
            if count:
                paces.append(_beat_pace(clip, beat, number, language, count))
    return paces


def _beat_pace(clip: Clip, beat: BeatSpan, number: int, language: str, count: int) -> BeatPace:
    """Return the pace of beat ``number``, which has ``count`` words or characters."""
    fps = clip.request.settings.fps
    seconds = (beat.end - beat.start) / fps
    heard = clip.speech.get(beat.name, {}).get(language)
    if heard is None:
        return BeatPace(clip.scene, beat.name, language, count, seconds, None)
    assert beat.motion is not None, "it was played now"
    begins = [clip.words_start(beat, number) / fps, *(frame / fps for frame in beat.marks.values())]
    ends = [begin + stretch.seconds for begin, stretch in zip(begins, heard, strict=True)]
    return BeatPace(
        clip.scene,
        beat.name,
        language,
        count,
        seconds,
        speech=sum(stretch.seconds for stretch in heard),
        silence=max(beat.end / fps - ends[-1], 0.0),
        still=max(ends[-1] - beat.motion / fps, 0.0),
        pauses={mark: begins[k + 1] - ends[k] for k, mark in enumerate(beat.marks)},
    )


def summary(paces: Sequence[BeatPace]) -> Iterator[str]:
    """Yield, for each language, lines with its speaking time, its median pace, and its `WORST` fastest beats."""
    for language in dict.fromkeys(pace.language for pace in paces):
        own_paces, kind = [pace for pace in paces if pace.language == language], LANGUAGES[language]
        heard = [pace.speech for pace in own_paces if pace.speech is not None]
        seconds = sum(pace.seconds for pace in own_paces)
        voice = f"heard for {sum(heard):.0f} of {seconds:.0f} s" if heard else f"no voice, {seconds:.0f} s"
        middle = median(pace.rate for pace in own_paces)
        yield f"{kind.own_name}: {len(own_paces)} beats, {voice}, median {middle:.0f} {kind.said_in} a minute"
        yield f"  {kind.said_in + '/min':>14} {kind.said_in:>10} {'speech s':>9} {'silence s':>9} {'still s':>8}  beat"
        for pace in sorted(own_paces, key=lambda pace: -pace.rate)[:WORST]:
            speech = "none" if pace.speech is None else f"{pace.speech:.1f}"
            figures = f"{pace.rate:>14.0f} {pace.count:>10} {speech:>9} {pace.silence:>9.1f} {pace.still:>8.1f}"
            yield f"  {figures}  {pace.scene}, {pace.beat}"
