"""Checks the numbers of a recorded run: all are finite, and only the optimizer's rule has moved the parameters.

The trace has neither the model nor its data, so gradients and losses cannot be computed again. The updates of plain
optimizers can, if every state was kept. Files are read block by block, so a trace may be larger than memory.
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np
import torch
from gradreel.core.arrays import IntArray
from gradreel.core.errors import problems_in
from gradreel.core.network.optimizers import Adam, Sgd
from gradreel.core.network.training import one_thread
from gradreel.core.progress import Progress
from gradreel.core.trace.columns import ColumnKind
from gradreel.core.trace.format import META, TraceFiles, column_kinds, setting_kinds
from gradreel.core.trace.recorded_run import (
    COMPUTED_KINDS,
    RecordedPart,
    RecordedRun,
    RecordedTensor,
)
from gradreel.core.trace.setting_log import SettingLog, are_valid_settings
from gradreel.core.trace.tensor_copies import are_complete_ordered_copies
from gradreel.core.trace.verify_result import MOST_PROBLEMS, Agreement, Problem, Verification
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

TOLERANCE, TOLERANCE_OF_HALVES = 1e-3, 0.1
"""How far a parameter may be off after one update, as a share of how far the update moved it; the second for half
precision.

The fused and foreach forms of an optimizer and other devices round differently from the plain form. So `_ULPS` units in
the last place of the parameter are allowed as well (up to 3.4 were seen in 1500 updates). Where the parts of a buffer
cancel, `_OF_LARGEST` units of the largest change in the row are allowed; in half precision the same share as of the own
change. A rate that torch held in float32 rounds the factor of the weight decay to float32, also for float64 parameters.
"""
_ULPS = 4
_OF_LARGEST = 16  # units in the last place
_HALVES = ("bfloat16", "float16")
_COMPUTED = ("float64", "float32", *_HALVES)  # dtypes that torch computes with
_BLOCK = 1 << 23  # bytes of a column that are checked at once

_Settings = dict[str, float]
"""The numbers of a parameter group at an update, by name: "lr", "momentum", "betas.0", ..."""
_Rule = Callable[[torch.Tensor, torch.Tensor, _Settings], torch.Tensor]
"""Returns the states (n, p) after n consecutive updates, given the states before them, their gradients and the
settings.

A rule keeps the optimizer state, so it must be called once for each update, in order.
"""


def verify_recorded(
    files: TraceFiles, run: RecordedRun, damaged: tuple[Problem, ...], progress: Progress
) -> Verification:
    """Check the trace of a recorded run whose columns have the right shape, and return the result.

    A number that is not finite is a problem. So is a parameter that is not where its optimizer's update put it, unless
    the loop itself is known to have changed parameters between updates.

    Parameters
    ----------
    files, run
        The trace's files and its description.
    damaged
        The problems of columns with wrong checksums.
    progress
        Called as ``progress(done, updates)`` about a hundred times.
    """
    check = _Check(files, run, frozenset(problem.column for problem in damaged))
    with one_thread():
        check.check_losses()
        check.check_columns()
        check.check_states(progress)
    problems = (*damaged, *check.problems, *check.unexplained())
    agreement = None if problems else check.agreement()
    return Verification(
        files.path, check.computed, agreement, problems, check.checked_in_words(), check.unchecked_in_words()
    )


class _Piece:
    """Neighbouring parts of theta that one rule updates."""

    def __init__(self, place: slice, dtype: str, group: int | None, rule: _Rule) -> None:
        self.place, self.dtype, self.group, self.rule = place, dtype, group, rule
        self.key = (dtype, group, type(rule))

    def continues(self, other: "_Piece") -> bool:
        """Return whether this piece can be merged with ``other``, which precedes it.

        Half precision is rounded depending on a number's position in its tensor, so there each part stays separate.
        """
        return self.dtype not in _HALVES and other.place.stop == self.place.start and other.key == self.key

    def computed_states(self, theta: torch.Tensor, gradient: torch.Tensor, settings: _Settings) -> torch.Tensor:
        """Return the states (n, p) after n consecutive updates, given the states before them and the gradients, as
        in the columns.
        """
        states, gradients = theta.to(getattr(torch, self.dtype)), gradient.to(getattr(torch, self.dtype))
        chunk_rows = 1 if self.dtype in _HALVES else len(states)
        parts = zip(torch.split(states, chunk_rows), torch.split(gradients, chunk_rows), strict=True)
        return torch.cat([self.rule(*part, settings) for part in parts]).to(theta.dtype)

    def tolerance(self, before: torch.Tensor, computed: torch.Tensor, settings: _Settings) -> torch.Tensor:
        """Return how far each entry of the states (n, p) after n updates may be from the computed state."""
        numbers = torch.finfo(getattr(torch, self.dtype))
        rounding = _ULPS * numbers.eps
        if settings.get("weight_decay") and settings["lr"] == np.float32(settings["lr"]):
            rounding = max(rounding, torch.finfo(torch.float32).eps)  # the rate may be a float32 tensor
        change = (computed - before).abs().nan_to_num(0, 0, 0)
        largest_change = change.amax(dim=1, keepdim=True)
        size = torch.maximum(before.abs(), computed.abs()).nan_to_num(0, 0, 0).clamp_min(numbers.smallest_normal)
        share_of_own, share_of_largest = TOLERANCE, _OF_LARGEST * numbers.eps
        if self.dtype in _HALVES:
            share_of_own = share_of_largest = TOLERANCE_OF_HALVES
        return share_of_own * change + share_of_largest * largest_change + rounding * size


class _Check:
    """Goes through a trace once and collects its problems."""

    def __init__(self, files: TraceFiles, run: RecordedRun, damaged: frozenset[str]) -> None:
        self.run, self.files, self.kinds, self._damaged = run, files, column_kinds(run), damaged
        self._computable = run.kept_every == 1 and damaged.isdisjoint({"optimizer", *setting_kinds(0)})
        self.problems: list[Problem] = []
        self.exact = True
        self._whole = np.zeros(run.updates, dtype=bool)  # updates that were computed again
        self._in_part = np.zeros(run.updates, dtype=bool)  # updates that were computed again for some parameters
        self._strayed = np.zeros(run.updates, dtype=bool)  # updates whose result differs from the computed one
        self._strays: list[Problem] = []  # a problem for each parameter that differs
        self._astray: set[int] = set()  # entries of theta that these problems name
        self._is_damaged = not damaged.isdisjoint({"parameters", "gradient"})
        self._idle_moved: set[int] = set()  # parts that changed although no optimizer trains them
        self._no_rule: list[str] = []  # parts whose updates cannot be computed again
        self._partial: set[int] = set()  # optimizers that train such parts
        self._idle = [i for i, part in enumerate(run.parts) if not part.trained]
        self._starts = np.cumsum([0, *(math.prod(part.shape) for part in run.parts)])
        self._first: NDArray[Any] | None = None  # the state at the start
        self._infinite: set[str] = set()  # columns with a number that is not finite
        self._settings = self._settings_logged()
        self._pieces = [self._pieces_of(number) for number in range(len(run.optimizers))]

    def check_losses(self) -> None:
        """Check that every logged loss is a finite number."""
        losses = self._column("batch_loss")
        self.logged = int(np.count_nonzero(~np.isnan(losses)))
        bad_updates = np.flatnonzero(np.isinf(losses))[:1].tolist()
        bad_updates += [] if self.run.first_nan_loss is None else [self.run.first_nan_loss]
        if bad_updates:
            update = min(bad_updates)
            loss = float(losses[update])
            self._infinite.add("batch_loss")
            self.problems.append(
                Problem("batch_loss", update, None, loss, None, f"batch_loss of update {update}: {loss} was logged")
            )

    def check_columns(self) -> None:
        """Check the columns that the reading of others depends on: kept states, optimizers, starts of batches,
        copies.
        """
        numbers, starts, run = self._column("optimizer"), self._column("batch_start"), self.run
        kept, expected = self._column("kept"), run.kept_updates()
        wrong_rows = np.flatnonzero(kept != expected)[:1].tolist()
        if wrong_rows and "kept" not in self._damaged:
            self._add_row_problem(
                "kept", wrong_rows[0], kept, f"the state after {expected[wrong_rows[0]]} updates was kept there"
            )
        epochs = self._column("epoch")
        if (epochs < -1).any() and "epoch" not in self._damaged:
            self._add_row_problem(
                "epoch", int((epochs < -1).argmax()), epochs, "it is 0 or more, or -1 where none was logged"
            )
        if run.tensors and self._damaged.isdisjoint({"tensor", "tensor_row"}):
            which, rows = self._column("tensor"), self._column("tensor_row")
            if not are_complete_ordered_copies(run, which, rows):
                text = "tensor, tensor_row: they name no tensors of the model, no kept states, or not in order"
                self.problems.append(Problem("tensor", None, None, None, None, text))
        foreign = np.flatnonzero((numbers < 0) | (numbers >= len(run.optimizers)))[:1]
        if len(foreign) and "optimizer" not in self._damaged:
            self._computable = False
            self._add_row_problem("optimizer", int(foreign[0]), numbers, f"there are {len(run.optimizers)}")
        rises = starts[0] == 0 and starts[-1] == run.examples_logged and (starts[1:] >= starts[:-1]).all()
        if not rises and "batch_start" not in self._damaged:
            self._add_row_problem("batch_start", run.updates, starts, f"it is to rise from 0 to {run.examples_logged}")
        if run.metrics:
            if "metric" not in self._damaged:
                self._note_outside_range("metric", len(run.metrics) - 1)
            if "metric_at" not in self._damaged:
                self._note_outside_range("metric_at", run.updates, rises=True)

    def _note_outside_range(self, column: str, last: int, rises: bool = False) -> bool:
        """Note the first row of a column with a number outside 0 to ``last``; return whether such a row exists.

        ``rises``: a number smaller than the one before it is noted as well.
        """
        numbers = self._column(column)
        is_wrong = (numbers < 0) | (numbers > last)
        if rises:
            is_wrong[1:] |= numbers[1:] < numbers[:-1]
        if is_wrong.any():
            self._add_row_problem(column, int(is_wrong.argmax()), numbers, f"from 0 to {last}, in order, were expected")
        return bool(is_wrong.any())

    def _add_row_problem(self, column: str, row: int, numbers: NDArray[Any], needed: str) -> None:
        """Add a problem for one row of a column; ``needed`` names the expected numbers."""
        number = numbers[row].item()
        text = f"{column}, row {row}: {number}; {needed}"
        self.problems.append(Problem(column, None, None, number, None, text))

    def check_states(self, progress: Progress) -> None:
        """Check every state and gradient, and compute the updates between the states again."""
        kept, done, updates = self.run.kept_updates(), 0, self.run.updates
        for row, theta, gradient in self._stretches():
            self._check_finite("parameters", kept[row:], theta)
            self._check_finite("gradient", kept[row:], gradient)
            self._note_moved_idle_parts(theta)
            if self._computable:
                self._compute(row, torch.from_numpy(theta), torch.from_numpy(gradient))
            previous, done = done, int(kept[row + len(gradient)])
            if done * 100 // updates != previous * 100 // updates:
                progress(done, updates)

    def unexplained(self) -> list[Problem]:
        """Return the problems of parameters that differ from the computed update, unless the loop itself has changed
        them.
        """
        strayed = np.flatnonzero(self._strayed)
        if self.run.edits and self.run.first_edit is not None:
            early = strayed[:1] + 1 < self.run.first_edit
            if len(strayed) <= self.run.edits and not early.any():
                return []
        return self._strays

    @property
    def computed(self) -> int:
        """Return how many updates, computed again, ended as recorded."""
        return int((self._whole & ~self._strayed).sum())

    def agreement(self) -> Agreement:
        """Return how all updates agree with those computed again."""
        if self.computed < self.run.updates:
            return Agreement.NOT_COMPUTED
        return Agreement.EXACT if self.exact else Agreement.CLOSE

    def checked_in_words(self) -> tuple[str, ...]:
        """Return the successful checks in words."""
        run, lines = self.run, []
        for column, statement in (
            ("parameters", f"every parameter of the {run.n_kept} states is a finite number"),
            ("gradient", f"so is every entry of the {_count_text(run.n_kept - 1, 'gradient')}"),
            ("batch_loss", _finite_losses_text(self.logged)),
        ):
            if column not in self._infinite and (column != "batch_loss" or self.logged):
                lines.append(statement)
        agreement = "exact bit for bit" if self.exact else "within the tolerance of its dtype"
        in_part = int((self._in_part & ~self._strayed).sum())
        for number, how_far in ((self.computed, "computed again"), (in_part, "computed again in part")):
            if number and not self.unexplained():
                count = f"{number} of {_count_text(run.updates, 'update')} {how_far} from the recorded gradient"
                lines.append(f"{count}: {agreement}")
        idle = [run.parts[i].name for i in self._idle if i not in self._idle_moved]
        if idle:
            lines.append(f"what no optimizer trains stayed as it was: {_names_text(idle)}")
        return tuple(lines)

    def unchecked_in_words(self) -> tuple[str, ...]:
        """Return in words which parts of the run could not be checked."""
        run = self.run
        lines = ["gradients and losses: the model and its data are not in the trace, to compute them again"]
        if run.kept_every > 1:
            lines.append(f"updates: of each {run.kept_every} states one was kept")
        elif self._no_rule:
            lines.append(f"the optimizer's updates of {_names_text(self._no_rule)}")
        if self._strayed.any() and not self.unexplained():
            strayed = _count_text(int(self._strayed.sum()), "update")
            lines.append(f"{strayed} after which the loop itself changed parameters")
        if run.examples_logged or (self._column("epoch") >= 0).any():
            lines.append("epochs and batches: they are as the loop logged them")
        if run.metrics:
            lines.append(f"{_names_text(list(run.metrics))}: as the loop logged them")
        if self.computed < run.updates:
            lines.append("which optimizer made an update, and its settings: they are as the recorder saw them")
        for frozen, kind in ((False, "buffers"), (True, "frozen parameters")):
            names = [tensor.name for tensor in run.tensors if tensor.frozen == frozen]
            if names:
                lines.append(f"{kind}, as the loop had them: {_names_text(names)}")
        thawed = [tensor.name for tensor in run.tensors if tensor.thawed]
        if thawed:
            lines.append(
                f"frozen at the start and trained later, of which no gradients are kept: {_names_text(thawed)}"
            )
        if self._idle_moved or self._moved_frozen():
            names = [run.parts[i].name for i in sorted(self._idle_moved)]
            names += [tensor.name for tensor in self._moved_frozen() if not tensor.thawed]
            lines += (
                [f"what no recorded optimizer trains and the loop itself changed: {_names_text(names)}"]
                if names
                else []
            )
        return tuple(lines)

    def _moved_frozen(self) -> list[RecordedTensor]:
        """Return the tensors that were frozen at the start and have more than one copy: they changed."""
        run = self.run
        if not run.tensors or not are_complete_ordered_copies(run, self._column("tensor"), self._column("tensor_row")):
            return []
        copies = np.bincount(self._column("tensor"), minlength=len(run.tensors))
        return [tensor for tensor, count in zip(run.tensors, copies, strict=True) if tensor.frozen and count > 1]

    def _pieces_of(self, number: int) -> list[_Piece]:
        """Return the pieces of theta that updates of optimizer ``number`` follow.

        Parts without a known rule are left out.
        """
        optimizer = self.run.optimizers[number]
        group_of = {part: j for j, group in enumerate(optimizer.groups) for part in group.parts}
        pieces: list[_Piece] = []
        for i, part in enumerate(self.run.parts):
            group = group_of.get(i) if part.trained else None
            try:
                rule = _unchanged if group is None else _rule_of(self.run, number, group, part, self._settings)
            except ValidationError as error:
                rule = None
                self._refuse_settings(number, group, error)
            if rule is None:
                self._partial.add(number)
                self._no_rule.append(f"{part.name} ({optimizer.kind.rpartition('.')[2]})")
                continue
            if any(tensor.thawed for tensor in self.run.tensors):  # its gradients were not recorded
                self._partial.add(number)
            piece = _Piece(slice(int(self._starts[i]), int(self._starts[i + 1])), part.dtype, group, rule)
            if pieces and piece.continues(pieces[-1]):
                pieces[-1].place = slice(pieces[-1].place.start, piece.place.stop)
            else:
                pieces.append(piece)
        return pieces

    def _refuse_settings(self, number: int, group: int | None, error: ValidationError) -> None:
        """Add a problem for settings that no optimizer of this kind has."""
        first_problem = problems_in(error)[0]
        place = ".".join(map(str, ("optimizers", number, "groups", group, "settings", *first_problem["loc"])))
        problem = Problem(META, None, None, None, None, f"{META}, {place}: {first_problem['msg']}")
        if problem not in self.problems:
            self.problems.append(problem)

    def _compute(self, first: int, theta: torch.Tensor, gradient: torch.Tensor) -> None:
        """Compute updates ``first`` to ``first`` + n again, from states (n + 1, P) and gradients (n, P), and
        compare.
        """
        updates = np.arange(first, first + len(gradient))
        numbers = self._column("optimizer")[first : first + len(gradient)]
        for start, end in self._stretches_of_settings(first, numbers):
            number, pieces = int(numbers[start]), self._pieces[int(numbers[start])]
            is_any_computed = False
            for piece in pieces:
                settings = self._settings_at(number, piece.group, updates[start : start + 1])
                rate = settings.get("lr", math.nan)
                states, piece_gradient = theta[start : end + 1, piece.place], gradient[start:end, piece.place]
                # The rate is NaN if no optimizer has the piece, or before its group was added. Then nothing moves it
                try:
                    after = None if math.isnan(rate) else piece.computed_states(states[:-1], piece_gradient, settings)
                except (RuntimeError, ArithmeticError, ValueError) as error:  # the optimizer would have failed as well
                    kind, self._computable = self.run.optimizers[number].kind, False
                    text = f"{kind} of these settings makes no update {first + start} at the rate {rate}: {error}"
                    self.problems.append(Problem("setting_value", first + start, None, rate, None, text))
                    return
                self._compare(piece, first + start, states, piece_gradient, after, settings)
                is_any_computed |= not math.isnan(rate)
            computed_updates = self._in_part if number in self._partial else self._whole
            computed_updates[first + start : first + end] = is_any_computed

    def _settings_logged(self) -> SettingLog | None:
        """Return the log of the optimizers' settings; None, and a problem, if the columns are not valid."""
        which, at, value = (self._column(name) for name in setting_kinds(0))
        if are_valid_settings(self.run, which, at):
            return SettingLog(self.run, which, at, value)
        self._computable = False
        if self._damaged.isdisjoint(setting_kinds(0)) and not self._note_outside_range(
            "setting", len(self.run.settings) - 1
        ):
            self._note_outside_range("setting_at", self.run.updates - 1, rises=True)
        return None

    def _stretches_of_settings(self, first: int, optimizers: NDArray[Any]) -> Iterator[tuple[int, int]]:
        """Yield start and end of each stretch of updates with one optimizer and the same settings.

        Both count from ``first``. ``optimizers``, (n,), has the optimizer of each update from there on.
        """
        switches = np.flatnonzero(optimizers[1:] != optimizers[:-1]) + 1
        first_updates = [group.first_update for optimizer in self.run.optimizers for group in optimizer.groups]
        changes = np.concatenate([np.asarray(self._column("setting_at")), first_updates]) - first
        inside = changes[(changes > 0) & (changes < len(optimizers))]
        ends = np.unique(np.concatenate([switches, inside])).astype(int).tolist()
        yield from itertools.pairwise([0, *ends, len(optimizers)])

    def _settings_at(self, optimizer: int, group: int | None, update: IntArray) -> _Settings:
        """Return the numeric settings of a parameter group at an update, (1,)."""
        if self._settings is None or group is None:
            return {}
        return {name: float(self._settings.values_at(optimizer, group, name, update)[0]) for name in _NUMBERS}

    def _compare(
        self,
        piece: _Piece,
        first: int,
        theta: torch.Tensor,
        gradient: torch.Tensor,
        after: torch.Tensor | None,
        settings: _Settings,
    ) -> None:
        """Compare the states after n updates from ``first`` on, ``theta[1:]``, with the computed ones.

        Parameters
        ----------
        piece
            The part of theta.
        theta
            The recorded states, (n + 1, p), from the state before the first update.
        gradient
            The gradients, (n, p).
        after
            The computed states, (n, p); None if the updates leave the piece unchanged.
        settings
            The settings of the piece's group, the same for all these updates.
        """
        before, recorded = theta[:-1], theta[1:]
        computed = before if after is None else after
        if torch.equal(recorded, computed):
            return
        is_same = (recorded == computed) | (recorded.isnan() & computed.isnan())
        is_wrong = ~is_same
        if after is not None:
            is_wrong &= ~((recorded - computed).abs() <= piece.tolerance(before, computed, settings))
        self.exact &= bool((is_same | is_wrong).all())
        self._strayed[first : first + len(recorded)] |= is_wrong.any(dim=1).numpy()
        for row, entry in self._places_of(is_wrong):
            place = piece.place.start + entry
            if len(self._strays) < MOST_PROBLEMS and not (self._is_damaged and place in self._astray):
                self._astray.add(place)
                entry_gradient = None if piece.group is None else gradient[row, entry].item()
                numbers = recorded[row, entry].item(), computed[row, entry].item()
                self._strays.append(self._stray_problem(first + row, place, entry_gradient, *numbers))

    def _places_of(self, wrong: torch.Tensor) -> list[tuple[int, int]]:
        """Return the places (row, entry) at which ``wrong``, (n, p), is true, in order.

        In a damaged column later numbers are computed from damaged ones, so only the first place of each entry counts.
        """
        if not self._is_damaged:
            return [(row, entry) for row, entry in wrong.nonzero()[:MOST_PROBLEMS].tolist()]
        entries = wrong.any(dim=0).nonzero().flatten()
        rows = wrong[:, entries].byte().argmax(dim=0)
        return sorted(zip(rows.tolist(), entries.tolist(), strict=True))

    def _stray_problem(
        self, update: int, entry: int, gradient: float | None, recorded: float, computed: float
    ) -> Problem:
        """Return the problem of an entry that is not where update ``update`` should have put it.

        ``gradient`` is the entry's gradient, or None if no gradient moves it. The gradient is blamed if its column has
        a wrong checksum and that of the states is right.
        """
        name = self._name(entry)
        if gradient is not None and "gradient" in self._damaged and "parameters" not in self._damaged:
            text = f"gradient after {update} updates, {name}: found {gradient!r}, which does not lead to the next state"
            return Problem("gradient", update, name, gradient, None, text)
        text = f"parameters after {update + 1} updates, {name}: found {recorded!r}, computed {computed!r}"
        return Problem("parameters", update + 1, name, recorded, computed, text)

    def _check_finite(self, column: str, updates: IntArray, rows: NDArray[Any]) -> None:
        """Add a problem for the first number of a column that is not finite."""
        if column in self._infinite or np.isfinite(rows).all():
            return
        self._infinite.add(column)
        row, entry = np.argwhere(~np.isfinite(rows))[0].tolist()
        name, number, update = self._name(entry), float(rows[row, entry]), int(updates[row])
        text = f"{column} after {update} updates, {name}: {number}; it is the first that is not finite"
        self.problems.append(Problem(column, update, name, number, None, text))

    def _note_moved_idle_parts(self, theta: NDArray[Any]) -> None:
        """Note which parts that no optimizer trains differ from the start."""
        if self._first is None:
            self._first = theta[0].copy()
        bits = np.dtype(f"i{theta.dtype.itemsize}")
        now, first = theta.view(bits), self._first.view(bits)
        for i in self._idle:
            place = slice(self._starts[i], self._starts[i + 1])
            if i not in self._idle_moved and (now[:, place] != first[place]).any():
                self._idle_moved.add(i)

    def _name(self, entry: int) -> str:
        """Return the name of an entry of theta, such as "0.weight[3, 2]"."""
        i = int(np.searchsorted(self._starts, entry, side="right")) - 1
        part = self.run.parts[i]
        index = np.unravel_index(entry - int(self._starts[i]), part.shape)
        return f"{part.name}[{', '.join(str(place) for place in index)}]" if part.shape else part.name

    def _column(self, name: str) -> NDArray[Any]:
        """Return a column of the trace."""
        return self.files.column(name)

    def _stretches(self) -> Iterator[tuple[int, NDArray[Any], NDArray[Any]]]:
        """Yield the trace in order, in stretches: row r, the states r to r + n, (n + 1, P), and the first n
        gradients, (n, P).
        """
        kinds = self.kinds["parameters"], self.kinds["gradient"]
        files = [self.files.path / f"{name}.npy" for name in ("parameters", "gradient")]
        chunk_rows = max(1, _BLOCK // max(1, kinds[0].row_bytes))
        with files[0].open("rb", buffering=0) as states, files[1].open("rb", buffering=0) as gradients:
            states.seek(len(kinds[0].header))
            gradients.seek(len(kinds[1].header))
            last = _read(states, kinds[0], 1)
            for row in range(0, kinds[1].shape[0], chunk_rows):
                n = min(chunk_rows, kinds[1].shape[0] - row)
                theta, gradient = np.concatenate([last, _read(states, kinds[0], n)]), _read(gradients, kinds[1], n)
                if row + n == kinds[1].shape[0]:  # of an unfinished recording, the last state is in another file
                    theta[-1] = self._column("parameters")[-1]
                yield row, theta, gradient
                last = theta[-1:]


def _read(stream: BinaryIO, kind: ColumnKind, rows: int) -> NDArray[Any]:
    """Return the next ``rows`` rows of a column, (rows, P)."""
    columns = kind.shape[1]
    return np.fromfile(stream, kind.dtype, rows * columns).reshape(rows, columns)


def _count_text(number: int, noun: str) -> str:
    """Return a count with its noun, such as "1 update" or "2 updates"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _finite_losses_text(losses: int) -> str:
    """Return in words that the logged losses are finite."""
    if losses == 1:
        return "so is the loss of the 1 update that was logged"
    return f"so are the losses of the {losses} updates that were logged"


def _names_text(names: list[str]) -> str:
    """Return up to four names, or the first three and how many more there are."""
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


# -- rules that compute the updates of a recorded optimizer again, from `core.network.optimizers` ----------------------


def _unchanged(theta: torch.Tensor, gradient: torch.Tensor, settings: _Settings) -> torch.Tensor:
    """Return the states unchanged, for parts that the optimizer does not train."""
    return theta


_NUMBERS = (
    "lr", "momentum", "dampening", "nesterov", "maximize", "betas.0", "betas.1", "eps", "weight_decay",
    "decoupled_weight_decay",
)  # fmt: skip
"""The settings that the rules below use; a switch is 1 or 0."""


def _rule_of(run: RecordedRun, number: int, group: int, part: RecordedPart, log: SettingLog | None) -> _Rule | None:
    """Return the rule by which optimizer ``number`` updates a part of this group; None if the rule is not known here.

    Raises pydantic's ValidationError for settings that no optimizer of a known kind has.
    """
    optimizer = run.optimizers[number]
    recorded_group, kind = optimizer.groups[group], optimizer.kind
    if kind not in COMPUTED_KINDS or log is None:
        return None
    settings = (_SgdSettings if kind == COMPUTED_KINDS[0] else _AdamSettings).model_validate(recorded_group.settings)

    def ever(name: str) -> bool:
        """Return whether a setting was ever other than 0."""
        return bool(np.nan_to_num(log.values(number, group, name), nan=0.0).any())

    if recorded_group.changed or ever("amsgrad") or part.dtype not in _COMPUTED:
        return None
    if settings.fused and part.dtype in _HALVES:
        return None  # fused code rounds differently, and torch 2.12 and 2.13 omit most of SGD's update on the CPU
    with_momentum = isinstance(settings, _SgdSettings) and ever("momentum")
    plain = isinstance(settings, _SgdSettings) and not with_momentum
    if not plain and not (optimizer.fresh and not part.skipped):
        return None  # the optimizer state is not known
    if part.skipped and ever("weight_decay"):
        return None  # a missing gradient looks like a gradient of 0 in the trace, but it skips the weight decay
    if isinstance(settings, _SgdSettings):
        return _SgdRule(with_momentum)
    return _AdamRule(kind == COMPUTED_KINDS[2])


class _OptimizerSettings(BaseModel):
    """Settings that both kinds of optimizers have in each parameter group."""

    weight_decay: float
    maximize: bool | None
    fused: bool | None = None
    amsgrad: bool | None = False


class _SgdSettings(_OptimizerSettings):
    """Settings of torch.optim.SGD."""

    momentum: float
    dampening: float
    nesterov: bool | None


class _AdamSettings(_OptimizerSettings):
    """Settings of torch.optim.Adam and AdamW."""

    betas: tuple[float, float]
    eps: float
    decoupled_weight_decay: bool = False


class _SgdRule:
    """Computes updates with `Sgd` of `core.network.optimizers`, which is made at the first call."""

    def __init__(self, with_momentum: bool) -> None:
        self._with_momentum = with_momentum
        self._optimizer: Sgd | None = None
        self._updates = 0  # updates with momentum so far

    def __call__(self, theta: torch.Tensor, gradient: torch.Tensor, settings: _Settings) -> torch.Tensor:
        """Return the states (n, p) after n updates: see `_Rule`."""
        if self._optimizer is None:
            self._optimizer = Sgd(theta[0], float(self._with_momentum))
        optimizer, states = self._optimizer, theta.clone()
        optimizer.momentum, optimizer.dampening = settings["momentum"], settings["dampening"]
        optimizer.nesterov, optimizer.maximize = settings["nesterov"] == 1, settings["maximize"] == 1
        optimizer.weight_decay = settings["weight_decay"]
        for row, row_gradient in zip(states, gradient, strict=True):
            optimizer.update(row, row_gradient, settings["lr"], self._updates)
            self._updates += bool(optimizer.momentum)
        return states


class _AdamRule:
    """Computes updates with `Adam` of `core.network.optimizers`, which is made at the first call.

    ``decoupled`` says whether weight decay is AdamW's if the settings do not say.
    """

    def __init__(self, decoupled: bool) -> None:
        self._decoupled = decoupled
        self._optimizer: Adam | None = None
        self._updates = 0

    def __call__(self, theta: torch.Tensor, gradient: torch.Tensor, settings: _Settings) -> torch.Tensor:
        """Return the states (n, p) after n updates: see `_Rule`."""
        optimizer = self._optimizer = self._optimizer or Adam(theta[0])
        states = theta.clone()
        optimizer.betas, optimizer.eps = (settings["betas.0"], settings["betas.1"]), settings["eps"]
        decoupled = settings["decoupled_weight_decay"]
        optimizer.decoupled = self._decoupled if math.isnan(decoupled) else decoupled == 1
        optimizer.maximize, optimizer.weight_decay = settings["maximize"] == 1, settings["weight_decay"]
        for row, row_gradient in zip(states, gradient, strict=True):
            optimizer.update(row, row_gradient, settings["lr"], self._updates)
            self._updates += 1
        return states
