"""Runs are trained with the same vector instructions whatever the caller's environment, and verified with their own."""

from __future__ import annotations

import json
import platform

import pytest
from gradreel.core import fixed_mode as module
from gradreel.core.experiment import Experiment
from gradreel.core.fixed_mode import fixed_mode, mode_of
from gradreel.core.trace.environment import environment
from gradreel.core.trace.format import column_kinds
from gradreel.core.trace.trace import read_meta
from gradreel.render.workers.pool import Workers
from gradreel.render.workers.training import train_group

pytestmark = pytest.mark.slow

RUN = Experiment(hidden=(30, 30), activation="sigmoid", optimizer="adam", learning_rate=0.01, batch_size=16, epochs=8)
OUTER = {
    "ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Nehalem", "OPENBLAS_NUM_THREADS": "2",
    "MKL_CBWR": "COMPATIBLE",
}  # fmt: skip
OTHER = {"ATEN_CPU_CAPABILITY": "default", "OPENBLAS_CORETYPE": "Haswell"}
needs_avx2 = pytest.mark.skipif(not fixed_mode(), reason="a processor without AVX2")


def trained(folder, mode=None):
    """RUN's trace in ``folder``, trained by a worker process."""
    with Workers(1) as workers:
        (outcome,) = workers.submit(train_group, [RUN], folder, mode=mode).result()
    assert outcome.error is None
    return folder / RUN.digest


def numbers(trace):
    """The bytes of each column."""
    return {name: (trace / f"{name}.npy").read_bytes() for name in column_kinds(RUN)}


@needs_avx2
def test_a_run_has_the_same_bytes_whatever_the_caller_asks_for_and_is_verified_as_it_was_trained(
    gradreel, monkeypatch, tmp_path
):
    with monkeypatch.context() as environment:
        for name in OUTER:
            environment.delenv(name, raising=False)
        fixed = numbers(trained(tmp_path / "fixed"))
        for name, value in OUTER.items():
            environment.setenv(name, value)
        assert numbers(trained(tmp_path / "asked")) == fixed
    trace = trained(tmp_path, OTHER)
    assert numbers(trace) != fixed
    assert read_meta(trace)[0]["environment"]["capability"] == "DEFAULT"
    (found,) = json.loads(gradreel("verify", trace, "--json").stdout)
    assert found["computed_with"]["capability"] == "DEFAULT" and found["agreement"] == "exact"


def test_tests_train_with_the_fixed_instructions_too():
    """So that snapshots show the same numbers on every machine."""
    if fixed_mode():
        assert environment()["capability"] == "AVX2" and environment()["blas"].endswith(" Haswell")


def there(**facts):
    return {"machine": platform.machine(), "capability": "AVX512", "blas": "openblas 0.3 SkylakeX", "mkl": "", **facts}


@pytest.fixture
def avx2_alone(monkeypatch):
    monkeypatch.setattr(module, "_processor_instructions", lambda: {"avx2", "fma"})
    monkeypatch.delenv("MKL_CBWR", raising=False)


@pytest.mark.parametrize("facts", [{}, {"machine": "another", "capability": "DEFAULT"}])
def test_instructions_that_this_processor_lacks_and_those_of_another_machine_are_left_out(avx2_alone, facts):
    assert mode_of(there(**facts)) == fixed_mode()


@pytest.mark.parametrize("text", ["", "x y", "AVX2\n", "../..", "Atom", "A" * 100])
def test_no_text_of_a_file_gets_into_the_environment(avx2_alone, text):
    assert mode_of(there(capability=text, blas=f"openblas 0.3 {text}", mkl=text)) == fixed_mode()


def test_nothing_is_set_on_a_processor_without_avx2(monkeypatch):
    monkeypatch.setattr(module, "_processor_instructions", set)
    assert fixed_mode() == {} == mode_of(there())
