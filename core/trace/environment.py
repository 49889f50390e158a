"""The software and the processor that a run's last bits depend on, and whether two of them promise equal bits.

No torch at import: who reads traces does without it.
"""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from gradreel.core.errors import printable
from pydantic import Field
from threadpoolctl import threadpool_info

MOST_LETTERS = 120
"""Of a fact's value; a longer one is cut."""
MOST_FACTS = 40
"""A trace from elsewhere may name more facts than are known here, but not endlessly many."""

Fact = Annotated[str, Field(max_length=MOST_LETTERS)]
Environment = Annotated[dict[Fact, Fact], Field(max_length=MOST_FACTS)]
"""What was computed with, by name; see `environment`."""


def environment() -> dict[str, str]:
    """Return what the last bits of a run in this process may depend on. Imports torch.

    ``torch``, ``python``, ``numpy``: versions. ``machine``, ``system``, ``libc``: as `platform` names them.
    ``processor``: its model. ``capability``: the vector instructions that torch's own kernels use, such as "AVX512".
    ``blas``: what multiplies numpy's matrices, and for which processor's kernels: "openblas 0.3.31 Haswell".
    ``mkl``: the instructions that the environment variable MKL_CBWR allows to MKL's products, "" where it is not set.
    """
    import torch

    return {
        "torch": str(torch.__version__)[:MOST_LETTERS],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
        "libc": " ".join(platform.libc_ver()),
        "processor": _processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "blas": _blas(),
        "mkl": _short(os.environ.get("MKL_CBWR", "")),
    }


def promise_equal_bits(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether a run gives the same bits in both environments: all facts agree, and both name the same facts."""
    return dict(one) == dict(other)


def environment_text(environment: Mapping[str, str], other: Mapping[str, str] | None = None) -> str:
    """Return an environment in a few words, printable: "AVX512 and torch 2.13.0 on AMD EPYC (family 26, model 2)".

    Facts beyond these are named if they are known, or if those of the environment ``other`` differ: ", numpy 2.4.1".
    """
    names = {name: printable(environment.get(name, "")) or "unknown" for name in ("capability", "torch", "processor")}
    differing = [
        name
        for name in {**environment, **(other or {})}
        if other is not None and name not in names and environment.get(name) != other.get(name)
    ]
    known = [name for name in ("mkl", "blas") if environment.get(name) and name not in differing]
    facts = "".join(f", {_fact(name, environment.get(name))}" for name in (*known, *differing))
    return f"{names['capability']} and torch {names['torch']} on {names['processor']}{facts}"


def _fact(name: str, value: str | None) -> str:
    """Return a fact of an environment in words, printable."""
    if name == "mkl" and value is not None:
        return f"MKL_CBWR={printable(value)}" if value else "MKL_CBWR not set"
    if name == "blas" and value:
        return printable(value)
    return f"{printable(name)} {printable(value) if value else 'unknown'}"


@cache
def _blas() -> str:
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    own = [library for library in libraries if "numpy" in library["filepath"]] or libraries
    known = (str(own[0].get(name) or "") for name in ("internal_api", "version", "architecture")) if own else ()
    return _short(" ".join(known)) or _short(str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]))


@cache
def _processor() -> str:
    """The processor's model: its name, and on x86 the numbers that tell models of one name apart."""
    name = ""
    if sys.platform == "linux":
        name = _linux_processor()
    elif sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            name = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
        except (OSError, subprocess.SubprocessError):
            name = ""
    return _short(name) or _short(platform.processor()) or platform.machine()


def _linux_processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(errors="replace") as file:
            first = file.read(1 << 16).strip().split("\n\n")[0]
    except OSError:
        return ""
    pairs = (line.partition(":") for line in first.splitlines())
    known = {name.strip(): value.strip() for name, _, value in pairs}
    if "model name" in known:
        return f"{known['model name']} (family {known.get('cpu family', '?')}, model {known.get('model', '?')})"
    if "CPU part" in known:
        return f"ARM (implementer {known.get('CPU implementer', '?')}, part {known['CPU part']})"
    return ""


def _short(text: str) -> str:
    """One printable line of bounded length."""
    return printable(" ".join(text.split()))[:MOST_LETTERS]
