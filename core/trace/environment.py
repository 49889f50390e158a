"""The software and the processor that the last bits of a run depend on, and a comparison of two environments.

This module imports torch only when `environment` is called: reading traces works without torch.
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
"""Most characters of a fact's value; a longer one is cut."""
MOST_FACTS = 40
"""Most facts that a trace may name. A trace from elsewhere may name facts that are unknown here."""

Fact = Annotated[str, Field(max_length=MOST_LETTERS)]
Environment = Annotated[dict[Fact, Fact], Field(max_length=MOST_FACTS)]
"""Facts by name; see `environment`."""


def environment() -> dict[str, str]:
    """Return the facts that the last bits of a run in this process may depend on. Imports torch.

    ``torch``, ``python``, ``numpy``: versions. ``machine``, ``system``, ``libc``: as `platform` names them.
    ``processor``: its model. ``capability``: the vector instructions of torch's own kernels, such as "AVX512".
    ``blas``: the library that multiplies numpy's matrices and the processor of its kernels, such as "openblas 0.3.31
    Haswell". ``mkl``: the value of the environment variable MKL_CBWR, which limits MKL's instructions; "" if it is not
    set.
    """
    import torch

    return {
        "torch": str(torch.__version__)[:MOST_LETTERS],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": platform.machine(),
        "system": platform.system(),
        "libc": " ".join(platform.libc_ver()),
        "processor": _processor_model(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "blas": _blas_text(),
        "mkl": _short_line(os.environ.get("MKL_CBWR", "")),
    }


def promise_equal_bits(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    """Return whether a run has the same bits in both environments: both name the same facts with the same values."""
    return dict(first) == dict(second)


def environment_text(environment: Mapping[str, str], other: Mapping[str, str] | None = None) -> str:
    """Return an environment in words, printable: "AVX512 and torch 2.13.0 on AMD EPYC (family 26, model 2)".

    Further facts follow, such as ", numpy 2.4.1": mkl and blas if they are known, and all in which ``other`` differs.
    """
    names = {name: printable(environment.get(name, "")) or "unknown" for name in ("capability", "torch", "processor")}
    differing = [
        name
        for name in {**environment, **(other or {})}
        if other is not None and name not in names and environment.get(name) != other.get(name)
    ]
    extra = [name for name in ("mkl", "blas") if environment.get(name) and name not in differing]
    facts = "".join(f", {_fact_text(name, environment.get(name))}" for name in (*extra, *differing))
    return f"{names['capability']} and torch {names['torch']} on {names['processor']}{facts}"


def _fact_text(name: str, value: str | None) -> str:
    """Return a fact of an environment in words, printable."""
    if name == "mkl" and value is not None:
        return f"MKL_CBWR={printable(value)}" if value else "MKL_CBWR not set"
    if name == "blas" and value:
        return printable(value)
    return f"{printable(name)} {printable(value) if value else 'unknown'}"


@cache
def _blas_text() -> str:
    """Return the library that multiplies numpy's matrices, its version and the processor of its kernels."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    own = [library for library in libraries if "numpy" in library["filepath"]] or libraries
    parts = (str(own[0].get(name) or "") for name in ("internal_api", "version", "architecture")) if own else ()
    return _short_line(" ".join(parts)) or _short_line(
        str(np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"])
    )


@cache
def _processor_model() -> str:
    """Return the processor's model: its name, and on x86 the numbers that distinguish models with one name."""
    name = ""
    if sys.platform == "linux":
        name = _linux_processor_model()
    elif sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        try:
            name = subprocess.run(command, capture_output=True, text=True, timeout=10).stdout
        except (OSError, subprocess.SubprocessError):
            name = ""
    return _short_line(name) or _short_line(platform.processor()) or platform.machine()


def _linux_processor_model() -> str:
    """Return the processor's model from /proc/cpuinfo; "" if it is not stated."""
    try:
        with Path("/proc/cpuinfo").open(errors="replace") as file:
            first = file.read(1 << 16).strip().split("\n\n")[0]
    except OSError:
        return ""
    pairs = (line.partition(":") for line in first.splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    if "model name" in fields:
        return f"{fields['model name']} (family {fields.get('cpu family', '?')}, model {fields.get('model', '?')})"
    if "CPU part" in fields:
        return f"ARM (implementer {fields.get('CPU implementer', '?')}, part {fields['CPU part']})"
    return ""


def _short_line(text: str) -> str:
    """Return the text as one printable line of at most `MOST_LETTERS` characters."""
    return printable(" ".join(text.split()))[:MOST_LETTERS]
