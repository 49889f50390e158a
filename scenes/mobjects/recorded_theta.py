"""Shows theta of a recorded loop: columns for its entries, the list of its tensors, and the kind of its updates."""

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

MOST, FEWEST = 9, 5  # columns, including the one of "…"
WIDEST, NARROWEST = 1.3, 1.08  # widths of cells
BETWEEN_NAMES = 0.25
MOST_TENSORS, TENSORS_LEFT, SHAPES_LEFT, TENSORS_TOP, TENSOR_LINE = 7, -3.4, 1.4, 2.2, 0.55
CHECKED_UPDATES = 25  # updates that `is_plain_descent` computes again
ROUNDING = 8.0  # allowed difference, in units in the last place


def shown_columns(run: RecordedRun, left: float, right: float) -> tuple[Columns, list[Head]]:
    """Return columns for the first and last entries of theta, and their heads; long names mean fewer columns.

    There are `FEWEST` to `MOST`. Names that are still too long lose their front.
    """
    count, most = run.n_parameters, MOST
    while True:
        entries = _first_and_last(count, most)
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
    return columns, [
        Head(_colour_role_of_tensor(name), shortened(name, pitch - BETWEEN_NAMES), plain=True) for name in names
    ]


def _first_and_last(count: int, most: int) -> tuple[int | None, ...]:
    """Return indices 0 to ``count`` - 1; if there are more than ``most``, the first, ELLIPSIS and the last ones."""
    if count <= most:
        return tuple(range(count))
    last = (most - 1) // 2
    return (*range(most - 1 - last), ELLIPSIS, *range(count - last, count))


def _colour_role_of_tensor(name: str) -> str:
    """Return the colour role of a tensor or entry: green bias, yellow weight, orange for others."""
    tensor = name.rpartition("[")[0] or name
    return "green" if tensor.endswith("bias") else "yellow" if tensor.endswith("weight") else "orange"


def shortened(name: str, width: float, size: float = style.SMALLEST) -> str:
    """Return ``name``, shortened at its front until it fits ``width`` scene units: "…0.weight[1, 2]".

    It loses whole words first, then letters.
    """
    shown = name
    while words(literal(shown), size).width > width and len(name) > 1:
        rest = re.sub(r"^[^._\[]+[._]", "", name)  # without its first word, if there is another
        name = rest if rest != name else name[1:]
        shown = f"…{name}"
    return shown


def tensor_list(run: RecordedRun) -> VGroup:
    """Return a list of the model's tensors, a line with name and shape for each; of many, the first and the last."""
    lines = VGroup()
    for row, index in enumerate(_first_and_last(len(run.parts), MOST_TENSORS)):
        baseline = TENSORS_TOP - TENSOR_LINE * row
        if index is ELLIPSIS:
            lines.add(words("…", style.LABEL, palette.dim).place(baseline, left=TENSORS_LEFT))
            continue
        part = run.parts[index]
        name = shortened(part.name, SHAPES_LEFT - TENSORS_LEFT - 0.4, style.LABEL)
        name = words(name, style.LABEL, getattr(palette, _colour_role_of_tensor(part.name)))
        shape = words(" × ".join(map(str, part.shape)) or "1", style.LABEL, palette.dim)
        lines.add(VGroup(name.place(baseline, left=TENSORS_LEFT), shape.place(baseline, left=SHAPES_LEFT)))
    return lines


def optimizer_names(run: RecordedRun) -> list[str]:
    """Return the names of the optimizers' classes, each once: ["Adam"]."""
    return list(dict.fromkeys(optimizer.kind.rpartition(".")[2] for optimizer in run.optimizers))


def is_plain_descent(trace: Trace) -> bool:
    """Return whether each update of the run is minus one learning rate times the gradient.

    The settings must say so: one SGD with one group. Some recorded updates are also computed again, because a loop may
    change parameters between steps. Infinite updates are not checked.
    """
    run = trace.run
    if not isinstance(run, RecordedRun) or run.kept_every != 1 or run.n_groups != 1:
        return False
    (optimizer,) = (each for each in run.optimizers if each.groups)
    settings = optimizer.groups[0].settings
    extras = ("momentum", "weight_decay", "maximize", "nesterov")
    extra = any(settings.get(name) for name in extras) or any(changed.name in extras for changed in run.settings)
    if optimizer.kind.rpartition(".")[2] != "SGD" or extra:
        return False
    rates = trace.rates[:, 0]
    rows = evenly_spaced_indices(trace.n_updates, CHECKED_UPDATES)
    return all(_is_one_step(trace, int(row), rates[row]) for row in rows)


def _is_one_step(trace: Trace, row: int, rate: float) -> bool:
    """Return whether update ``row`` is plain gradient descent up to rounding; True if a number is not finite."""
    before, after = np.asarray(trace.parameters[row], float), np.asarray(trace.parameters[row + 1], float)
    step = rate * np.asarray(trace.gradient[row], float)
    if not (np.isfinite(before) & np.isfinite(step) & np.isfinite(after)).all():
        return True
    size = np.maximum(np.abs(before), np.abs(step))
    return bool(np.all(np.abs(before - step - after) <= ROUNDING * np.finfo(trace.parameters.dtype).eps * size))
