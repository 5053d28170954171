"""Money is whole fen, and every split and share of it is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mall import money

AMOUNTS_FEN = st.integers(min_value=0, max_value=10**9)


@pytest.mark.parametrize(
    ("total_fen", "weights", "parts"),
    [
        (100, [1, 1], [50, 50]),
        (100, [1, 1, 1], [34, 33, 33]),  # the odd fen goes to the first
        (3000, [10000, 20000], [1000, 2000]),
        (100, [0, 1], [0, 100]),  # nothing to a free line
        (10, [1, 2, 4], [1, 3, 6]),  # 1.43, 2.86, 5.71: the fen left over go to .86 and .71
        (5, [5, 5, 0, 5], [2, 2, 0, 1]),
        (0, [3, 0], [0, 0]),
        (0, [0, 0], [0, 0]),
        (0, [], []),
    ],
)
def test_a_total_is_split_by_largest_remainder(total_fen, weights, parts):
    assert money.allocate(total_fen, weights) == parts


@pytest.mark.parametrize(("total_fen", "weights"), [(-1, [1]), (1, [2, -1]), (1, [0, 0]), (1, [])])
def test_what_nothing_can_carry_is_not_split(total_fen, weights):
    with pytest.raises(ValueError, match=r"negative|split"):
        money.allocate(total_fen, weights)


@given(total_fen=AMOUNTS_FEN, weights=st.lists(AMOUNTS_FEN, min_size=1, max_size=12))
def test_the_parts_of_a_split_add_up_and_stay_within_a_fen_of_their_proportion(total_fen, weights):
    whole = sum(weights)
    if not whole:
        return
    parts = money.allocate(total_fen, weights)
    assert sum(parts) == total_fen
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total_fen * weight) < whole
        assert part == 0 or weight > 0
        assert part <= weight or total_fen > whole


@given(total_fen=AMOUNTS_FEN, units=st.integers(min_value=1, max_value=300))
def test_the_units_of_a_line_add_up_to_it_and_differ_by_a_fen_at_most(total_fen, units):
    parts = money.split_units(total_fen, units)
    assert len(parts) == units
    assert sum(parts) == total_fen
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_ten_yuan_over_three_units_give_the_first_the_odd_fen():
    assert money.split_units(1000, 3) == [334, 333, 333]


def test_a_line_without_units_has_no_split():
    with pytest.raises(ValueError, match="at least one unit"):
        money.split_units(100, 0)


def test_a_negative_amount_has_no_split():
    with pytest.raises(ValueError, match="-1 fen"):
        money.split_units(-1, 1)


def test_an_average_is_the_nearest_fen_and_needs_somebody_to_have_it():
    assert [money.average(total_fen, over=3) for total_fen in (0, 1000, 1001)] == [0, 333, 334]
    assert [money.average(total_fen, over=2) for total_fen in (1, 3)] == [1, 2]
    for total_fen, over in ((100, 0), (-1, 1)):
        with pytest.raises(ValueError, match="average"):
            money.average(total_fen, over=over)


@given(total_fen=st.integers(0, 10**9), units=st.integers(1, 200))
def test_units_share_a_line_as_equal_weights_would(total_fen, units):
    assert money.split_units(total_fen, units) == money.allocate(total_fen, [1] * units)


@pytest.mark.parametrize(
    ("amount_fen", "off_bp", "reduction_fen"),
    [(10000, 1000, 1000), (999, 1000, 99), (9, 1000, 0), (1, 10000, 1), (500, 0, 0), (0, 5000, 0)],
)
def test_a_reduction_is_rounded_down(amount_fen, off_bp, reduction_fen):
    assert money.percent_off(amount_fen, off_bp=off_bp) == reduction_fen


@pytest.mark.parametrize(("amount_fen", "off_bp"), [(100, -1), (100, 10001), (-1, 100)])
def test_a_reduction_of_more_than_everything_or_of_a_debt_is_refused(amount_fen, off_bp):
    with pytest.raises(ValueError, match=r"basis points|at least 0"):
        money.percent_off(amount_fen, off_bp=off_bp)


def test_a_share_may_exceed_the_whole_and_is_rounded_down():
    assert money.share_bp(10000, bp=12000) == 12000
    assert money.share_bp(333, bp=5000) == 166


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [(0, "0.00"), (5, "0.05"), (1200, "12.00"), (123456, "1234.56"), (-5, "-0.05"), (-1200, "-12.00")],
)
def test_an_amount_is_shown_in_yuan_with_two_decimals(amount_fen, text):
    assert money.yuan(amount_fen) == text


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [("0", 0), ("12", 1200), ("12.0", 1200), ("12.5", 1250), ("12.34", 1234), ("0.01", 1)],
)
def test_typed_yuan_become_fen(text, amount_fen):
    assert money.parse_yuan(text) == amount_fen


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.",
        ".5",
        "1.234",
        "01",
        "1,000",
        "1e3",
        "１２",
        "12．00",
        "¥1",
        "1\n",
        "NaN",
        "9" * 14,
    ],
)
def test_anything_but_plain_yuan_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        money.parse_yuan(text)


@given(amount_fen=AMOUNTS_FEN)
def test_what_is_shown_can_be_typed_back(amount_fen):
    assert money.parse_yuan(money.yuan(amount_fen)) == amount_fen


def test_a_part_of_a_whole_is_told_in_basis_points_rounded_down():
    assert [money.part_bp(part, of=200) for part in (0, 197, 200)] == [0, 9_850, 10_000]
    assert money.part_bp(2, of=3) == 6_666


def test_a_rate_of_a_report_is_told_to_the_nearest_hundredth_of_a_percent():
    assert [money.rate_bp(part, of=23) for part in (0, 6, 23)] == [0, 2_609, 10_000]
    assert money.percent(money.rate_bp(6, of=23)) == "26.09%"
    assert [money.percent(bp) for bp in (0, 5, 10_000)] == ["0.00%", "0.05%", "100.00%"]


def test_the_sign_of_an_amount_stands_before_that_of_the_money():
    assert [money.priced(fen) for fen in (1200, 0, -57)] == ["¥12.00", "¥0.00", "-¥0.57"]
    assert [money.changed(fen) for fen in (1200, 0, -57)] == ["+¥12.00", "¥0.00", "-¥0.57"]
