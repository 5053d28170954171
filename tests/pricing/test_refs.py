"""Refs: every name of an offer is printed as orders keep it, and read back as what it was."""

from __future__ import annotations

from uuid import UUID

import pytest

from mall.pricing import refs
from mall.pricing.refs import Ref

COUPON = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
NAMES = {
    "promotion:12": refs.promotion(12),
    "promotion:12@0": refs.promotion(12, stage=0),
    "level:3": refs.level(3),
    "level:3:postage": refs.level_postage(3),
    "coupon:0f8fad5b-d9cb-469f-a165-70867728950e": refs.coupon(COUPON),
    "points": refs.points(),
    "points_good:7": refs.activity("points_good", 7),
    "bargain:BG20261128-x1": refs.activity("bargain", "BG20261128-x1"),
}


@pytest.mark.parametrize("text", NAMES)
def test_a_ref_is_printed_as_orders_keep_it_and_read_back_as_what_it_was(text: str) -> None:
    assert (str(NAMES[text]), refs.read(text)) == (text, NAMES[text])


def test_a_ref_says_what_it_names() -> None:
    assert refs.read("promotion:12@1") == Ref("promotion", "12", "1")
    assert [refs.promotion(12, stage=1).stage, refs.promotion(12).stage, refs.level(1).stage] == [
        1,
        None,
        None,
    ]
    assert [refs.coupon(COUPON).public_id, refs.points().public_id] == [COUPON, None]
    assert refs.coupon(str(COUPON).upper()) == refs.coupon(COUPON)


@pytest.mark.parametrize(
    "text",
    [
        *("", "promotion", "promotion:", "promotion:x", "promotion:1@", "promotion:1:2", "promotion:1@-1"),
        *("promotion:１", "level:3@postage", "level:3:else", "points:3", "coupon:7", "points_good"),
        *("points_good:", "points_good:7@1", "Points_good:7", "件", "points_good:七", "points_good:7\n"),
        "coupon:0F8FAD5B-d9cb-469f-a165-70867728950e",
    ],
)
def test_what_names_nothing_is_no_ref(text: str) -> None:
    assert refs.read(text) is None


@pytest.mark.parametrize(
    "parts", [("promotion", "x"), ("points", "1"), ("", "1"), ("a b", "1"), ("team", "")]
)
def test_a_ref_that_could_not_be_read_back_cannot_be_made(parts: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="no ref is called"):
        Ref(*parts)


@pytest.mark.parametrize("kind", sorted(refs.OWN_KINDS))
def test_an_activity_is_not_called_like_another_kind_of_offer(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind of activity"):
        refs.activity(kind, 7)
