"""register(name, part): adds an activation, a loss or an optimizer of a user's own, from the user's own file.

An experiment that uses it has the digest of that file in its own digest. A trace names the part and this digest. It
never says where the file is: a program that reads the trace registers the part first, or the reading is refused. For
the commands of Gradreel, the environment variable `FILES` names the files that do so.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradreel.core.errors import UnregisteredPartError, UserError
from gradreel.core.network.activations import ACTIVATIONS, Activation
from gradreel.core.network.losses import LOSSES, Loss
from gradreel.core.network.optimizers import OPTIMIZERS, Optimizer

if TYPE_CHECKING:
    from gradreel.core.experiment import Experiment

TABLES: dict[str, dict[str, Any]] = {"activation": ACTIVATIONS, "optimizer": OPTIMIZERS, "loss": LOSSES}
"""The tables of parts by the fields of `Experiment` that name their entries."""
FILES = "GRADREEL_REGISTER"
"""The environment variable with the user's files that call `register`, separated as in PATH."""
_OURS = {field: frozenset((*table, "none")) for field, table in TABLES.items()}
_digests: dict[tuple[str, str], str] = {}  # of the file that registered a part, by field and name


def register(name: str, part: Activation | Loss | type[Optimizer]) -> None:
    """Add an activation, a loss or an optimizer that an `Experiment` of this process can name.

    The digest of the calling file becomes part of the experiment's digest. So keep all code that the part needs in that
    file: after any change of it, the experiment is another run. A program that opens or verifies such a trace imports
    the file first. Gradreel never imports it by itself.

    Parameters
    ----------
    name
        The name for the field ``activation``, ``loss`` or ``optimizer``: a Python identifier.
    part
        An `Activation`, a `Loss`, or a class with the methods of `Sgd`, such as a subclass of it. A part of the same
        kind and name that was registered before is replaced.

    Raises
    ------
    UserError
        If Gradreel has a part of that name, the part is of no such kind, or the calling code is in no file.

    Examples
    --------
    >>> import tempfile
    >>> from gradreel import Experiment, register, train, verify
    >>> from gradreel.core.network.activations import Activation
    >>> register("softsign", Activation.of("softsign", lambda r: r / (1 + abs(r)), lambda a: (1 - abs(a)) ** 2))
    >>> trace = train(Experiment(activation="softsign", epochs=5), tempfile.mkdtemp())
    >>> verify(trace.path).exact
    True
    """
    field = _field_of(part)
    if not isinstance(name, str) or not name.isidentifier():
        raise UserError(f"register was given the name {name!r}; it needs a Python identifier, such as my_{field}")
    if name in _OURS[field]:
        raise UserError(f"{field} {name} is Gradreel's own; register yours by another name, such as my_{name}")
    file = sys._getframe(1).f_code.co_filename
    source = "".join(linecache.getlines(file))
    if not source:
        raise UserError(
            f"register was called by code in no file ({file}); its source is part of the run: put it in one"
        )
    TABLES[field][name] = part
    _digests[field, name] = hashlib.sha256(source.encode()).hexdigest()


def run_files_of_environment() -> None:
    """Run each file that the variable `FILES` names, so that its parts are registered in this process.

    The names are made absolute for the processes that this one starts. Raises UserError if a file fails.
    """
    files = [Path(name).expanduser().absolute() for name in os.environ.get(FILES, "").split(os.pathsep) if name]
    for file in files:
        try:
            runpy.run_path(str(file))
        except Exception as error:
            raise UserError(
                f"{FILES}={file}: {type(error).__name__}: {error}; correct the file, or unset {FILES}"
            ) from None
    if files:
        os.environ[FILES] = os.pathsep.join(map(str, files))


def is_registered(field: str, name: object) -> bool:
    """Return whether a user registered a part ``name`` for this field of `Experiment`."""
    return isinstance(name, str) and (field, name) in _digests


def sources_of(named: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return field and digest of the file, for each registered part among ``named`` (names by field)."""
    registered = [field for field in TABLES if is_registered(field, named.get(field))]
    return tuple((field, _digests[field, str(named[field])]) for field in registered)


def refuse_other_parts(experiment: Experiment) -> None:
    """Raise UserError unless the experiment's own parts, and the files that register them, are those of this process.

    They differ if a part was registered again, or if the experiment comes from another process.
    """
    named = {field: getattr(experiment, field) for field in TABLES}
    refuse_unregistered(named, experiment.sources)
    if experiment.sources != sources_of(named):
        raise UserError("a part of the experiment was registered after the experiment was made; make it again")


def refuse_unregistered(named: Mapping[str, object], sources: object) -> None:
    """Raise UnregisteredPartError for the first registered part of a run that this process has not, or not the same.

    ``named`` has the run's parts by field, ``sources`` its registered fields and digests. Other kinds of ``sources``
    are left to pydantic.
    """
    for pair in sources if isinstance(sources, (list, tuple)) else ():
        if not isinstance(pair, (list, tuple)) or len(pair) != 2 or pair[0] not in list(TABLES):
            return
        field, digest = pair
        name = named.get(field)
        if not is_registered(field, name):
            raise UnregisteredPartError(
                f"its {field} {name!r} is a user's own part, not registered in this process: import the "
                f"file that calls gradreel.register({name!r}, ...); for a command, name it by {FILES}=FILE"
            )
        if _digests[field, str(name)] != digest:
            raise UnregisteredPartError(
                f"its {field} {name!r} was registered by another version of the file than in this process: register "
                "it from the version that made the trace, or train again"
            )


def _field_of(part: object) -> str:
    """Return the field of `Experiment` that names parts of this kind. Raises UserError if there is none."""
    if isinstance(part, Activation):
        return "activation"
    if isinstance(part, Loss):
        return "loss"
    if isinstance(part, type) and all(
        callable(getattr(part, name, None)) for name in ("of", "update", "n_state_vectors")
    ):
        return "optimizer"
    raise UserError(
        f"register was given a {type(part).__name__}; it needs an Activation, a Loss, or an optimizer's class with "
        "the methods of, update and n_state_vectors"
    )
