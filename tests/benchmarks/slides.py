"""Measures the slides of a long lecture in a browser: loading time, time until a step plays, memory.

./run bench slides [--minutes 25] [--quality h]

The film repeats one minute of moving shapes in eight steps. Its slides are written as a folder and as one file, and
opened in Chromium from the disk. If manim-slides and PySide6 are installed (pip install manim-slides pyside6), it
presents a minute without a screen.

open    from the address to the first picture
step    from the key to the next step's film, which runs
back    from the key to the picture that the step before ended with
jump    from Enter to the last picture of a step far away
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from gradreel.render.choices import QUALITIES
from gradreel.render.clips.workspace import Workspace
from gradreel.render.export import deck, manim_slides
from gradreel.render.export.steps import Step
from gradreel.render.frames.encode import ClipEncoder
from gradreel.render.settings import RenderSettings
from gradreel.render.stages import ClipFile
from PIL import Image, ImageDraw

STEPS = 8  # of a minute
SECONDS = 7.5  # of a step; in a third of them something moves
LINE = "Each step goes downhill, and how far it goes is the learning rate times the slope. " * 2
STEP_TIME = """key => new Promise((done, failed) => {
  const began = performance.now(), stage = document.getElementById("stage"), before = stage.querySelector(".shown")
  const look = () => {
    const shown = stage.querySelector(".shown")
    const moved = shown !== before && (phase === "end" || shown.currentTime > 0)
    moved ? done(performance.now() - began) : requestAnimationFrame(look)
  }
  document.dispatchEvent(new KeyboardEvent("keydown", { key }))
  setTimeout(() => failed(new Error(`nothing is seen 20 s after ${key}`)), 20000)
  look()
})"""


def minute(folder: Path, settings: RenderSettings) -> ClipFile:
    """Render one minute of moving curves, cards and letters into a clip."""
    clip = folder / "minute.mp4"
    encoder = ClipEncoder(clip, settings)
    unit = settings.height // 72
    draw_random = random.Random(1)
    for step in range(STEPS):
        ground = Image.new("RGBA", (settings.width, settings.height), "#0F1419")
        pencil = ImageDraw.Draw(ground)
        for _ in range(60):  # as letters and ticks: small things with edges
            x, y = draw_random.randrange(settings.width), draw_random.randrange(settings.height)
            pencil.rounded_rectangle((x, y, x + 3 * unit, y + 2 * unit), unit, outline="#98A3B0", width=unit // 3 or 1)
        encoder.cut()
        moving = round(SECONDS / 3 * settings.fps)
        for frame in range(moving):
            picture = ground.copy()
            pencil = ImageDraw.Draw(picture)
            x = np.arange(0, settings.width, 2 * unit)
            y = settings.height / 2 * (1 + 0.5 * np.sin(x / settings.width * 9 + step + frame / moving * 3))
            pencil.line(list(zip(x.tolist(), y.tolist(), strict=True)), fill="#4FADFF", width=unit)
            dot = (int(x[len(x) * frame // moving]), int(y[len(x) * frame // moving]))
            pencil.ellipse((dot[0], dot[1], dot[0] + 3 * unit, dot[1] + 3 * unit), fill="#FF9433")
            encoder.write(np.array(picture))
        encoder.write(np.array(picture), repeat=round(SECONDS * settings.fps) - moving)
    encoder.close()
    return ClipFile(clip, encoder.frames, settings.fps, (), 0.0)


def deck_of(clip: ClipFile, minutes: int, settings: RenderSettings) -> deck.Deck:
    """A lecture of so many minutes, each a scene of its own file."""
    steps: list[Step] = []
    length = clip.frames // STEPS
    for number in range(minutes):
        file = clip.path.with_name(f"minute-{number}.mp4")
        shutil.copyfile(clip.path, file)
        copy = ClipFile(file, clip.frames, clip.fps, (), 0.0)
        for step in range(STEPS):
            scene, words = f"scene-{number}", dict.fromkeys(settings.subtitle_languages, f"{number}.{step} {LINE}")
            where = (copy, (step + 1) * length, len(steps) * length, length)
            steps.append(Step(len(steps) + 1, scene, f"beat-{step}", {"en": f"Scene {number}"}, words, *where))
    return deck.Deck("long", {"en": "A long lecture"}, steps, [], settings)


def measure(page_file: Path) -> tuple[dict[str, list[float]], float]:
    """Milliseconds of each kind, and MB that all processes of the browser hold in the end."""
    import psutil
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chromium-browser"))), None)
    if path is None:
        sys.exit("bench slides: no Chromium or Chrome is installed")
    times: dict[str, list[float]] = {"open": [], "step": [], "back": [], "jump": []}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1920, "height": 1080})
        page = context.new_page()
        began = time.perf_counter()
        page.goto(page_file.as_uri(), wait_until="commit")
        page.wait_for_selector("#stage .shown")
        times["open"].append(1000 * (time.perf_counter() - began))
        page.wait_for_load_state("load", timeout=120_000)
        page.keyboard.press("Space")
        page.wait_for_function("phase === 'playing'")
        page.keyboard.press("End")
        steps = int(page.locator(".step").count())
        for number in random.Random(2).sample(range(3, steps - 3), min(12, steps - 6)):
            page.wait_for_timeout(700)  # a lecturer talks; what comes next is made ready
            page.evaluate("number => { typed = number }", str(number))
            times["jump"].append(page.evaluate(STEP_TIME, "Enter"))
            page.wait_for_timeout(700)
            times["step"].append(page.evaluate(STEP_TIME, "ArrowRight"))
            page.wait_for_timeout(700)
            times["back"].append(page.evaluate(STEP_TIME, "ArrowLeft"))
        processes = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
        held = sum(one.memory_full_info().pss for one in processes) / 1e6  # what they share counted once
        browser.close()
    return times, held


def present(folder: Path, clip: ClipFile, settings: RenderSettings, workspace: Workspace) -> str:
    """Present a minute with manim-slides, without a screen, and return its output or its error."""
    made, files = manim_slides.write_folder(deck_of(clip, 1, settings), workspace)
    slides = folder / "slides"
    slides.mkdir()
    for name, file in {"long.json": made, **files}.items():
        file.rename(slides / name)
    command = [sys.executable, "-W", "ignore", "-m", "manim_slides", "present", "--skip-all", "long"]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment, timeout=300)
    if done.returncode == 0:
        return "goes through all steps"
    missing = "No Qt" in done.stderr or "No module named" in done.stderr
    return "not tried: pip install manim-slides pyside6" if missing else f"failed:\n{done.stderr}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=int, default=25)
    parser.add_argument("--quality", choices=QUALITIES, default="h")
    options = parser.parse_args()
    settings = RenderSettings.of_quality(options.quality)
    with tempfile.TemporaryDirectory(prefix="bench-slides-") as name, Workspace(Path(name) / "media") as workspace:
        folder = Path(name).resolve()
        clip = minute(folder, settings)
        made = deck_of(clip, options.minutes, settings)
        for what, write in (("folder", deck.write_folder), ("one file", deck.write_one_file)):
            began = time.perf_counter()
            page, files = write(made, workspace)
            seconds, place = time.perf_counter() - began, folder / what
            place.mkdir()
            for inside, file in {"index.html": page, **files}.items():
                file.rename(place / inside)
            size = sum(file.stat().st_size for file in place.iterdir()) / 1e6
            print(f"{what}: {len(made.steps)} steps, {size:.0f} MB, written in {seconds:.0f} s", flush=True)
            times, held = measure(place / "index.html")
            for kind, found in times.items():
                print(f"  {kind:5}{statistics.median(found):7.0f} ms, at most {max(found):.0f}", flush=True)
            print(f"  the browser holds {held:.0f} MB", flush=True)
        print(f"manim-slides present: {present(folder, clip, settings, workspace)}")


if __name__ == "__main__":
    main()
