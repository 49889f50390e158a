"""Numbers as they are written on screen, and where an axis has ticks."""

from __future__ import annotations

import pytest
from gradreel.scenes.mobjects.ticks import labelled, round_labels, spread_out, ticks_at_knots, unit_of
from gradreel.scenes.words.numbers import number_text, signed_text


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (-2.5, None, "\u22122.5"),
        (1234567.0, None, "1\u2009234\u2009567"),
        (0.1 + 0.2, None, "0.3"),
        (2.0, 2, "2.00"),
        (-0.004, 2, "0.00"),
        (-0.0, None, "0"),
        (1e-7, None, "0.0000001"),
    ],
)
def test_a_number_has_a_real_minus_and_thin_spaces_and_no_signed_zero(value, decimals, written):
    assert number_text(value, decimals) == written


def test_a_sign_is_written_before_all_but_zero():
    assert [signed_text(value, 1) for value in (3, -2, 0, 0.04)] == ["+3.0", "\u22122.0", "0.0", "0.0"]


@pytest.mark.parametrize(
    ("low", "high", "labels", "note"),
    [
        (0.0, 6.0, ("0", "2", "4", "6"), ""),
        (0.0, 4e6, ("0", "1", "2", "3", "4"), "$times 10^(6)$"),
        (5_000_000.0, 5_000_400.0, ("0", "100", "200", "300", "400"), "+ 5\u2009000\u2009000"),
    ],
)
def test_a_common_factor_of_an_axis_is_written_once(low, high, labels, note):
    ticks = round_labels(low, high)
    assert (ticks.labels, ticks.unit.note) == (labels, note)
    assert [ticks.unit.of(value) for value in ticks.values] == pytest.approx([float(label) for label in labels])


def test_ticks_are_at_knots_with_room_and_otherwise_at_round_numbers():
    assert ticks_at_knots([0, 3, 5], 0, 6, 10.0).values == (0.0, 3.0, 5.0)
    assert ticks_at_knots([0, 3, 3.01], 0, 6, 10.0).values == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    crowded = labelled(range(5), unit_of(0, 4))
    assert spread_out(crowded, [0.0, 0.1, 1.0, 1.9, 2.0]).values == (0.0, 2.0, 4.0), "the ends stay"
