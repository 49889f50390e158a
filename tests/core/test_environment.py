"""The facts that the bits of a run depend on, their text, and when two environments promise equal bits."""

import pytest
import torch
from gradreel.core.trace import environment as module
from gradreel.core.trace.environment import MOST_LETTERS, environment, environment_text, promise_equal_bits


def test_the_environment_names_versions_processor_and_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    here = environment()
    assert here["torch"] == torch.__version__ and here["mkl"] == "AVX2" and here["processor"]
    assert here["capability"] == torch.backends.cpu.get_cpu_capability()


@pytest.mark.parametrize("fact", sorted(environment()))
def test_environments_that_differ_in_any_fact_promise_no_equal_bits(fact: str) -> None:
    here = environment()
    assert promise_equal_bits(here, dict(reversed(here.items())))
    assert not promise_equal_bits(here, {**here, fact: "another"})
    assert not promise_equal_bits(here, {name: value for name, value in here.items() if name != fact})


def test_facts_from_the_system_are_printable_and_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_linux_processor_model", lambda: "\x1b[31mA\n " + "x" * 1000)
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setenv("MKL_CBWR", "\x1b]0;x\x07" + "y" * 1000)
    module._processor_model.cache_clear()
    try:
        here = environment()
    finally:
        monkeypatch.undo()
        module._processor_model.cache_clear()
    assert all(value.isprintable() and len(value) <= MOST_LETTERS for value in here.values())


def test_the_text_of_an_environment_from_a_file_has_no_escape_sequences() -> None:
    from_file = {"capability": "AVX512\x1b[31m", "torch": "2.13", "processor": "a\x07", "mkl": "\x1b"}
    assert environment_text(from_file).isprintable() and "AVX512" in environment_text(from_file)
    assert environment_text({}).isprintable()


@pytest.mark.parametrize("fact", sorted(environment()))
def test_the_text_of_an_environment_names_each_differing_fact(fact: str) -> None:
    here = environment()
    for other in ({**here, fact: "another"}, {name: value for name, value in here.items() if name != fact}):
        assert environment_text(here, other) != environment_text(other, here)


def test_the_text_of_equal_environments_has_only_the_main_facts() -> None:
    here = environment()
    assert environment_text(here, here) == environment_text(here)
    assert f"python {here['python']}" not in environment_text(here)
    assert f"python {here['python']}" in environment_text(here, {**here, "python": "3.10"})
