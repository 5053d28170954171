"""What is prepared: it lies in the process as long as it is asked for, is good on its basis, and has its holes filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.base.prepared import Cut, Making, Near, Page

NOW = datetime(2026, 3, 3, 10, tzinfo=UTC)
MOST = 160


def test_what_is_asked_for_again_stays_while_others_come_and_go() -> None:
    near: Near[str, int] = Near(MOST)
    near.put("asked", 1)
    near.put("forgotten", 2)
    for number in range(3 * MOST):
        near.put(f"passing-{number}", number)
        if number % 50 == 0:
            assert near.get("asked") == 1
    assert near.get("asked") == 1
    assert near.get("forgotten") is None


def test_no_more_lies_in_the_process_than_twice_as_much() -> None:
    near: Near[int, int] = Near(MOST)
    for number in range(5 * MOST):
        near.put(number, number)
    there = [number for number in range(5 * MOST) if near.get(number) is not None]
    assert len(there) <= 2 * MOST
    assert there[-1] == 5 * MOST - 1


def test_what_is_put_again_takes_the_place_of_what_was_there_and_no_other() -> None:
    near: Near[int, int] = Near(2)
    for value in range(9):
        near.put(1, value)
    near.put(2, 2)
    assert (near.get(1), near.get(2)) == (8, 2)


@pytest.mark.parametrize(
    ("basis", "seconds", "good"),
    [(("t",), 0, True), (("t",), 9, True), (("u",), 0, False), (("t",), -1, False), (("t",), 10, False)],
)
def test_a_page_is_good_on_its_basis_from_when_it_was_made_until_its_time(
    basis: object, seconds: int, good: bool
) -> None:
    page = Page(Cut((b"sheet",), ()), ("t",), NOW, NOW + timedelta(seconds=10))
    assert page.good(basis, at=NOW + timedelta(seconds=seconds)) is good


def test_holes_are_filled_where_they_stand_in_the_answer() -> None:
    making = Making()
    second, first = making.hole("second"), making.hole("first")
    cut = making.cut([{"a": 1, **first}, {**second, "z": "hole"}])
    assert cut.holes == ("first", "second")
    assert cut.filled([b'"b":2', b'"y":3']) == b'[{"a":1,"b":2},{"y":3,"z":"hole"}]'
    assert Making().cut({"a": 1}).filled([]) == b'{"a":1}'
