"""Coupons in shops: a pass of five minutes, one use, what it takes off, and undoing it."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from apps.base.models import AuditEntry
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons import till
from apps.coupons.models import Coupon, PassTries, StorePass, StoreUse
from apps.coupons.services import store_uses, templates
from apps.coupons.services.store_uses import PassExpired, PassInvalid, TooLateToUndo
from apps.members.models import Member
from apps.stores.models import Place
from mall.errors import Invalid, NotFound
from tests.apps.catalog.make import product
from tests.apps.coupons.make import AT, DAY, SECOND, coupon, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cashier(db: None) -> User:
    return User.objects.create_user("cashier", is_staff=True)


@pytest.fixture
def shop(db: None) -> Place:
    return Place.objects.create(name="西湖门店", kind="SHOP")


def shown(mine: Coupon, at: datetime = AT) -> str:
    return store_uses.make_pass(member=mine.member, coupon_id=str(mine.public_id), at=at).code


def use(mine: Coupon, cashier: User, shop: Place, *, at: datetime = AT, **said: Any) -> StoreUse:
    whole = {"goods_fen": 6000, **said}
    code = whole.pop("code", None) or shown(mine, at)
    return store_uses.use(operator=cashier, code=code, place_id=shop.pk, at=at, **whole)


def now(mine: Coupon) -> tuple[str, str]:
    mine.refresh_from_db()
    return mine.status, mine.order_no


def test_a_coupon_is_used_at_the_till_for_what_it_takes_off_there(cashier, shop):
    mine = coupon()
    code = shown(mine)
    found = store_uses.look_up(operator=cashier, code=code, goods_fen=6000, at=AT)
    assert (found.coupon, found.off_fen) == (mine, 1000)
    assert now(mine) == ("AVAILABLE", "")
    used = store_uses.use(
        operator=cashier, code=code, place_id=shop.pk, goods_fen=6000, receipt_no="7", at=AT + MINUTE
    )
    assert (used.goods_fen, used.off_fen, used.due_fen, used.place, used.receipt_no) == (
        6000,
        1000,
        5000,
        shop,
        "7",
    )
    assert now(mine) == ("USED", used.use_no)
    move = mine.moves.get()
    assert (move.move, move.order_no, move.operator) == ("use", used.use_no, cashier)
    assert not coupon_facts.unbalanced().exists()


@pytest.mark.parametrize(
    ("figures", "goods_fen", "off_fen"),
    [
        ({"kind": "NO_THRESHOLD", "threshold_fen": 0, "off_fen": 500}, 6000, 500),
        ({"kind": "NO_THRESHOLD", "threshold_fen": 0, "off_fen": 500}, 300, 300),
        ({"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 1500}, 10_000, 1500),
        (
            {"kind": "PERCENT", "threshold_fen": 0, "off_fen": None, "off_bp": 1500, "cap_fen": 1200},
            10_000,
            1200,
        ),
        ({}, 5000, 1000),
    ],
)
def test_every_kind_takes_off_what_it_says(figures: dict[str, Any], goods_fen: int, off_fen: int):
    assert till.off_fen(coupon(of=template(**figures)), goods_fen=goods_fen) == off_fen


def test_a_threshold_that_is_not_reached_says_what_is_missing(cashier, shop):
    mine = coupon()
    with pytest.raises(till.TakesNothingOff) as refused:
        use(mine, cashier, shop, goods_fen=4200)
    assert refused.value.details == {"short_by_fen": 800}
    assert now(mine) == ("AVAILABLE", "")


def test_the_till_asks_only_for_what_goods_in_scope_cost():
    of = template(product_ids=[product().pk])
    assert till.off_fen(coupon(of=of), goods_fen=5000) == 1000


def test_a_pass_lives_five_minutes_and_the_next_one_replaces_it(cashier, shop):
    mine = coupon()
    first = shown(mine)
    with pytest.raises(PassExpired):
        store_uses.look_up(operator=cashier, code=first, goods_fen=6000, at=AT + 5 * MINUTE)
    last = AT + 5 * MINUTE - SECOND
    assert store_uses.look_up(operator=cashier, code=first, goods_fen=6000, at=last).coupon == mine
    second = shown(mine, AT + MINUTE)
    with pytest.raises(PassInvalid):
        use(mine, cashier, shop, code=first)
    assert use(mine, cashier, shop, code=second).coupon == mine


@pytest.mark.parametrize("typed", ["{}", " {} ", "CP{}", "cp{}"])
def test_a_pass_may_be_typed_or_scanned(cashier, typed: str):
    mine = coupon()
    code = typed.format(shown(mine))
    assert store_uses.look_up(operator=cashier, code=code, goods_fen=6000, at=AT).coupon == mine


def test_a_pass_is_made_for_ones_own_coupon_that_a_shop_takes_now():
    mine, stranger = coupon(), make.member()
    with pytest.raises(NotFound):
        store_uses.make_pass(member=stranger, coupon_id=str(mine.public_id), at=AT)
    online = coupon(of=template(channel="ONLINE"))
    freight = coupon(of=template(kind="FREIGHT", threshold_fen=3000, off_fen=600))
    for other in (online, freight):
        with pytest.raises(till.NotForShops):
            shown(other)
    held, later = coupon(), coupon(of=template(valid_from=AT + DAY, valid_until=AT + 2 * DAY))
    coupons.hold(order_no="SO1", member_id=held.member_id, public_ids=[held.public_id], at=AT)
    for other in (held, later):
        with pytest.raises(coupons.CouponUnavailable):
            shown(other)
    with pytest.raises(coupons.CouponUnavailable):
        shown(mine, AT + 7 * DAY)
    assert not StorePass.objects.exists()


def test_a_coupon_that_an_order_took_after_the_pass_was_made_is_not_used_twice(cashier, shop):
    mine = coupon()
    code = shown(mine)
    coupons.hold(order_no="SO1", member_id=mine.member_id, public_ids=[mine.public_id], at=AT)
    with pytest.raises(coupons.CouponUnavailable):
        store_uses.look_up(operator=cashier, code=code, goods_fen=6000, at=AT)
    with pytest.raises(coupons.CouponUnavailable):
        use(mine, cashier, shop, code=code)
    assert now(mine) == ("HELD", "SO1")
    assert not StoreUse.objects.exists()


def test_a_coupon_that_was_recalled_or_has_ended_is_not_used(cashier, shop):
    ends, recalled = coupon(), coupon()
    late = AT + 7 * DAY
    code = shown(ends, late - MINUTE)
    with pytest.raises(coupons.CouponUnavailable):
        store_uses.use(operator=cashier, code=code, place_id=shop.pk, goods_fen=6000, at=late)
    code = shown(recalled)
    Coupon.objects.filter(pk=recalled.pk).update(recalled_at=AT)
    with pytest.raises(coupons.CouponUnavailable):
        use(recalled, cashier, shop, code=code)


def test_a_warehouse_is_no_shop(cashier):
    mine = coupon()
    warehouse = Place.objects.create(name="总仓")
    with pytest.raises(NotFound):
        use(mine, cashier, warehouse)
    assert now(mine) == ("AVAILABLE", "")


def test_the_same_confirmation_sent_twice_counts_once(cashier, shop):
    mine = coupon()
    code = shown(mine)
    first = use(mine, cashier, shop, code=code)
    assert use(mine, cashier, shop, code=code) == first
    with pytest.raises(coupons.CouponUnavailable):
        use(mine, cashier, shop, code=code, goods_fen=9000)
    with pytest.raises(coupons.CouponUnavailable):
        use(mine, User.objects.create_user("other"), shop, code=code)
    assert StoreUse.objects.count() == 1


def test_twenty_wrong_passes_an_hour_then_wait_and_right_ones_cost_nothing(cashier):
    mine = coupon()

    def look(code: str, at: datetime = AT) -> Any:
        return store_uses.look_up(operator=cashier, code=code, goods_fen=6000, at=at)

    for _ in range(30):
        look(shown(mine))
    for number in range(20):
        with pytest.raises(PassInvalid):
            look(f"9999999{number}")
    for code in (shown(mine), "99999999"):
        with pytest.raises(coupons.TooManyTries) as refused:
            look(code)
    assert refused.value.details == {"retry_after": 3600}
    other = User.objects.create_user("other")
    assert store_uses.look_up(operator=other, code=shown(mine), goods_fen=6000, at=AT).coupon == mine
    hour = AT + timedelta(hours=1)
    assert look(shown(mine, hour), hour).coupon == mine
    assert PassTries.objects.get(operator=cashier).wrong == 0


def test_a_use_is_undone_within_a_day_and_the_coupon_serves_again(cashier, shop):
    mine, manager = coupon(), User.objects.create_user("manager")
    used = use(mine, cashier, shop)
    for _ in range(2):
        store_uses.undo(use_id=used.pk, operator=manager, reason="顾客退货", at=AT + DAY - SECOND)
    used.refresh_from_db()
    assert (used.undone_by, used.undone_why, used.undone_at) == (manager, "顾客退货", AT + DAY - SECOND)
    assert now(mine) == ("AVAILABLE", "")
    back = mine.moves.get(move="restore")
    assert (back.operator, back.note, back.order_no) == (manager, "顾客退货", used.use_no)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.operator) == ("撤销门店核销", used.use_no, manager)
    again = use(mine, cashier, shop, at=AT + DAY)
    assert now(mine) == ("USED", again.use_no)
    assert not coupon_facts.unbalanced().exists()


def test_a_use_of_yesterday_is_not_undone(cashier, shop):
    used = use(coupon(), cashier, shop)
    with pytest.raises(TooLateToUndo):
        store_uses.undo(use_id=used.pk, operator=cashier, reason="顾客退货", at=AT + DAY)
    with pytest.raises(NotFound):
        store_uses.undo(use_id=used.pk + 1, operator=cashier, reason="顾客退货", at=AT)


@pytest.mark.parametrize(("recalled", "status"), [(False, "EXPIRED"), (True, "REVOKED")])
def test_what_comes_back_past_its_end_or_recalled_is_good_no_more(cashier, shop, recalled, status):
    mine = coupon()
    end = AT + 7 * DAY
    used = use(mine, cashier, shop, at=end - SECOND)
    if recalled:
        Coupon.objects.filter(pk=mine.pk).update(recalled_at=end)
    store_uses.undo(use_id=used.pk, operator=cashier, reason="顾客退货", at=end)
    assert now(mine) == (status, "")
    assert not coupon_facts.unbalanced().exists()


def test_passes_are_forgotten_an_hour_after_their_end_and_the_uses_stay(cashier, shop):
    mine = coupon()
    use(mine, cashier, shop)
    shown(coupon(), AT + timedelta(hours=1))
    assert store_uses.forget_passes(at=AT + timedelta(minutes=65) - SECOND) == 0
    assert store_uses.forget_passes(at=AT + timedelta(minutes=65)) == 1
    assert (StorePass.objects.count(), StoreUse.objects.count()) == (1, 1)


def test_the_table_refuses_a_second_live_use_and_figures_that_do_not_add_up(cashier, shop):
    used = use(coupon(), cashier, shop)
    fields = {"coupon": used.coupon, "place": shop, "operator": cashier, "at": AT}
    for wrong in (
        {"goods_fen": 6000, "off_fen": 1000},
        {"goods_fen": 900, "off_fen": 1000},
        {"goods_fen": 900, "off_fen": 0},
        {"goods_fen": 6000, "off_fen": 1000, "undone_at": AT},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            StoreUse.objects.create(use_no="SU2", **fields, **wrong)


def test_a_freight_coupon_is_for_the_mini_program():
    assert template(kind="FREIGHT", threshold_fen=3000, off_fen=600).channel == "ONLINE"
    for channel in ("STORE", "BOTH"):
        with pytest.raises(Invalid):
            templates.create(name="运费券", kind="FREIGHT", channel=channel, valid_days=7)


def rows(uses: QuerySet[StoreUse]) -> list[list[str]]:
    text = "".join(coupon_facts.store_uses_as_csv(uses, chunk=1))
    assert text[0] == "\ufeff"
    return list(csv.reader(text[1:].splitlines()))


def test_the_sheet_has_every_use_with_figures_in_yuan_and_times_of_shanghai(cashier, shop):
    owner: Member = make.member("=HYPERLINK(1)")
    first = use(coupon(owner), cashier, shop, receipt_no="20260302000100010001")
    second = use(coupon(make.member("小茶")), cashier, shop, goods_fen=5000, at=AT + MINUTE)
    store_uses.undo(use_id=second.pk, operator=cashier, reason="顾客退货", at=AT + 2 * MINUTE)
    head, newest, oldest = rows(StoreUse.objects.all())
    assert len(head) == len(newest) == 13
    assert oldest == [
        *(first.use_no, "2026-03-02 12:00:00", "西湖门店", "满50减10", owner.public_id),
        *("'=HYPERLINK(1)", "60.00", "10.00", "50.00", "20260302000100010001\t", "cashier", "", ""),
    ]
    assert newest[5:] == [
        *("小茶", "50.00", "10.00", "40.00", "", "cashier", "2026-03-02 12:02:00", "顾客退货"),
    ]
