from __future__ import annotations

from datetime import date

import pytest
from gradreel.core.daily.views import DailyViews
from gradreel.core.datasets import CurveDataset
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.render.lessons.selection import load_lesson
from gradreel.scenes.catalog import LESSON_FILE, LESSON_FILES, beat_names, find_scenes

EXPERIMENT = "[experiments.short]\nepochs = 3\n"


def lesson_error(file, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        load_lesson(file, *arguments)
    return str(caught.value)


BESIDE_THE_LESSON = {"decision-regions", "layer-view", "loss-curve", "network"}  # for any run, to be asked for by name


def test_our_lessons_have_every_scene_once_in_film_order():
    lessons = [load_lesson(file) for file in LESSON_FILES]
    assert [lesson.name for lesson in lessons] == ["deep-learning", "classification"]
    assert load_lesson() == lessons[0]
    of_the_lessons = [source for source in find_scenes() if source.name not in BESIDE_THE_LESSON]
    assert [entry.source for lesson in lessons for entry in lesson.scenes] == of_the_lessons
    assert {entry.name for entry in lessons[0].scenes} >= {"build-curve", "gradient-descent"}
    assert all(set(lesson.title) == set(lesson.description) == {"en", "zh"} for lesson in lessons)


@pytest.mark.parametrize("choice", [{"only": ["two-kinds"]}, {"span": ("two-kinds", None)}, {"only": ["TwoKinds"]}])
def test_scenes_that_are_chosen_by_name_come_from_the_lesson_that_has_them(choice):
    lesson = load_lesson(None, {"experiments": {"two-kinds": {"seed": 5}}}, **choice)
    assert lesson.name == "classification" and lesson.scenes[0].stands_in_lesson
    assert lesson.experiments["two-kinds"].seed == 5


def test_a_users_scenes_are_found_beside_the_lesson_file(user_folder, write_lesson, monkeypatch):
    file = write_lesson(user_folder, "Plain", "Dots")
    monkeypatch.chdir("/")
    lesson = load_lesson(file)
    assert [entry.name for entry in lesson.scenes] == ["plain", "dots"]
    assert lesson.scenes[0].source.file == user_folder / "my_scenes.py"
    assert lesson.title_in("zh") == "一部影片"
    assert lesson.title_in("de") == "A film"


def test_overrides_are_put_over_the_lesson_table_by_table(user_folder, write_lesson):
    file = write_lesson(user_folder, "Dots", "Shows", extra=EXPERIMENT)
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\nrun = "short"\n')
    lesson = load_lesson(file, {"dots": {"count": 4}, "shows": {"run": {"seed": 5}}})
    dots, shows = lesson.scenes
    assert (dots.parameters, dots.changes) == ({}, {"count": 4})
    assert (shows.parameters, shows.changes) == ({"run": "short"}, {"run": {"seed": 5}})
    assert lesson.experiments["short"] == Experiment(epochs=3), "the lesson's own run is unchanged"


def test_an_override_of_an_experiment_applies_to_all_scenes(user_folder, write_lesson):
    file = write_lesson(user_folder, "Shows", extra=EXPERIMENT)
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\nrun = "short"\n')
    lesson = load_lesson(file, {"experiments": {"short": {"seed": 7}}})
    assert lesson.experiments["short"] == Experiment(epochs=3, seed=7)
    assert "three" in lesson_error(file, {"experiments": {"three": {}}})
    message = lesson_error(file, {"experiments": {"short": {"epochs": 0}}})
    assert "experiments.short.epochs" in message


def test_a_file_beside_the_lesson_is_a_parameters_value(user_folder, write_lesson, monkeypatch):
    file = write_lesson(user_folder, "Dots")
    (user_folder / "curve.csv").write_text("x,y\n0,1\n2,3\n")
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\nknots = "@curve.csv"\n')
    monkeypatch.chdir("/")
    assert load_lesson(file).scenes[0].parameters == {"knots": [[0.0, 1.0], [2.0, 3.0]]}


def test_scenes_can_be_picked_and_added(user_folder, write_lesson):
    file = write_lesson(user_folder, "Plain", "Dots")
    with file.open("a") as lesson_file:
        lesson_file.write("[scene.parameters]\ncount = 5\n")
    lesson = load_lesson(file, {}, ["my_scenes.py:Still", "my_scenes.py:Dots"])
    assert [entry.name for entry in lesson.scenes] == ["still", "dots"]
    assert lesson.scenes[1].parameters == {"count": 5}, "as the lesson has it"
    assert (lesson.group("dots"), lesson.group("still")) == ("film", "my_scenes")


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[[scene]\n", ["line 1"]),
        ('[[scene]]\nname = "build-curve"\n[[scene]]\nname = "build-curve"\n', ["build-curve", "twice"]),
        ('[[scene]]\nname = "bild-curve"\n', ["[[scene]] 1", "build-curve"]),
        ('[[scene]]\nname = "build-curve"\nparametrs = {}\n', ["scene.parametrs", "build-curve", "parameters"]),
        ('titel = "x"\n[[scene]]\nname = "build-curve"\n', ["titel", "title"]),
        ("title = {}\n", ["wrong.toml: needed: at least one scene, as a table: [[scene]]"]),
        ("scene = ['build-curve']\n", ["as a table: [[scene]]", 'found ["build-curve"]']),
        ("[scene]\nname = 'build-curve'\n", ["as a table: [[scene]]"]),
        (
            'title = "Film"\n[[scene]]\nname = "build-curve"\n',
            ["title: needed: a text for each language", 'found "Film"'],
        ),
        (
            '[[scene]]\nname = "build-curve"\npart = "One"\n',
            ['scene.part (in [[scene]] 1, build-curve): needed: a text for each language, such as { en = "Descent"'],
        ),
        (
            'dataset = { kind = "curve" }\n[[scene]]\nname = "build-curve"\n',
            ["unknown key dataset; move it into a training run, [experiments.NAME]"],
        ),
        ('title = { en = "" }\n[[scene]]\nname = "build-curve"\n', ["title.en: the text is empty", 'found ""']),
        (
            '[[scene]]\nname = "build-curve"\npart = { en = " ", zh = "一" }\n',
            ["scene.part.en (in [[scene]] 1, build-curve): the text is empty"],
        ),
        ('title = { xx = "?" }\n[[scene]]\nname = "build-curve"\n', ["xx", "en, zh"]),
        ("[[scene]]\nname = 3\n", ["scene.name", "3"]),
        ('[[scene]]\nname = "nothere.py:A"\n', ["nothere.py"]),
        ('[experiments.a]\nepoch = 3\n[[scene]]\nname = "build-curve"\n', ["experiments.a.epoch", "epochs"]),
        ('[experiments.a]\nepochs = -3\n[[scene]]\nname = "build-curve"\n', ["experiments.a.epochs", "-3"]),
        ('poster = { scene = "x" }\n[[scene]]\nname = "build-curve"\n', ["poster.scene", "x"]),
        (
            'poster = { scene = "line", beat = "" }\n[[scene]]\nname = "build-curve"\n',
            ["poster.beat: the text is empty"],
        ),
        (
            '[[scene]]\nname = "build-curve"\nparameters = { knots = "@curve.json" }\n',
            ["scene.parameters.knots (in [[scene]] 1, build-curve): ", "curve.json: there is no such file"],
        ),
        (
            '[[scene]]\nname = "build-curve"\nparameters = { knots = "@curve.csv" }\n',
            ["scene.parameters.knots (in [[scene]] 1, build-curve): ", "curve.csv: there is no such file"],
        ),
    ],
)
def test_a_wrong_lesson_is_named_with_its_file_and_place(tmp_path, content, named):
    file = tmp_path / "wrong.toml"
    file.write_text(content, encoding="utf-8")
    message = lesson_error(file)
    assert str(file) in message
    for part in named:
        assert part in message
    assert "--set" not in message


def one_line(tmp_path, experiment: str, *arguments) -> str:
    """Return the error for a lesson with this table of an experiment, without the file's name."""
    file = tmp_path / "wrong.toml"
    file.write_text(f'[experiments.mine]\n{experiment}\n[[scene]]\nname = "build-curve"\n', encoding="utf-8")
    return lesson_error(file, *arguments).removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        (
            "dataset = { kind = 'daily views', fill_missing = 'interpolate' }",
            'fill_missing of a dataset of daily views needs a file; add data = "views.csv"',
        ),
        (
            "dataset = { kind = 'daily views', days = 3 }",
            "unknown key days of a dataset of daily views; "
            "the keys are: kind, series, window, validation_from, test_from, data, column, date_format, decimal, "
            "fill_missing",
        ),
        (
            "dataset = { kind = 'daily views', data = 'views.csv', date-format = '%d.%m.%Y' }",  # before it is read
            "unknown key date-format of a dataset of daily views; "
            "the keys are: kind, series, window, validation_from, test_from, data, column, date_format, decimal, "
            "fill_missing",
        ),
        (
            "dataset = { kind = 'curve', window = 3 }",
            "unknown key experiments.mine.dataset.window; the keys are: kind, knots, examples, low, high, centered",
        ),
        ("keep = { often = 3 }\nschedule = 'constant'", "unknown key experiments.mine.keep.often; the keys are: every"),
        ("schedule = { factor = 0.5 }", "experiments.mine.schedule.step: Field required"),
        ("batch_size = 1000", "experiments.mine: batch_size 1000 is more than the 81 examples; 0 means all of them"),
        ("dataset = { knots = 3 }", "experiments.mine.dataset.knots: Input should be a valid tuple, found 3"),
        ("activation = 'tanh'", "experiments.mine.activation: Input should be 'sigmoid', 'relu', 'hard_sigmoid'"),
    ],
)
def test_an_unknown_key_is_named_as_written_with_the_known_ones(tmp_path, experiment, message):
    lines = one_line(tmp_path, experiment)
    assert message in lines
    assert not any(mark in lines for mark in ("{", "daily views.", "curve.", "Keep", "Schedule.", "literal"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dataset": {"knots": 3}}, "--set experiments.mine.dataset.knots: Input should be a valid tuple, found 3"),
        (
            {"dataset": {"windwo": 3}},
            "--set experiments.mine.dataset.windwo: no such key; the keys are: kind, knots, examples",
        ),
        ({"batch_size": 1000}, "--set experiments.mine: batch_size 1000 is more than the 81 examples"),
        (3, "--set experiments.mine: needed: one of its settings, such as --set experiments.mine.seed=3"),
    ],
)
def test_an_override_of_an_experiment_names_the_key_as_written(tmp_path, change, message):
    assert one_line(tmp_path, "epochs = 3", {"experiments": {"mine": change}}).startswith(message)


def test_an_experiment_that_no_scene_shows_is_named(user_folder, write_lesson):
    file = write_lesson(user_folder, "Dots", "Shows", extra=EXPERIMENT + "[experiments.lnog]\n[experiments.wide]\n")
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\nrun = "long"\n')
    of_short, of_long, of_wide = lesson_error(file).splitlines()
    assert of_short.startswith(f"{file}: [experiments.short]: no scene of this lesson shows it; a scene shows it by")
    assert of_short.endswith('parameters = { run = "short" }')
    assert "[experiments.lnog]" in of_long and "did you mean it where a scene has 'long'?" in of_long
    assert "[experiments.wide]" in of_wide
    shown = file.read_text().replace("[experiments.lnog]\n[experiments.wide]\n", "").replace('"long"', '"short"')
    file.write_text(shown)
    assert load_lesson(file, only=["title"]).experiments, "the lesson's own scenes show it"
    assert load_lesson(file, span=("dots", "dots")).experiments, "of a stretch those of the whole lesson"
    assert load_lesson(file, {"shows": {"run": "another"}}).experiments
    file.write_text(shown.replace('run = "short"', ""))
    assert "[experiments.short]" in lesson_error(file)
    assert load_lesson(file, {"shows": {"run": "short"}}).experiments, "shown by what the command line says"


def test_another_kind_of_dataset_replaces_the_old_one(user_folder, write_lesson):
    views = "[experiments.mine]\ndataset = { kind = 'daily views', window = 7 }\nepochs = 3\n"
    file = write_lesson(user_folder, "Shows", extra=views)
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\nrun = "mine"\n')
    of_kind = {"dataset": {"kind": "curve", "examples": 9}}
    curve = Experiment(dataset=CurveDataset(examples=9), epochs=3)
    assert load_lesson(file, {"experiments": {"mine": of_kind}}).experiments["mine"] == curve
    same = load_lesson(file, {"experiments": {"mine": {"dataset": {"kind": "daily views", "test_from": "2020-05-01"}}}})
    assert same.experiments["mine"].dataset == DailyViews(window=7, test_from=date(2020, 5, 1))


def test_a_trace_beside_the_lesson_file_is_meant_wherever_the_command_is_run(user_folder, write_lesson, monkeypatch):
    file = write_lesson(user_folder, "Dots")
    (user_folder / "runs" / "mine").mkdir(parents=True)
    with file.open("a") as lesson_file:
        lesson_file.write('[scene.parameters]\ntrace = "runs/mine"\nother = "runs/mine"\n')
    monkeypatch.chdir("/")
    beside = {"trace": str(user_folder / "runs" / "mine"), "other": "runs/mine"}
    assert load_lesson(file).scenes[0].parameters == beside
    given = load_lesson(file, {"dots": {"trace": "here"}}).scenes[0].changes
    assert given == {"trace": "here"}, "on the command line a path is relative to where one is"
    (user_folder / "runs" / "mine").rmdir()
    assert load_lesson(file).scenes[0].parameters["trace"] == "runs/mine", "of a folder that is not there"


def test_a_time_of_day_is_a_text_as_a_day_is(user_folder, write_lesson):
    file = write_lesson(user_folder, "Dots")
    with file.open("a") as lesson_file:
        lesson_file.write("[scene.parameters]\nat = 07:30:00\nday = 2021-01-30\nboth = 2021-01-30T07:30:00\n")
    given = load_lesson(file).scenes[0].parameters
    assert given == {"at": "07:30:00", "day": "2021-01-30", "both": "2021-01-30T07:30:00"}


def test_an_invalid_name_of_a_words_file_is_refused(user_folder, write_lesson):
    file = write_lesson(user_folder, "Dots", extra=r'narration = "a\u0000.toml"')
    assert "a\\x00.toml' is not the name of a file" in lesson_error(file)


def test_a_name_means_the_lessons_scene_before_ours(user_folder, write_lesson):
    own = "\n\nclass Summary(Scene):\n    def construct(self):\n        self.add(Square())\n"
    scenes = user_folder / "my_scenes.py"
    scenes.write_text(scenes.read_text() + own)
    file = write_lesson(user_folder, "Summary", "Dots")
    with file.open("a") as lesson_file:
        lesson_file.write("[scene.parameters]\ncount = 5\n")
    for names in (["summary", "dots"], ["Summary", "Dots"]):
        lesson = load_lesson(file, {}, names)
        assert [entry.source.file for entry in lesson.scenes] == [scenes, scenes]
        assert lesson.scenes[1].parameters == {"count": 5}
        assert (lesson.group("summary"), lesson.group("dots")) == ("film", "film")
    ours = load_lesson(file, {}, ["title"]).scenes[0]
    assert ours.source.is_ours and not ours.stands_in_lesson
    assert "no scene is called 'dost'; the nearest: dots" in lesson_error(file, {}, ["dost"])


def test_a_part_has_a_title_in_the_language_of_the_video_or_else_in_english(user_folder, write_lesson):
    file = write_lesson(user_folder, "Plain", "Dots")
    with file.open("a") as lesson_file:
        lesson_file.write('part = { zh = "点", en = "Dots" }\n')
    lesson = load_lesson(file)
    assert [lesson.parts(language)["dots"] for language in ("zh", "en", "de")] == ["点", "Dots", "Dots"]
    file.write_text(file.read_text().replace(', en = "Dots"', ""))
    assert load_lesson(file).parts("en") == {"dots": "点"}, "the only title that it has"
    assert load_lesson(file, {}, ["dots"]).parts("en") == {}, "asked for alone, it is in no part"


def test_a_beat_of_the_poster_that_the_source_does_not_have_is_named(user_folder, write_lesson):
    file = write_lesson(user_folder, "Dots", "Shows", "Plain", extra='poster = { scene = "shows", beat = "palce" }')
    assert lesson_error(file) == f"{file}: poster.beat: shows has no beat 'palce'; use one of its beats: place"
    for scene, beat in (("shows", "place"), ("dots", "move-7")):
        poster = f'poster = {{ scene = "{scene}", beat = "{beat}" }}'
        assert load_lesson(write_lesson(user_folder, "Dots", "Shows", extra=poster)).poster.beat == beat


@pytest.mark.parametrize("file", LESSON_FILES, ids=lambda file: file.stem)
def test_our_own_poster_is_an_existing_beat(file):
    lesson = load_lesson(file)
    (source,) = (entry.source for entry in lesson.scenes if entry.name == lesson.poster.scene)
    assert lesson.poster.beat in beat_names(source)


def test_a_missing_file_a_folder_and_other_encodings(tmp_path):
    assert "there is no such file; name the file with a lesson" in lesson_error(tmp_path / "none.toml")
    assert "is a folder" in lesson_error(tmp_path)
    (tmp_path / "latin.toml").write_bytes('title = { en = "é" }'.encode("latin-1"))
    assert "UTF-8" in lesson_error(tmp_path / "latin.toml")


def test_an_override_of_a_scene_that_is_not_requested_suggests_the_nearest():
    message = lesson_error(LESSON_FILE, {"bild-curve": {"knots": []}})
    assert "bild-curve" in message
    assert "use one of: build-curve" in message


def test_a_lesson_is_not_called_as_one_of_its_scenes(tmp_path):
    file = tmp_path / "build-curve.toml"
    file.write_text('[[scene]]\nname = "build-curve"\n')
    assert "rename the lesson file" in lesson_error(file)
