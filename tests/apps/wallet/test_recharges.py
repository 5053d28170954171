"""Recharges that members place: what was promised is kept, limits count what waits, and nobody keeps the gift."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from apps.base.models import AuditEntry
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Pack, Recharge
from apps.wallet.services import recharges
from mall.errors import NotFound
from mall.lifecycle import MoveRefused
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, credited, figures, funded, operator, pack, placed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def place(member: Any, of: Pack, key: str = "k", **said: Any) -> Recharge:
    return recharges.place(member=member, pack_id=of.pk, idempotency_key=key, at=NOW, **said)


def close(recharge: Recharge) -> None:
    with transaction.atomic():
        recharges.close(recharge_no=recharge.recharge_no, at=NOW)


def pay(recharge: Recharge) -> None:
    with transaction.atomic():
        recharges.pay(recharge_no=recharge.recharge_no, at=NOW)


def refund(recharge: Recharge, principal_fen: int, cause: str = "1") -> Entry:
    with transaction.atomic():
        return recharges.refund(
            recharge_no=recharge.recharge_no,
            principal_fen=principal_fen,
            cause=cause,
            reason="会员要求",
            operator=operator(),
            at=NOW,
        )


def spend(account: Account, amount_fen: int, order_no: str = "SO1") -> None:
    with transaction.atomic():
        wallet.hold(order_no=order_no, member_id=account.member_id, amount_fen=amount_fen, at=NOW)
        wallet.commit(order_no=order_no, at=NOW)


def of(recharge: Recharge) -> Account:
    return Account.objects.get(member=recharge.member)


def can_go_back(recharge: Recharge) -> tuple[int, int]:
    recharge.refresh_from_db()
    return wallet_facts.refundable(recharge, of(recharge))


def test_a_recharge_waits_for_payment_with_its_figures_frozen():
    owner, bought = members.member(), pack()
    made = place(owner, bought)
    Pack.objects.update(title="充500送5", principal_fen=60_000, bonus_fen=500)
    made.refresh_from_db()
    assert (made.status, made.title, made.principal_fen, made.bonus_fen) == (
        "UNPAID",
        "充500送50",
        50_000,
        5_000,
    )
    assert made.recharge_no.startswith("RC261123")
    assert made.expires_at == NOW + timedelta(minutes=30)
    assert figures(of(made)) == (0, 0, 0, 0)


def test_what_was_placed_is_credited_as_placed_whatever_became_of_the_pack():
    made = placed()
    Pack.objects.update(principal_fen=60_000, bonus_fen=500, enabled=False)
    pay(made)
    made.refresh_from_db()
    assert (made.status, made.paid_at) == ("PAID", NOW)
    entry = Entry.objects.get()
    assert (entry.kind, entry.recharge_no, entry.order_no) == ("RECHARGE", made.recharge_no, "")
    assert figures(of(made)) == (50_000, 5_000, 0, 0)
    assert wallet_facts.unbalanced() == []


def test_a_recharge_is_credited_once():
    made = credited()
    with pytest.raises(MoveRefused):
        pay(made)
    assert figures(of(made)) == (50_000, 5_000, 0, 0)


def test_the_same_key_answers_the_same_recharge_and_refuses_another_one():
    owner, bought, other = members.member(), pack(per_member=1), pack(20_000, 0)
    first = place(owner, bought)
    assert place(owner, bought) == first
    Pack.objects.update(enabled=False)
    assert place(owner, bought) == first
    for wanted in ({"of": other}, {"of": bought, "expected_principal_fen": 50_000}):
        with pytest.raises(wallet_facts.IdempotencyKeyReused):
            place(owner, **wanted)
    Pack.objects.update(enabled=True)
    assert place(members.member(), bought) != first


def test_a_price_that_is_not_the_one_the_shopper_saw_is_refused_with_the_new_one():
    owner, bought = members.member(), pack()
    with pytest.raises(recharges.PackChanged) as refused:
        place(owner, bought, expected_principal_fen=40_000)
    assert refused.value.details == {"principal_fen": 50_000, "bonus_fen": 5_000}
    assert (Recharge.objects.count(), Account.objects.count()) == (0, 0)
    assert place(owner, bought, expected_principal_fen=50_000).status == "UNPAID"


def test_only_what_is_on_offer_can_be_placed(settings: Any):
    owner = members.member()
    for gone in (pack(enabled=False), pack(ends_at=NOW), pack(starts_at=NOW + timedelta(seconds=1))):
        with pytest.raises(wallet.PackGone):
            place(owner, gone)
    with pytest.raises(NotFound):
        recharges.place(member=owner, pack_id=2**62, idempotency_key="k", at=NOW)
    settings.WALLET_ENABLED = False
    with pytest.raises(wallet.WalletOff):
        place(owner, pack())


def test_an_unpaid_recharge_counts_towards_the_packs_limit_until_it_is_closed():
    owner, bought = members.member(), pack(per_member=2)
    credited(owner, bought)
    waiting = placed(owner, bought)
    with pytest.raises(wallet.PackLimitReached) as refused:
        placed(owner, bought)
    assert refused.value.details == {"limit": 2, "unpaid": [waiting.recharge_no]}
    with pytest.raises(wallet.PackLimitReached):
        wallet.credit(member_id=owner.pk, pack_id=bought.pk, cause="operator:1", at=NOW)
    close(waiting)
    assert placed(owner, bought).status == "UNPAID"


def test_a_refunded_recharge_still_counts_towards_the_packs_limit():
    made = credited(of=pack(per_member=1))
    refund(made, 50_000)
    with pytest.raises(wallet.PackLimitReached):
        placed(made.member, made.pack)


def test_unpaid_recharges_count_towards_the_5000_yuan_of_an_account():
    owner, big = members.member(), pack(200_000, 40_000)
    first, _ = placed(owner, big), placed(owner, big)
    with pytest.raises(wallet.BalanceAboveLimit) as refused:
        placed(owner, pack(20_001, 0))
    assert refused.value.text == "账户余额不能超过 5000.00 元（含待付款的充值 4800.00 元）"
    assert (refused.value.details["balance_fen"], len(refused.value.details["unpaid"])) == (0, 2)
    with pytest.raises(wallet.BalanceAboveLimit):
        wallet.adjust(
            member_id=owner.pk,
            bonus_change_fen=20_001,
            business_key="a",
            reason="r",
            operator=operator(),
            at=NOW,
        )
    placed(owner, pack(20_000, 0))
    close(first)
    pay(placed(owner, pack(200_000, 40_000)))
    assert figures(Account.objects.get(member=owner)) == (200_000, 40_000, 0, 0)


def test_a_refund_of_an_order_that_filled_the_account_does_not_break_the_promise():
    account = funded(400_000)
    spend(account, 100_000)
    waiting = placed(account.member, pack(200_000, 0))
    with transaction.atomic():
        wallet.restore(order_no="SO1", at=NOW)
    pay(waiting)
    assert figures(account) == (600_000, 0, 0, 0)


def test_a_recharge_that_nobody_touched_goes_back_whole_with_its_bonus():
    made = credited()
    assert can_go_back(made) == (50_000, 5_000)
    entry = refund(made, 50_000)
    made.refresh_from_db()
    assert (made.status, made.refunded_principal_fen, made.refunded_bonus_fen) == ("REFUNDED", 50_000, 5_000)
    assert (entry.kind, entry.reason, entry.recharge_no) == ("REFUND", "会员要求", made.recharge_no)
    assert figures(of(made)) == (0, 0, 0, 0)
    assert wallet_facts.unbalanced() == []
    audit = AuditEntry.objects.get(action="充值退款")
    assert (audit.subject, audit.note) == (
        made.recharge_no,
        "退本金 500.00，收回赠送 50.00：会员要求",
    )


def test_what_was_spent_stays_spent_and_the_rest_goes_back_in_proportion():
    made = credited()
    spend(of(made), 11_000)  # 100.00 + 10.00
    assert can_go_back(made) == (40_000, 4_000)
    with pytest.raises(recharges.RefundAboveBalance) as refused:
        refund(made, 40_001)
    assert (refused.value.text, refused.value.details) == (
        "此充值单目前最多可退 400.00 元",
        {"refundable_fen": 40_000},
    )
    refund(made, 40_000)
    made.refresh_from_db()
    assert (made.status, figures(of(made))) == ("PARTLY_REFUNDED", (0, 0, 0, 0))
    assert can_go_back(made) == (0, 0)
    with transaction.atomic():
        wallet.restore(order_no="SO1", at=NOW)
    assert can_go_back(made) == (10_000, 1_000)
    refund(made, 10_000, "2")
    made.refresh_from_db()
    assert (made.status, figures(of(made))) == ("REFUNDED", (0, 0, 0, 0))


def test_what_an_unpaid_order_holds_cannot_go_back():
    made = credited()
    with transaction.atomic():
        wallet.hold(order_no="SO1", member_id=made.member_id, amount_fen=55_000, at=NOW)
    assert can_go_back(made) == (0, 0)
    with transaction.atomic():
        wallet.release(order_no="SO1", at=NOW)
    assert can_go_back(made) == (50_000, 5_000)


def test_a_bonus_that_is_gone_limits_what_goes_back():
    made = credited()
    wallet.adjust(
        member_id=made.member_id,
        bonus_change_fen=-3_000,
        business_key="a",
        reason="r",
        operator=operator(),
        at=NOW,
    )
    # 20.00 of the bonus are left: a tenth of what may go back, to the nearest fen.
    assert can_go_back(made) == (20_004, 2_000)
    with pytest.raises(recharges.RefundAboveBalance):
        refund(made, 20_005)
    refund(made, 20_004)
    assert figures(of(made)) == (29_996, 0, 0, 0)


def test_two_recharges_in_one_account_are_refunded_one_after_the_other():
    generous = credited()
    plain = credited(generous.member, pack(10_000, 0))
    spend(of(plain), 39_000)  # of 600.00 + 50.00: 360.00 + 30.00
    assert figures(of(plain)) == (24_000, 2_000, 0, 0)
    assert can_go_back(generous) == (20_004, 2_000)
    assert can_go_back(plain) == (10_000, 0)
    refund(plain, 10_000)
    assert can_go_back(generous) == (14_000, 1_400)


def test_a_refund_sent_twice_takes_once():
    made = credited()
    assert refund(made, 10_000, "same") == refund(made, 10_000, "same")
    assert figures(of(made)) == (40_000, 4_000, 0, 0)


def test_refunds_of_odd_sums_take_the_whole_bonus_in_the_end():
    made = credited(of=pack(700, 200))
    for number in range(7):
        refund(made, 100, str(number))
    taken = [entry.bonus_change_fen for entry in wallet_facts.entries_of_recharge(made)]
    assert taken == [200, -29, -28, -29, -28, -29, -28, -29]
    assert figures(of(made)) == (0, 0, 0, 0)


@given(
    principal_fen=st.integers(1, 500_000),
    bonus_fen=st.integers(0, 500_000),
    free=st.tuples(st.integers(0, 600_000), st.integers(0, 600_000)),
    back_fen=st.integers(0, 500_000),
)
def test_the_most_that_can_go_back_fits_and_a_fen_more_would_not(
    principal_fen: int, bonus_fen: int, free: tuple[int, int], back_fen: int
):
    bonus_fen, back_fen = min(bonus_fen, principal_fen), min(back_fen, principal_fen)
    made = Recharge(principal_fen=principal_fen, bonus_fen=bonus_fen, status="PAID")
    made.refunded_bonus_fen = wallet_facts.bonus_for(made, principal_fen=back_fen)
    made.refunded_principal_fen = back_fen
    account = Account(principal_fen=free[0], bonus_fen=free[1])

    most = wallet_facts.refundable(made, account)

    assert 0 <= most.principal_fen <= min(free[0], principal_fen - back_fen)
    assert 0 <= most.bonus_fen <= free[1]
    if most.principal_fen < min(free[0], principal_fen - back_fen):
        assert wallet_facts.bonus_for(made, principal_fen=most.principal_fen + 1) > free[1]


@pytest.mark.parametrize("status", ["UNPAID", "CLOSED"])
def test_what_was_never_credited_is_not_refunded(status: str):
    made = placed()
    if status == "CLOSED":
        close(made)
    made.refresh_from_db()
    assert (made.status, can_go_back(made)) == (status, (0, 0))
    with pytest.raises(MoveRefused):
        refund(made, 1)


@pytest.mark.parametrize("amount_fen", [0, -1])
def test_a_refund_of_nothing_is_refused(amount_fen: int):
    with pytest.raises(wallet.AmountInvalid):
        refund(credited(), amount_fen)


def test_while_it_is_switched_off_what_is_left_can_still_go_back(settings: Any):
    made = credited()
    settings.WALLET_ENABLED = False
    refund(made, 50_000)
    assert figures(of(made)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("constraint", "broken"),
    [
        ("recharge_bonus_within_principal", {"bonus_fen": 50_001}),
        ("recharge_paid_at_exactly_when_paid", {"paid_at": NOW}),
        ("recharge_paid_at_exactly_when_paid", {"status": "PAID"}),
        ("recharge_closed_at_exactly_when_closed", {"closed_at": NOW}),
        ("recharge_refunded_as_its_status_says", {"refunded_principal_fen": 1}),
        (
            "recharge_refunded_as_its_status_says",
            {"status": "REFUNDED", "paid_at": NOW, "refunded_at": NOW, "refunded_principal_fen": 50_000},
        ),
    ],
)
def test_the_database_refuses_a_recharge_that_contradicts_itself(constraint: str, broken: dict[str, Any]):
    made = placed()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Recharge.objects.filter(pk=made.pk).update(**broken)


def test_the_ledger_of_recharges_cannot_be_changed():
    made = credited()
    refund(made, 1_000)
    for change in (lambda: Entry.objects.update(reason="x"), lambda: Entry.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_overdue_recharges_come_page_by_page_longest_overdue_first():
    made = [placed(at=NOW + timedelta(minutes=minute)) for minute in (2, 0, 1)]
    pay(placed())
    late = NOW + timedelta(minutes=31, seconds=30)
    overdue = list(wallet_facts.recharges_past_expiry(at=late))
    assert overdue == [made[1], made[2]]
    last = (overdue[0].expires_at, overdue[0].pk)
    assert list(wallet_facts.recharges_past_expiry(at=late, after=last)) == [made[2]]


def test_placing_costs_the_same_however_many_recharges_there_are():
    owner, bought = members.member(), pack(100, 10, per_member=99)

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            placed(owner, bought)
        return len(asked)

    placed(owner, bought)
    few = statements()
    for _ in range(10):
        placed(owner, bought)
    assert statements() == few <= 10
