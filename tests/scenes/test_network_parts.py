"""The network diagram's geometry, and sums, products and slopes that are right as printed."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from gradreel.scenes.mobjects.network_diagram import LayerDiagram
from gradreel.scenes.mobjects.network_parts import Node
from gradreel.scenes.mobjects.printed_arithmetic import (
    fitting_places,
    no_zero,
    printed_product,
    printed_products,
    printed_step,
    printed_sum,
    products_to,
    telling_text,
)
from gradreel.scenes.mobjects.text import Number, TextMobject
from gradreel.scenes.style import mix, palette
from hypothesis import given
from hypothesis import strategies as st

BOX = (-5.0, 5.0, -2.0, 2.0)
numbers = st.floats(-50, 50, allow_nan=False)


@given(st.lists(numbers, min_size=1, max_size=6))
def test_a_printed_sum_is_exact_or_marked(terms):
    printed = printed_sum(terms, sum(terms))
    added = sum(Decimal(text) for text in printed.terms) == Decimal(printed.total)
    assert added == printed.exact or not printed.exact
    assert 2 <= printed.decimals <= 5
    for text, value in zip(printed.terms, terms, strict=True):
        assert abs(float(text) - value) <= 0.5001 * 10**-printed.decimals


def test_a_sum_takes_the_fewest_decimals_that_add_up():
    assert printed_sum([0.25, 0.5], 0.75).terms == ("0.25", "0.50")
    assert printed_sum([0.125, 0.25], 0.375).terms == ("0.125", "0.250")  # 0.12 + 0.25 would be 0.38
    assert printed_sum([1 / 3, 1 / 3, 1 / 3], 1.0, 2, 5).exact is False


@given(numbers, numbers)
def test_a_printed_product_is_exact_up_to_its_rounding(first, second):
    printed = printed_product(first, second)
    off = abs(Decimal(printed.first) * Decimal(printed.second) - Decimal(printed.product))
    places = len(printed.product.partition(".")[2])
    assert (off <= Decimal(5).scaleb(-places - 1)) or not printed.exact
    assert float(printed.product) == pytest.approx(first * second, abs=0.50001 * 10**-places)


def test_factors_get_more_decimals_until_the_product_is_right():
    printed = printed_product(-0.63545, 22.425)
    assert (printed.first, printed.second, printed.product) == ("-0.6354", "22.425", "-14.25")
    assert printed.exact


@given(numbers, numbers)
def test_a_link_of_a_chain_continues_with_the_printed_slope(first, second):
    printed = printed_step(first, second, 2)
    off = abs(Decimal(printed.first) * Decimal(printed.second) - Decimal(printed.product))
    assert (off <= Decimal("0.005")) or not printed.exact
    assert float(printed.product) == pytest.approx(first * second, abs=0.0050001)


def test_only_the_factor_of_a_link_gets_more_decimals():
    """-1.68 times 0.24 would be -0.40."""
    printed = printed_step(-1.6809552, 0.24370442, 2)
    assert (printed.first, printed.second, printed.product, printed.exact) == ("-1.68", "0.244", "-0.41", True)
    assert printed_step(-1.0, 1.6809552, 2).first == "-1"


@given(numbers, st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_printed_products_give_the_total_or_are_marked(constant, pairs):
    printed = printed_products(constant, pairs, constant + sum(a * b for a, b in pairs), 2)
    summed = Decimal(printed.constant) + sum(Decimal(a) * Decimal(b) for a, b in printed.factors)
    assert (abs(summed - Decimal(printed.total)) <= Decimal("0.005")) or not printed.exact
    assert 2 <= printed.places[0] <= 4


def test_printed_products_have_the_fewest_decimals_that_are_right():
    pairs = [(1.92107135, 4.126), (0.75292768, 2.726), (-2.30727939, 3.261)]
    printed = printed_products(-2.77486692, pairs, -0.32008378, 2)
    assert (printed.constant, printed.total, printed.exact) == ("-2.77", "-0.32", True)
    assert printed.factors == (("1.92", "4.13"), ("0.75", "2.73"), ("-2.31", "3.26"))
    assert printed_products(0.0, [(0.104, 5.0)], 0.52, 2).factors == (("0.104", "5.00"),)  # 0.10 times 5 is 0.5


LARGE = [(0.015234, 413.0), (-0.0098765, 382.0), (0.0031416, 611.0)]
"""Weights and whole views, where a usual day has hundreds."""


def test_small_weights_of_large_views_have_the_digits_that_the_sum_takes():
    total = -6.2 + sum(first * second for first, second in LARGE)
    printed = printed_products(-6.2, LARGE, total, 2, least=0)
    summed = Decimal(printed.constant) + sum(Decimal(a) * Decimal(b) for a, b in printed.factors)
    assert printed.exact and abs(summed - Decimal(printed.total)) <= Decimal("0.005")
    assert [second for _, second in printed.factors] == ["413", "382", "611"], "no decimals that say nothing"
    assert len({len(first.lstrip("-")) for first, _ in printed.factors}) == 1


def test_if_no_decimals_are_right_each_weight_has_two_significant_digits():
    printed = printed_products(-6.2, [*LARGE, (0.00071, 100.0)], 99.0, 2, least=0)
    assert not printed.exact
    for (first, _), (value, _) in zip(printed.factors, [*LARGE, (0.00071, 100.0)], strict=True):
        assert len(first.lstrip("-0.")) >= 2 and float(first) == pytest.approx(value, rel=0.05)


def test_products_to_chosen_decimals_tell_whether_they_are_exact():
    printed = products_to(-2.77486692, [(1.92107135, 4.126)], 5.15147, 2, (1, 2, 3))
    assert (printed.constant, printed.factors, printed.total) == ("-2.8", (("1.92", "4.126"),), "5.15")
    assert (printed.exact, printed.equal) == (False, False)  # -2.8 + 7.92192 is 5.12192
    assert products_to(0.5, [(0.25, 2.0)], 1.0, 2, (1, 2, 0)).equal


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.43, 0, "0.4"),
        (-0.0032, 1, "\u22120.003"),
        (12.3, 0, "12"),
        (0.0, 2, "0.00"),
        (3e-9, 2, "≈ 0"),
        (-1.0, 2, "\u22121.00"),
    ],
)
def test_only_exactly_0_reads_0(value, places, text):
    assert no_zero(value, telling_text(value, places)) == text


@given(st.integers(0, 50_000))
def test_sums_are_rounded_as_numbers_are_shown(views):
    """Views in thousands often lie in the middle between two hundredths."""
    value = views / 1000
    assert printed_sum([value], value).total == Number(value, 2).text


@pytest.mark.parametrize(
    ("values", "places"), [([0.3], 2), ([12.3, 0.1], 2), ([123.4], 1), ([2551], 0), ([0.02], 3), ([0.0], 2), ([], 2)]
)
def test_places_follow_the_largest_number(values, places):
    assert fitting_places(values) == places


@pytest.mark.parametrize("half_width", [None, 0.43])
def test_lines_end_on_the_border_of_their_nodes(half_width):
    node = Node(np.array([1.0, -0.5, 0.0]), 0.25, palette.blue, half_width)
    for angle in np.linspace(0, 2 * np.pi, 17):
        point = node.border(node.get_center() + 3 * np.array([np.cos(angle), np.sin(angle), 0.0]))
        offset = point - node.get_center()
        nearest = np.array([np.clip(offset[0], -(node.half_width - 0.25), node.half_width - 0.25), 0.0, 0.0])
        assert np.linalg.norm(offset - nearest) == pytest.approx(0.25)
        assert np.arctan2(offset[1], offset[0]) == pytest.approx(np.arctan2(np.sin(angle), np.cos(angle)), abs=1e-6)


def test_a_wide_layer_is_a_few_nodes_dots_the_last_one_and_its_count():
    diagram = LayerDiagram((3, 1000, 7, 1), BOX, most=6)
    drawn = [list(column.nodes) for column in diagram.columns]
    assert drawn == [[0, 1, 2], [0, 1, 2, 3, 999], [0, 1, 2, 3, 6], [0]]
    assert [column.is_abbreviated for column in diagram.columns] == [False, True, True, False]
    count = diagram.columns[1].count
    assert isinstance(count, TextMobject)
    assert count.source == "1\u2009000"
    assert set(diagram.edges[1].lines) == {(i, j) for i in drawn[2] for j in drawn[1]}


@pytest.mark.parametrize("widths", [(1, 1), (56, 1), (2, 1000, 1), (56, *[1000] * 8, 1), (3, 5, 2)])
def test_any_widths_stay_within_the_box(widths):
    diagram = LayerDiagram(widths, BOX)
    assert len(diagram.columns) == len(widths)
    for column in diagram.columns:
        for node in column.nodes.values():
            assert BOX[0] - 0.5 <= node.get_left()[0] <= node.get_right()[0] <= BOX[1] + 0.5
            assert BOX[2] <= node.get_bottom()[1] <= node.get_top()[1] <= BOX[3]


def test_r_and_a_are_drawn_for_one_hidden_layer_only():
    diagram = LayerDiagram((3, 2, 1), BOX, split="relu")
    assert [column.width_of_layer for column in diagram.columns] == [3, 2, 2, 1]
    assert set(diagram.edges[1].lines) == {(0, 0), (1, 1)}
    with pytest.raises(ValueError, match="not for 2"):
        LayerDiagram((3, 2, 2, 1), BOX, split="relu")


def test_a_line_is_as_strong_as_its_weight_and_dashed_if_that_is_negative():
    edges = LayerDiagram((2, 2, 1), BOX).edges[0]
    solid = {at: len(line.points) for at, line in edges.lines.items()}
    edges.show_drawn(np.array([[0.5, -2.0], [0.0, 1.0]]), 2.0)
    widths = {at: line.get_stroke_width() for at, line in edges.lines.items()}
    assert sorted(widths, key=lambda at: widths[at]) == [(1, 0), (0, 0), (1, 1), (0, 1)]
    assert {at for at, line in edges.lines.items() if len(line.points) > solid[at]} == {(0, 1)}
    assert edges.line(0, 1).get_stroke_color() == mix(palette.yellow, 1.0)
    edges.show_drawn(np.array([[0.5, 2.0], [0.0, 1.0]]), 2.0)
    assert len(edges.line(0, 1).points) == solid[0, 1]
