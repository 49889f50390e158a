"""Rows copied straight into a column's blocks have the numbers of any tensors, in order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from gradreel.core.recording.row_writer import RowWriter
from gradreel.core.trace.columns import ColumnKind, checksum
from gradreel.core.trace.write_behind import ColumnWriter, WriteBehind

SHAPES = [torch.Size(shape) for shape in ((3,), (), (200, 301), (7, 5), (150_001,), (0, 4), (2,))]


def tensors(seed: int) -> list[torch.Tensor]:
    """Return a tensor of each shape; the larger ones are transposed, in half precision or strided."""
    generator = torch.Generator().manual_seed(seed)
    row = [torch.randn(shape, generator=generator) for shape in SHAPES]
    row[2] = torch.randn(301, 200, generator=generator).T
    row[4] = row[4].bfloat16()
    row[6] = torch.randn(4, generator=generator)[::2]
    return row


def flat(row: list[torch.Tensor], dtype: torch.dtype) -> torch.Tensor:
    return torch.cat([tensor.to(dtype).reshape(-1) for tensor in row])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("block", [4096, 1 << 20, 1 << 22])
def test_rows_are_the_tensors_numbers_and_one_that_is_dropped_leaves_nothing(block: int, dtype, tmp_path: Path):
    size = sum(shape.numel() for shape in SHAPES)
    kind = ColumnKind((4, size), np.dtype(str(dtype).removeprefix("torch.")).newbyteorder("<").str)
    with WriteBehind(block) as behind:
        column = ColumnWriter(behind, tmp_path / "column.npy", kind)
        rows = RowWriter(SHAPES, dtype, column, digests=True)
        for seed in (0, 1, 2, 3):
            rows.append(tensors(seed))
            assert rows.appended == rows.digest_of(tensors(seed)) != rows.digest_of(tensors(seed + 1))
            rows.cut(seed + 1)  # nothing is dropped
            rows.append(tensors(-1))
            rows.cut(seed + 1)
    kind = column.finish()
    expected = torch.stack([flat(tensors(seed), dtype) for seed in (0, 1, 2, 3)])
    assert torch.equal(torch.tensor(np.load(tmp_path / "column.npy")), expected)
    assert column.checksum == checksum(tmp_path / "column.npy", kind)


def test_a_part_of_a_row_is_dropped(tmp_path: Path):
    kind = ColumnKind((2, 150_004), "<f4")
    shapes = [torch.Size((4,)), torch.Size((150_000,))]
    with WriteBehind(4096) as behind:
        column = ColumnWriter(behind, tmp_path / "column.npy", kind)
        rows = RowWriter(shapes, torch.float32, column)
        rows.append([torch.ones(4), torch.ones(150_000)])
        with pytest.raises(RuntimeError):
            rows.append([torch.ones(4), torch.ones(150_000, device="meta")])
        rows.cut(1)
        rows.append([torch.ones(4), None])
    assert column.finish().shape == (2, 150_004)
    written = np.load(tmp_path / "column.npy")
    assert written.sum(axis=1).tolist() == [150_004, 4] and checksum(tmp_path / "column.npy", kind) == column.checksum
