"""The vector instructions that training is bound to, so that its numbers are equal bit for bit on many processors.

torch chooses its kernels by the processor. So does OpenBLAS, which multiplies numpy's matrices. Kernels group sums
differently, so their last bits differ. Two environment variables fix both choices. torch reads its variable when it
first computes, OpenBLAS when numpy is imported. So a process that trains must start with both. This module imports no
numpy.
"""

import os
import platform
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

_CAPABILITIES = {"DEFAULT": set(), "AVX2": {"avx2", "fma"}}
"""The CPU capabilities that torch knows, and the instructions that each needs, by Linux's names."""
_CAPABILITIES["AVX512"] = _CAPABILITIES["AVX2"] | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
_CORES = dict.fromkeys(("Haswell", "Zen"), _CAPABILITIES["AVX2"]) | {"SkylakeX": _CAPABILITIES["AVX512"]}
"""OpenBLAS's kernels for current processors, and the instructions that each needs."""
_CORES["Cooperlake"] = _CAPABILITIES["AVX512"] | {"avx512_bf16"}
_MKL_MODE = re.compile(r"[A-Z0-9_]{1,16}(,STRICT)?")


def fixed_mode() -> dict[str, str]:
    """Return the environment variables of a process that trains: AVX2 where the processor has it, {} elsewhere.

    With equal versions of the software, a run has equal bits on all x86 processors that have AVX2.
    """
    if not _CAPABILITIES["AVX2"] <= _processor_instructions():
        return {}
    return {"ATEN_CPU_CAPABILITY": "avx2", "OPENBLAS_CORETYPE": "Haswell"}


def mode_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables for computing as a trace's ``environment`` says; "" stands for "not set".

    If this processor lacks the trace's instructions, or their name is unknown, the values are those of `fixed_mode`.
    """
    mode = fixed_mode()
    if not mode or environment.get("machine") != platform.machine():
        return mode
    available = _processor_instructions()
    capability, core = environment.get("capability", ""), environment.get("blas", "").rpartition(" ")[2]
    if capability in _CAPABILITIES and _CAPABILITIES[capability] <= available:
        mode["ATEN_CPU_CAPABILITY"] = capability.lower()
    if core in _CORES and _CORES[core] <= available:
        mode["OPENBLAS_CORETYPE"] = core
    mkl = environment.get("mkl", "")
    if mkl != os.environ.get("MKL_CBWR", "") and (not mkl or _MKL_MODE.fullmatch(mkl)):
        mode["MKL_CBWR"] = mkl
    return mode


@cache
def _processor_instructions() -> set[str]:
    """Return the vector instructions of this x86 processor, by Linux's names; an empty set for other processors."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return set()
    if sys.platform == "linux":
        try:
            with Path("/proc/cpuinfo").open(errors="replace") as file:
                first = file.read(1 << 16)
        except OSError:
            return set()
        flags = re.search(r"^flags\s*:(.*)$", first, re.MULTILINE)
        return set(flags[1].split()) if flags else set()
    features = import_module("numpy._core._multiarray_umath").__cpu_features__
    names = {"AVX2": "avx2", "FMA3": "fma", "AVX512BF16": "avx512_bf16"}
    names |= {f"AVX512{part}": f"avx512{part.lower()}" for part in ("F", "BW", "DQ", "VL")}
    return {name for feature, name in names.items() if features.get(feature)}
