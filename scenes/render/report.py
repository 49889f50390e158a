"""What the commands print: words for people, JSON for programs. No Manim; rich only where there is a table or a bar."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gradreel.scenes.catalog import find_scenes
from gradreel.scenes.narration import Narration


def print_json(content: Any) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")


def print_scenes(language: str, as_json: bool) -> None:
    """Every scene's name and title in film order; in JSON also its class and file."""
    titles = Narration.load([language])
    scenes = find_scenes()
    if as_json:
        print_json(
            [
                {
                    "name": scene.name,
                    "class": scene.class_name,
                    "file": str(scene.file),
                    "title": titles.title(scene.name, language),
                }
                for scene in scenes
            ]
        )
        return
    width = max((len(scene.name) for scene in scenes), default=0)
    for scene in scenes:
        print(f"{scene.name:{width}}  {titles.title(scene.name, language)}")


def print_health(media_dir: Path, as_json: bool) -> bool:
    """Print each check as it is done; whether all is well."""
    from gradreel.scenes.render.health import check_health

    checks = []
    for check in check_health(media_dir):
        checks.append(check)
        if not as_json:
            print(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.found}", flush=True)
            if not check.ok:
                print(f"     to mend it: {check.remedy}")
    well = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": well, "checks": [vars(check) for check in checks]})
    elif not well:
        print(f"{sum(not check.ok for check in checks)} of {len(checks)} checks failed", file=sys.stderr)
    return well
