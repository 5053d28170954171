"""Recency, frequency, money: figures, borders, classes, and what is reckoned again when."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.audiences import selectors as audience_facts
from apps.audiences import services as audiences
from apps.audiences.models import Reckoning, Rfm, RfmRules
from apps.audiences.services.reckoning import CLASSES
from apps.audiences.services.ruling import RulesRefused
from apps.audiences.states import Standing, standing_of
from apps.orders.models import Order
from tests.apps.audiences.make import AT, DAY, bought
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def _rules(**fields: Any) -> RfmRules:
    whole = {"borders": "OWN", **audience_facts.OWN, **fields}
    return audiences.save_rules(RfmRules(**whole))


def _of(nickname: str) -> Rfm:
    return Rfm.objects.get(member__nickname=nickname)


def test_sql_and_python_know_the_same_classes() -> None:
    """Over every scoring there is."""
    scores = list(product((True, False), (True, False), range(1, 6), range(1, 6), range(1, 6)))
    rows = ", ".join(["(%s, %s, %s, %s, %s)"] * len(scores))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT bought, is_new, r, f, m, {CLASSES} FROM (VALUES {rows}) AS v (bought, is_new, r, f, m)",  # noqa: S608
            [value for row in scores for value in row],
        )
        for bought_, is_new, r, f, m, standing in cursor.fetchall():
            assert standing == standing_of(bought=bought_, is_new=is_new, r=r, f=f, m=m)


def test_figures_are_what_was_paid_and_kept_in_the_window() -> None:
    _rules(window_days=365)
    owner = members.member("甲")
    bought(owner, 10_000, at=AT - 400 * DAY)
    bought(owner, 20_000, at=AT - 364 * DAY, refunded_fen=5_000)
    bought(owner, 30_000, at=AT - 2 * DAY, address={"province": "浙江省", "city": "杭州市"})
    bought(owner, 99_000, at=AT - DAY, status="REFUNDED", refunded_fen=99_000)
    audiences.reckon_due(at=AT)
    row = _of("甲")
    assert (row.orders, row.spent_fen, row.orders_ever) == (2, 45_000, 3)
    assert (row.first_paid_at, row.last_paid_at) == (AT - 400 * DAY, AT - 2 * DAY)
    assert (row.province, row.city) == ("浙江省", "杭州市")


@pytest.mark.parametrize(
    ("days_ago", "times", "each_fen", "scores", "standing"),
    [
        (0, 1, 5_000, (5, 1, 1), Standing.NEW),
        (29, 1, 5_000, (5, 1, 1), Standing.NEW),
        (30, 1, 5_000, (5, 1, 1), Standing.STEADY),
        (31, 2, 5_000, (4, 2, 2), Standing.STEADY),
        (60, 3, 10_000, (4, 3, 3), Standing.POTENTIAL),
        (60, 5, 16_000, (4, 4, 4), Standing.VALUABLE),
        (180, 5, 16_000, (2, 4, 4), Standing.CHURNING),
        (181, 8, 1_000, (1, 5, 1), Standing.CHURNING),
        (181, 2, 1_000, (1, 2, 1), Standing.SLEEPING),
        (90, 1, 80_000, (3, 1, 4), Standing.POTENTIAL),
    ],
)
def test_the_shops_own_borders_make_the_classes(
    days_ago: int, times: int, each_fen: int, scores: tuple[int, int, int], standing: Standing
) -> None:
    """Within 30, 60, 90, 180 days; from 2, 3, 5, 8 orders and 100, 300, 800, 2,000 yuan on."""
    _rules()
    owner = members.member("甲")
    for _ in range(times):
        bought(owner, each_fen, at=AT - days_ago * DAY)
    audiences.reckon_due(at=AT)
    row = _of("甲")
    assert ((row.r, row.f, row.m), row.standing) == (scores, standing)


def test_fifths_part_those_who_bought_and_equals_score_the_same() -> None:
    for number in range(1, 11):
        owner = members.member(f"客{number}", registered_at=AT - 500 * DAY)
        bought(owner, number * 1_000, at=AT - (100 + 10 * number) * DAY)
    members.member("看客")
    audiences.reckon_due(at=AT)
    night = Reckoning.objects.get()
    assert (night.days, night.money_fen) == ([120, 140, 160, 180], [2_001, 4_001, 6_001, 8_001])
    assert [_of(f"客{number}").r for number in range(1, 11)] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert [_of(f"客{number}").m for number in range(1, 11)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    # All bought once: nobody did oftener than the others.
    assert {_of(f"客{number}").f for number in range(1, 11)} == {1}
    assert (_of("看客").standing, night.sizes["NEVER"], sum(night.sizes.values())) == ("NEVER", 1, 11)


def test_by_day_only_whose_orders_changed_are_looked_at() -> None:
    _rules()
    early, late = members.member("甲"), members.member("乙")
    for _ in range(2):
        bought(early, 6_000, at=AT - 40 * DAY)
    assert audiences.reckon_due(at=AT) > 0
    assert audiences.reckon_due(at=AT) == 0
    bought(late, 6_000, at=AT + DAY / 24)
    assert audiences.reckon_due(at=AT + DAY / 12) == 1
    assert _of("乙").standing == Standing.NEW
    assert Reckoning.objects.get().seen_until == AT + DAY / 12


def test_a_refund_and_the_end_of_the_window_are_noticed() -> None:
    _rules(window_days=365)
    owner = members.member("甲")
    bought(owner, 6_000, at=AT - 364 * DAY)
    kept = bought(owner, 7_000, at=AT - 100 * DAY)
    audiences.reckon_due(at=AT)
    assert (_of("甲").orders, _of("甲").spent_fen) == (2, 13_000)
    audiences.reckon_due(at=AT + DAY)
    assert (_of("甲").orders, _of("甲").spent_fen, _of("甲").orders_ever) == (1, 7_000, 2)
    Order.objects.filter(pk=kept.pk).update(refunded_fen=1_000)
    kept.refunds.create(
        refund_no="RF1", token="t", reason="降价", goods_fen=1_000, shipping_fen=0, wechat_fen=1_000,
        balance_fen=0, units_unsent=0, units_sent=0, at=AT + DAY,
    )  # fmt: skip
    audiences.reckon_due(at=AT + 2 * DAY)
    assert _of("甲").spent_fen == 6_000


def test_a_class_says_since_when() -> None:
    _rules()
    owner = members.member("甲")
    bought(owner, 6_000, at=AT - 10 * DAY)
    audiences.reckon_due(at=AT)
    audiences.reckon_due(at=AT + DAY)
    assert (_of("甲").standing, _of("甲").since) == (Standing.NEW, AT)
    audiences.reckon_due(at=AT + 25 * DAY)
    assert (_of("甲").standing, _of("甲").since) == (Standing.STEADY, AT + 25 * DAY)


def test_who_bought_nothing_that_they_kept_never_bought() -> None:
    _rules()
    owner = members.member("甲")
    order = bought(owner, 6_000, at=AT - DAY)
    audiences.reckon_due(at=AT)
    Order.objects.filter(pk=order.pk).update(status="REFUNDED", refunded_fen=6_000)
    audiences.reckon_due(at=AT + DAY)
    assert (_of("甲").standing, _of("甲").r, _of("甲").last_paid_at) == (Standing.NEVER, 0, None)


def test_the_night_begins_at_two_in_shanghai() -> None:
    _rules()
    members.member("甲")
    audiences.reckon_due(at=AT)
    one = timezone.localtime(AT).replace(hour=1, minute=59) + DAY
    audiences.reckon_due(at=one)
    assert Reckoning.objects.count() == 1
    audiences.reckon_due(at=one + DAY / 1_440)
    assert Reckoning.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"own_days": [30, 30, 90, 180]}, "own_days"),
        ({"own_orders": [1, 2, 3]}, "own_orders"),
        ({"own_money_fen": [4, 3, 2, 1]}, "own_money_fen"),
        ({"own_days": [1, 2, 3, 4_000]}, "own_days"),
        ({"window_days": 0}, "window_days"),
    ],
)
def test_borders_that_do_not_rise_are_refused_by_name(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(RulesRefused) as refusal:
        _rules(**fields)
    assert field in refusal.value.details
