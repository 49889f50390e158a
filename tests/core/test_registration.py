"""A user's own activation, loss and optimizer, registered from their own file."""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel import register
from gradreel.core.errors import TraceError, UnregisteredPartError, UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network import registration
from gradreel.core.network.activations import ACTIVATIONS, Activation
from gradreel.core.network.losses import Loss
from gradreel.core.network.optimizers import Sgd
from gradreel.core.network.training import train
from gradreel.core.trace.format import META, _canonical_json, seal_of
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from pydantic import ValidationError

OWN: dict[str, Any] = {"activation": "mish", "optimizer": "signs", "loss": "log_cosh"}


class Signs(Sgd):
    """Moves each parameter by the rate, against the sign of its gradient."""

    def update(self, theta: torch.Tensor, gradient: torch.Tensor, rate: float, updates: int) -> None:
        """Change ``theta`` in place."""
        theta.add_(gradient.sign(), alpha=-rate)


def mish(r: Any) -> Any:
    """Return r tanh(ln(1 + exp(r)))."""
    return r * np.tanh(np.logaddexp(0, r))


def mish_slope(r: Any) -> Any:
    """Return the derivative of `mish`."""
    bend = np.tanh(np.logaddexp(0, r))
    return bend + r * (1 - bend**2) / (1 + np.exp(-r))


def register_all() -> None:
    """Register one part of each kind."""
    register("mish", Activation.of("Mish", mish, mish_slope, of_input=True))
    register("log_cosh", Loss.of("prediction", lambda y, t: np.log(np.cosh(y - t)), lambda y, t: np.tanh(y - t)))
    register("signs", Signs)


@pytest.fixture(autouse=True)
def _without_registered_parts_afterwards() -> Iterator[None]:
    before = dict(registration._digests)
    yield
    for field, name in registration._digests.keys() - before.keys():
        forget(field, name)


def forget(field: str, name: str) -> None:
    """Make this process one that has not registered the part."""
    del registration._digests[field, name], registration.TABLES[field][name]


@pytest.fixture
def own_trace(tmp_path: Path) -> Trace:
    register_all()
    return train(Experiment(**OWN, hidden=(4, 3), epochs=4, batch_size=25), tmp_path)


def test_own_parts_train_as_torch_and_verify(own_trace: Trace) -> None:
    assert verify(own_trace.path).exact
    run = own_trace.experiment
    start = own_trace.parameters[0]
    parts = [part.clone().requires_grad_() for part in torch.from_numpy(start.copy()).split([4, 4, 12, 3, 3, 1])]
    first_batch = own_trace.batch[0][:25]
    x, t = (torch.tensor(values[first_batch]) for values in (run.dataset.features(), run.dataset.labels()))
    (w, b, w2, b2, c, last), a = parts, x
    for weights, bias in ((w, b), (w2, b2)):
        a = torch.nn.functional.mish(a @ weights.view(len(bias), -1).T + bias)
    loss = torch.log(torch.cosh(a @ c + last - t)).mean()
    loss.backward()
    assert own_trace.batch_loss[0] == pytest.approx(loss.item(), rel=1e-12)
    gradient = torch.cat([part.grad.flatten() for part in parts])  # type: ignore[union-attr]
    np.testing.assert_allclose(own_trace.gradient[0], gradient, rtol=1e-10)
    np.testing.assert_allclose(own_trace.parameters[1], own_trace.parameters[0] - 0.1 * np.sign(gradient.numpy()))


def test_a_process_without_the_parts_neither_opens_nor_verifies_and_says_what_to_register(own_trace: Trace) -> None:
    forget("activation", "mish")
    for read in (Trace.open, verify):
        with pytest.raises(
            UnregisteredPartError, match=r"its activation 'mish' .* gradreel.register\('mish', \.\.\.\)"
        ):
            read(own_trace.path)
    with pytest.raises(UserError, match="its activation 'mish'"):
        train(own_trace.experiment, own_trace.path.parent)


def imported(file: Path, code: str) -> None:
    """Write a file of the user's and import it."""
    file.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None and spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_the_file_that_registers_is_part_of_the_digest(tmp_path: Path) -> None:
    code = "from gradreel import register\nfrom gradreel.core.network.optimizers import Sgd\nregister('plain', Sgd)\n"
    imported(tmp_path / "mine.py", code)
    run = Experiment(optimizer="plain", epochs=2)
    imported(tmp_path / "same.py", code)
    assert Experiment(optimizer="plain", epochs=2).digest == run.digest
    trace = train(run, tmp_path)
    imported(tmp_path / "other.py", code + "# another comment\n")
    assert Experiment(optimizer="plain", epochs=2).digest != run.digest
    with pytest.raises(UnregisteredPartError, match="another version of the file"):
        verify(trace.path)
    with pytest.raises(UserError, match="another version of the file"):
        train(run, tmp_path)  # it would be computed by the new file under the old digest


def test_the_files_that_the_environment_names_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from gradreel import register\nfrom gradreel.core.network.optimizers import Sgd\nregister('plain', Sgd)\n"
    (tmp_path / "mine.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(registration.FILES, "mine.py")
    registration.run_files_of_environment()
    assert Experiment(optimizer="plain").sources
    assert os.environ[registration.FILES] == str(tmp_path / "mine.py")
    (tmp_path / "mine.py").write_text("1 / 0")
    with pytest.raises(UserError, match=r"mine.py: ZeroDivisionError: .* correct the file, or unset GRADREEL_REGISTER"):
        registration.run_files_of_environment()


@pytest.mark.parametrize("sources", ["activation", [["activation"]], [[["x"], "y"]], [[1, 2]], {"activation": "a"}, []])
def test_a_trace_with_senseless_sources_is_refused(own_trace: Trace, sources: Any) -> None:
    meta = json.loads((own_trace.path / META).read_text())
    del meta["checksum"]
    meta["experiment"]["sources"] = sources
    (own_trace.path / META).write_text(_canonical_json({**meta, "checksum": seal_of(_canonical_json(meta))}))
    with pytest.raises(TraceError, match="sources"):
        Trace.open(own_trace.path)


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [
        ("relu", Activation.of("mine", mish, mish_slope), "activation relu is Gradreel's own"),
        ("none", Activation.of("mine", mish, mish_slope), "activation none is Gradreel's own"),
        ("my mish", Activation.of("mine", mish, mish_slope), "the name 'my mish'; it needs a Python identifier"),
        ("mine", mish, "given a function; it needs an Activation"),
        ("mine", Signs(torch.zeros(1)), "given a Signs; it needs an Activation"),
    ],
)
def test_what_cannot_be_registered_is_refused(name: str, part: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        register(name, part)


def test_code_without_a_file_cannot_register() -> None:
    with pytest.raises(UserError, match="no file"):
        exec("register('mine', Signs)", {"register": register, "Signs": Signs})


def test_an_unknown_name_says_that_it_can_be_registered() -> None:
    with pytest.raises(
        ValidationError, match=r"'silu' or 'none', or a name that this program has given to gradreel\.register"
    ):
        Experiment(activation="mish")


def test_names_of_gradreel_have_no_sources_and_the_table_only_has_what_was_registered() -> None:
    assert Experiment().sources == ()
    assert "mish" not in ACTIVATIONS and "mish" not in sys.modules
