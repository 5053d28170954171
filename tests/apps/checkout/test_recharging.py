"""Recharges at the counter: WeChat's money becomes stored value once, or goes back once; and what operators undo."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.checkout import asking, closing, paying, recharging
from apps.checkout.bills.recharges import RechargeExpired, RechargeNotPayable
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import parcels, uploads
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.outbox.models import Announcement, Delivery
from apps.payments import services as payments
from apps.payments.models import Payment, Refund
from apps.payments.services import giving_back, refunds
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Pack, Recharge
from apps.wallet.services import recharges
from apps.wechat.pay import client
from apps.wechat.sandbox.control import Sandbox
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from tests.apps.members import make as members
from tests.apps.payments import make as money
from tests.apps.wallet import make
from tests.apps.wallet.make import NOW, figures, operator, pack, placed

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
UPLOAD = "/wxa/sec/order/upload_shipping_info"


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"


@pytest.fixture
def payer(wechat: Sandbox) -> Member:
    """小茶, whom the sandbox knows; WeChat's notifies reach nobody."""
    wechat.fault("notify_lost", times=9)
    return members.member(openid=wechat.login("小茶").openid)


def on_sale() -> Pack:
    now = timezone.now()
    return pack(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1))


def waiting(member: Member | None = None) -> Recharge:
    """A recharge of about now, by WeChat's clock."""
    return placed(member, on_sale(), at=timezone.now())


def start(recharge: Recharge, *, at: datetime | None = None) -> Any:
    return recharging.pay(member=recharge.member, recharge_no=recharge.recharge_no, at=at or timezone.now())


def pay(recharge: Recharge, wechat: Sandbox) -> str:
    """The shopper pays at WeChat, of which the shop hears nothing; returns the payment's number."""
    wechat.pay(recharge.member.openid, start(recharge))
    return Payment.objects.get(bill_no=recharge.recharge_no, status="OPEN").payment_no


def confirm(attempt: Payment, *, at: datetime = NOW, from_query: bool = False, **said: Any) -> str:
    """WeChat says that the attempt was paid; returns what it turned out to be."""
    transaction = money.paid(attempt, **said)
    return paying.confirm_payment(transaction=transaction, at=at, from_query=from_query).outcome.value


def state(recharge: Recharge) -> tuple[str, tuple[int, int, int, int]]:
    recharge.refresh_from_db()
    return recharge.status, figures(Account.objects.get(member=recharge.member))


def given_back() -> list[tuple[int, str]]:
    """What goes back to WeChat, once the post has been delivered: amounts and reasons."""
    outbox.deliver_due(at=NOW)
    outbox.deliver_due(at=timezone.now())
    return list(Refund.objects.values_list("amount_fen", "reason"))


def test_a_paid_recharge_is_credited_once_and_announced() -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge)

    assert [confirm(attempt), confirm(attempt)] == ["used", "already"]

    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))
    news = Announcement.objects.get(kind="WalletRecharged")
    assert news.payload == {"recharge_no": recharge.recharge_no, "member_id": recharge.member_id}
    assert Refund.objects.count() == 0
    assert wallet_facts.unbalanced() == []


def test_an_attempt_that_we_had_closed_still_pays_its_recharge_while_that_waits() -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge, status="CLOSED", closed_at=NOW)
    assert confirm(attempt) == "used"
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))


def test_a_promise_is_kept_though_the_pack_ended_and_its_limit_was_lowered() -> None:
    recharge = placed()
    Pack.objects.update(enabled=False, ends_at=NOW, per_member=0)
    assert confirm(money.recharge_attempt(recharge), at=NOW + MINUTE) == "used"
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))


def test_money_for_a_closed_recharge_goes_back_whole_and_the_recharge_stays_closed() -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge)
    with transaction.atomic():
        recharges.close(recharge_no=recharge.recharge_no, at=NOW)

    assert [confirm(attempt), confirm(attempt)] == ["surplus", "already"]

    assert state(recharge) == ("CLOSED", (0, 0, 0, 0))
    assert given_back() == [(50_000, "充值单已关闭后付款")]


def test_a_second_payment_of_a_recharge_goes_back_whole() -> None:
    recharge = placed()
    first = money.recharge_attempt(recharge, status="CLOSED", closed_at=NOW)
    second = money.recharge_attempt(recharge)
    assert [confirm(first), confirm(second)] == ["used", "surplus"]
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))
    assert given_back() == [(50_000, "重复付款")]


def test_another_amount_is_believed_only_when_wechat_was_asked_and_then_goes_back() -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge)
    with pytest.raises(payments.AmountDoubtful):
        confirm(attempt, amount_fen=1)
    assert confirm(attempt, amount_fen=1, from_query=True) == "surplus"
    assert state(recharge) == ("UNPAID", (0, 0, 0, 0))
    assert given_back() == [(1, "金额不符")]


def test_money_that_comes_while_stored_value_is_switched_off_goes_back(settings: Any) -> None:
    recharge = placed()
    attempt = money.recharge_attempt(recharge)
    settings.WALLET_ENABLED = False
    assert confirm(attempt) == "surplus"
    assert state(recharge) == ("UNPAID", (0, 0, 0, 0))
    assert given_back() == [(50_000, "储值功能已关闭")]


def test_what_the_merchant_console_refunded_before_is_not_credited() -> None:
    recharge = placed()
    assert confirm(money.recharge_attempt(recharge), trade_state="REFUND", from_query=True) == "surplus"
    assert state(recharge) == ("UNPAID", (0, 0, 0, 0))


def test_wx_request_payment_gets_its_arguments_and_the_same_again(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    first, second = start(recharge), start(recharge)
    assert (first["signType"], first["package"]) == ("RSA", second["package"])
    (told,) = wechat.transactions()
    assert (told["amount_fen"], told["description"]) == (50_000, "储值充值 充500送50")
    attempt = Payment.objects.get()
    assert (attempt.order, attempt.bill_no, attempt.expires_at) == (
        None,
        recharge.recharge_no,
        recharge.expires_at,
    )


def test_a_pack_renamed_between_two_presses_changes_nothing_for_wechat(
    wechat: Sandbox, payer: Member
) -> None:
    recharge = waiting(payer)
    start(recharge)
    Pack.objects.update(title="充500送5")
    Payment.objects.update(prepay_id="")
    assert start(recharge)["signType"] == "RSA"
    assert len(wechat.transactions()) == 1


def test_who_presses_pay_after_paying_is_told_so_though_no_notify_came(
    wechat: Sandbox, payer: Member
) -> None:
    recharge = waiting(payer)
    pay(recharge, wechat)
    Payment.objects.update(prepay_id="")
    assert start(recharge) is None
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))
    assert start(recharge) is None


def test_what_cannot_be_paid_says_why(settings: Any) -> None:
    recharge = placed()

    def refused(*, at: datetime = NOW) -> str:
        with pytest.raises((RechargeNotPayable, RechargeExpired, wallet.WalletOff)) as why:
            start(recharge, at=at)
        return why.value.code

    assert refused(at=NOW + 29 * MINUTE) == "recharge_expired"
    settings.WALLET_ENABLED = False
    assert refused() == "wallet_off"
    settings.WALLET_ENABLED = True
    with transaction.atomic():
        recharges.close(recharge_no=recharge.recharge_no, at=NOW)
    assert refused() == "recharge_not_payable"
    with pytest.raises(NotFound):
        recharging.pay(member=members.member(), recharge_no=recharge.recharge_no, at=NOW)


def test_a_lost_notify_is_found_by_asking(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    pay(recharge, wechat)
    assert asking.query_unheard(at=timezone.now() + 2 * MINUTE) == 1
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))


def test_an_open_attempt_of_a_recharge_that_needs_no_money_is_closed_at_wechat(
    wechat: Sandbox, payer: Member
) -> None:
    recharge = waiting(payer)
    start(recharge)
    with transaction.atomic():
        recharges.close(recharge_no=recharge.recharge_no, at=timezone.now())
    assert asking.query_unheard(at=timezone.now() + 2 * MINUTE) == 1
    assert [row["state"] for row in wechat.transactions()] == ["CLOSED"]
    assert Payment.objects.get().status == "CLOSED"


def test_an_overdue_recharge_is_closed_at_wechat_first(wechat: Sandbox, payer: Member) -> None:
    tried, untouched = waiting(payer), waiting()
    start(tried)
    late = timezone.now() + 31 * MINUTE
    assert closing.close_expired(at=late - 2 * MINUTE) == 0
    assert closing.close_expired(at=late) == 2
    assert {state(tried)[0], state(untouched)[0]} == {"CLOSED"}
    assert [row["state"] for row in wechat.transactions()] == ["CLOSED"]
    assert closing.close_expired(at=late) == 0


def test_an_overdue_recharge_that_was_paid_is_credited_instead_of_closed(
    wechat: Sandbox, payer: Member
) -> None:
    recharge = waiting(payer)
    pay(recharge, wechat)
    assert closing.close_expired(at=timezone.now() + 31 * MINUTE) == 0
    assert state(recharge) == ("PAID", (50_000, 5_000, 0, 0))


def test_while_wechat_is_away_nothing_that_may_be_paid_is_closed(
    wechat: Sandbox, payer: Member, settings: Any
) -> None:
    tried, untouched = waiting(payer), waiting()
    start(tried)
    settings.WECHATPAY_BASE = "http://127.0.0.1:9"
    assert closing.close_expired(at=timezone.now() + 31 * MINUTE) == 1
    assert (state(tried)[0], state(untouched)[0]) == ("UNPAID", "CLOSED")


def test_a_member_may_think_better_of_it_until_it_is_paid(wechat: Sandbox, payer: Member) -> None:
    first, second = waiting(payer), waiting(payer)
    start(first)
    recharging.cancel(member=payer, recharge_no=first.recharge_no, at=timezone.now())
    assert state(first)[0] == "CLOSED"
    pay(second, wechat)
    for recharge in (first, second):
        with pytest.raises(recharging.RechargeNotCancellable) as refused:
            recharging.cancel(member=payer, recharge_no=recharge.recharge_no, at=timezone.now())
        assert refused.value.details == {"status": state(recharge)[0]}
    assert state(second) == ("PAID", (50_000, 5_000, 0, 0))
    with pytest.raises(NotFound):
        recharging.cancel(member=members.member(), recharge_no=first.recharge_no, at=NOW)


def test_wechat_is_told_that_nothing_travels(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    number = pay(recharge, wechat)
    asking.query_unheard(at=timezone.now() + 2 * MINUTE)

    outbox.deliver_due(at=timezone.now())
    outbox.deliver_due(at=timezone.now())

    (told,) = wechat.shipments()
    assert (told["logistics_type"], told["complete"]) == (3, True)
    assert told["transaction_id"] == Payment.objects.get(payment_no=number).transaction_id
    assert [parcel["item_desc"] for parcel in told["parcels"]] == ["储值充值 充500送50"]
    upload = ShippingUpload.objects.get()
    assert (upload.order, upload.bill_kind, upload.bill_no, upload.status) == (
        None,
        "recharge",
        recharge.recharge_no,
        "DONE",
    )
    assert len(wechat.calls(UPLOAD)) == 1


def test_while_wechat_cannot_take_the_upload_it_comes_again(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    pay(recharge, wechat)
    asking.query_unheard(at=timezone.now() + 2 * MINUTE)
    wechat.fault("http_status", path=UPLOAD, status=500, times=9)
    outbox.deliver_due(at=timezone.now())
    assert ShippingUpload.objects.get().status == "WAITING"
    assert Delivery.objects.get(listener__endswith="upload_on_wallet_recharged").status != "DONE"

    wechat.clear_faults()
    outbox.deliver_due(at=timezone.now() + timedelta(days=1))

    assert ShippingUpload.objects.get().status == "DONE"
    assert len(wechat.shipments()) == 1


def test_an_upload_that_wechat_refused_is_asked_for_again_by_hand(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    pay(recharge, wechat)
    asking.query_unheard(at=timezone.now() + 2 * MINUTE)
    wechat.fault("errcode", path=UPLOAD, errcode=10060004, times=1)
    outbox.deliver_due(at=timezone.now())
    assert ShippingUpload.objects.get().status == "FAILED"

    now = timezone.now()
    uploads.ask_again(bill_kind="recharge", bill_no=recharge.recharge_no, at=now)
    with pytest.raises(parcels.NothingToUpload):
        uploads.ask_again(bill_kind="recharge", bill_no=recharge.recharge_no, at=now)
    outbox.deliver_due(at=now)

    assert ShippingUpload.objects.get().status == "DONE"
    with pytest.raises(parcels.NothingToUpload):
        uploads.ask_again(bill_kind="recharge", bill_no=recharge.recharge_no, at=now)


def test_an_upload_is_of_an_order_or_of_a_recharge() -> None:
    with pytest.raises(IntegrityError, match="shipping_upload_of_order_or_bill"), transaction.atomic():
        ShippingUpload.objects.create()
    ShippingUpload.objects.create(bill_kind="recharge", bill_no="RC1")
    with pytest.raises(IntegrityError, match="shipping_upload_once_per_bill"), transaction.atomic():
        ShippingUpload.objects.create(bill_kind="recharge", bill_no="RC1")


def refund(recharge: Recharge, principal_fen: int, cause: str = "1") -> Refund:
    return recharging.refund(
        recharge_no=recharge.recharge_no,
        principal_fen=principal_fen,
        cause=cause,
        reason="会员要求",
        operator=operator(),
        at=NOW,
    )


@pytest.fixture
def credited() -> Recharge:
    """充500送50, paid through WeChat."""
    recharge = placed()
    confirm(money.recharge_attempt(recharge))
    recharge.refresh_from_db()
    return recharge


def test_a_refund_goes_back_to_where_the_recharge_was_paid_from(credited: Recharge) -> None:
    refund(credited, 20_000, "1")
    refund(credited, 30_000, "2")
    assert state(credited) == ("REFUNDED", (0, 0, 0, 0))
    rows = list(Refund.objects.order_by("id").values_list("amount_fen", "business_key"))
    number = credited.recharge_no
    assert rows == [(20_000, f"recharge:{number}:1"), (30_000, f"recharge:{number}:2")]
    with pytest.raises(MoveRefused):
        refund(credited, 1, "3")
    assert wallet_facts.unbalanced() == []


def test_a_refund_sent_twice_goes_back_once(credited: Recharge) -> None:
    assert refund(credited, 10_000) == refund(credited, 10_000)
    assert state(credited) == ("PARTLY_REFUNDED", (40_000, 4_000, 0, 0))
    assert Refund.objects.get().amount_fen == 10_000


def test_the_same_cause_with_another_amount_is_refused(credited: Recharge) -> None:
    refund(credited, 10_000)
    with pytest.raises(payments.RefundKeyReused):
        refund(credited, 20_000)
    assert state(credited) == ("PARTLY_REFUNDED", (40_000, 4_000, 0, 0))


def test_what_was_refunded_past_the_shop_is_not_taken_from_the_account(credited: Recharge) -> None:
    payment = Payment.objects.get()
    giving_back.request_refund(
        payment_no=payment.payment_no, amount_fen=50_000, reason="", business_key="by-hand", at=NOW
    )
    with pytest.raises(payments.RefundTooMuch):
        refund(credited, 50_000)
    assert state(credited) == ("PAID", (50_000, 5_000, 0, 0))


def test_what_was_spent_does_not_go_back(credited: Recharge) -> None:
    with transaction.atomic():
        wallet.hold(order_no="SO1", member_id=credited.member_id, amount_fen=11_000, at=NOW)
    with pytest.raises(recharges.RefundAboveBalance):
        refund(credited, 50_000)
    refund(credited, 40_000)
    assert state(credited) == ("PARTLY_REFUNDED", (10_000, 1_000, 10_000, 1_000))


def test_nothing_that_was_not_collected_goes_back() -> None:
    with pytest.raises(recharging.RechargeNotPaid):
        refund(make.placed(), 1)
    with pytest.raises(NotFound):
        recharging.refund(
            recharge_no="RC0", principal_fen=1, cause="1", reason="", operator=operator(), at=NOW
        )


def test_wechat_pays_a_refund_out_under_one_number(wechat: Sandbox, payer: Member) -> None:
    recharge = waiting(payer)
    number = pay(recharge, wechat)
    paying.confirm_payment(transaction=client.query(out_trade_no=number), at=timezone.now(), from_query=True)
    refund(recharge, 50_000)
    refunds.submit_due(at=timezone.now())
    wechat.wait(lambda: [row for row in wechat.refunds() if row["status"] == "SUCCESS"])
    (back,) = wechat.refunds()
    assert (back["out_trade_no"], back["refund_fen"], back["total_fen"]) == (number, 50_000, 50_000)
    outbox.deliver_due(at=timezone.now())
    assert wechat.shipments() == []  # what was given back is not delivered any more


def test_a_credit_costs_the_same_however_long_the_ledger_is() -> None:
    owner, bought = members.member(), pack(100, 10)

    def statements() -> int:
        attempt = money.recharge_attempt(placed(owner, bought))
        with CaptureQueriesContext(connection) as asked:
            assert confirm(attempt) == "used"
        return len(asked)

    statements()
    few = statements()
    for _ in range(8):
        statements()
    assert statements() == few <= 19
