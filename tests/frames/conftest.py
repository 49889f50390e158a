"""A run that was recorded around a small torch loop."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from gradreel.core.recording import record


@pytest.fixture(scope="session")
def recordings(tmp_path_factory) -> Path:
    """A folder of recorded runs: sgd, adam, and one without losses."""
    folder = tmp_path_factory.mktemp("recordings")
    for name, kind, rate in (("sgd", torch.optim.SGD, 0.1), ("adam", torch.optim.Adam, 0.01), ("unlogged", None, 0.1)):
        torch.manual_seed(3)
        model = torch.nn.Sequential(torch.nn.Linear(1, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
        optimizer = (kind or torch.optim.SGD)(model.parameters(), lr=rate)
        x = torch.linspace(-2, 2, 64)[:, None]
        y = torch.sin(2 * x)
        with record(model, optimizer, folder / name) as recording:
            for update in range(240):
                chosen = torch.arange(update * 7, update * 7 + 16) % 64
                loss = torch.nn.functional.mse_loss(model(x[chosen]), y[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if kind is not None:
                    recording.log(loss=loss.item(), epoch=update // 4)
    return folder
