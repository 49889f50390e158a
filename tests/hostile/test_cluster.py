"""What comes back from a cluster's workers, and what a clip's description may say: nothing of where files go."""

from __future__ import annotations

from pathlib import Path

from gradreel.scenes.render.lessons.requests import ClipResult


def test_a_clips_description_does_not_say_where_the_clip_lies():
    content = {"path": "../../somewhere.mp4", "frames": 3, "fps": 5, "wall_seconds": 1.0, "beats": []}
    clip = ClipResult.from_json(content, Path("media/clips/abc.mp4"))
    assert clip.path == Path("media/clips/abc.mp4")
    assert "path" not in clip.as_json()
