"""A lesson of one's own: scenes of ours and theirs in another order, with words of their own, in parts."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
import srt
from gradreel.scenes.words.narration import Narration

SCENE = '''
from gradreel.scenes.base import LectureScene
from gradreel.scenes.words.counts import Count
from gradreel.scenes.mobjects.text import words
from manim import Circle, Create, Dot, FadeIn


class Marks(LectureScene):
    """Dots, one after the other; all it says stands in a narration file."""

    def construct(self):
        with self.beat("first", dots=Count(2)):
            self.play(FadeIn(Dot(radius=1)), FadeIn(words(self.screen("label"), 44)), run_time=0.2)
        for k in range(2):
            with self.beat(f"next-{k + 1}", place=Count(k + 1)):
                self.play(FadeIn(Dot([k, 0, 0])), run_time=0.2)


class Ring(LectureScene):
    """A ring that says its line itself."""

    def construct(self):
        with self.beat("draw", say="A ring."):
            self.play(Create(Circle()), run_time=0.2)
'''
LESSON = """
title = { en = "Shapes", zh = "图形" }
narration = "my-words.toml"

[[scene]]
name = "my_scene.py:Ring"

[[scene]]
part = { en = "Dots", zh = "点" }
name = "my_scene.py:Marks"

[[scene]]
part = { en = "The end", zh = "结尾" }
name = "my_scene.py:End"
"""
END = '''

class End(LectureScene):
    """Nothing more."""

    def construct(self):
        with self.beat("end", say="The end."):
            self.play(FadeIn(Circle()), run_time=0.2)
'''
WORDS = """
[en.marks]
title = "Two dots"
[en.marks.beats]
first = "There will be {dots:en} more."
next = "This is the {place:en-th}."
[en.marks.screen]
label = "dots"
"""
SMALL = ("--lesson", "shapes.toml", "-r", "160,90", "--fps", "5")


@pytest.fixture
def project(tmp_path, kept_clips):
    (tmp_path / "my_scene.py").write_text(SCENE + END, encoding="utf-8")
    (tmp_path / "shapes.toml").write_text(LESSON, encoding="utf-8")
    (tmp_path / "my-words.toml").write_text(WORDS, encoding="utf-8")
    return tmp_path


def spoken(video: Path, language: str = "en") -> list[str]:
    text = video.with_name(f"{video.stem}.{language}.srt").read_text(encoding="utf-8")
    return [entry.content for entry in srt.parse(text)]


def chapters(video: Path) -> list[str]:
    with av.open(str(video)) as container:
        return [chapter["metadata"]["title"] for chapter in container.chapters()]


def test_a_users_scene_has_the_words_of_the_file_and_chapters_name_the_parts(gradreel, project):
    result = gradreel("render", *SMALL)
    assert (result.exit_code, result.stderr) == (0, "")
    video = project / "media/videos/shapes/90p5/shapes.mp4"
    said = ["There will be two more.", "This is the first.", "This is the second."]
    assert spoken(video) == ["A ring.", *said, "The end."]
    assert not [*video.parent.glob("*.zh.*")], "nothing is written in Chinese"
    assert chapters(video) == ["Ring", "Dots: Two dots", "The end: End"]
    manifest = json.loads((video.parent / "manifest.json").read_text(encoding="utf-8"))
    first, second = manifest["parts"]
    assert [(first["title"], first["scenes"]), (second["title"], second["scenes"])] == [
        ("Dots", ["marks"]),
        ("The end", ["end"]),
    ]
    ends = {scene["name"]: (scene["start"], scene["end"]) for scene in manifest["scenes"]}
    assert ((first["start"], first["end"]), (second["start"], second["end"])) == (ends["marks"], ends["end"])

    scenes = json.loads(gradreel("list", "--lesson", "shapes.toml", "--json").stdout)
    assert [scene["part"] for scene in scenes] == [None, "Dots", "The end"]
    assert [scene["beats"] for scene in scenes] == [1, 3, 1]
    assert sum(scene["seconds"] for scene in scenes) == pytest.approx(manifest["seconds"])
    words = gradreel("list", "--lesson", "shapes.toml").stdout
    assert "\nDots\n  marks  " in words
    assert words.splitlines()[-1] == f"3 scenes: {round(manifest['seconds'])} s, 5 beats"


def test_a_changed_word_updates_only_subtitles_and_a_longer_line_renders_the_clip_again(gradreel, project):
    gradreel("render", *SMALL)
    words = project / "my-words.toml"
    words.write_text(WORDS.replace("Two dots", "A pair").replace("This is the {", "Here is the {"), encoding="utf-8")
    assert "marks: up to date" in gradreel("render", *SMALL, "--dry_run").stdout
    gradreel("render", *SMALL)
    video = project / "media/videos/shapes/90p5/shapes.mp4"
    assert spoken(video)[2:4] == ["Here is the first.", "Here is the second."]
    assert chapters(video)[1] == "Dots: A pair"
    longer = "This one, which you may not have noticed yet, is the {"
    words.write_text(WORDS.replace("This is the {", longer), encoding="utf-8")
    assert "marks: narration changed" in gradreel("render", *SMALL, "--dry_run").stdout
    words.write_text(WORDS.replace('label = "dots"', 'label = "spots"'), encoding="utf-8")
    assert "marks: narration changed" in gradreel("render", *SMALL, "--dry_run").stdout


def test_a_list_of_a_users_scenes_also_names_ours(gradreel, project):
    told = gradreel("list", "--lesson", "shapes.toml").stdout
    assert (
        told.index("(shapes.toml)")
        < told.index("marks")
        < told.index("Beside the lesson")
        < told.index("gradient-descent")
    )
    assert "gradient-descent" not in gradreel("list", "--lesson", "shapes.toml", "--from", "marks").stdout


def test_words_in_only_one_language_suffice_for_the_cache(gradreel, project):
    gradreel("render", *SMALL, "--media_dir", "new")
    result = gradreel("cache", "--lesson", "shapes.toml", "--media_dir", "new", "--json")
    assert result.exit_code == 0
    clips = json.loads(result.stdout)["clips"]
    assert (clips["of_lesson"], clips["unneeded"]) == (3, [])


@pytest.mark.parametrize("base", ["LectureScene", "Scene"])
def test_a_users_scene_gets_neither_title_nor_words_of_our_scene_of_that_name(gradreel, project, base):
    scene = f"from manim import Dot, FadeIn, Scene\n\n\nclass Summary({base}):\n    def construct(self):\n"
    line = 'with self.beat("end", say="That was it."):' if base == "LectureScene" else "if True:"
    imported = "from gradreel.scenes.base import LectureScene\n" if base == "LectureScene" else ""
    content = f"{imported}{scene}        {line}\n            self.play(FadeIn(Dot()), run_time=0.2)\n"
    (project / "own.py").write_text(content.replace("Summary", "Page"))
    (project / "own.toml").write_text('title = { en = "Own" }\n[[scene]]\nname = "own.py:Page"\n')
    result = gradreel("render", "--lesson", "own.toml", *SMALL[2:])
    assert (result.exit_code, chapters(Path(result.stdout.strip()))) == (0, ["Page"])
    exported = gradreel("export", "slides", "--lesson", "own.toml", *SMALL[2:])
    assert exported.exit_code == 0, exported.stderr
    (project / "own.py").write_text(content)
    told = gradreel("describe", "own.py:Summary").stdout
    assert "Summary" in told and Narration.load(["en"]).title("backprop", "en") not in told


def test_a_line_missing_everywhere_is_not_requested_in_our_files(gradreel, project):
    result = gradreel("render", "my_scene.py:Marks", *SMALL[2:])
    assert result.exit_code == 2
    assert "--lesson names a lesson whose words" in result.stderr and "[en.marks.beats]" in result.stderr
    assert "assets/narration" not in result.stderr


def test_an_option_without_effect_is_reported(gradreel, project):
    (project / "curve.csv").write_text("x,y\n0,1\n2,3\n4,0\n")
    told = gradreel("render", *SMALL, "--curve", "curve.csv", "--dry_run").stderr
    assert "--curve curve.csv" in told
    assert "build-curve" in told  # one that draws it
    assert "naming" not in told
    (project / "plain.py").write_text(
        "from manim import *\n\nclass Plain(Scene):\n    def construct(self): self.wait(1)\n"
    )
    told = gradreel("render", "plain.py:Plain", *SMALL[2:], "--burn_subtitles", "en").stderr
    assert "no subtitles in the picture: nothing is said in English" in told


def test_a_dry_run_names_lines_of_computed_beats_and_letters_that_cannot_be_burned(gradreel, project):
    scene = (project / "my_scene.py").read_text().replace('f"next-{k + 1}"', '("one", "two")[k]')
    (project / "my_scene.py").write_text(scene.replace('say="A ring."', 'say="A ring ש."'))
    (project / "my-words.toml").write_text(WORDS.replace("next =", 'one = "A"\ntwo = "B"\ntow = "C"\nnext ='))
    told = gradreel("render", *SMALL, "--dry_run", "--burn_subtitles", "en")
    assert "marks never says tow, next; with these parameters it has first, one, two" in told.stdout
    assert "the font has no ש (ring/draw)" in told.stderr
    silent = gradreel("render", "ring", *SMALL, "--dry_run", "--burn_subtitles", "zh").stderr
    assert "no subtitles in the picture: nothing is said in 中文" in silent


def test_a_line_for_a_number_that_the_scene_does_not_reach_is_reported(gradreel, project):
    (project / "my-words.toml").write_text(WORDS.replace("next =", 'next-2 = "The last."\nnext-7 = "More."\nnext ='))
    for command in (("render", *SMALL, "--dry_run"), ("list", *SMALL[:2]), ("render", *SMALL), ("list", *SMALL[:2])):
        told = gradreel(*command).output
        assert told.count("next-7") == 1 and "it has next-1, next-2" in told, command
    assert "next-7" in gradreel("render", *SMALL, "--dry_run").stdout
    assert "next-7" not in gradreel("render", *SMALL, "marks", "-n", "next-1").stderr, "a part has not all beats"


def test_films_of_one_name_in_two_formats_share_their_subtitles(gradreel, project):
    for ending in ("mp4", "webm", "mp4"):
        assert gradreel("render", *SMALL, "-o", f"talk.{ending}").exit_code == 0
    (project / "talk.en.srt").write_text("corrected by hand")
    (project / "my-words.toml").write_text(WORDS.replace("Two dots", "A pair"), encoding="utf-8")
    refused = gradreel("render", *SMALL, "-o", "talk.webm", "--force")
    assert refused.exit_code == 2 and "talk.en.srt would be replaced" in refused.stderr


def test_files_that_would_be_replaced_are_reported_before_drawing(gradreel, project):
    (project / "talk.en.vtt").write_text("somebody's own")
    refused = gradreel("render", *SMALL, "-o", "talk.mp4", "--media_dir", "new")
    assert refused.exit_code == 2 and "talk.en.vtt would be replaced" in refused.stderr
    assert not list((project / "new").glob("clips/*"))


def test_a_range_of_scenes_is_a_separate_video(gradreel, project):
    whole = Path(gradreel("render", *SMALL).stdout.strip())
    before = {file: file.read_bytes() for file in whole.parent.iterdir()}
    some = Path(gradreel("render", *SMALL, "--from", "marks").stdout.strip())
    assert some == whole.with_name("shapes--marks--.mp4")
    assert chapters(some) == ["Dots: Two dots", "The end: End"]
    manifest = json.loads(whole.with_name("shapes--marks--.manifest.json").read_text(encoding="utf-8"))
    assert [scene["name"] for scene in manifest["scenes"]] == ["marks", "end"]
    assert manifest["scenes"][0]["start"] == 0
    assert {file: file.read_bytes() for file in before} == before
    chinese = gradreel("render", *SMALL, "--from", "end", "--lang", "zh").stdout.strip()
    assert chapters(Path(chinese)) == ["结尾：End"]
    upto = gradreel("render", *SMALL, "--to", "my_scene.py:Ring", "-o", "first.mp4").stdout.strip()
    assert chapters(Path(upto)) == ["Ring"]
    assert spoken(Path(upto)) == ["A ring."]
    frames = gradreel("frames", *SMALL[:4], "--from", "Marks", "--to", "Marks").stdout.splitlines()
    images = project / "media/images/shapes"
    assert frames[-1] == str(images / "contact-sheet--marks.png")
    assert frames[:-1] == [str(images / "marks" / f"{beat}.png") for beat in ("first", "next-1", "next-2")]
    assert gradreel("check", *SMALL[:2], "--to", "ring").stdout == "1 scene (en, dark): nothing breaks a layout rule\n"
    assert gradreel("train", *SMALL[:2], "--to", "ring").stdout == "none of the scenes shows a training run\n"


def test_stills_and_last_frames_have_the_words_of_the_file(gradreel, project):
    def pictures() -> list[bytes]:
        files = gradreel("frames", *SMALL[:4], "--to", "marks").stdout.splitlines()
        last = gradreel("render", "my_scene.py:Marks", *SMALL, "-s").stdout.splitlines()
        return [Path(file).read_bytes() for file in [files[1], *last]]

    before = pictures()
    (project / "my-words.toml").write_text(WORDS.replace('label = "dots"', 'label = "spots"'), encoding="utf-8")
    assert all(now != then for now, then in zip(pictures(), before, strict=True))


def test_describe_tells_the_words_of_the_file(gradreel, project):
    described = gradreel("describe", "my_scene.py:Marks", "--lesson", "shapes.toml").stdout
    assert described.startswith("marks: Two dots\n")
    assert "  next-{k + 1}: This is the {place:en-th}.\n" in described


def test_our_scenes_may_be_reordered_and_some_of_their_words_changed(gradreel, project):
    names = ["gradient-descent", "sum-of-sigmoids", "build-curve", "title", "morph-sigmoid"]
    scenes = "\n".join(f'[[scene]]\nname = "{name}"' for name in names)
    (project / "shapes.toml").write_text(f'narration = "my-words.toml"\n{scenes}\n', encoding="utf-8")
    ours = Narration.load().scenes["en"]["build-curve"]["beats"]["general"]
    (project / "my-words.toml").write_text(f'[en.build-curve.beats]\ngeneral = "{ours}"\n', encoding="utf-8")
    planned = gradreel("render", *SMALL, "--dry_run")
    assert [line.split()[1].rstrip(":") for line in planned.stdout.splitlines() if line.startswith("render")] == names
    assert planned.exit_code == 0
    assert "general: So any curve" in gradreel("describe", "build-curve", "--lesson", "shapes.toml").stdout
    (project / "my-words.toml").write_text('[en.build-curve.beats]\ngeneral = "My own."\n', encoding="utf-8")
    described = gradreel("describe", "build-curve", "--lesson", "shapes.toml").stdout
    assert "  general: My own.\n" in described
    assert "  constant: Begin with a constant," in described, "what is not changed is ours"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (WORDS.replace("first =", "frist ="), ["[en.marks]: marks has no beat 'frist'; it has first, next-{k + 1}"]),
        (WORDS.replace("first =", "#"), ["[en.marks]: it has no line for beat 'first'"]),
        (WORDS.replace("{dots:en}", "{dost}"), ["[en.marks]: beat 'first' wants {dost}, and the scene gives dots"]),
        (WORDS.replace("{dots:en}", "{dots"), ["beat 'first' cannot be filled in: expected '}'"]),
        (WORDS.replace("{dots:en}", "{}"), ["beat 'first' wants {}"]),
        (WORDS.replace("en.marks", "en.mraks"), ["[en.mraks]: there is no such scene; did you mean marks?"]),
        (WORDS.replace("en.marks", "fr.marks"), ["[fr] is no language (en, zh)"]),
        (WORDS.replace("en.marks", "marks"), ["[marks] is no language"]),
        (WORDS.replace("title =", "titel ="), ["[en.marks] holds `title` and the tables `beats`, `screen`"]),
        (WORDS.replace('title = "Two dots"', ""), ["marks has no title", "add `title` to [en.marks]"]),
        ('[en.build-curve.beats]\nsum = "x"\nrest = "{nope}"\n',
         ["build-curve has no beat 'sum'; it has curve,", "beat 'rest' wants {nope}, and the scene gives"]),
        ('[zh.build-curve.screen]\nhead = "x"\n', ["[zh.build-curve]: build-curve has no screen text 'head'"]),
        ('[zh.marks]\ntitle = "点"\n' + WORDS, ["[zh.marks]: it has no line for beat 'first'", "'next-{k + 1}'"]),
        ('[en.title]\ntitle = "Beginning"\n', ["there is no [en.marks.beats]: beat 'first' has no line"]),
        ("[en.marks\n", ["is not valid TOML", "line 1"]),
        ("en = 3\n", ["en must be a table of scenes"]),
    ],
)  # fmt: skip
def test_errors_in_the_words_are_named_before_any_work(gradreel, project, words, message):
    (project / "my-words.toml").write_text(words, encoding="utf-8")
    result = gradreel("render", *SMALL, "--media_dir", "new")
    assert (result.exit_code, result.stdout) == (2, "")
    for text in (str(project / "my-words.toml"), *message):
        assert text in result.stderr
    assert not list((project / "new").rglob("*.mp4"))


def test_words_in_the_languages_of_the_video_only_are_needed(gradreel, project):
    result = gradreel("render", *SMALL, "--lang", "zh", "--dry_run")
    assert result.exit_code == 2
    assert "marks has no title" in result.stderr
    assert "add `title` to [zh.marks]" in result.stderr


def test_a_missing_file_of_words_is_named(gradreel, project):
    (project / "my-words.toml").unlink()
    result = gradreel("list", "--lesson", "shapes.toml")
    assert (result.exit_code, result.stderr.count(str(project / "my-words.toml"))) == (2, 1)


@pytest.mark.parametrize("name", ["marks", "Marks", "my_scene.py:Marks"])
def test_a_scene_of_the_lesson_is_requested_by_its_name(gradreel, project, name):
    planned = gradreel("render", name, *SMALL, "--media_dir", "new", "--dry_run")
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert planned.stdout.startswith("render  marks: ") and "ring" not in planned.stdout


def test_subtitles_of_a_dropped_language_are_removed_unless_the_user_edited_them(gradreel, project):
    (project / "shapes.toml").write_text('narration = "my-words.toml"\n[[scene]]\nname = "my_scene.py:Marks"\n')
    chinese = '[zh.marks]\ntitle = "点"\nbeats = { first = "两点。", next = "一点。" }\n'
    (project / "my-words.toml").write_text(WORDS + chinese, encoding="utf-8")
    video = Path(gradreel("render", *SMALL).stdout.strip())
    srt_file, vtt_file = (video.with_name(f"shapes.zh.{kind}") for kind in ("srt", "vtt"))
    assert spoken(video, "zh") == ["两点。", "一点。", "一点。"] and vtt_file.exists()
    srt_file.write_text("mine", encoding="utf-8")
    (project / "my-words.toml").write_text(WORDS, encoding="utf-8")
    assert gradreel("render", *SMALL).exit_code == 0
    there = {file.name for file in video.parent.iterdir()}
    assert there == {"shapes.mp4", "shapes.en.srt", "shapes.en.vtt", "shapes.zh.srt", "shapes.jpg", "manifest.json"}
    assert srt_file.read_text(encoding="utf-8") == "mine"


def test_a_missing_title_of_a_plain_scene_is_reported_before_any_work(gradreel, project):
    plain = "\n\nclass Plain(Scene):\n    def construct(self):\n        self.add(Circle())\n"
    (project / "my_scene.py").write_text("from manim import Scene\n" + SCENE + END + plain, encoding="utf-8")
    (project / "shapes.toml").write_text(LESSON + '[[scene]]\nname = "my_scene.py:Plain"\n', encoding="utf-8")
    (project / "my-words.toml").write_text(WORDS + '[zh.plain]\ntitle = "圆"\n', encoding="utf-8")
    result = gradreel("render", *SMALL, "--media_dir", "new")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"plain has no title in {project / 'my-words.toml'}: add `title` to [en.plain]" in result.stderr
    assert not list((project / "new").rglob("*.mp4"))


def test_a_part_without_a_title_in_a_language_has_the_title_of_another(gradreel, project):
    (project / "shapes.toml").write_text(LESSON.replace('en = "Dots", ', ""), encoding="utf-8")
    assert "\n点\n" in gradreel("list", *SMALL[:2]).stdout
    assert gradreel("render", *SMALL, "--dry_run").exit_code == 0


def test_a_time_instead_of_numbers_is_a_user_error(gradreel, project):
    scene = '[[scene]]\nname = "build-curve"\nparameters = { knots = 07:30:00 }\n'
    (project / "shapes.toml").write_text(scene, encoding="utf-8")
    result = gradreel("render", *SMALL)
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'build-curve.knots: Input should be a valid tuple (got "07:30:00")' in result.stderr


def test_a_value_that_fills_no_line_is_named_with_scene_and_beat(gradreel, project):
    (project / "my_scene.py").write_text(SCENE.replace("dots=Count(2)", "dots=(2, 3)") + END, encoding="utf-8")
    (project / "my-words.toml").write_text(WORDS.replace("{dots:en}", "{dots[0]}"), encoding="utf-8")
    result = gradreel("render", *SMALL)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "marks: beat 'first': dots = (2, 3) is a tuple, which cannot fill a line" in result.stderr
    assert not (project / "media/videos").exists()


def test_a_changed_line_whose_translation_is_unchanged_is_reported(gradreel, project):
    (project / "my-words.toml").write_text('[en.build-curve.beats]\nconstant = "At {value}."\n', encoding="utf-8")
    (project / "shapes.toml").write_text(
        'title = { en = "Shapes", zh = "图形" }\nnarration = "my-words.toml"\n[[scene]]\nname = "build-curve"\n'
    )
    result = gradreel("describe", "build-curve", "--lesson", "shapes.toml")
    assert result.exit_code == 0
    assert "my-words.toml: [zh.build-curve.beats] has no constant, changed in another language" in result.stderr


BILINGUAL = """
from gradreel.scenes.base import LectureScene
from manim import Dot, FadeIn


class Both(LectureScene):
    def construct(self):
        with self.beat("both", say={"en": "First this, [then]then that.", "zh": "先这样再那样。"}):
            self.play(FadeIn(Dot()), run_time=0.2)
            self.until("then")
            self.play(FadeIn(Dot()), run_time=0.2)
        with self.beat("one", say="English alone."):
            self.play(FadeIn(Dot()), run_time=0.2)
"""


def test_a_scene_says_one_line_in_two_languages_and_one_in_the_films_only(gradreel, project):
    (project / "both.py").write_text(BILINGUAL, encoding="utf-8")
    result = gradreel("render", "both.py:Both", *SMALL[2:])
    assert result.exit_code == 0, result.stderr
    video = Path(result.stdout.strip())
    assert spoken(video) == ["First this, then that.", "English alone."]
    assert spoken(video, "zh") == ["先这样再那样。"]


def test_a_dry_run_finds_errors_in_lines_of_the_source(gradreel, project):
    said = 'say={"en": "A [up]ring, [down]drawn.", "zh": "%s"}'
    scene = project / "my_scene.py"
    scene.write_text(SCENE.replace('say="A ring."', said % "一个[up]环。"), encoding="utf-8")
    told = gradreel("render", "my_scene.py:Ring", *SMALL[2:], "--dry_run")
    assert told.exit_code == 0 and "in zh of ring/draw" in told.stderr
    scene.write_text(SCENE.replace('say="A ring."', said % "[down]一个[up]环。"), encoding="utf-8")
    told = gradreel("render", "my_scene.py:Ring", *SMALL[2:], "--dry_run")
    assert told.exit_code == 2 and "marks differ in order" in told.stderr


SURROGATES = {
    "say": """
from gradreel.scenes.base import LectureScene
class Odd(LectureScene):
    def construct(self):
        with self.beat("draw", say="Half \\ud800 a letter."):
            self.wait(1)
""",
    "subcaption": """
from manim import Scene
class Odd(Scene):
    def construct(self):
        self.add_subcaption("Half \\ud800 a letter.", duration=1)
        self.wait(1)
""",
    "section": """
from manim import Scene
class Odd(Scene):
    def construct(self):
        self.next_section("half \\udfff")
        self.wait(1)
""",
}


@pytest.mark.parametrize("place", SURROGATES)
def test_text_that_no_file_can_hold_is_refused_by_name(gradreel, project, place):
    (project / "odd.py").write_text(SURROGATES[place], encoding="utf-8")
    result = gradreel("render", "odd.py:Odd", *SMALL[2:])
    assert result.exit_code == 2 and "surrogate" in result.stderr and place in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("say", "message"),
    [
        ('{"fr": "Bonjour."}', "no language 'fr'; use one of en, zh"),
        ("{}", "texts by language"),
        ('{"en": 3}', "texts by language"),
        ("3", "texts by language"),
    ],
)
def test_a_say_that_is_no_text_is_a_message(gradreel, project, say, message):
    scene = f"class Odd(LectureScene):\n    def construct(self):\n        with self.beat('a', say={say}): pass\n"
    (project / "odd.py").write_text(f"from gradreel.scenes.base import LectureScene\n{scene}")
    result = gradreel("render", "odd.py:Odd", *SMALL[2:])
    assert result.exit_code == 2 and message in result.stderr


def test_a_film_in_one_language_contains_no_other_language(gradreel, project):
    (project / "both.py").write_text(BILINGUAL, encoding="utf-8")
    film = 'title = { en = "Both", zh = "两种" }\nlanguages = ["en"]\n[[scene]]\nname = "both.py:Both"\n'
    (project / "film.toml").write_text(film, encoding="utf-8")
    both = ("--lesson", "film.toml", *SMALL[2:])
    video = Path(gradreel("render", *both).stdout.strip())
    with av.open(str(video)) as container:
        assert [stream.language for stream in container.streams.subtitles] == ["eng"]
    assert not [*project.rglob("*.zh.*")]
    beats = json.loads((video.parent / "manifest.json").read_text(encoding="utf-8"))["scenes"][0]["beats"]
    assert [list(beat["narration"]) for beat in beats] == [["en"], ["en"]]
    assert gradreel("export", "youtube", *both, "-o", "up").exit_code == 0
    assert not [*(project / "up").glob("*.zh.*")]
    assert gradreel("export", "slides", *both, "-o", "slides.html").exit_code == 0
    assert "先这样" not in (project / "slides.html").read_text(encoding="utf-8")


def test_the_file_of_defaults_may_set_the_films_languages(gradreel, project):
    (project / "gradreel.toml").write_text('lesson = "shapes.toml"\nlanguages = ["zh"]\n', encoding="utf-8")
    lesson = LESSON.replace('[[scene]]\nname = "my_scene.py:Ring"\n', "").replace("Marks", "Ring")
    (project / "shapes.toml").write_text(lesson.replace('narration = "my-words.toml"', ""), encoding="utf-8")
    assert "点" in gradreel("list").stdout
    refused = gradreel("render", "--lang", "en", "--dry_run")
    assert refused.exit_code == 2 and "the film's languages are zh" in refused.stderr
