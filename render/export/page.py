"""Writes ``gradreel export page`` and ``gradreel export run``: the film with its transcript, and runs to explore.

Both fill in the templates of ``assets/page``. Text from a lesson or a trace is escaped wherever it is inserted. The
page makes no network requests.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from gradreel.core.errors import UserError
from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render import report
from gradreel.render.clips.clip_files import check_intact
from gradreel.render.clips.file_digest import digest_of_files
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export.page_runs import TouchedRun, runs_of_film, runs_of_traces
from gradreel.render.export.place import ExportPlace, Place, export_film
from gradreel.render.export.run_figures import BOKEH, band_colours, bokeh_script, check_bokeh, run_figures
from gradreel.render.export.steps import Step, languages_with_words, steps_of
from gradreel.render.export.voices import other_voices
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options, settings_of
from gradreel.render.pipeline import Job, inspect_lesson
from gradreel.render.resolve import film_of, in_languages
from gradreel.render.settings import RenderSettings, languages_of
from gradreel.render.stages import Clip, ClipFile
from gradreel.render.still_files import selection
from gradreel.render.videos.output_stamp import OutputStamp
from gradreel.render.videos.publishing import (
    manifest_of,
    narration_of,
    poster_of,
    publish_all,
    shots_of,
    write_video,
)
from gradreel.render.videos.results import Results, maker_of, workspace_for
from gradreel.render.videos.subtitles import Cue, as_vtt
from gradreel.render.workers.progress import reporter
from gradreel.scenes.file_names import name_of_path
from gradreel.scenes.themes import THEMES
from gradreel.scenes.words.languages import LANGUAGES
from gradreel.scenes.words.narration import Narration
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

ASSETS = PACKAGE_FOLDER / "assets" / "page"
VIDEO, POSTER, VOICE, STYLE, SCRIPT = "film.mp4", "poster.jpg", "film.{}.m4a", "page.css", "page.js"
RUN_FILE = "run-{}.js"
FILE_NAMES = r"film\.mp4|film\.[a-z]+\.m4a|poster\.jpg|page\.(css|js)|bokeh\.min\.js|run-[0-9a-f]{12}\.js"
"""Regular expression of the names of all files beside the page in an exported folder."""
# bytes. Larger films inside the HTML file get a warning: base64 adds a third, and Firefox stops at 32 MB
LARGE_INSIDE = 24_000_000
WORDS_OF = "page"  # the section of the narration files with the page's own words
Titles = Mapping[str, str]  # a text for each language code


@dataclass(frozen=True)
class Page:
    """The content of a page. Without ``scenes`` there is no film, and the page shows only its runs."""

    title: Titles
    settings: RenderSettings
    runs: Sequence[TouchedRun]
    beside: str = ""  # id of the run that is compared with the first one when the page opens; "": none
    scenes: Sequence[Mapping[str, Any]] = ()
    tracks: Sequence[Mapping[str, str]] = ()  # captions: language and data URL of each
    voices: Sequence[str] = ()  # language codes of the sound files beside the film's own first voice


ONE_FILE, FOLDER = Place("-page.html"), Place("-page", "index.html")


# -- the commands ------------------------------------------------------------------------------------------------------


def export_page(options: Options, one_file: bool) -> int:
    """Write the page of the lesson, or of the scenes named in ``options``, print its path and return exit code 0.

    ``one_file`` puts everything into one HTML file; otherwise the page is a folder. Raises UserError if the output
    cannot be written there, or if a scene shows a run and Bokeh is not installed.
    """
    settings, lesson = film_of(options)
    place = ONE_FILE if one_file else FOLDER
    place.final(Path(), "", options.output)  # refuse a wrong -o before any work
    try:
        check_bokeh()
    except UserError:  # a page without runs needs no Bokeh  # a page without runs needs none
        _, scenes = inspect_lesson(lesson, settings)
        if any(scene.experiments or scene.traces for scene in scenes):
            raise
    publish = partial(_publish_film, place=place, output=options.output)
    return export_film(options, settings, lesson, place, FILE_NAMES if place.inside else None, publish)


def export_run(traces: Sequence[Path], options: Options) -> int:
    """Write one HTML file with the runs in the folders ``traces``, print its path and return exit code 0.

    The second run is compared with the first one if both learn the same data. Raises UserError without Bokeh.
    """
    check_bokeh()
    settings = in_languages(settings_of(options), options)
    runs = runs_of_traces(traces)
    ONE_FILE.final(Path(), "", options.output)
    title = ", ".join(run.name for run in runs)
    alike = len(runs) > 1 and runs[0].about == runs[1].about
    page = Page(dict.fromkeys(languages_of(settings), title), settings, runs, beside=runs[1].id if alike else "")
    with workspace_for(settings.media_dir) if options.output else Workspace(settings.media_dir) as workspace:
        beside, stem = workspace.media_dir, ""
        if not options.output:
            stem = selection([name_of_path(run.path.name) for run in runs])
            beside = workspace.video("runs", f"pages{settings.variant}", stem, "").parent
        final = ONE_FILE.final(beside, stem, options.output)
        maker = maker_of(runs[0].path, workspace, "+".join(str(run.path) for run in runs[1:]))
        results = Results(workspace, maker, settings.overwrite)
        stamp = OutputStamp(workspace, final, _stamped_content(page), [], FILE_NAMES)
        if not stamp.is_current():
            progress = reporter("none", options.quiet)
            publish_all(_files_of(page, final, ONE_FILE, {}, workspace), workspace, stamp, results, progress.say)
    report.show_made([final], options, options.preview)
    return 0


def _publish_film(job: Job, clips: Sequence[tuple[Clip, ClipFile]], place: Place, output: Path | None) -> Path:
    """Write the page of a rendered film and return its path; do nothing if it is up to date."""
    lesson, settings, workspace = job.lesson, job.settings, job.workspace
    runs = runs_of_film([clip for clip, _ in clips], lesson, workspace)
    export = ExportPlace.of(place, lesson, settings, [clip for clip, _ in clips], output)
    final = export.final
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, lesson.parts(settings.language))
    page = _page_of(lesson, settings, steps_of(narration, settings, shots), runs)
    content = _stamped_content(page) | {
        "film": manifest_of(lesson, settings, shots, final),
        "poster": str(lesson.poster),
    }
    stamp = OutputStamp(workspace, final, content, [file.path for _, file in clips], FILE_NAMES)
    if stamp.is_current():
        return final
    check_intact([file.path for _, file in clips])
    video, poster = workspace.temporary(VIDEO), workspace.temporary(POSTER)
    title = page.title[settings.language]
    cues, spoken = write_video(video, title, shots, narration, settings, workspace, stamp, job.reporter, lesson.music)
    poster.write_bytes(poster_of(lesson, shots))
    voices = other_voices(video, settings.language, list(spoken), workspace)
    page = replace(page, tracks=_captions_as_data_urls(cues), voices=list(voices))
    if not place.inside and video.stat().st_size > LARGE_INSIDE:
        size = round(video.stat().st_size / 1e6)
        job.reporter.say(
            f"the film in the page is {size} MB; not every browser plays one as large: a folder has it beside"
        )
    media = {VIDEO: video, POSTER: poster, **{VOICE.format(code): file for code, file in voices.items()}}
    files = _files_of(page, final, place, media, workspace)
    publish_all(files, workspace, stamp, export.results, job.reporter.say)
    return final


def _files_of(
    page: Page, final: Path, place: Place, media: Mapping[str, Path], workspace: Workspace
) -> dict[str, bytes | Path]:
    """Return the contents of all exported files by name: the page, named as ``final``, and the files beside it.

    ``media`` has the film, its poster and its voices by name. A page in one file has nothing beside it: its media are
    data URLs.
    """
    addresses = {name: name if place.inside else _data_url_of_file(path) for name, path in media.items()}
    temporary = workspace.temporary(final.name)
    temporary.write_text(_page_as_html(page, addresses, one_file=not place.inside), "utf-8")
    files: dict[str, bytes | Path] = {final.name: temporary}
    if place.inside:
        files |= {STYLE: _style_sheet().encode(), SCRIPT: (ASSETS / SCRIPT).read_bytes(), **media}
        if page.runs:
            files[BOKEH] = bokeh_script().encode()
        for run in page.runs:
            files[RUN_FILE.format(run.id)] = f"recordedRun({as_script(run.id)}, {as_script(run.numbers())})\n".encode()
    return files


# -- what is in it -----------------------------------------------------------------------------------------------------


def _page_of(lesson: Lesson, settings: RenderSettings, steps: Sequence[Step], runs: Sequence[TouchedRun]) -> Page:
    """Return a film's page: its steps grouped by scene, with titles and parts in each spoken language."""
    languages = languages_with_words(settings, (step.lines for step in steps))
    parts = {language: lesson.parts(language) for language in languages}
    scenes = []
    for scene, scene_steps in groupby(steps, key=lambda step: step.scene):
        beats = list(scene_steps)
        scenes.append(
            {
                "id": scene,
                "title": {code: beats[0].title[code] for code in languages},
                "part": {code: parts[code][scene] for code in languages if scene in parts[code]},
                "runs": any(scene in run.scenes for run in runs),
                "beats": [{"id": step.place, "lines": step.lines, **_start_of(step)} for step in beats],
                **_start_of(beats[0]),
            }
        )
    title = {language: lesson.title_in(language) for language in languages}
    if lesson.picked:
        title = {code: ", ".join(scene["title"][code] for scene in scenes) for code in languages}
    return Page(title, settings, runs, scenes=scenes)


def _start_of(step: Step) -> dict[str, Any]:
    """Return when a step begins in the film: ``start`` in seconds and ``clock`` as text."""
    seconds = step.film_start / step.clip.fps
    return {"start": seconds, "clock": _minutes_and_seconds(seconds)}


def _minutes_and_seconds(seconds: float) -> str:
    """Return seconds as "m:ss", rounded down."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _captions_as_data_urls(cues: Mapping[str, Sequence[Cue]]) -> list[dict[str, str]]:
    """Return the captions of each language as a data URL.

    They are inside the page, because a browser loads no caption file beside a page that was opened from disk.
    """
    texts = {language: as_vtt(language_cues, language).encode() for language, language_cues in cues.items()}
    return [{"language": language, "vtt": _data_url("text/vtt", text)} for language, text in texts.items()]


def _data_url_of_file(path: Path) -> str:
    """Return a video, sound or JPEG file as a data URL."""
    return _data_url({".mp4": "video/mp4", ".m4a": "audio/mp4", ".jpg": "image/jpeg"}[path.suffix], path.read_bytes())


def _data_url(kind: str, content: bytes) -> str:
    """Return ``content`` as a base64 data URL of the MIME type ``kind``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _stamped_content(page: Page) -> dict[str, Any]:
    """Return all inputs of a page except its clips, for its output stamp: if they are equal, the page is up to date."""
    code = [*Path(__file__).parent.glob("*.py"), *ASSETS.iterdir(), PACKAGE_FOLDER / "scenes/themes.py"]
    return {
        "title": dict(page.title),
        "runs": [[run.id, run.name, list(run.scenes)] for run in page.runs],
        "scenes": list(page.scenes),
        "words": _words_by_language(page),
        "theme": page.settings.theme,
        "bokeh": version("bokeh") if page.runs else "",
        "code": digest_of_files(sorted(code)),
    }


# -- HTML --------------------------------------------------------------------------------------------------------------


def _page_as_html(page: Page, places: Mapping[str, str], one_file: bool) -> str:
    """Return the page as HTML. ``places`` has the address of the film, its poster and its voices by file name."""
    settings, words, runs = page.settings, _words_by_language(page), page.runs
    page_data = {
        "title": dict(page.title),
        "words": words,
        "runs": [{"id": run.id, "name": run.name, "about": run.about, "scenes": run.scenes} for run in runs],
        "beside": page.beside,
        "figures": run_figures() if runs else {},
        "bands": band_colours(),
    }
    film = None
    if page.scenes:
        film = {
            "width": settings.width,
            "height": settings.height,
            "video": places[VIDEO],
            "poster": places[POSTER],
            "tracks": page.tracks,
            "voices": {code: places[VOICE.format(code)] for code in page.voices},
        }
    html = Environment(loader=FileSystemLoader(ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True,
                       undefined=StrictUndefined)  # fmt: skip
    return html.get_template("page.html").render(
        language=settings.language,
        theme=settings.theme,
        languages={language: LANGUAGES[language].own_name for language in words},
        words=words[settings.language],
        title=page.title,
        film=film,
        scenes=page.scenes,
        runs=runs,
        given=Markup(as_script(page_data)),
        numbers=lambda run: Markup(as_script(run.numbers())),
        in_languages=_in_languages,
        one_file=one_file,
        css=_style_sheet(),
        script=(ASSETS / SCRIPT).read_text("utf-8"),
        bokeh=bokeh_script() if runs and one_file else "",
    )


def _in_languages(texts: Titles) -> Markup:
    """Return the text in every language as HTML spans; the page's script shows one of them."""
    part = Markup('<span lang="{0}" data-lang="{0}" dir="auto">{1}</span>')
    return Markup(" ").join(part.format(language, text) for language, text in texts.items())


def as_script(content: Any) -> str:
    """Return ``content`` as JSON that is safe inside a script element: no text in it can end the element.

    Raises ValueError for NaN and infinity.
    """
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _words_by_language(page: Page) -> dict[str, Mapping[str, str]]:
    """Return the page's own words for each language of the page's title."""
    narration = Narration.load(page.title)
    return {language: narration.scenes[language][WORDS_OF]["screen"] for language in narration.languages}


def _style_sheet() -> str:
    """Return the page's style sheet, after CSS variables with the colours of each theme."""
    themes = (
        f'html[data-theme="{theme}"] {{ {" ".join(f"--{role}: {colour};" for role, colour in colours.items())} }}'
        for theme, colours in THEMES.items()
    )
    return "\n".join([*themes, (ASSETS / STYLE).read_text("utf-8")])
