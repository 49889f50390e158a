"""Exports the film for YouTube: the video, and texts, subtitles and a thumbnail within YouTube's limits.

Limits of chapters: https://support.google.com/youtube/answer/9884579. Limits of texts:
https://developers.google.com/youtube/v3/docs/videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from gradreel.core.errors import UserError, printable
from gradreel.render import report
from gradreel.render.clips.file_digest import digest_of_files
from gradreel.render.clips.workspace import Folders, check_writable
from gradreel.render.export.steps import languages_with_words, titles_of
from gradreel.render.lessons.lesson import Lesson
from gradreel.render.lessons.options import Options
from gradreel.render.pipeline import Job, publish_with
from gradreel.render.resolve import film_of
from gradreel.render.settings import RenderSettings, languages_of
from gradreel.render.stages import Clip, ClipFile, Shot
from gradreel.render.videos.output_stamp import OutputStamp
from gradreel.render.videos.publishing import (
    check_lesson_place,
    check_video,
    narration_of,
    poster_of,
    publish_all,
    publish_lesson,
    shots_of,
    video_place,
)
from gradreel.render.videos.results import results_of
from gradreel.render.workers.progress import reporter
from gradreel.scenes.words.narration import Narration
from PIL import Image, ImageOps

# title: characters; description: UTF-8 bytes; tags: characters, two more for a tag with a space
TITLE, DESCRIPTION, TAGS = 100, 5000, 500
FEWEST_CHAPTERS, SHORTEST_CHAPTER = 3, 10  # seconds
THUMBNAIL, THUMBNAIL_BYTES = (1280, 720), 2_000_000
FILES = r"(title|description)\.\w+\.txt|subtitles\.\w+\.srt|tags\.txt|thumbnail\.jpg"


@dataclass(frozen=True)
class Chapter:
    """One line of the list of chapters in a description. It lasts until the next chapter, or the film's end."""

    title: str
    start: int  # whole seconds, as YouTube reads them


def export_youtube(options: Options) -> int:
    """Render the lesson, write the folder of files to upload with it, print the paths and return exit code 0.

    Raises UserError for a folder that cannot be written, and for titles, texts and tags that YouTube refuses.
    """
    settings, lesson = film_of(options)
    check_video(settings)
    folder = options.output.absolute() if options.output else None
    if folder is not None and folder.exists() and not folder.is_dir():
        raise UserError(f"-o {options.output} is a file, but the result is a folder; name another path")
    if folder is not None:
        check_writable(folder / "title.txt" if folder.exists() else folder, "-o")
    refuse_if_any(_texts_that_youtube_refuses(lesson, narration_of(lesson, settings), languages_of(settings)))
    with reporter(options.progress, options.quiet, options.verbosity) as progress:
        paths = publish_with(
            lesson,
            settings,
            progress,
            lambda job, clips: _publish_upload_files(job, clips, folder),
            partial(_refuse_foreign_files, lesson, settings, folder),
        )
    report.show_made(paths, options, options.preview)
    return 0


def _publish_upload_files(job: Job, clips: Sequence[tuple[Clip, ClipFile]], output: Path | None) -> list[Path]:
    """Publish the film and the files for its upload; return all their paths, the video first.

    ``output`` is the folder; None puts it beside the video. Chapters that are too short are reported, as is a film
    without any.
    """
    lesson, settings, workspace, say = job.lesson, job.settings, job.workspace, job.reporter.say
    narration = narration_of(lesson, settings)
    shots = shots_of(narration, settings, clips, {})
    texts = {"tags.txt": ", ".join(lesson.tags)} if lesson.tags else {}
    problems = []
    printed_lines = (lines.printed for shot in shots for lines in shot.lines)
    languages = languages_with_words(settings, [*printed_lines, lesson.title, lesson.description])
    for language in languages:
        titles = [titles_of(narration, shot.clip.request.source, languages)[language] for shot in shots]
        chapters, short = chapters_of(titles, shots, settings.fps)
        description = description_of(lesson, chapters, language)
        texts |= {f"title.{language}.txt": lesson.title_in(language), f"description.{language}.txt": description}
        problems += _problems_in_text(f"the description in {language}", description)
        if language == settings.language:
            for title in short:
                say(f"{title}: shorter than {SHORTEST_CHAPTER} s, so it is no chapter of its own there")
            if not chapters:
                say(f"no chapters: YouTube shows them from {FEWEST_CHAPTERS} on, of {SHORTEST_CHAPTER} s each")
    refuse_if_any(list(dict.fromkeys(problems)))
    video = publish_lesson(lesson, settings, clips, workspace, None, job.reporter)
    final = _folder_beside(video, output) / f"title.{settings.language}.txt"
    paths = [video, *(final.with_name(name) for name in texts), final.with_name("thumbnail.jpg")]
    subtitles = {
        final.with_name(f"subtitles.{language}.srt"): file
        for language in settings.subtitle_languages
        if (file := video.with_name(f"{video.stem}.{language}.srt")).is_file()
    }
    content = {"texts": texts, "poster": str(lesson.poster), "code": digest_of_files([Path(__file__)])}
    stamp = OutputStamp(workspace, final, content, [video, *subtitles.values()], FILES)
    if not stamp.is_current():
        texts = {final.name: texts[final.name], **texts}  # the stamp names the first file
        files: dict[str, bytes | Path] = {name: f"{printable(text)}\n".encode() for name, text in texts.items()}
        files |= {path.name: file.read_bytes() for path, file in subtitles.items()}
        files["thumbnail.jpg"] = thumbnail(poster_of(lesson, shots))
        results = results_of(lesson, workspace, settings.overwrite)
        publish_all(files, workspace, stamp, results, say)
    return [*paths, *subtitles]


def _folder_beside(video: Path, output: Path | None) -> Path:
    """Return ``output``, or the default folder ``<video>-youtube`` beside the video."""
    return output or video.with_name(f"{video.stem}-youtube")


def _refuse_foreign_files(lesson: Lesson, settings: RenderSettings, output: Path | None, clips: Sequence[Clip]) -> None:
    """Raise UserError if the video, or a file in the folder for YouTube, would replace a file that it must not."""
    check_lesson_place(lesson, settings, None, clips)
    folders = Folders(settings.media_dir)
    folder = _folder_beside(video_place(lesson, settings, folders), output)
    languages = languages_of(settings)
    names = [f"{kind}.{language}.txt" for kind in ("title", "description") for language in languages]
    names += [f"subtitles.{language}.srt" for language in languages] + ["thumbnail.jpg"]
    names += ["tags.txt"] if lesson.tags else []
    results_of(lesson, folders, settings.overwrite).check(folder / name for name in names)


def refuse_if_any(problems: Sequence[str]) -> None:
    """Raise UserError with one line for each problem in ``problems``; do nothing without problems."""
    if problems:
        raise UserError("\n".join(problems))


def chapters_of(titles: Sequence[str], shots: Sequence[Shot], fps: int) -> tuple[list[Chapter], list[str]]:
    """Return one chapter for each scene, and the titles of scenes that are too short for a chapter.

    A short scene joins the chapter before it; at the film's beginning it joins the chapter after it. ``titles`` has one
    title for each shot, in one language. With fewer than `FEWEST_CHAPTERS` chapters, the list of chapters is empty.
    """
    chapters: list[Chapter] = []
    short: list[str] = []
    starts = [int(shot.start / fps) for shot in shots]
    ends = [*starts[1:], int(shots[-1].end / fps)]
    begins: int | None = None
    for title, start, end in zip(titles, starts, ends, strict=True):
        if end - start >= SHORTEST_CHAPTER:
            chapters.append(Chapter(title, start if begins is None else begins))
            begins = None
        else:
            short.append(title)
            begins = start if begins is None and not chapters else begins
    return (chapters if len(chapters) >= FEWEST_CHAPTERS else []), short


def description_of(lesson: Lesson, chapters: Sequence[Chapter], language: str) -> str:
    """Return the lesson's description in ``language``, then its chapters, a line each with its time."""
    listed = "\n".join(f"{clock(chapter.start)} {' '.join(chapter.title.split())}" for chapter in chapters)
    return "\n\n".join(filter(None, (lesson.description_in(language), listed)))


def clock(seconds: int) -> str:
    """Return seconds as YouTube's chapters have them: ``"0:00"``, ``"12:34"``, ``"1:02:03"``."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def thumbnail(poster: bytes) -> bytes:
    """Return the poster as a JPEG in YouTube's size, below its limit of bytes if quality 25 is enough.

    A poster of another shape gets bars in the colour of its upper left corner.
    """
    with Image.open(BytesIO(poster)) as image:
        corner = image.crop((0, 0, 1, 1)).tobytes()
        fitted = ImageOps.pad(image, THUMBNAIL, Image.Resampling.LANCZOS, color=tuple(corner))
    for quality in (92, 75, 50, 25):
        content = BytesIO()
        fitted.save(content, "JPEG", quality=quality)
        if len(content.getvalue()) < THUMBNAIL_BYTES:
            break
    return content.getvalue()


def _texts_that_youtube_refuses(lesson: Lesson, narration: Narration, languages: Sequence[str]) -> list[str]:
    """Return what YouTube would refuse in the lesson's titles, description and tags, a sentence each.

    This needs no rendered clip. Scenes' titles count only if the lesson has enough scenes for chapters.
    """
    problems = []
    for language in languages:
        title = lesson.title_in(language)
        problems += _problems_in_text(f"{lesson.file}: the title in {language}", title)
        if len(title) > TITLE:
            problems.append(
                f"{lesson.file}: the title in {language} has {len(title)} characters; YouTube takes {TITLE}"
            )
        problems += _problems_in_text(f"{lesson.file}: the description in {language}", lesson.description_in(language))
    # with fewer there is no list of chapters
    for scene in lesson.scenes if len(lesson.scenes) >= FEWEST_CHAPTERS else ():
        for language, title in titles_of(narration, scene.source, languages).items():
            problems += _problems_in_text(f"{scene.name}: its title in {language}", title)
    for tag in lesson.tags:
        problems += _problems_in_text(f"{lesson.file}: tags: {tag!r}", tag)
        if "," in tag:
            problems.append(f"{lesson.file}: tags: {tag!r} has a comma, which parts tags; write two")
    size = sum(len(tag) + 2 * (" " in tag) for tag in lesson.tags) + max(len(lesson.tags) - 1, 0)
    if size > TAGS:
        problems.append(f"{lesson.file}: tags are {size} characters together; YouTube takes {TAGS}")
    return list(dict.fromkeys(problems))


def _problems_in_text(subject: str, text: str) -> list[str]:
    """Return what YouTube would refuse in ``text``. ``subject`` names the text in each sentence."""
    marks = [mark for mark in "<>" if mark in text]
    problems = [f"{subject} has a {mark}, which YouTube does not take" for mark in marks]
    if (size := len(text.encode())) > DESCRIPTION:
        problems.append(f"{subject} is {size} bytes long; YouTube takes {DESCRIPTION}")
    return problems
