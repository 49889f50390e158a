"""How fast each beat is spoken, when nothing is heard in it, and when nothing moves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from gradreel.render.clips.beat_lines import spoken_again
from gradreel.render.clips.fingerprint import languages_of
from gradreel.render.stages import BeatSpan, Clip, Finding
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration

LONGEST_SILENCE = 5.0  # seconds from the last word to the end of the beat
LONGEST_STILL = 4.0  # seconds of speech after all that moves is over
LONGEST_PAUSE = 1.5  # seconds of silence before what is said after a mark
WORST = 10


@dataclass(frozen=True)
class BeatPace:
    """A beat in one language, in seconds."""

    scene: str
    beat: str
    language: str
    count: int  # of words as they are said, or characters: `Language.said_in`
    seconds: float  # of the beat
    speech: float | None  # in which it is heard, its own pauses included; None: no voice speaks it
    silence: float = 0.0  # from the last word to the end of the beat
    still: float = 0.0  # of speech after all that moves is over
    pauses: Mapping[str, float] = field(default_factory=dict)  # of silence before what is said after each mark

    @property
    def rate(self) -> float:
        """Words, or characters, a minute: while they are heard, or without a voice over the whole beat."""
        return 60 * self.count / (self.speech or self.seconds)

    @property
    def findings(self) -> Iterator[Finding]:
        """What a listener would mind."""
        kind = LANGUAGES[self.language]
        if round(self.rate) > kind.fastest:
            what = f"{self.rate:.0f} {kind.said_in} a minute; {kind.fastest} can be followed"
            yield self._finding("pace", what if self.speech else f"{what} (over the whole beat: it has no voice)")
        if self.silence > LONGEST_SILENCE:
            yield self._finding("silence", f"{self.silence:.1f} s after its last word")
        if self.still > LONGEST_STILL:
            yield self._finding("still", f"its words go on for {self.still:.1f} s after its motion is over")
        for mark, pause in self.pauses.items():
            if pause > LONGEST_PAUSE:
                yield self._finding("pause", f"{pause:.1f} s of silence before [{mark}]")

    def _finding(self, rule: str, message: str) -> Finding:
        return Finding(self.scene, self.beat, rule, message, self.language)


def pace_of(clip: Clip, beats: Sequence[BeatSpan]) -> list[BeatPace]:
    """How the ``beats`` of a clip, as they were played, are spoken in each language that they have words in."""
    languages = languages_of(clip.request)
    narration = Narration.load(languages).with_words(clip.request.words)
    found = []
    for beat in beats:
        said = spoken_again(narration, clip.narrated_as, beat).stretches
        for language in said:
            count = len(re.findall(LANGUAGES[language].SAID, "".join(said[language])))
            if count:
                found.append(_beat_pace(clip, beat, language, count))
    return found


def _beat_pace(clip: Clip, beat: BeatSpan, language: str, count: int) -> BeatPace:
    fps = clip.request.settings.fps
    seconds = (beat.end - beat.start) / fps
    heard = clip.speech.get(beat.name, {}).get(language)
    if heard is None:
        return BeatPace(clip.scene, beat.name, language, count, seconds, None)
    assert beat.motion is not None, "it was played now"
    begins = [beat.start / fps, *(frame / fps for frame in beat.marks.values())]
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
    """For each language in words: how long it is heard, the median of its paces, its fastest beats."""
    for language in dict.fromkeys(pace.language for pace in paces):
        its, kind = [pace for pace in paces if pace.language == language], LANGUAGES[language]
        heard = [pace.speech for pace in its if pace.speech is not None]
        seconds = sum(pace.seconds for pace in its)
        voice = f"heard for {sum(heard):.0f} of {seconds:.0f} s" if heard else f"no voice, {seconds:.0f} s"
        middle = median(pace.rate for pace in its)
        yield f"{kind.own_name}: {len(its)} beats, {voice}, median {middle:.0f} {kind.said_in} a minute"
        yield f"  {kind.said_in + '/min':>14} {kind.said_in:>10} {'speech s':>9} {'silence s':>9} {'still s':>8}  beat"
        for pace in sorted(its, key=lambda pace: -pace.rate)[:WORST]:
            speech = "none" if pace.speech is None else f"{pace.speech:.1f}"
            figures = f"{pace.rate:>14.0f} {pace.count:>10} {speech:>9} {pace.silence:>9.1f} {pace.still:>8.1f}"
            yield f"  {figures}  {pace.scene}, {pace.beat}"
