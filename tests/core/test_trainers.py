"""record() without an optimizer finds the optimizers that train the model, whoever made them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from gradreel.core.errors import UserError
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch import nn
from torch.nn.functional import mse_loss

X = torch.linspace(-1, 1, 64).reshape(32, 2)
Y = (X[:, :1] * X[:, 1:]).sin()


def net() -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))


def steps(model: nn.Module, optimizers: list[torch.optim.Optimizer], updates: int) -> None:
    for k in range(updates):
        optimizers[k % len(optimizers)].zero_grad()
        mse_loss(model(X), Y).backward()
        optimizers[k % len(optimizers)].step()


def content(path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


def test_the_trace_is_that_of_the_optimizer_named(tmp_path):
    for name in ("named", "found"):
        model = net()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
        with record(model, None if name == "found" else optimizer, tmp_path / name):
            steps(model, [optimizer], 6)
    assert content(tmp_path / "named") == content(tmp_path / "found")


def test_several_are_numbered_as_they_step_and_those_of_other_models_are_left_out(tmp_path):
    model, other = net(), net()
    with record(model, None, tmp_path / "run"):
        first = torch.optim.SGD([*model[0].parameters(), *other[0].parameters()], lr=0.1)  # trains both
        steps(model, [first], 2)
        steps(other, [torch.optim.Adam(other.parameters())], 2)
        steps(model, [torch.optim.Adam(model[3].parameters(), lr=0.05), first], 3)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.n_parameters == sum(parameter.numel() for parameter in model.parameters())
    assert [each.kind.rpartition(".")[2] for each in trace.run.optimizers] == ["SGD", "Adam"]
    assert trace.columns["optimizer"].tolist() == [0, 0, 1, 0, 1]
    assert verify(trace.path).intact


def test_no_step_of_an_optimizer_that_trains_the_model_is_an_error_that_says_so(tmp_path):
    model, other = net(), net()
    with (
        pytest.raises(UserError, match=r"no step\(\) of any torch.optim.Optimizer that trains the Sequential"),
        record(model, None, tmp_path / "run"),
    ):
        steps(other, [torch.optim.SGD(other.parameters(), lr=0.1)], 1)
    assert not (tmp_path / "run").exists()


def test_an_optimizer_found_by_record_is_released_afterwards(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with record(model, None, tmp_path / "run"):
        steps(model, [optimizer], 2)
    assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks
    steps(model, [optimizer], 2)
    assert Trace.open(tmp_path / "run").n_updates == 2


@pytest.mark.filterwarnings("ignore")
def test_a_lightning_trainer_is_recorded_from_outside(tmp_path):
    lightning = pytest.importorskip("lightning.pytorch")

    class Regression(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.losses = net(), []

        def training_step(self, batch, number):
            loss = mse_loss(self.net(batch[0]), batch[1])
            self.losses.append(loss.item())
            return loss

        def validation_step(self, batch, number):
            self.log("val_loss", mse_loss(self.net(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.AdamW(self.parameters(), lr=0.05)

    class Logged(lightning.Callback):
        """A callback as a user writes it."""

        def on_train_batch_end(self, trainer, module, outputs, batch, number):
            recording.log(loss=outputs["loss"] * trainer.accumulate_grad_batches, epoch=trainer.current_epoch)

        def on_validation_end(self, trainer, module):
            if not trainer.sanity_checking:
                recording.log(trainer.callback_metrics)

    model = Regression()
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=4)
    trainer = lightning.Trainer(
        max_epochs=3, accumulate_grad_batches=2, callbacks=[Logged()], accelerator="cpu", logger=False,
        enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    with record(model, None, tmp_path / "run") as recording:
        trainer.fit(model, data, data)
    trace = Trace.open(tmp_path / "run", checksums=True)
    assert trace.n_updates == trainer.global_step == 12
    np.testing.assert_allclose(trace.batch_loss, np.reshape(model.losses, (12, 2)).mean(axis=1), rtol=1e-6)
    assert trace.epoch.tolist() == [k // 4 for k in range(12)]
    at, val_loss = trace.metrics["val_loss"]
    assert at.tolist() == [4, 8, 12] and np.isfinite(val_loss).all()
    again = Regression()
    again.load_state_dict(trace.state_dict(12), strict=True)
    assert torch.equal(again.eval().net(X), model.eval().net(X))
    assert verify(trace.path).intact


@pytest.mark.filterwarnings("ignore")
def test_a_hugging_face_trainer_is_recorded_from_outside(tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")

    class Regression(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net()

        def forward(self, x, labels):
            predictions = self.net(x)
            return {"loss": mse_loss(predictions, labels), "predictions": predictions}

    class Logged(transformers.TrainerCallback):
        """A callback as a user writes it."""

        def on_log(self, arguments, state, control, logs=None, **more):
            recording.log(logs)

    rows = [{"x": x, "labels": y} for x, y in zip(X, Y, strict=True)]
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path / "out"), num_train_epochs=2, per_device_train_batch_size=4, learning_rate=0.05,
        gradient_accumulation_steps=2, logging_steps=1, eval_strategy="epoch", save_strategy="no", report_to=[],
        use_cpu=True, disable_tqdm=True, remove_unused_columns=False,
    )  # fmt: skip
    model = Regression()
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=rows, eval_dataset=rows, callbacks=[Logged()]
    )
    with warnings.catch_warnings(), record(model, None, tmp_path / "run") as recording:
        trainer.train()
    trace = Trace.open(tmp_path / "run", checksums=True)
    history = trainer.state.log_history
    assert trace.n_updates == trainer.state.global_step == 8
    assert trace.batch_loss.tolist() == [entry["loss"] for entry in history if "loss" in entry]
    assert trace.metrics["eval_loss"][0].tolist() == [4, 8]
    assert {"learning_rate", "grad_norm", "epoch"} <= trace.metrics.keys()
    again = Regression()
    again.load_state_dict(trace.state_dict(8), strict=True)
    assert torch.equal(again.eval().net(X), model.eval().net(X))
    assert verify(trace.path).intact
