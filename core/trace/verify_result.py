"""The result of checking a trace: its problems, or how well its updates agree with those computed again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gradreel.core.errors import printable
from gradreel.core.trace.environment import environment_text, promise_equal_bits

MOST_PROBLEMS = 100
"""Verification stops at so many problems: the trace then belongs to another run."""


@dataclass(frozen=True)
class Problem:
    """One fault of a trace. Fields that do not apply are None."""

    column: str  # "parameters", "gradient", ..., or "meta.json"
    update: int | None  # how many updates had been made
    parameter: str | None  # name of the parameter, or "example 3" in the batch column
    found: float | None  # the recorded number
    computed: float | None  # the number as computed again
    text: str  # the fault as a sentence

    def __str__(self) -> str:
        """Return the text; control characters in names from the trace are spelled out."""
        return printable(self.text)


class Agreement(StrEnum):
    """How the updates of a trace agree with the updates computed again."""

    EXACT = "exact"  # all updates were computed again and are equal bit for bit
    CLOSE = "within tolerance"  # all updates were computed again and differ by less than the tolerance
    NOT_COMPUTED = "not computed again"  # some or all updates could not be computed again


@dataclass(frozen=True)
class Verification:
    """The result of checking a trace. ``str(verification)`` is a report for users."""

    path: Path
    updates: int  # how many updates were computed again
    agreement: Agreement | None  # agreement of all updates; None if there are problems
    problems: tuple[Problem, ...]
    checked: tuple[str, ...] = ()  # for a recorded loop: what was checked, in words
    unchecked: tuple[str, ...] = ()  # for a recorded loop: what cannot be checked, in words
    made_with: Mapping[str, str] = field(default_factory=dict)  # the environment that the trace names
    computed_with: Mapping[str, str] = field(default_factory=dict)  # the environment of the verification

    @property
    def exact(self) -> bool:
        """Return whether every update was computed again and is equal bit for bit."""
        return self.agreement is Agreement.EXACT

    @property
    def intact(self) -> bool:
        """Return whether there are no problems."""
        return not self.problems

    @property
    def environments(self) -> str:
        """Return both environments in words, with all differences, if they explain why bits differ; else ""."""
        if self.agreement is not Agreement.CLOSE or promise_equal_bits(self.made_with, self.computed_with):
            return ""
        made_with = environment_text(self.made_with, self.computed_with)
        return f"made with {made_with}, computed again with {environment_text(self.computed_with, self.made_with)}"

    def __str__(self) -> str:
        """Return the report: the problems, one a line, or one line with the agreement.

        For a recorded run without problems, more lines say what was and was not checked.
        """
        if self.problems:
            state = "not as it should be" if self.checked or self.unchecked else "damaged"
            return "\n".join([f"{self.path}: {state}", *(f"  {problem}" for problem in self.problems)])
        agreement = f"{self.agreement}; {self.environments}" if self.environments else str(self.agreement)
        if self.checked or self.unchecked:
            lines = [f"checked: {printable(line)}" for line in self.checked]
            lines += [f"not checked: {printable(line)}" for line in self.unchecked]
            return "\n  ".join([f"{self.path}: a recorded run, as it should be; updates: {agreement}", *lines])
        return f"{self.path}: {self.updates} updates computed again: {agreement}"
