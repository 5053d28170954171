"""Paid orders: what a notification does in one statement is what the rooms' verbs do one after the other, and what is not as
usual is carried out, or refused, as if nobody had tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.base import fault_words
from apps.checkout import bills, hearing, paying, scarce
from apps.coupons import services as coupons
from apps.inventory import services as inventory
from apps.orders import services as orders
from apps.orders.models import Order
from apps.orders.states import Actor
from apps.payments import services as payments
from apps.payments.models import Notification, Payment, Refund
from apps.payments.services import notifications
from apps.points import services as points
from apps.promotions import services as promotions
from apps.wallet import services as wallet
from apps.wechat.pay import facts, notify
from mall import events
from mall.errors import ShopError
from tests import tables
from tests.apps.checkout import make
from tests.apps.checkout.varied import MINUTE, outcome, varied
from tests.apps.coupons import make as coupon_make
from tests.apps.groupbuy import make as groups
from tests.apps.payments import make as money

pytestmark = pytest.mark.django_db
LATER = make.NOW + timedelta(hours=1)

Told = notify.Notification


def told(attempt: Payment, *, notify_id: str = "", **changes: Any) -> Told:
    """The notification that an attempt was paid."""
    return Told(
        id=notify_id or f"N{attempt.payment_no}",
        event_type="TRANSACTION.SUCCESS",
        original_type="transaction",
        resource=money.resource(attempt, **changes),
    )


def attempt_of(order: Order, **columns: Any) -> Payment:
    return money.attempt(order, at=make.NOW, amount_fen=order.due_fen, **columns)


def hear(said: Sequence[Told]) -> list[str]:
    """Hear all of these, each a minute after the other; return what was refused."""
    refused = []
    for number, one in enumerate(said):
        try:
            hearing.hear(notification=one, at=LATER + number * MINUTE)
        except ShopError as refusal:
            refused.append(refusal.code)
    return refused


def by_verbs(said: Sequence[Told]) -> list[str]:
    """The same by the verbs of each room, one after the other, for orders of goods."""
    refused = []
    for number, one in enumerate(said):
        at = LATER + number * MINUTE
        kept = notifications.keep(notification=one, at=at)
        try:
            with transaction.atomic():
                _pay_by_verbs(one, kept.pk, at)
        except ShopError as refusal:
            refused.append(refusal.code)
            notifications.mark_failed(notification_id=kept.pk, why=str(refusal), at=at)
    return refused


def _pay_by_verbs(one: Told, notification_id: int, at: Any) -> None:
    settled = payments.settle(
        transaction=facts.transaction(one.resource),
        why_not=lambda kind, no, *, order, paid_at: bills.of(kind).why_not(no, paid_at=paid_at),
        notification_id=notification_id,
        at=at,
    )
    order_no = settled.payment.bill_no
    member_id = Order.objects.get(order_no=order_no).member_id
    news = events.OrderPaid(order_no=order_no, member_id=member_id)
    order = orders.move(order_no=order_no, move="pay", actor=Actor.WECHAT, news=news, at=at)
    promotions.commit(order_no=order_no, at=at)
    coupons.commit(order_no=order_no, at=at)
    if order.points_used:
        points.commit(order_no=order_no, at=at)
    if order.balance_fen:
        wallet.commit(order_no=order_no, at=at)
    inventory.commit(order_no=order_no, at=at)


def test_it_leaves_every_table_as_the_verbs_one_by_one_do(settings: Any) -> None:
    said = [told(attempt_of(order)) for order in varied(settings)]
    before = tables.written()
    refused: list[list[str]] = []

    at_once = outcome(lambda: refused.append(hear(said)))
    single = outcome(lambda: refused.append(by_verbs(said)))

    assert tables.differing(at_once, single) == {}
    # Of what an interrupted hand had given back nothing can be used up.
    gone = ["stock_gone", "coupon_gone", "points_gone", "balance_gone", "promotion_usage_conflict"]
    assert refused == [gone, gone]
    assert set(tables.differing(before, at_once)) >= {
        *(
            "orders_order",
            "orders_ordermove",
            "outbox_announcement",
            "payments_payment",
            "payments_notification",
        ),
        *(
            "inventory_stock",
            "inventory_hold",
            "inventory_stockentry",
            "coupons_coupon",
            "coupons_couponmove",
        ),
        *("points_account", "points_spending", "wallet_account", "wallet_spending", "promotions_usage"),
    }


def test_an_order_of_two_goods_with_a_coupon_and_a_promotion_takes_two_statements() -> None:
    cup, pot = make.goods(6000), make.goods(7000)
    make.promotion(label="满50减5", steps=[[5000, 500]])
    member, address = make.buyer()
    coupon_make.coupon(member, of=coupon_make.template("减10", off_fen=1000))
    order = make.order(member, address, [(cup, 1), (pot, 1)])
    assert [held.__class__.__name__ for held in scarce.HOLDERS if held.concerns(order)] == [
        "Promotions",
        "Coupons",
        "Stock",
    ]
    one = told(attempt_of(order))

    with CaptureQueriesContext(connection) as seen:
        hearing.hear(notification=one, at=LATER)

    asked = [text for query in seen if not (text := query["sql"]).startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == 2
    order.refresh_from_db()
    assert order.status == "PAID"


def _plain() -> Order:
    return make.order(*make.buyer(), [(make.goods(5000), 1)])


def _late() -> list[Told]:
    order = _plain()
    one = told(attempt_of(order, status="CLOSED", closed_at=make.NOW))
    make.close(order)
    return [one]


def _after_its_attempt_was_closed() -> list[Told]:
    return [told(attempt_of(_plain(), status="CLOSED", closed_at=make.NOW))]


def _twice() -> list[Told]:
    order = _plain()
    first = attempt_of(order, status="CLOSED", closed_at=make.NOW)
    return [told(first), told(attempt_of(order))]


def _told_again() -> list[Told]:
    attempt = attempt_of(_plain())
    return [told(attempt), told(attempt), told(attempt, notify_id="another")]


def _under_another_number() -> list[Told]:
    attempt = attempt_of(_plain())
    return [told(attempt), told(attempt, notify_id="another", transaction_id="42OTHER")]


def _a_number_that_is_anothers() -> list[Told]:
    return [told(attempt_of(_plain()), transaction_id="42SAME") for _ in range(2)]


def _another_amount() -> list[Told]:
    return [told(attempt_of(_plain()), amount_fen=1)]


def _refused_and_told_in_order() -> list[Told]:
    attempt = attempt_of(_plain())
    return [told(attempt, amount_fen=1), told(attempt)]


def _nobody_paid() -> list[Told]:
    attempt = attempt_of(_plain())
    return [told(attempt, trade_state="NOTPAY"), told(attempt)]


def _another_shop() -> list[Told]:
    return [told(attempt_of(_plain()), mchid="1900000001")]


def _back_by_the_console() -> list[Told]:
    attempt = attempt_of(_plain())
    Refund.objects.create(
        refund_no="RF1",
        origin="CONSOLE",
        payment=attempt,
        status="PROCESSING",
        amount_fen=attempt.amount_fen,
        reason="商户平台",
        business_key="console:RF1",
        due_at=LATER,
        requested_at=make.NOW,
    )
    return [told(attempt)]


def _told_to_be_back() -> list[Told]:
    return [told(attempt_of(_plain()), trade_state="REFUND")]


def _a_number_nobody_has() -> list[Told]:
    attempt = attempt_of(_plain())
    return [told(attempt, out_trade_no="PYNOBODY")]


def _a_group() -> list[Told]:
    row = groups.campaign(make.goods(5000, units=9))
    return [told(attempt_of(groups.order(row, group=groups.opened(row))))]


CASES: dict[str, tuple[Callable[[], list[Told]], list[str]]] = {
    "late": (_late, []),
    "after its attempt was closed": (_after_its_attempt_was_closed, []),
    "twice": (_twice, []),
    "told again": (_told_again, []),
    "under another number": (_under_another_number, ["payment_transaction_conflict"]),
    "a number that is another's": (_a_number_that_is_anothers, ["payment_transaction_conflict"]),
    "another amount": (_another_amount, ["payment_amount_doubtful"]),
    "refused, and told in order": (_refused_and_told_in_order, ["payment_amount_doubtful"]),
    "nobody paid": (_nobody_paid, []),
    "another shop": (_another_shop, ["payment_not_ours"]),
    "back by the console": (_back_by_the_console, []),
    "told to be back": (_told_to_be_back, []),
    "a number nobody has": (_a_number_nobody_has, ["payment_not_found"]),
    "a group": (_a_group, []),
}


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_told_ends_as_where_all_is_kept_first(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make_them, refusals = CASES[case]
    said = make_them()
    before = tables.written()
    refused: list[list[str]] = []

    at_once = outcome(lambda: refused.append(hear(said)))
    monkeypatch.setattr(hearing, "_heard_as_usual", lambda notification, *, at: False)
    kept_first = outcome(lambda: refused.append(hear(said)))

    assert tables.differing(at_once, kept_first) == {}
    assert refused == [refusals, refusals]
    assert "payments_notification" in tables.differing(before, at_once)


@pytest.mark.parametrize("usual", [True, False])
def test_a_notification_that_waited_in_vain_says_so(usual: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    one = told(attempt_of(_plain()))
    if not usual:
        monkeypatch.setattr(hearing, "_heard_as_usual", lambda notification, *, at: False)

    def waiting(**_: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)")

    for verb in ("confirm_as_usual", "confirm_payment"):
        monkeypatch.setattr(paying, verb, waiting)
    with pytest.raises(OperationalError):
        hearing.hear(notification=one, at=LATER)
    kept = Notification.objects.get()
    assert (kept.handled_at, kept.due_at) == (None, LATER + MINUTE)
    assert kept.last_error == "OperationalError [57014]"
    assert fault_words.told(kept.last_error) == "数据库繁忙（OperationalError [57014]）"


def test_where_our_own_code_fails_the_notification_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    order = _plain()
    one = told(attempt_of(order))

    def broken(**_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(inventory, "committing", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        hearing.hear(notification=one, at=LATER)

    order.refresh_from_db()
    kept = Notification.objects.get()
    assert (order.status, kept.handled_at, kept.due_at) == ("UNPAID", None, LATER + MINUTE)
    assert kept.last_error == "RuntimeError: a bug"
    monkeypatch.undo()
    hearing.hear(notification=one, at=LATER + MINUTE)
    order.refresh_from_db()
    assert (order.status, Notification.objects.get().handled_at) == ("PAID", LATER + MINUTE)
