"""A new kind of bill needs its adapter and a line in the table only: tried with two stages of an order, and with a tip."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.aftersales import selectors as refund_facts
from apps.base import clauses
from apps.base.clauses import Clause
from apps.checkout import asking, bills, closing, handlers, paying
from apps.checkout import personal as checkout_personal
from apps.checkout.bills.orders import WholeOrder
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import uploads
from apps.members.models import Member
from apps.orders.models import Order, OrderRefund
from apps.orders.states import Actor
from apps.outbox import services as outbox
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import refunds
from apps.payments.states import SurplusReason
from apps.wechat.pay import facts
from apps.wechat.sandbox.control import Sandbox
from mall import events
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout import make as counter
from tests.apps.fulfillment import make as fulfillment
from tests.apps.members import make as members
from tests.apps.payments import make
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
_serial = count(4_200_001)


class Deposit(WholeOrder):
    """Ten yuan before the rest; the order goes on waiting."""

    name, label = "deposit", "定金"

    def ask(self, bill_no: str, *, at: datetime) -> payments.Bill:
        return replace(super().ask(bill_no, at=at), kind=self.name, amount_fen=1000)

    def waits(self, bill_no: str) -> bool:
        return super().waits(bill_no) and not self.is_paid(bill_no)

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        return super().why_not(bill_no, paid_at=paid_at) or (
            SurplusReason.DOUBLE if self.is_paid(bill_no) else None
        )

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        """The order waits for the balance."""
        clauses.run(behind)

    def overdue(self, **_: Any) -> Sequence[bills.Overdue]:
        return ()

    def is_due_of(self, order: Order) -> bool:
        return self.waits(order.order_no)

    def is_paid(self, bill_no: str) -> bool:
        return payment_facts.captured_for(bill_kind="deposit", bill_no=bill_no) is not None


class Balance(Deposit):
    """The rest, after the deposit."""

    name, label = "balance", "尾款"

    def ask(self, bill_no: str, *, at: datetime) -> payments.Bill:
        whole = bills.ORDER.ask(bill_no, at=at)
        return replace(whole, kind=self.name, amount_fen=whole.amount_fen - 1000)

    def waits(self, bill_no: str) -> bool:
        return bills.ORDER.waits(bill_no) and self.is_paid(bill_no)

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        return bills.ORDER.why_not(bill_no, paid_at=paid_at)

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        bills.ORDER.paid(bill_no, behind=behind, by=by, at=at)


class Tip(bills.Kind):
    """Two yuan for the shop's cat; nothing travels, and nobody has an order."""

    name, label = "tip", "打赏"

    def __init__(self, until: datetime, openid: str) -> None:
        self.status, self.until, self.openid = "UNPAID", until, openid

    def page(self, bill_no: str) -> str:
        return f"/cat/{bill_no}/"

    def ask(self, bill_no: str, *, at: datetime) -> payments.Bill:
        if self.status != "UNPAID":
            raise payments.NotPayable
        return payments.Bill(
            kind=self.name,
            no=bill_no,
            amount_fen=200,
            openid=self.openid,
            description="猫粮",
            expires_at=self.until,
        )

    def waits(self, bill_no: str) -> bool:
        return self.status == "UNPAID"

    lock = waits

    def why_not(self, bill_no: str, *, paid_at: datetime) -> SurplusReason | None:
        return None if self.status == "UNPAID" else SurplusReason.LATE

    def paid(self, bill_no: str, *, behind: Sequence[Clause] = (), by: Actor, at: datetime) -> None:
        clauses.run(behind)
        self.status = "PAID"
        outbox.publish(events.UploadAsked(bill_kind=self.name, bill_no=bill_no), at=at)

    def console_refunded(self, payment: Payment, *, at: datetime) -> bool:
        self.status = f"BACK {payment.bill_no}"
        return True

    def own_numbers(self, *, member_id: int) -> Sequence[str]:
        return ["TIP1"] if Member.objects.filter(pk=member_id, openid=self.openid).exists() else []

    def given_up(self, bill_no: str, *, by: bills.By, at: datetime) -> None:
        self.status = f"CLOSED {by.actor.value} {by.why}"

    def overdue(
        self, *, at: datetime, after: tuple[datetime, int] | None, limit: int
    ) -> Sequence[bills.Overdue]:
        due = self.status == "UNPAID" and self.until <= at and after is None
        return [bills.Overdue(self.until, 1, "TIP1")] if due else ()

    def upload(self, payment: Payment, *, at: datetime) -> None:
        uploads.upload_virtual(
            bill_kind=self.name,
            bill_no=payment.bill_no,
            transaction_id=payment.transaction_id or "",
            openid=self.openid,
            what="猫粮",
            at=at,
        )


@pytest.fixture
def in_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every order is paid as a deposit of ten yuan, and a balance."""
    monkeypatch.setattr(bills, "KINDS", (Deposit(), Balance(), bills.ORDER, bills.RECHARGE))


@pytest.fixture
def shopper(wechat: Sandbox, settings: Any) -> Member:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:9"  # no notification ever arrives
    return members.member(openid=wechat.login("小茶").openid)


@pytest.fixture
def tip(monkeypatch: pytest.MonkeyPatch, shopper: Member) -> Tip:
    """A kind that knows of one tip, TIP1."""
    kind = Tip(timezone.now() + 30 * MINUTE, shopper.openid)
    monkeypatch.setattr(bills, "KINDS", (*bills.KINDS, kind))
    return kind


def pays(order: Order, wechat: Sandbox) -> int:
    """The shopper presses "pay" and pays what WeChat asks; returns how much that was. The shop finds out by asking."""
    asked = paying.pay(member=order.member, order_no=order.order_no, at=timezone.now())
    assert asked is not None
    wechat.pay(order.member.openid, asked)
    assert asking.query_unheard(at=timezone.now() + 2 * MINUTE) == 1
    return payment_facts.of_order(order_no=order.order_no)[0].captured_fen


def captured(order: Order, kind: str, amount_fen: int, *, at: datetime = make.AT) -> Payment:
    """A used payment of one of the order's bills."""
    number = str(next(_serial))
    return make.attempt(
        order,
        bill_kind=kind,
        amount_fen=amount_fen,
        captured_fen=amount_fen,
        status="CAPTURED",
        transaction_id=number,
        captured_at=at,
    )


def gives(order: Order, amount_fen: int, cause: str = "refund:RO1") -> list[tuple[str, int]]:
    """Which bills of the order give how much for a refund."""
    made = payments.refund_order(
        order_id=order.pk, amount_fen=amount_fen, reason="", business_key=cause, at=make.AT
    )
    return [(row.payment.bill_kind, row.amount_fen) for row in made]


def test_an_order_in_two_stages_is_paid_told_and_refunded_with_two_adapters_only(
    in_stages: None, shopper: Member, wechat: Sandbox, admin_client: Client
) -> None:
    fulfillment.carriers()
    cup = counter.goods(1000, units=5)
    order = counter.order(shopper, members.address(shopper), [(cup, 3)], at=timezone.now())

    assert (pays(order, wechat), aftersales.fresh(order).status) == (1000, "UNPAID")
    assert (pays(order, wechat), aftersales.fresh(order).status) == (2000, "PAID")
    assert [(row.bill_kind, row.bill_no) for row in order.payments.order_by("id")] == [
        ("deposit", order.order_no),
        ("balance", order.order_no),
    ]
    assert paying.pay(member=shopper, order_no=order.order_no, at=timezone.now()) is None

    fulfillment.parcel(order, at=timezone.now())
    outbox.deliver_due(at=timezone.now())
    assert sorted(told["transaction_id"] for told in wechat.shipments()) == sorted(
        row.transaction_id or "" for row in order.payments.all()
    )
    rows = ShippingUpload.objects.filter(order=order).order_by("id")
    assert [(row.bill_kind, row.status) for row in rows] == [("deposit", "DONE"), ("balance", "DONE")]

    now = timezone.now()
    refund = aftersales.refund(order, {cup: 2}, at=now)
    assert refund.wechat_fen == 2000
    aftersales.refund(order, {cup: 1}, at=now)
    assert list(Refund.objects.order_by("id").values_list("payment__bill_kind", "amount_fen")) == [
        ("balance", 2000),
        ("deposit", 1000),
    ]
    assert refunds.submit_due(at=now) == 2
    for row in Refund.objects.select_related("payment"):
        refunds.apply_result(result=facts.refund(make.refunded(row)), at=now)
    assert sorted(row.refunded_fen for row in order.payments.all()) == [1000, 2000]

    page = admin_client.get("/admin/payments/payment/").content.decode()
    assert f"定金 {order.order_no}" in page
    assert f"尾款 {order.order_no}" in page
    only = admin_client.get("/admin/payments/payment/?paid_for=deposit").content.decode()
    assert (f"定金 {order.order_no}" in only, f"尾款 {order.order_no}" in only) == (True, False)


def test_an_order_in_stages_closes_only_when_none_of_its_bills_can_be_paid(
    in_stages: None, shopper: Member, wechat: Sandbox
) -> None:
    cup = counter.goods(1000, units=5)
    order = counter.order(shopper, members.address(shopper), [(cup, 3)], at=timezone.now())
    pays(order, wechat)
    paying.pay(member=shopper, order_no=order.order_no, at=timezone.now())  # the balance is open
    assert closing.close_expired(at=order.expires_at) == 1
    assert aftersales.fresh(order).status == "CLOSED"
    assert sorted(row["state"] for row in wechat.transactions()) == ["CLOSED", "SUCCESS"]


def test_a_balance_that_comes_after_closing_goes_back_and_the_deposit_does_not_go_with_it(
    in_stages: None,
) -> None:
    order = make.order(price_fen=3000)
    captured(order, "deposit", 1000)
    balance = make.attempt(order, bill_kind="balance", amount_fen=2000, status="CLOSED", closed_at=make.AT)
    closing.close_unpaid(order_no=order.order_no, why="", actor=Actor.SYSTEM, at=make.AT)

    settled = paying.confirm_payment(transaction=make.paid(balance), at=make.AT)
    outbox.deliver_due(at=make.AT)

    assert (settled.outcome.value, settled.payment.surplus_reason) == ("surplus", "LATE")
    assert list(Refund.objects.values_list("payment", "amount_fen")) == [(balance.pk, 2000)]


def test_the_latest_payment_gives_first_and_each_at_most_what_is_left_of_it() -> None:
    order = make.order(price_fen=3000)
    captured(order, "balance", 2000, at=make.AT + MINUTE)
    captured(order, "deposit", 1000)
    assert gives(order, 700, "a") == [("balance", 700)]
    assert gives(order, 1800, "b") == [("balance", 1300), ("deposit", 500)]
    with pytest.raises(payments.RefundTooMuch) as refused:
        gives(order, 501, "c")
    assert refused.value.details == {"refundable_fen": 500}
    assert gives(order, 500, "c") == [("deposit", 500)]
    assert sorted(
        sum(row.amount_fen for row in payment.refunds.all()) for payment in order.payments.all()
    ) == [1000, 2000]


def test_whatever_is_refunded_in_whatever_order_all_of_it_is_exactly_what_was_captured() -> None:
    for parts in ([3000], [1, 2999], [2999, 1], [1000, 1000, 1000], [500, 2000, 500], [2000, 1000]):
        order = make.order(price_fen=3000)
        captured(order, "deposit", 1000)
        captured(order, "balance", 2000, at=make.AT + MINUTE)
        for number, part_fen in enumerate(parts):
            assert sum(fen for _, fen in gives(order, part_fen, f"{order.pk}:{number}")) == part_fen
        given = [sum(row.amount_fen for row in payment.refunds.all()) for payment in order.payments.all()]
        assert sorted(given) == [1000, 2000]


def test_the_same_cause_gives_the_same_refunds_under_the_same_numbers() -> None:
    order = make.order(price_fen=3000)
    captured(order, "deposit", 1000)
    captured(order, "balance", 2000, at=make.AT + MINUTE)
    assert gives(order, 2500) == gives(order, 2500) == [("balance", 2000), ("deposit", 500)]
    rows = Refund.objects.order_by("part")
    assert [(row.business_key, row.part) for row in rows] == [("refund:RO1", 1), ("refund:RO1", 2)]
    assert len({row.refund_no for row in rows}) == 2
    with pytest.raises(payments.RefundKeyReused):
        gives(order, 2400)
    other = make.order()
    captured(other, "order", 3000)
    with pytest.raises(payments.RefundKeyReused):
        gives(other, 2500)


def test_money_that_was_never_used_by_the_order_gives_nothing() -> None:
    order = make.order(price_fen=3000)
    with pytest.raises(payments.NotRefundable):
        gives(order, 1)
    make.attempt(
        order,
        status="CAPTURED",
        captured_fen=3000,
        transaction_id="1",
        captured_at=make.AT,
        is_surplus=True,
        surplus_reason="LATE",
    )
    with pytest.raises(payments.NotRefundable):
        gives(order, 1)


def test_a_refund_in_two_parts_has_arrived_when_the_last_part_has(
    in_stages: None, shopper_of: Callable[[Member], Any]
) -> None:
    cup = counter.goods(1000, units=5)
    order = counter.order(*counter.buyer(), [(cup, 3)])
    captured(order, "deposit", 1000)
    paying.confirm_payment(
        transaction=make.paid(make.attempt(order, bill_kind="balance", amount_fen=2000)), at=counter.NOW
    )
    aftersales.refund(order, {cup: 3})
    first, second = Refund.objects.order_by("part")
    assert (first.amount_fen, second.amount_fen) == (2000, 1000)

    def shown() -> tuple[str, str]:
        seen = (
            shopper_of(order.member).call("GET", f"/orders/{order.order_no}").json()["refunds"][0]["status"]
        )
        row = refund_facts.with_money(OrderRefund.objects.all()).get()
        return seen, f"{row.money_status} {'first' if row.money_id == first.pk else 'second'}"

    assert shown() == ("PENDING", "REQUESTED first")
    Refund.objects.filter(pk=first.pk).update(status="SETTLED", settled_at=make.AT)
    assert shown() == ("PENDING", "REQUESTED second")
    Refund.objects.filter(pk=second.pk).update(status="FAILED")
    assert shown() == ("FAILED", "FAILED second")
    Refund.objects.filter(pk=second.pk).update(status="SETTLED", settled_at=make.AT)
    assert shown() == ("DONE", "SETTLED first")


def test_a_bill_of_no_order_is_paid_and_told_with_its_adapter_only(
    tip: Tip, shopper: Member, wechat: Sandbox, admin_client: Client
) -> None:
    def start() -> Any:
        return paying.collect(kind=tip, bill_no="TIP1", at=timezone.now())

    asked = start()
    assert start()["package"] == asked["package"]
    wechat.pay(shopper.openid, asked)
    assert asking.query_unheard(at=timezone.now() + 2 * MINUTE) == 1
    assert tip.status == "PAID"
    with pytest.raises(payments.NotPayable):
        start()

    outbox.deliver_due(at=timezone.now())
    (told,) = wechat.shipments()
    assert [parcel["item_desc"] for parcel in told["parcels"]] == ["猫粮"]
    assert ShippingUpload.objects.get().status == "DONE"
    for place in ("fulfillment/shippingupload", "payments/payment"):
        page = admin_client.get(f"/admin/{place}/?paid_for=tip").content.decode()
        assert "打赏 TIP1" in page
    assert 'href="/cat/TIP1/"' in page


def test_a_bill_of_no_order_that_nobody_pays_is_closed_at_wechat_first(
    tip: Tip, shopper: Member, wechat: Sandbox
) -> None:
    paying.collect(kind=tip, bill_no="TIP1", at=timezone.now())
    assert closing.close_expired(at=tip.until) == 1
    assert tip.status == "CLOSED system 超时未支付"
    assert [row["state"] for row in wechat.transactions()] == ["CLOSED"]
    late = make.paid(Payment.objects.get())
    assert paying.confirm_payment(transaction=late, at=tip.until).outcome.value == "surplus"


def test_a_payable_of_its_own_follows_the_merchant_console_and_holds_an_erasure_up(
    tip: Tip, shopper: Member
) -> None:
    paid = Payment.objects.create(
        payment_no="PYTIP1",
        bill_kind="tip",
        bill_no="TIP1",
        amount_fen=200,
        captured_fen=200,
        status="CAPTURED",
        transaction_id="4200TIP1",
        started_at=make.AT,
        expires_at=make.AT + 30 * MINUTE,
        captured_at=make.AT,
    )
    assert checkout_personal.still_open(shopper.person) == []
    Refund.objects.create(
        refund_no="RF1",
        payment=paid,
        amount_fen=200,
        status="PROCESSING",
        reason="猫不饿",
        business_key="tip:1",
        due_at=make.AT,
        requested_at=make.AT,
    )
    ShippingUpload.objects.create(bill_kind="tip", bill_no="TIP1")
    assert [(one.code, one.text, one.numbers) for one in checkout_personal.still_open(shopper.person)] == [
        ("tip_refunds", "还有打赏退款尚未到账", ("RF1",)),
        ("shipping", "打赏信息正在上传微信", ("TIP1",)),
    ]
    told = checkout_personal.export(shopper.person)
    assert {name: len(rows) for name, rows in told.items()} == {
        "充值支付": 0,
        "充值退款": 0,
        "打赏支付": 1,
        "打赏退款": 1,
    }
    assert checkout_personal.still_open(members.member().person) == []

    handlers.follow_on_console_refunded(
        events.ConsoleRefunded(payment_no=paid.payment_no, refund_no="RF1"), at=make.AT
    )
    assert tip.status == "BACK TIP1"


def test_a_kind_that_is_never_given_up_says_so() -> None:
    class Gift(Tip):
        given_up, overdue = bills.Kind.given_up, bills.Kind.overdue

    gift = Gift(make.AT, "o")
    assert gift.overdue(at=make.AT, after=None, limit=1) == ()
    with pytest.raises(NotImplementedError, match="tip is never given up"):
        gift.given_up("TIP1", by=bills.By(actor=Actor.SYSTEM, why=""), at=make.AT)


def test_money_for_a_kind_that_only_newer_code_knows_is_left_to_that() -> None:
    order = make.order()
    attempt = make.attempt(order, bill_kind="lottery")
    with pytest.raises(bills.UnknownKind):
        paying.confirm_payment(transaction=make.paid(attempt), at=make.AT)
    attempt.refresh_from_db()
    assert attempt.status == "OPEN"
    assert asking.query_unheard(at=make.AT + 2 * MINUTE) == 1  # logged, and asked about again
    assert bills.label_of("lottery") == "lottery"


def test_kinds_have_names_and_labels_of_their_own() -> None:
    assert [(kind.name, kind.label) for kind in bills.KINDS] == [
        ("order", "订单"),
        ("recharge", "充值"),
        ("deposit", "定金"),
        ("balance", "尾款"),
        ("stray", "非商城收款"),
    ]
    assert [bills.of(kind.name) for kind in bills.KINDS] == list(bills.KINDS)
    assert bills.due_of(make.order()) is bills.ORDER


def test_what_is_owed_is_locked_before_its_payment(settings: Any) -> None:
    """Whoever took them the other way round could wait for somebody who waits for them."""
    settings.WALLET_ENABLED = True
    recharge = wallets.placed()
    attempts = {
        "orders_order": make.attempt(make.order()),
        "wallet_recharge": make.recharge_attempt(recharge),
    }
    for owed, attempt in attempts.items():
        with CaptureQueriesContext(connection) as asked:
            paying.confirm_payment(transaction=make.paid(attempt), at=make.AT)
        # The look at a payment with its order finds nothing of what is no order.
        looks = [sql for sql in said(asked) if owed == "orders_order" or "orders_order" not in sql]
        locked = [name for sql in looks for name in locked_by(sql)]
        assert locked[:2] == [owed, "payments_payment"]


def locked_by(sql: str) -> list[str]:
    """The tables whose rows a statement locks, in this order."""
    if "FOR NO KEY UPDATE" not in sql:
        return []
    named = re.findall(r"FOR NO KEY UPDATE OF (.+)", sql)
    return re.findall(r"\w+", named[0]) if named else re.findall(r'FROM "?(\w+)', sql)[:1]


def said(asked: CaptureQueriesContext) -> list[str]:
    return [str(query["sql"]) for query in asked.captured_queries]
