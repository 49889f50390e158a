"""What came of checking a trace: the problems that were found, or how its updates, computed again, agree with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gradreel.core.errors import printable
from gradreel.core.trace.environment import environment_text, promise_equal_bits

MOST_PROBLEMS = 100
"""Then verification stops: the trace is another run's."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a trace. Fields that do not apply are None."""

    column: str  # "parameters", "gradient", ..., or "meta.json"
    update: int | None  # how many updates had been made
    parameter: str | None  # its name, or "example 3" in the batch column
    found: float | None
    computed: float | None
    text: str

    def __str__(self) -> str:
        """Return the text with names from the trace made printable."""
        return printable(self.text)


class Agreement(StrEnum):
    """How the updates of a trace, computed again, agree with it."""

    EXACT = "exact"  # all of them were computed again, and are equal bit for bit
    CLOSE = "within tolerance"  # all of them were, and are not far off
    NOT_COMPUTED = "not computed again"  # some of them, or all, could not be


@dataclass(frozen=True)
class Verification:
    """What came of checking a trace."""

    path: Path
    updates: int  # computed again
    agreement: Agreement | None  # of all updates; None where there are problems
    problems: tuple[Problem, ...]
    checked: tuple[str, ...] = ()  # of a recorded loop: what was checked
    unchecked: tuple[str, ...] = ()  # of a recorded loop: what cannot be
    made_with: Mapping[str, str] = field(default_factory=dict)  # the environment that the trace names
    computed_with: Mapping[str, str] = field(default_factory=dict)  # the environment of the verification

    @property
    def exact(self) -> bool:
        """Every update was computed again, and is equal bit for bit."""
        return self.agreement is Agreement.EXACT

    @property
    def intact(self) -> bool:
        """No problems."""
        return not self.problems

    @property
    def environments(self) -> str:
        """Return both environments in words, with all that differs, where this explains that bits differ; else ""."""
        if self.agreement is not Agreement.CLOSE or promise_equal_bits(self.made_with, self.computed_with):
            return ""
        made, computed = self.made_with, self.computed_with
        return f"made with {environment_text(made, computed)}, computed again with {environment_text(computed, made)}"

    def __str__(self) -> str:
        if self.problems:
            found = "not as it should be" if self.checked or self.unchecked else "damaged"
            return "\n".join([f"{self.path}: {found}", *(f"  {problem}" for problem in self.problems)])
        agreement = f"{self.agreement}; {self.environments}" if self.environments else str(self.agreement)
        if self.checked or self.unchecked:
            lines = [f"checked: {printable(line)}" for line in self.checked]
            lines += [f"not checked: {printable(line)}" for line in self.unchecked]
            return "\n  ".join([f"{self.path}: a recorded run, as it should be; updates: {agreement}", *lines])
        return f"{self.path}: {self.updates} updates computed again: {agreement}"
