"""The double-entry books: a whole journey is posted, balances, and comes out the same when it is reckoned anew."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from apps.aftersales.planning import Wish
from apps.aftersales.services import paying_back, refunding, sending
from apps.base import days
from apps.books import journal_selectors as journal_facts
from apps.books.models import Bill, JournalEntry, JournalLine
from apps.books.services import journal, rates
from apps.books.states import Account, BillKind
from apps.catalog.models import Sku
from apps.checkout import closing, paying, recharging
from apps.distribution.services import ledger
from apps.orders.models import Order, OrderLine
from apps.payments.models import Payment, Refund
from apps.payments.services import endings, refunds
from apps.points import services as points
from apps.wechat.pay import facts
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as sale
from tests.apps.books import make
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.distribution import make as promote
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments
from tests.apps.points import make as point_shop
from tests.apps.presale import make as presales
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db

NOW = counter.NOW
DAY = days.shop_day(NOW)
TOMORROW = DAY + timedelta(days=1)
IN_THE_MORNING = NOW + timedelta(hours=13)  # one o'clock of the next day in Shanghai


def standing() -> dict[str, int]:
    """What stands on each account that is not 0, debits less credits, by its name."""
    rows = journal_facts.balances(first=date(2026, 1, 1), last=TOMORROW)
    return {row.account.name: row.closing_fen for row in rows if row.closing_fen}


def differences() -> list[tuple[Any, ...]]:
    """What the books of the day have otherwise than the facts."""
    end = days.day_window(TOMORROW)[0]
    return [tuple(one) for one in journal.differences(first=DAY, until=end, at=IN_THE_MORNING)]


def arrives(refund: Refund, *, at: datetime) -> None:
    """WeChat says that a refund is with the shopper."""
    told = facts.refund(payments.refunded(refund, success_time=at.isoformat()))
    refunds.apply_result(result=told, at=at)


@pytest.fixture
def journey(settings: Any) -> Order:
    """Two cups at 50, one at 30: coupon, points and stored value pay a part, one cup comes back after it had left."""
    settings.WALLET_ENABLED = True
    rates.save(
        rates.opened(since=DAY, postage_fen=600, packing_fen=80, fee_bp=60), at=NOW - timedelta(days=1)
    )
    promote.set_rules()
    promoter = promote.promoter()
    buyer = counter.buyer()
    promote.bind(buyer[0], promoter)
    points.earn(member_id=buyer[0].pk, amount=1_005, cause="gift", at=NOW - timedelta(hours=2))
    wallets.funded(1_000, 100, member=buyer[0])
    coupon = coupons.coupon(buyer[0])
    cup, saucer = counter.goods(5_000), counter.goods(3_000)
    Sku.objects.filter(pk=cup.pk).update(cost_fen=2_000)
    counter.freight(800)
    order = promote.paid(
        buyer, [(cup, 2), (saucer, 1)], coupon_id=str(coupon.public_id), use_points=True, use_balance=True
    )
    promote.receive(order)
    promote.refund(order, {cup: 1}, restock=[cup], at=NOW + timedelta(hours=2))
    arrives(Refund.objects.get(), at=NOW + timedelta(hours=3))
    return sale.fresh(order)


def test_a_whole_journey_is_posted_once_and_comes_out_the_same_when_it_is_reckoned_anew(
    journey: Order, capsys: Any
) -> None:
    made = journal.post_due(at=IN_THE_MORNING)

    assert made == JournalEntry.objects.count() > 8
    assert journal.post_due(at=IN_THE_MORNING) == 0
    assert differences() == []
    call_command("rebuild_books", day=DAY)
    stands = standing()
    assert sum(stands.values()) == 0
    assert "PREPAID" not in stands and "REFUND_DUE" not in stands
    assert stands["SETTLING"] == sum(row.captured_fen - row.refunded_fen for row in journey.payments.all())
    assert (stands["SALES"], stands["COUPONS"], stands["COST"], stands["POSTAGE"]) == (
        -13_000,
        1_000,
        2_000,
        600,
    )
    assert stands["REFUNDED"] == journey.refunds.get().goods_fen
    assert list(journal_facts.unbalanced()) == list(journal_facts.liabilities_apart()) == []


@pytest.mark.parametrize(("way", "left_fen"), [("PAID_OUTSIDE", 0), ("WRITTEN_BACK", 3_000)])
def test_what_went_to_the_shops_account_is_owed_until_it_is_passed_on_or_written_back(
    way: str, left_fen: int, wechat: Any
) -> None:
    buyer, cup = counter.buyer(), counter.goods(3_000)
    order = sale.paid(buyer, [(cup, 1)])
    sale.ship(order)
    sale.refund(order, {cup: 1}, at=NOW + timedelta(hours=2))
    refund = Refund.objects.get()
    Refund.objects.update(sent_to="MERCHANT_BANK_CARD")
    arrives(refund, at=NOW + timedelta(hours=3))

    journal.post_due(at=IN_THE_MORNING)

    stands = standing()
    assert (stands["BANK"], stands["REFUND_DUE"], stands.get("SETTLING", 0)) == (3_000, -3_000, 0)
    one, other = User.objects.create_superuser("安娜"), User.objects.create_superuser("贝特")
    at = NOW + timedelta(hours=4)
    endings.ask(refund_no=refund.refund_no, way=way, proof="转账 1000071", operator=one, at=at)
    endings.grant(refund_no=refund.refund_no, operator=other, at=at)

    journal.post_due(at=IN_THE_MORNING)

    stands = standing()
    assert (stands.get("BANK", 0), "REFUND_DUE" in stands, "SETTLING" in stands) == (left_fen, False, False)
    assert stands.get("OTHER_INCOME", 0) == -left_fen
    assert (sum(stands.values()), differences()) == (0, [])
    call_command("rebuild_books", day=DAY)
    assert standing() == stands
    assert list(journal_facts.unbalanced()) == list(journal_facts.liabilities_apart()) == []


def test_what_was_posted_otherwise_is_named_and_put_right_by_another_revision(
    journey: Order, capsys: Any
) -> None:
    journal.post_due(at=IN_THE_MORNING)
    entry = JournalEntry.objects.get(kind="SALE")
    before = standing()
    with connection.cursor() as cursor:  # as only somebody could who takes the triggers away
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE books_journalline DISABLE TRIGGER books_journalline_append_only")
        cursor.execute(
            "UPDATE books_journalline SET credit_fen = credit_fen - 1 WHERE entry_id = %s AND account = '6001'",
            [entry.pk],
        )
        cursor.execute(
            "UPDATE books_journalline SET credit_fen = credit_fen + 1 WHERE entry_id = %s AND account = '6002'",
            [entry.pk],
        )

    with pytest.raises(CommandError, match="2 lines differ"):
        call_command("rebuild_books", day=DAY)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    key = entry.business_key
    assert lines == [
        {"business_key": key, "account": "6001", "booked_fen": -12_999, "due_fen": -13_000},
        {"business_key": key, "account": "6002", "booked_fen": -801, "due_fen": -800},
    ]
    call_command("rebuild_books", day=DAY, correct=True)
    assert capsys.readouterr().out == "posted: 0, corrected: 1\n"

    assert list(JournalEntry.objects.filter(business_key=key).values_list("revision", flat=True)) == [1, 0]
    assert standing() == before


def test_what_a_correction_posts_anew_is_counted_beside_what_it_corrects(journey: Order, capsys: Any) -> None:
    call_command("rebuild_books", day=DAY, correct=True)
    made = JournalEntry.objects.count()
    assert (made > 8, capsys.readouterr().out) == (True, f"posted: {made}, corrected: 0\n")


def test_the_database_refuses_an_entry_that_does_not_balance_has_no_lines_or_is_changed(
    journey: Order,
) -> None:
    journal.post_due(at=IN_THE_MORNING)
    entry = JournalEntry.objects.get(kind="SALE")
    plain = {"kind": "SALE", "day": DAY, "occurred_at": NOW, "posted_at": NOW}

    def posted(*amounts: tuple[int, int]) -> None:
        with transaction.atomic():
            made = JournalEntry.objects.create(business_key="by hand", **plain)
            for account, (debit_fen, credit_fen) in zip(("1001", "6001", "6002"), amounts, strict=False):
                JournalLine.objects.create(
                    entry=made, account=account, day=DAY, debit_fen=debit_fen, credit_fen=credit_fen
                )
            connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")

    for wrong in ([], [(5, 0)], [(5, 0), (0, 4)], [(0, 0), (5, 0), (0, 5)]):
        with pytest.raises(IntegrityError):
            posted(*wrong)
    with (
        pytest.raises(IntegrityError, match="debits less credits"),
        transaction.atomic(),
    ):
        JournalLine.objects.create(entry=entry, account="1001", day=DAY, debit_fen=1)
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        JournalEntry.objects.filter(pk=entry.pk).update(number="SO0")
    posted((5, 0), (0, 5))
    assert JournalEntry.objects.filter(business_key="by hand").exists()


def test_points_stand_in_the_books_at_their_worth_and_are_revalued_when_the_rate_changes() -> None:
    owner = point_shop.member(1_005, at=NOW)
    journal.post_due(at=IN_THE_MORNING)
    assert standing() == {"POINTS": -1_005, "POINTS_GIVEN": 1_005}

    point_shop.rules(deduction_points_per_yuan=300)
    points.claw_back(member_id=owner.pk, amount=1, cause="c", at=NOW + timedelta(days=1))
    journal.post_due(at=IN_THE_MORNING + timedelta(days=1))

    assert standing()["POINTS"] == -334  # 1,004 points at 300 a yuan
    kinds = JournalEntry.objects.order_by("id").values_list("kind", "day")
    assert list(kinds) == [("POINTS_EARN", DAY), ("POINTS_RATE", TOMORROW), ("POINTS_TAKE", TOMORROW)]
    assert list(journal_facts.liabilities_apart()) == []
    end = days.day_window(TOMORROW + timedelta(days=1))[0]
    assert list(journal.differences(first=TOMORROW, until=end, at=end)) == []


def test_a_fact_that_is_heard_late_is_posted_on_its_own_day_and_a_missing_one_is_named(
    journey: Order,
) -> None:
    journal.post_due(at=IN_THE_MORNING)
    Payment.objects.update(captured_at=F("captured_at") - timedelta(days=1))

    assert [one.business_key.partition(":")[0] for one in map(journal.Difference._make, differences())] == [
        "payment"
    ] * 2
    points.earn(member_id=journey.member_id, amount=7, cause="late", at=NOW)

    (apart,) = journal_facts.liabilities_apart()
    assert (apart.account, apart.ledger_fen - apart.booked_fen) == ("2002", 7)


def test_wechats_fee_and_the_moves_of_its_balance_come_out_of_its_bills(journey: Order) -> None:
    payment = journey.payments.get()
    Payment.objects.update(captured_at=make.NOON)
    refund = Refund.objects.get()
    make.keep(BillKind.TRADE, [make.paid(payment.payment_no, payment.captured_fen, voucher_fen=30)])
    make.keep(
        BillKind.FUND,
        [
            make.moved("交易", payment.payment_no, payment.captured_fen - 30),
            make.moved("扣除交易手续费", payment.payment_no, -7),
            make.moved("退款", refund.refund_no, -refund.amount_fen),
            make.moved("提现", "W1", -100),
            make.moved("其他", "", -5),
        ],
    )
    end = days.day_window(make.DAY + timedelta(days=1))[0]

    journal.post(first=DAY, until=end, at=make.NEXT_MORNING)

    rows = journal_facts.balances(first=make.DAY, last=make.DAY)
    stands = {row.account.name: row.closing_fen for row in rows}
    # What the shop waited for has come, but for the fee: WeChat's line says 7.2 fen, its balance 7.
    assert (stands["SETTLING"], stands["FEE"], stands["VOUCHERS"]) == (0, 7, 30)
    assert (stands["BANK"], stands["OTHER_MOVES"]) == (100, 5)
    sold = JournalEntry.objects.get(kind="SALE")
    profit = journal_facts.profits([sold])[journey.order_no]
    assert (profit.fee_fen, profit.fee_said, profit.cost_known) == (7, True, False)
    assert profit.profit_fen == profit.net_fen - 2_000 - 680 - profit.commission_fen - 7


def test_a_bill_that_comes_after_more_than_a_week_is_posted_on_its_day(journey: Order) -> None:
    came = days.day_window(DAY + timedelta(days=10))[0] + timedelta(hours=10)
    journal.post_due(at=came)
    make.keep(BillKind.FUND, [make.moved("其他", "", -5)])
    Bill.objects.update(day=DAY, fetched_at=came)

    journal.post_due(at=came + timedelta(minutes=10))
    journal.post_due(at=came + timedelta(minutes=20))

    entry = JournalEntry.objects.get(business_key=f"fund:{DAY}")
    assert (entry.day, entry.lines.get(account=Account.OTHER_MOVES).debit_fen) == (DAY, 5)


def test_a_deposit_is_owed_until_it_is_sold_for_kept_or_given_back() -> None:
    kept = presales.reserved(presales.presale(deposit_refundable=False))
    back = presales.reserved(presales.presale(deposit_refundable=True))
    over = presales.BALANCE_UNTIL
    afterwards = over + timedelta(days=1)
    first = days.shop_day(presales.NOW)
    journal.post(first=first, until=presales.NOW + timedelta(hours=1), at=afterwards)
    paid_fen = sum(row.captured_fen for row in Payment.objects.all())
    assert balances_of("PREPAID") == -paid_fen < 0

    closing.close_expired(at=over)
    arrives(Refund.objects.get(payment__order=back), at=over)
    journal.post(first=first, until=afterwards, at=afterwards)

    kept_fen = kept.payments.get().captured_fen
    assert [balances_of(name) for name in ("PREPAID", "REFUND_DUE", "OTHER_INCOME", "SETTLING")] == [
        *(0, 0, -kept_fen, kept_fen)
    ]
    assert list(journal.differences(first=first, until=afterwards, at=afterwards)) == []


def test_a_recharge_is_owed_to_its_member_and_what_goes_back_of_it_is_not(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    recharge = wallets.placed()
    attempt = payments.recharge_attempt(recharge)
    paying.confirm_payment(transaction=payments.paid(attempt), at=wallets.NOW)
    money_back = recharging.refund(
        recharge_no=recharge.recharge_no,
        principal_fen=20_000,
        cause="1",
        reason="会员要求",
        operator=wallets.operator(),
        at=wallets.NOW,
    )
    until = wallets.NOW + timedelta(days=1)
    journal.post(first=date(2026, 11, 20), until=until, at=until)
    owed = {
        "STORED_VALUE": -33_000,
        "REFUND_DUE": -20_000,
        "BONUS": 3_000,
        "SETTLING": 50_000,
        "RECHARGE_PAID": 0,
    }
    assert {name: balances_of(name) for name in owed} == owed

    arrives(money_back, at=wallets.NOW)
    journal.post(first=date(2026, 11, 20), until=until, at=until)
    assert (balances_of("REFUND_DUE"), balances_of("SETTLING")) == (0, 30_000)


def test_commission_is_owed_until_it_has_arrived() -> None:
    promote.set_rules()
    promoter = promote.promoter()
    promote.give(promoter, 5_000)
    with transaction.atomic():
        ledger.hold(promoter_id=promoter.pk, amount_fen=3_000, business_key="W1", at=NOW)
        ledger.commit(promoter_id=promoter.pk, business_key="W1", at=NOW)
    promote.owe(promoter, 2_500)

    journal.post_due(at=IN_THE_MORNING)

    # Five thousand given, three arrived, and two and a half taken back of which five hundred are owed to the shop.
    assert standing() == {"COMMISSION_DUE": 500, "COMMISSION": 2_500, "SETTLING": -3_000}
    assert list(journal_facts.liabilities_apart()) == []


def test_postage_that_was_paid_by_hand_is_a_cost_of_its_order(settings: Any) -> None:
    settings.WALLET_ENABLED = False
    order, (cup,) = apply.received((2000, 1))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    paying_back.note_carriage_paid(
        after_sale_no=row.after_sale_no,
        amount_fen=1200,
        proof="转账 1",
        operator=apply.head(),
        at=apply.LATER,
    )
    first, until = days.shop_day(apply.LATER), apply.LATER + timedelta(minutes=1)
    journal.post(first=first, until=until, at=until)
    entry = JournalEntry.objects.get(kind="CARRIAGE")
    lines = dict(entry.lines.values_list("account", F("debit_fen") - F("credit_fen")))
    assert (entry.order_no, entry.number, lines) == (
        order.order_no,
        row.after_sale_no,
        {"6601": 1200, "1001": -1200},
    )
    assert not [
        one for one in journal.differences(first=first, until=until, at=until) if "carriage" in one[0]
    ]


def balances_of(name: str) -> int:
    """What stands on an account at the end of 2026, debits less credits."""
    rows = journal_facts.balances(first=date(2026, 1, 1), last=date(2026, 12, 31))
    return next(row.closing_fen for row in rows if row.account.name == name)


def test_goods_of_a_return_are_in_the_books_when_they_are_on_the_shelf() -> None:
    order, (cup,) = apply.received((5_000, 2))
    OrderLine.objects.filter(order=order).update(cost_fen=2_000)
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 2}, "RETURN"))))
    apply.inspect(row, {cup: 2}, damaged={cup: 1})
    sums = reckoned("exchanged:")
    assert sums == {"GOODS": 2_000, "COST": -2_000}


def test_a_lowered_exchange_costs_what_left_and_what_came_is_back() -> None:
    order, (cup,) = apply.received((5_000, 3))
    OrderLine.objects.filter(order=order).update(cost_fen=2_000)
    Sku.objects.filter(pk=cup.pk).update(cost_fen=2_000)
    row = apply.arrive(apply.send_back(apply.approve(apply.applied(order, {cup: 3}, "EXCHANGE"))))
    wish = Wish(units={sale.line(order, cup).pk: 1})
    refunding.refund(
        order_no=order.order_no,
        wish=wish,
        reason="x",
        token="x",
        approved=True,
        operator=None,
        at=apply.LATER,
    )
    apply.inspect(row, {cup: 3})
    fulfillment.carriers()
    sending.dispatch(
        after_sale_no=row.after_sale_no,
        carrier_code="SF",
        tracking_no="SF99887766",
        operator=apply.head(),
        at=apply.LATER,
    )
    assert reckoned("exchanged:") == {"GOODS": 6_000, "COST": -6_000}
    sent = reckoned("resend:")
    assert (sent["COST"], sent["GOODS"]) == (4_000, -4_000)


def reckoned(prefix: str) -> dict[str, int]:
    """What the facts say of one kind of entry, by account."""
    journal.post_due(at=apply.LATER + timedelta(days=2))
    lines = JournalLine.objects.filter(entry__business_key__startswith=prefix)
    sums: dict[str, int] = {}
    for line in lines:
        name = Account(line.account).name
        sums[name] = sums.get(name, 0) + line.debit_fen - line.credit_fen
    return sums
