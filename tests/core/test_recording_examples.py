"""Typical training loops, recorded by a `with` and a line of log: results and overhead."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gradreel.core.recording.recording import record
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import LambdaLR, StepLR
from torch.utils.data import DataLoader, TensorDataset


class Strokes(nn.Module):
    """A network that classifies the direction of a stroke in a picture of 8 x 8."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 8, 3)
        self.spared, self.last = nn.Dropout(0.25), nn.Linear(8 * 2 * 2, 3)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.first(pictures))
        x = functional.max_pool2d(functional.relu(self.second(x)), 2)
        return functional.log_softmax(self.last(self.spared(x.flatten(1))), dim=1)


def strokes(n: int) -> TensorDataset:
    """Return noisy pictures with a horizontal, vertical or diagonal stroke."""
    pictures, which = 0.3 * torch.randn(n, 1, 8, 8), torch.arange(n) % 3
    for picture, kind in zip(pictures[:, 0], which, strict=True):
        place = int(torch.randint(1, 7, ()))
        stroke = (picture[place], picture[:, place], picture.diagonal(place - 4))[kind]
        stroke += 1.5
    return TensorDataset(pictures, which)


def convolutions(path: Path | None) -> tuple[nn.Module, list[float]]:
    """Train with Adadelta, a learning rate that falls by epochs, dropout, shuffled batches, and an evaluation per
    epoch.
    """
    loader = DataLoader(strokes(192), batch_size=16, shuffle=True)
    test_data = strokes(60).tensors
    model = Strokes()
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
    losses = []
    with record(model, optimizer, path) if path else nullcontext() as recording:
        for epoch in range(6):
            model.train()
            for pictures, which in loader:
                optimizer.zero_grad()
                loss = functional.nll_loss(model(pictures), which)
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                if recording:
                    recording.log(loss=loss, epoch=epoch)
            model.eval()
            with torch.no_grad():
                right = (model(test_data[0]).argmax(dim=1) == test_data[1]).float().mean()
            scheduler.step()
    assert right > 0.8
    return model, losses


class Writer(nn.Module):
    """A small transformer that predicts the next character of a text."""

    def __init__(self, signs: int, length: int, width: int = 16) -> None:
        super().__init__()
        self.signs, self.places = nn.Embedding(signs, width), nn.Embedding(length, width)
        layer = nn.TransformerEncoderLayer(width, nhead=2, dim_feedforward=32, dropout=0.1, batch_first=True)
        self.layers = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.last = nn.Linear(width, signs, bias=False)
        self.last.weight = self.signs.weight  # shared

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        n = text.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(n)
        x = self.signs(text) + self.places(torch.arange(n))
        return self.last(self.layers(x, mask=mask, is_causal=True))


def transformer(path: Path | None) -> tuple[nn.Module, list[float]]:
    """Train with AdamW, two parameter groups, clipped gradients, a warm-up, and random passages of a text."""
    text = "the loss falls and the gradient shows the way down, step by step, batch by batch. " * 4
    alphabet = sorted(set(text))
    signs = torch.tensor([alphabet.index(sign) for sign in text])
    model = Writer(len(alphabet), 24)
    groups = [
        {"params": [tensor for tensor in model.parameters() if tensor.ndim > 1], "weight_decay": 0.1},
        {"params": [tensor for tensor in model.parameters() if tensor.ndim < 2], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.01)
    warm_up = LambdaLR(optimizer, lambda update: min(1.0, (update + 1) / 10))
    losses = []
    with record(model, optimizer, path) if path else nullcontext() as recording:
        for _ in range(60):
            starts = torch.randint(len(signs) - 25, (8,))
            passages = signs[starts[:, None] + torch.arange(25)]
            loss = functional.cross_entropy(model(passages[:, :-1]).flatten(0, 1), passages[:, 1:].flatten())
            if recording:
                recording.log(loss=loss.item(), batch=starts)  # before the critic's step
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            warm_up.step()
            losses.append(loss.item())
    return model, losses


def adversaries(path: Path | None) -> tuple[nn.Module, list[float]]:
    """Train a generator of numbers around 4, and a critic with clipped weights (Wasserstein)."""
    generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    critic = nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1))
    both = nn.ModuleDict({"generator": generator, "critic": critic})
    for_generator = torch.optim.RMSprop(generator.parameters(), lr=0.01)
    for_critic = torch.optim.SGD(critic.parameters(), lr=0.05)
    losses = []
    with record(both, [for_generator, for_critic], path) if path else nullcontext() as recording:
        for update in range(60):
            drawn, real = generator(torch.randn(16, 2)), 4 + 0.5 * torch.randn(16, 1)
            if update % 3 == 2:
                loss = -critic(drawn).mean()
                for_generator.zero_grad()
                loss.backward()
                for_generator.step()
            else:
                loss = critic(drawn.detach()).mean() - critic(real).mean()
                for_critic.zero_grad()
                loss.backward()
                for_critic.step()
                for tensor in critic.parameters():
                    tensor.data.clamp_(-0.5, 0.5)
            losses.append(loss.item())
            if recording:
                recording.log(loss=loss, epoch=update // 3)
    return both, losses


Example = Callable[[Path | None], tuple[nn.Module, list[float]]]


def flat(model: nn.Module) -> Any:
    return torch.cat([tensor.detach().reshape(-1) for tensor in model.parameters()]).numpy()


@pytest.fixture(scope="module", params=[convolutions, transformer, adversaries], ids=lambda example: example.__name__)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """Return (name, model, losses, model and losses of the same loop unrecorded, the trace)."""
    example: Example = request.param
    path = tmp_path_factory.mktemp("examples") / "run"
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more are slower for so little
    torch.manual_seed(11)
    recorded = example(path)
    torch.manual_seed(11)
    plain = example(None)
    torch.set_num_threads(threads)
    return example.__name__, *recorded, *plain, Trace.open(path, checksums=True)


def test_recording_changes_nothing_in_the_loop(run):
    _, model, losses, plain_model, plain_losses, _ = run
    assert losses == plain_losses
    assert flat(model).tobytes() == flat(plain_model).tobytes()


def test_the_trace_has_the_losses_and_ends_in_the_trained_model(run):
    _, model, losses, _, _, trace = run
    assert trace.batch_loss.tolist() == losses
    assert trace.parameters[-1].tobytes() == flat(model).tobytes()
    assert [part.name for part in trace.run.parts] == [name for name, _ in model.named_parameters()]
    assert trace.n_parameters == sum(tensor.numel() for tensor in model.parameters())


def test_the_recorded_loop_learned(run):
    name, _, losses, _, _, trace = run
    if name == "adversaries":
        assert trace.columns["optimizer"].tolist() == [1, 1, 0] * 20
    else:
        assert np.mean(losses[-6:]) < 0.75 * np.mean(losses[:6])


def test_the_recorded_trace_passes_verification(run):
    name, *_, trace = run
    verification = verify(trace.path)
    assert verification.intact, str(verification)
    if name == "convolutions":
        assert verification.updates == 0 and any("Adadelta" in line for line in verification.unchecked)
    elif name == "transformer":
        assert verification.exact and verification.updates == 60
    else:
        assert trace.run.edits > 20 and verification.updates == 40 - trace.run.edits  # the critic's, which are clipped


def test_rates_and_batches_are_the_loops_own(run):
    name, *_, trace = run
    rates = trace.rates
    if name == "convolutions":
        assert rates[:, 0].tolist() == [rate for rate in (1.0, 0.5, 0.25) for _ in range(24)]
        assert trace.epoch.tolist() == [epoch for epoch in range(6) for _ in range(12)]
    elif name == "transformer":
        assert rates[:12, 1].tolist() == pytest.approx([0.001 * k for k in range(1, 11)] + [0.01] * 2)
        assert all(len(trace.examples(update)) == 8 for update in range(60))
    else:
        assert np.isnan(rates[:3]).tolist() == [[True, False], [True, False], [False, True]]
