"""The shipped handwritten digits as a dataset: the file, its fixed split, and a run on them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core import digits_file
from gradreel.core.datasets import DigitsDataset
from gradreel.core.digits_file import digit_rows
from gradreel.core.errors import UserError
from gradreel.core.experiment import Experiment
from gradreel.core.network.training import train
from gradreel.core.trace.trace import Trace
from gradreel.core.trace.verify import verify

FORM = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] * 3  # each handwritten sheet begins with these digits


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    run = Experiment(dataset=DigitsDataset(), hidden=(8,), loss="ce", epochs=4, batch_size=64, learning_rate=0.5)
    return train(run, tmp_path_factory.mktemp("digits"))


def test_pixels_count_ink_and_each_digit_is_seen_often() -> None:
    rows = digit_rows()
    assert rows.shape == (1797, 65)
    pixels, labels = 16 * rows[:, :-1], rows[:, -1].astype(int)
    assert set(np.unique(pixels)) == set(range(17))
    assert np.bincount(labels).min() > 170 and len(np.bincount(labels)) == 10
    first = pixels[0].reshape(8, 8)  # a zero: ink around an empty middle
    assert labels[0] == 0 and first[3:5, 3:5].sum() == 0 and first[:, 2:6].max(axis=0).min() > 8


def test_the_three_parts_are_whole_sheets_and_have_each_digit_once() -> None:
    data = DigitsDataset()
    pixels = [data.features(), data.validation_features(), data.test_features()]
    labels = [data.labels(), data.validation_labels(), data.test_labels()]
    np.testing.assert_array_equal(np.column_stack([np.concatenate(pixels), np.concatenate(labels)]), digit_rows())
    assert [len(part) for part in labels] == [data.examples, data.n_validation, data.n_test]
    for part in labels:
        np.testing.assert_array_equal(part[: len(FORM)], FORM)


def test_what_is_returned_may_be_changed() -> None:
    DigitsDataset().features()[:] = 7
    assert DigitsDataset().features().max() == 1


def test_the_digest_and_meta_json_name_the_digits(trace: Trace) -> None:
    assert trace.meta["experiment"]["dataset"] == {"kind": "digits"}
    assert Trace.open(trace.path, checksums=True).run == trace.run
    assert trace.run.n_parameters == 64 * 8 + 8 + 8 * 10 + 10


def test_a_run_on_digits_is_verified_exactly_and_learns(trace: Trace) -> None:
    assert verify(trace.path).exact
    model = torch.nn.Sequential(torch.nn.Linear(64, 8), torch.nn.Sigmoid(), torch.nn.Linear(8, 10)).double()
    model.load_state_dict(trace.state_dict(trace.n_updates))
    answers = model(torch.tensor(DigitsDataset().test_features())).argmax(dim=1).numpy()
    at, accuracy = trace.metrics["test_accuracy"]
    assert accuracy[-1] == pytest.approx((answers == DigitsDataset().test_labels()).mean())
    assert at[-1] == trace.n_updates and accuracy[-1] > accuracy[0] + 0.2


@pytest.mark.parametrize("content", [None, b"no gzip", "other text"])
def test_a_missing_or_changed_file_is_named(
    content: bytes | str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "uci-digits.csv.gz"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else gzip.compress(content.encode()))
    monkeypatch.setattr(digits_file, "DIGITS_FILE", file)
    digit_rows.cache_clear()
    with pytest.raises(UserError, match=r"uci-digits\.csv\.gz.*install Gradreel again"):
        digit_rows()
