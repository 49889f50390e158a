"""Real renders with a voice made of tones: a twentieth of a second a letter."""

from __future__ import annotations

import json
import math
import os
import shutil
import wave
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.render import pipeline, report
from gradreel.render.clips.workspace import Folders
from gradreel.render.lessons.options import Options
from gradreel.render.lessons.selection import load_lesson
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import BEFORE_FIRST_WORD, Clip, ClipFile
from gradreel.render.videos.estimates import estimates
from gradreel.render.videos.narration_track import spoken_beat
from gradreel.render.videos.publishing import narration_of, shots_of
from gradreel.render.voice.engines import SpokenFile, Utterance
from gradreel.render.voice.programs import ProgramError, Programs
from gradreel.render.voice.recordings import Recordings
from gradreel.render.workers.progress import Reporter
from gradreel.scenes.base import HOLD, PAUSES

pytestmark = pytest.mark.usefixtures("quick_workers")

SCENES = '''
from gradreel.scenes.base import LectureScene
from manim import RIGHT, Dot, FadeIn, Scene


class Spoken(LectureScene):
    """A dot that waits for its words."""

    class Parameters(LectureScene.Parameters):
        far: float = 2.5

    def construct(self):
        dot = Dot(radius=1)
        with self.beat("appear"):
            self.play(FadeIn(dot), run_time=0.2)
        with self.beat("move", far=self.parameters.far):
            self.until("there")
            self.play(dot.animate.shift(self.parameters.far * RIGHT), run_time=0.5)
        with self.beat("rest"):
            self.play(dot.animate.shift(RIGHT), run_time=3)


class Says(LectureScene):
    def construct(self):
        with self.beat("only", say="Its own words, [now]in place."):
            self.until("now")
            self.play(FadeIn(Dot()), run_time=0.2)


class Raises(LectureScene):
    def construct(self):
        with self.beat("only", say="It was not to be."):
            self.play(FadeIn(Dot()), run_time=0.2)
            raise ValueError("no dot")


class Plain(Scene):
    def construct(self):
        self.play(FadeIn(Dot()), run_time=0.3)
'''
WORDS = {
    "en": {
        "appear": "A dot is here; this line is a good deal longer than what moves.",
        "move": "Off it goes, [there]by {far}, [end]and that is all there is to it.",
        "rest": "Short.",
    },
    "zh": {
        "appear": "出现了一个点。",
        "move": "它现在出发，这一句在中文里要长得多得多得多得多得多，[there]走了{far}，[end]完了。",
        "rest": "短。",
    },
}
SECONDS_A_LETTER, FPS = 0.05, 10
SPOKEN = {"2.5": {"en": "two point five", "zh": "二点五"}}


@dataclass(frozen=True)
class Tones:
    """Speaks in this process; texts are noted in ``log``. "fail" can't be spoken, "kill" ends the process."""

    log: Path
    batch: int = 1
    whole_lines: bool = False
    restriction: str = ""

    @property
    def made_of(self) -> Mapping[str, object]:
        return {"tones": SECONDS_A_LETTER}

    def speak(self, utterances: Sequence[Utterance], folder: Path, programs: Programs) -> list[SpokenFile]:
        files = []
        for number, (text,) in enumerate(utterances):
            if "fail" in text:
                raise ProgramError("it has no such word")
            if "kill" in text:
                os.kill(os.getpid(), 9)
            with self.log.open("a") as out:
                out.write(json.dumps(text) + "\n")
            files.append(folder / f"{number}.wav")
            tone = 9000 * np.sin(np.arange(round(48_000 * seconds(text))) / 8)
            with wave.open(str(files[-1]), "wb") as out:
                out.setnchannels(1), out.setsampwidth(2), out.setframerate(48_000)
                out.writeframes(tone.astype("<i2").tobytes())
        return [SpokenFile(file) for file in files]


def seconds(text: str) -> float:
    return SECONDS_A_LETTER * len(text)


class Heard(Reporter):
    def __init__(self) -> None:
        self.tasks: list[tuple[str, str]] = []
        self.said: list[str] = []

    def begin(self, task: str, total: int, unit: str) -> None:
        self.tasks.append((task, unit))

    def say(self, message: str) -> None:
        self.said.append(message)

    @property
    def units(self) -> Counter[str]:
        """How many scenes were listened to ("beats"), and drawn ("frames"); in how many languages was spoken."""
        return Counter(unit for _, unit in self.tasks)


@dataclass
class Film:
    """A lesson in a folder, spoken by tones."""

    folder: Path
    settings: RenderSettings

    def write(self, words: Mapping[str, Mapping[str, str]] = WORDS, scenes: str = "Spoken") -> None:
        tables = [
            f"[{language}.spoken.beats]\n" + "".join(f"{beat} = {json.dumps(line)}\n" for beat, line in lines.items())
            for language, lines in words.items()
        ]
        titles = [f'[{language}.spoken]\ntitle = "Spoken"\n' for language in words]
        (self.folder / "words.toml").write_text("\n".join(titles + tables), encoding="utf-8")
        listed = "".join(f'[[scene]]\nname = "talks.py:{scene}"\n' for scene in scenes.split())
        narration = 'narration = "words.toml"\n' if "Spoken" in scenes else ""
        (self.folder / "film.toml").write_text(f'title = {{ en = "A film" }}\n{narration}{listed}')

    def render(self, **changes: object) -> tuple[Heard, list[tuple[Clip, ClipFile]]]:
        """Render the film; return its messages, and the clips with their files."""
        heard, found = Heard(), []
        with pipeline.running_job(
            load_lesson(self.folder / "film.toml"), replace(self.settings, **changes), heard
        ) as job:
            pipeline._run_and_publish(job, found.extend)
        return heard, found

    def plan(self, **changes: object):
        return pipeline.plan_lesson(load_lesson(self.folder / "film.toml"), replace(self.settings, **changes))

    def spoken(self) -> list[str]:
        """The texts that have been spoken since this was asked last."""
        log = self.settings.voices["en"].log
        texts = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        log.unlink(missing_ok=True)
        return texts


@pytest.fixture
def film(tmp_path, monkeypatch) -> Film:
    (tmp_path / "talks.py").write_text(SCENES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = film_in(tmp_path)
    found.write()
    return found


@pytest.fixture(scope="module")
def spoken_film(tmp_path_factory, quickly) -> tuple[Film, Heard, Clip, ClipFile]:
    """A film after its first rendering, the messages of that, its clip, and the clip's file."""
    first = film_in(tmp_path_factory.mktemp("spoken"))
    (first.folder / "talks.py").write_text(SCENES, encoding="utf-8")
    first.write()
    with quickly():
        heard, ((clip, file),) = first.render()
    assert len(first.spoken()) == 10
    return first, heard, clip, file


@pytest.fixture
def spoken(spoken_film, film) -> Film:
    """A copy of that film, somewhere else, as it is after its first rendering."""
    shutil.copytree(spoken_film[0].folder, film.folder, dirs_exist_ok=True)
    return film


def film_in(folder: Path) -> Film:
    voice = Tones(folder / "log.json")
    voices, size = {"en": voice, "zh": voice}, {"width": 64, "height": 36, "fps": FPS}
    return Film(folder, RenderSettings(**size, jobs=2, media_dir=folder / "media", voices=voices))


ELSEWHERE = "import runpy; runpy.run_path(file)['film_in'](folder).render(jobs=1)"


def frames(duration: float) -> int:
    return math.ceil(duration * FPS - 1e-6)


def spoken_parts(language: str, beat: str) -> list[str]:
    """The stretches of a line as they are read out."""
    line = WORDS[language][beat].replace("{far}", SPOKEN["2.5"][language])
    return [part.strip() for part in line.replace("[end]", "[there]").split("[there]")]


def test_beats_last_as_long_as_their_words_or_their_motion_and_pictures_meet_theirs(spoken_film):
    _, heard, clip, file = spoken_film
    appear, move, rest = file.beats
    assert heard.units == {"lines": 2, "beats": 1, "frames": 1}
    spoken = BEFORE_FIRST_WORD + seconds(spoken_parts("en", "appear")[0])
    assert appear.end - appear.start == frames(spoken + PAUSES["breath"]), "longer than motion"
    assert rest.end - rest.start == frames(3 + HOLD), "its motion is longer, and rests after it"

    longest = [max(map(seconds, both)) for both in zip(*(spoken_parts(code, "move") for code in WORDS), strict=True)]
    assert longest[0] == seconds(spoken_parts("zh", "move")[0]), "Chinese takes longer to the mark"
    assert longest[2] == seconds(spoken_parts("en", "move")[2]), "and English from the last"
    there = frames(longest[0])  # whole frames: the picture goes on with one, and the words, too
    end = there + frames(longest[1])  # nobody waits for it
    assert move.marks == {"there": move.start + there, "end": move.start + end}
    assert move.end - move.start == frames(end / FPS + longest[2] + PAUSES["breath"])
    assert move.lines["en"] == WORDS["en"]["move"].replace("{far}", "2.5")

    assert clip.speech.keys() == {"appear", "move", "rest"}
    for code in WORDS:
        lengths = [part.seconds for part in clip.speech["move"][code]]
        assert lengths == pytest.approx([seconds(part) for part in spoken_parts(code, "move")], abs=1e-3)
    assert clip.request.speech["move"] == pytest.approx(longest, abs=1e-3)
    assert clip.request.settings.voices == {}


def test_a_corrected_word_repeats_only_the_work_that_it_affects(spoken, spoken_film):
    film = spoken
    again, ((_, before),) = film.render()
    assert (again.units, film.spoken(), before.path.name) == ({}, [], spoken_film[3].path.name)

    as_long = WORDS | {"en": WORDS["en"] | {"rest": "Brief."}, "zh": WORDS["zh"] | {"rest": "停。"}}
    film.write(as_long)
    assert film.plan().unspoken == {"en": 1, "zh": 1}
    heard, ((_, file),) = film.render()
    assert (heard.units, sorted(film.spoken())) == ({"lines": 2}, ["Brief.", "停。"]), "its scene was not played again"
    assert file == before
    assert film.plan().out_of_date == ()

    film.write(WORDS | {"en": WORDS["en"] | {"rest": "It takes longer than the motion. " * 3}})
    heard, ((_, file),) = film.render()
    assert heard.units == {"lines": 1, "frames": 1}
    assert file.path != before.path and file.frames > before.frames

    (film.folder / "talks.py").write_text(SCENES.replace("far: float = 2.5", "far: float = 3.5"), encoding="utf-8")
    heard, _ = film.render()
    assert heard.units == {"lines": 2, "beats": 1, "frames": 1}
    assert {"by three point five,", "走了三点五，"} < set(film.spoken())


def test_a_voices_restriction_is_printed_once_when_it_speaks(film):
    voices = film.settings.voices
    film.settings = replace(
        film.settings, voices={**voices, "zh": replace(voices["zh"], restriction="Not on Sundays.")}
    )
    first, _ = film.render()
    assert first.said == ["中文: Not on Sundays."]
    again, _ = film.render()
    assert again.said == []


def test_a_dry_run_counts_the_lines_to_speak_and_writes_nothing(film, spoken_film, capsys):
    plan = film.plan()
    assert [(clip.path, clip.why) for clip in plan.clips] == [(None, "its lines have to be spoken first")]
    assert (plan.unspoken, plan.unheard) == ({"en": 3, "zh": 3}, ("spoken",)), "up to so many: not listened to yet"
    assert not film.settings.media_dir.exists()
    shutil.copytree(spoken_film[0].folder, film.folder, dirs_exist_ok=True)
    before = sorted(file for file in film.settings.media_dir.rglob("*"))
    assert (film.plan().out_of_date, film.plan().unspoken) == ((), {})
    film.write(WORDS | {"en": WORDS["en"] | {"rest": "Other.", "appear": "Another one."}})
    plan = film.plan()
    assert plan.unspoken == {"en": 2}
    report.print_plan(plan, estimates(plan, Folders(film.settings.media_dir), 1), Options(), clips=True)
    assert "speak   2 lines in en\nrender  spoken: its lines have to be spoken first" in capsys.readouterr().out
    assert sorted(film.settings.media_dir.rglob("*")) == before


def test_a_dry_run_names_the_trace_or_parameter_that_changed_before_the_lines(film, record_loop):
    def record(updates):
        record_loop(film.folder / "runs", lambda parameters: torch.optim.SGD(parameters, 0.1), updates=updates)

    record(3)
    shows = SCENES.replace("far: float = 2.5", "far: float = 2.5\n        run: TraceFolder = TraceFolder('runs')")
    shows = f"from gradreel.scenes.trace_folder import TraceFolder\n{shows}"
    (film.folder / "talks.py").write_text(shows, encoding="utf-8")
    film.render()
    assert film.plan().out_of_date == ()
    record(4)
    assert [clip.why for clip in film.plan().clips] == ["trace of run changed"]
    film.render()
    (film.folder / "talks.py").write_text(shows.replace("2.5", "3.5"), encoding="utf-8")
    (clip,) = film.plan().clips
    assert "parameter far" in clip.why and "spoken" not in clip.why and "narration" not in clip.why


def test_a_dry_run_finds_missing_recordings_as_rendering_does(spoken, tmp_path):
    (tmp_path / "takes").mkdir()
    voices = {"en": Recordings(tmp_path / "takes")}
    with pytest.raises(UserError, match="takes has no recording of 3 of 3 beats: spoken/appear"):
        spoken.plan(voices=voices)
    filled = {"en": Recordings(tmp_path / "takes", spoken.settings.voices["en"])}
    assert spoken.plan(voices=filled).unspoken == {}


def test_beats_outside_the_range_are_not_spoken(film, spoken_film):
    _, ((clip, file),) = film.render(first_beat="move", last_beat="move")
    assert sorted(film.spoken()) == sorted(part for code in WORDS for part in spoken_parts(code, "move"))
    assert [beat.name for beat in file.beats] == ["move"] and clip.request.speech.keys() == {"move"}
    move = spoken_film[3].beats[1]
    before = round(BEFORE_FIRST_WORD * FPS)  # a film that begins with this beat has a second of picture first
    assert {mark: frame - move.start + before for mark, frame in move.marks.items()} == dict(file.beats[0].marks)
    with pytest.raises(UserError, match="-n rest,move: spoken plays no such beats in that order"):
        film.render(first_beat="rest", last_beat="move")


def test_a_line_in_the_scenes_source_is_only_in_the_videos_language(film):
    film.write(scenes="Says Plain")
    heard, ((says, file), (plain, _)) = film.render()
    assert sorted(film.spoken()) == ["Its own words,", "in place."]
    assert says.speech["only"].keys() == {"en"}
    assert file.beats[0].marks == {"now": frames(BEFORE_FIRST_WORD + seconds("Its own words,"))}
    assert plain.speech == {} and heard.units == {"lines": 1, "beats": 1, "frames": 2}, (
        "a plain scene is not listened to"
    )
    zh_alone = {"zh": film.settings.voices["zh"]}
    _, ((says, _), _) = film.render(voices=zh_alone)
    assert says.speech == {}, "no voice for its language"
    _, ((says, _), _) = film.render(voices=zh_alone, language="zh")
    assert says.speech.keys() == {"only"}


def test_without_a_voice_nothing_is_listened_to_and_marks_are_met_in_reading_time(film):
    heard, ((clip, file),) = film.render(voices={})
    assert heard.units == {"frames": 1} and film.spoken() == []
    assert clip.request.opens_film
    assert clip.words_start(file.beats[0], 0) == file.beats[0].start, "it begins without a second of picture"
    move = file.beats[1]
    assert move.start < move.marks["there"] < move.marks["end"] < move.end


def test_a_mark_that_one_language_lacks_is_met_all_the_same(film):
    film.write(WORDS | {"en": WORDS["en"] | {"move": "Off it goes, [there]by {far}, that is all there is."}}, "Spoken")
    for voices in ({}, film.settings.voices):
        _, ((_, file),) = film.render(voices=voices)
        assert [*file.beats[1].marks] == ["there", "end"]


def test_the_same_bytes_on_any_number_of_processes(film, spoken_film):
    _, ((_, one),) = film.render(jobs=1)
    two = spoken_film[3]
    assert one.path.name == two.path.name
    assert one.path.read_bytes() == two.path.read_bytes()


def test_a_scene_that_raises_does_not_stop_the_others(film):
    film.write(scenes="Says Raises Plain")
    with pytest.raises(UserError, match=r"raises raised an error:(?s:.*)no dot") as error:
        film.render()
    assert "in beat only" in str(error.value)
    film.write(scenes="Says Plain")
    heard, clips = film.render()
    assert heard.units == {} and len(clips) == 2, "they were drawn"


@pytest.mark.parametrize("how", ["fail", "kill"])
def test_spoken_lines_are_kept_if_a_later_line_fails_or_the_run_is_killed(film, begin_fork, how):
    film.write(WORDS | {"en": WORDS["en"] | {"rest": f"I {how}."}})
    if how == "fail":
        with pytest.raises(UserError, match=r"'I fail\.' could not be spoken: .*no such word"):
            film.render(jobs=1)
    else:
        process = begin_fork(ELSEWHERE, file=__file__, folder=film.folder)
        process.join()
        assert process.exitcode == -9
    spoken = film.spoken()
    film.write()
    film.render()
    assert spoken and not set(spoken) & set(film.spoken())


def test_two_runs_at_once_speak_and_draw_everything_once(film, begin_fork):
    both = [begin_fork(ELSEWHERE, file=__file__, folder=film.folder) for _ in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert len(film.spoken()) == 10
    assert len(list((film.settings.media_dir / "clips").glob("*.mp4"))) == 1


def test_a_spoken_clip_is_a_whole_number_of_sound_packets_long(film):
    film.settings = replace(film.settings, fps=15)
    _, ((_, file),) = film.render()
    assert file.frames % 8 == 0
    assert file.beats[-1].end == file.frames
    _, ((_, silent),) = film.render(voices={})
    assert silent.frames % 8 != 0, "this scene needs padding only with a voice"


def test_a_spoken_film_begins_with_a_second_of_picture(film):
    film.write(scenes="Says Spoken")
    _, ((says, first), (spoken, second)) = film.render()
    now = frames(BEFORE_FIRST_WORD + seconds("Its own words,"))
    assert first.beats[0].marks == {"now": now}
    assert says.request.opens_film and not spoken.request.opens_film
    narration = narration_of(load_lesson(film.folder / "film.toml"), film.settings)
    shots = shots_of(narration, film.settings, [(says, first), (spoken, second)], {})
    begins = [spoken_beat(shot, 0, FPS)["en"][0].start * FPS for shot in shots]
    assert begins == [BEFORE_FIRST_WORD * FPS, first.frames]
