"""theta of a run that was recorded around anybody's loop: its tensors, its entries' names, what an update is."""

from __future__ import annotations

import re

import numpy as np
from gradreel.core.arrays import evenly_spaced_indices
from gradreel.core.trace.recorded_run import RecordedRun
from gradreel.core.trace.trace import Trace
from gradreel.scenes import style
from gradreel.scenes.mobjects.text import literal, words
from gradreel.scenes.mobjects.theta_strip import ELLIPSIS, GAP, Columns, Head
from gradreel.scenes.style import palette
from manim import VGroup

MOST, FEWEST = 9, 5  # columns, the one of "…" included
WIDEST, NARROWEST = 1.3, 1.08  # cells
BETWEEN_NAMES = 0.25
MOST_TENSORS, TENSORS_LEFT, SHAPES_LEFT, TENSORS_TOP, TENSOR_LINE = 7, -3.4, 1.4, 2.2, 0.55
CHECKED_UPDATES = 25  # that are computed again to see whether they are plain gradient descent
ROUNDING = 8.0  # units in the last place that an update computed in one step less may be off


def shown_columns(run: RecordedRun, left: float, right: float) -> tuple[Columns, list[Head]]:
    """Columns for the first few entries and the last, and what stands above them: as many as their names let fit.

    Names that are too long even for few columns lose their front.
    """
    count, most = run.n_parameters, MOST
    while True:
        entries = _ends(count, most)
        names = [run.entry_name(entry) for entry in entries if entry is not ELLIPSIS]
        pitch = (right - left + GAP) / len(entries)
        widest = max(words(name, style.SMALLEST).width for name in names) + BETWEEN_NAMES
        if widest <= pitch or most <= FEWEST:
            break
        most -= 1
    pitch = min(pitch, max(widest, WIDEST + GAP))
    width = min(max(pitch - GAP, NARROWEST), WIDEST)
    centers = tuple(left + (pitch - GAP) / 2 + pitch * k for k in range(len(entries)))
    columns = Columns(entries, centers, width, style.CELL)
    return columns, [Head(_role(name), shortened(name, pitch - BETWEEN_NAMES), plain=True) for name in names]


def _ends(count: int, most: int) -> tuple[int | None, ...]:
    if count <= most:
        return tuple(range(count))
    last = (most - 1) // 2
    return (*range(most - 1 - last), ELLIPSIS, *range(count - last, count))


def _role(name: str) -> str:
    tensor = name.rpartition("[")[0] or name
    return "green" if tensor.endswith("bias") else "yellow" if tensor.endswith("weight") else "orange"


def shortened(name: str, width: float, size: float = style.SMALLEST) -> str:
    """``name`` without as many of its first words, and then letters, as make it fit into ``width`` scene units."""
    shown = name
    while words(literal(shown), size).width > width and len(name) > 1:
        rest = re.sub(r"^[^._\[]+[._]", "", name)  # without its first word, if there is another
        name = rest if rest != name else name[1:]
        shown = f"…{name}"
    return shown


def tensor_list(run: RecordedRun) -> VGroup:
    """The model's tensors in the middle of the picture, a line each: name and shape; of many the first and the last."""
    lines = VGroup()
    for row, index in enumerate(_ends(len(run.parts), MOST_TENSORS)):
        baseline = TENSORS_TOP - TENSOR_LINE * row
        if index is ELLIPSIS:
            lines.add(words("…", style.LABEL, palette.dim).place(baseline, left=TENSORS_LEFT))
            continue
        part = run.parts[index]
        name = shortened(part.name, SHAPES_LEFT - TENSORS_LEFT - 0.4, style.LABEL)
        name = words(name, style.LABEL, getattr(palette, _role(part.name)))
        shape = words(" × ".join(map(str, part.shape)) or "1", style.LABEL, palette.dim)
        lines.add(VGroup(name.place(baseline, left=TENSORS_LEFT), shape.place(baseline, left=SHAPES_LEFT)))
    return lines


def optimizer_names(run: RecordedRun) -> list[str]:
    """The optimizers' classes, each once: ["Adam"]."""
    return list(dict.fromkeys(optimizer.kind.rpartition(".")[2] for optimizer in run.optimizers))


def is_plain_descent(trace: Trace) -> bool:
    """Whether the run's updates are minus one learning rate times the gradient, and nothing else.

    One SGD of one group says so by its settings; some of its updates are computed again from the recorded numbers, for
    a loop may change parameters between steps. Updates off to infinity say nothing.
    """
    run = trace.run
    if not isinstance(run, RecordedRun) or run.kept_every != 1 or run.n_groups != 1:
        return False
    (optimizer,) = (found for found in run.optimizers if found.groups)
    settings = optimizer.groups[0].settings
    others = ("momentum", "weight_decay", "maximize", "nesterov")
    extra = any(settings.get(name) for name in others) or any(changed.name in others for changed in run.settings)
    if optimizer.kind.rpartition(".")[2] != "SGD" or extra:
        return False
    rates = trace.rates[:, 0]
    rows = evenly_spaced_indices(trace.n_updates, CHECKED_UPDATES)
    return all(_is_one_step(trace, int(row), rates[row]) for row in rows)


def _is_one_step(trace: Trace, row: int, rate: float) -> bool:
    before, after = np.asarray(trace.parameters[row], float), np.asarray(trace.parameters[row + 1], float)
    step = rate * np.asarray(trace.gradient[row], float)
    if not (np.isfinite(before) & np.isfinite(step) & np.isfinite(after)).all():
        return True
    size = np.maximum(np.abs(before), np.abs(step))
    return bool(np.all(np.abs(before - step - after) <= ROUNDING * np.finfo(trace.parameters.dtype).eps * size))
