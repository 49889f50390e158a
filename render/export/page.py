"""``gradreel export page`` and ``gradreel export run``: the film with its transcript, and recorded runs to touch.

Both are ``assets/page`` filled in. What comes from a lesson or a trace is text wherever it is put, and the page asks no
network for anything.
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
from gradreel.render.clips.clip_files import check_whole
from gradreel.render.clips.file_digest import digest_of_contents
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export.page_runs import TouchedRun, runs_of_film, runs_of_traces
from gradreel.render.export.place import ExportPlace, Place, export_film
from gradreel.render.export.run_figures import BOKEH, band_colours, bokeh_script, check_bokeh, run_figures
from gradreel.render.export.steps import Step, languages_told, steps_of
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
CALLED = r"film\.mp4|film\.[a-z]+\.m4a|poster\.jpg|page\.(css|js)|bokeh\.min\.js|run-[0-9a-f]{12}\.js"
"""What is beside the page in a folder is called so."""
LARGE_INSIDE = 24_000_000  # bytes of a film that is put into a page, as text a third more: Firefox takes 32 MB
WORDS_OF = "page"  # in the files of narration
Titles = Mapping[str, str]  # by language


@dataclass(frozen=True)
class Page:
    """What is to be shown. Without ``scenes`` there is no film, and the page has its runs alone."""

    title: Titles
    settings: RenderSettings
    runs: Sequence[TouchedRun]
    beside: str = ""  # the id of the run that the first one is compared with at first
    scenes: Sequence[Mapping[str, Any]] = ()
    tracks: Sequence[Mapping[str, str]] = ()  # captions
    voices: Sequence[str] = ()  # languages that are spoken beside the first one, which the film has


ONE_FILE, FOLDER = Place("-page.html"), Place("-page", "index.html")


# -- the commands ------------------------------------------------------------------------------------------------------


def export_page(options: Options, one_file: bool) -> int:
    """Write the page of the lesson, or of the scenes named, and print where it is."""
    settings, lesson = film_of(options)
    place = ONE_FILE if one_file else FOLDER
    place.final(Path(), "", options.output)  # before any work
    try:
        check_bokeh()
    except UserError:  # a page without runs needs none
        _, scenes = inspect_lesson(lesson, settings)
        if any(scene.experiments or scene.traces for scene in scenes):
            raise
    publish = partial(_publish_film, place=place, output=options.output)
    return export_film(options, settings, lesson, place, CALLED if place.inside else None, publish)


def export_run(traces: Sequence[Path], options: Options) -> int:
    """Write one HTML file with the runs in the folders ``traces``, the first beside the second; print where it is."""
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
        stamp = OutputStamp(workspace, final, _content(page), [], CALLED)
        if not stamp.is_current():
            told = reporter("none", options.quiet)
            publish_all(_files_of(page, final, ONE_FILE, {}, workspace), workspace, stamp, results, told.say)
    report.show_made([final], options, options.preview)
    return 0


def _publish_film(job: Job, clips: Sequence[tuple[Clip, ClipFile]], place: Place, output: Path | None) -> Path:
    lesson, settings, workspace = job.lesson, job.settings, job.workspace
    runs = runs_of_film([clip for clip, _ in clips], lesson, workspace)
    export = ExportPlace.of(place, lesson, settings, [clip for clip, _ in clips], output)
    final = export.final
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, lesson.parts(settings.language))
    page = _page_of(lesson, settings, steps_of(narration, settings, shots), runs)
    content = _content(page) | {"film": manifest_of(lesson, settings, shots, final), "poster": str(lesson.poster)}
    stamp = OutputStamp(workspace, final, content, [file.path for _, file in clips], CALLED)
    if stamp.is_current():
        return final
    check_whole([file.path for _, file in clips])
    video, poster = workspace.temporary(VIDEO), workspace.temporary(POSTER)
    title = page.title[settings.language]
    cues, spoken = write_video(video, title, shots, narration, settings, workspace, job.reporter.say)
    poster.write_bytes(poster_of(lesson, shots))
    voices = other_voices(video, settings.language, list(spoken), workspace)
    page = replace(page, tracks=_tracks(cues), voices=list(voices))
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
    """Return the page, called as ``final``, and the files beside it: none where the page is one file."""
    addresses = {name: name if place.inside else _data(path) for name, path in media.items()}
    temporary = workspace.temporary(final.name)
    temporary.write_text(_html(page, addresses, one_file=not place.inside), "utf-8")
    files: dict[str, bytes | Path] = {final.name: temporary}
    if place.inside:
        files |= {STYLE: _style().encode(), SCRIPT: (ASSETS / SCRIPT).read_bytes(), **media}
        if page.runs:
            files[BOKEH] = bokeh_script().encode()
        for run in page.runs:
            files[RUN_FILE.format(run.id)] = f"recordedRun({as_script(run.id)}, {as_script(run.numbers())})\n".encode()
    return files


# -- what is in it -----------------------------------------------------------------------------------------------------


def _page_of(lesson: Lesson, settings: RenderSettings, steps: Sequence[Step], runs: Sequence[TouchedRun]) -> Page:
    languages = languages_told(settings, (step.lines for step in steps))
    parts = {language: lesson.parts(language) for language in languages}
    scenes = []
    for scene, found in groupby(steps, key=lambda step: step.scene):
        its = list(found)
        scenes.append(
            {
                "id": scene,
                "title": {code: its[0].title[code] for code in languages},
                "part": {code: parts[code][scene] for code in languages if scene in parts[code]},
                "runs": any(scene in run.scenes for run in runs),
                "beats": [{"id": step.place, "lines": step.lines, **_begins(step)} for step in its],
                **_begins(its[0]),
            }
        )
    title = {language: lesson.title_in(language) for language in languages}
    if lesson.picked:
        title = {code: ", ".join(scene["title"][code] for scene in scenes) for code in languages}
    return Page(title, settings, runs, scenes=scenes)


def _begins(step: Step) -> dict[str, Any]:
    seconds = step.film_start / step.clip.fps
    return {"start": seconds, "clock": _clock(seconds)}


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _tracks(cues: Mapping[str, Sequence[Cue]]) -> list[dict[str, str]]:
    """Captions, in the page: a browser reads none from a file beside a page that was opened as a file."""
    texts = {language: as_vtt(found, language).encode() for language, found in cues.items()}
    return [{"language": language, "vtt": _data_url("text/vtt", text)} for language, text in texts.items()]


def _data(path: Path) -> str:
    return _data_url({".mp4": "video/mp4", ".m4a": "audio/mp4", ".jpg": "image/jpeg"}[path.suffix], path.read_bytes())


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _content(page: Page) -> dict[str, Any]:
    """What decides, beside the clips, how a page is written."""
    code = [*Path(__file__).parent.glob("*.py"), *ASSETS.iterdir(), PACKAGE_FOLDER / "scenes/themes.py"]
    return {
        "title": dict(page.title),
        "runs": [[run.id, run.name, list(run.scenes)] for run in page.runs],
        "scenes": list(page.scenes),
        "words": _words(page),
        "theme": page.settings.theme,
        "bokeh": version("bokeh") if page.runs else "",
        "code": digest_of_contents(sorted(code)),
    }


# -- HTML --------------------------------------------------------------------------------------------------------------


def _html(page: Page, places: Mapping[str, str], one_file: bool) -> str:
    """The page. ``places``: the addresses of the film and its picture."""
    settings, words, runs = page.settings, _words(page), page.runs
    given = {
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
        given=Markup(as_script(given)),
        numbers=lambda run: Markup(as_script(run.numbers())),
        in_languages=_in_languages,
        one_file=one_file,
        css=_style(),
        script=(ASSETS / SCRIPT).read_text("utf-8"),
        bokeh=bokeh_script() if runs and one_file else "",
    )


def _in_languages(texts: Titles) -> Markup:
    """A text in each language; the script shows one of them."""
    part = Markup('<span lang="{0}" data-lang="{0}" dir="auto">{1}</span>')
    return Markup(" ").join(part.format(language, text) for language, text in texts.items())


def as_script(content: Any) -> str:
    """JSON that may stand in a script: no text in it ends that."""
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _words(page: Page) -> dict[str, Mapping[str, str]]:
    """The page's own words, by language: those of the page's title."""
    narration = Narration.load(page.title)
    return {language: narration.scenes[language][WORDS_OF]["screen"] for language in narration.languages}


def _style() -> str:
    """The style sheet, with the film's colours in front."""
    themes = (
        f'html[data-theme="{theme}"] {{ {" ".join(f"--{role}: {colour};" for role, colour in colours.items())} }}'
        for theme, colours in THEMES.items()
    )
    return "\n".join([*themes, (ASSETS / STYLE).read_text("utf-8")])
