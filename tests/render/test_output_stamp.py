from __future__ import annotations

import contextlib
import itertools
import os
from pathlib import Path

from gradreel.render.clips.workspace import Workspace
from gradreel.render.videos.output_stamp import OutputStamp
from gradreel.render.videos.publishing import publish_all
from gradreel.render.videos.results import Maker, Results


def written(workspace: Workspace, text: str, *languages: str) -> tuple[dict[str, bytes | Path], OutputStamp]:
    """A video of ``text`` with subtitles in ``languages``, and its stamp."""
    final = workspace.media_dir / "out" / "film.mp4"
    video = workspace.temporary("film.mp4")
    video.write_text(text)
    files = {"film.mp4": video} | {f"film.{language}.srt": text.encode() for language in languages}
    return files, OutputStamp(workspace, final, {"text": text}, [])


def mine(workspace: Workspace) -> Results:
    return Results(workspace, Maker(file="lesson.toml"))


def said(text: str) -> None:
    """Ignore a message."""


def publish(workspace: Workspace, text: str, *languages: str) -> OutputStamp:
    files, stamp = written(workspace, text, *languages)
    publish_all(files, workspace, stamp, mine(workspace), said)
    return stamp


def there(workspace: Workspace) -> dict[str, str]:
    return {file.name: file.read_text() for file in sorted((workspace.media_dir / "out").iterdir())}


def test_subtitles_that_a_video_lost_are_removed_and_the_users_own_stay(tmp_path):
    with Workspace(tmp_path) as workspace:
        assert publish(workspace, "1", "en", "zh").is_current()
        assert there(workspace) == {"film.mp4": "1", "film.en.srt": "1", "film.zh.srt": "1"}
        (tmp_path / "out" / "film.fr.srt").write_text("mine")
        publish(workspace, "2", "en")
        assert there(workspace) == {"film.mp4": "2", "film.en.srt": "2", "film.fr.srt": "mine"}
        (tmp_path / "out" / "film.zh.srt").write_text("mine")
        publish(workspace, "3", "en")
        assert there(workspace)["film.zh.srt"] == "mine"


def test_files_that_another_run_publishes_right_after_this_one_stay(tmp_path, monkeypatch):
    """Leftover files are found and removed under a lock, for which another run waits."""
    real = Workspace.publish

    def then_another(self, *arguments):
        real(self, *arguments)
        monkeypatch.setattr(Workspace, "publish", real)
        publish(self, "another", "en", "zh")

    with Workspace(tmp_path) as workspace:
        publish(workspace, "1", "en", "zh")
        monkeypatch.setattr(Workspace, "publish", then_another)
        publish(workspace, "2", "en")
        assert there(workspace) == dict.fromkeys(("film.en.srt", "film.mp4", "film.zh.srt"), "another")


def test_a_stamp_holds_only_while_all_files_are_as_they_were(tmp_path):
    with Workspace(tmp_path) as workspace:
        stamp = publish(workspace, "1", "en")
        (tmp_path / "out" / "film.en.srt").write_text("changed")
        assert not stamp.is_current()
        (tmp_path / "out" / "film.en.srt").unlink()
        publish(workspace, "1", "en")
        assert stamp.is_current()
        (tmp_path / "out" / "film.mp4").unlink()
        assert not stamp.is_current()


def test_a_video_whose_publishing_was_interrupted_is_published_again(tmp_path, monkeypatch):
    """At whichever file it stopped: what had been renamed by then is known to be its own."""
    with Workspace(tmp_path) as workspace:
        publish(workspace, "0", "en", "zh")
        for step in range(1, 5):
            renamed = itertools.count()

            def stop(*arguments, step=step, renamed=renamed, real=os.replace):
                if next(renamed) == step:
                    raise KeyboardInterrupt
                real(*arguments)

            files, stamp = written(workspace, str(step), "en", "zh")
            with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
                patch.setattr("gradreel.render.clips.workspace.os.replace", stop)
                publish_all(files, workspace, stamp, mine(workspace), said)
            files, stamp = written(workspace, str(step), "en", "zh")
            publish_all(files, workspace, stamp, mine(workspace), said)
            assert there(workspace) == dict.fromkeys(("film.en.srt", "film.mp4", "film.zh.srt"), str(step))
