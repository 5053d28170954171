"""Recharges that somebody refunded in WeChat's merchant console: the stored value follows the money."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from apps.checkout import bills, recharging
from apps.outbox import services as outbox
from apps.outbox.models import Delivery
from apps.payments.models import Payment
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Pack, Recharge
from apps.wallet.selectors import misowed, unbalanced
from tests.apps.checkout.test_recharging import confirm, placed
from tests.apps.payments import make as money
from tests.apps.payments.test_console import heard, said
from tests.apps.wallet.make import NOW, figures, operator

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


@pytest.fixture
def paid() -> tuple[Recharge, Payment]:
    """500.00 that gave 50.00 more, paid and credited."""
    recharge = placed()
    payment = money.recharge_attempt(recharge)
    assert confirm(payment) == "used"
    payment.refresh_from_db()
    return recharge, payment


def console(payment: Payment, amount_fen: int, *, number: str = "CONSOLE1", **changes: Any) -> None:
    """Somebody refunds in the console, WeChat tells, the shop's post delivers."""
    content = said(payment, amount_fen, number=number, **changes)
    assert heard({**content, "transaction_id": payment.transaction_id}, "REFUND.SUCCESS") == 204
    outbox.deliver_due(at=money.AT)
    assert set(
        Delivery.objects.filter(announcement__kind="ConsoleRefunded").values_list("status", flat=True)
    ) == {"DONE"}


def now(recharge: Recharge) -> tuple[str, int, int, tuple[int, ...], tuple[int, int]]:
    recharge.refresh_from_db()
    account = Account.objects.get()
    return (
        recharge.status,
        recharge.refunded_principal_fen,
        recharge.refunded_bonus_fen,
        figures(account),
        (account.owed_principal_fen, account.owed_bonus_fen),
    )


def spend(principal_fen: int, bonus_fen: int) -> None:
    wallet.adjust(
        member_id=Account.objects.get().member_id,
        principal_change_fen=-principal_fen,
        bonus_change_fen=-bonus_fen,
        business_key="spent",
        reason="线下消费",
        operator=User.objects.first() or operator(),
        at=NOW,
    )


def test_all_of_a_recharge_leaves_the_account_with_its_bonus(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    console(payment, 50_000)
    assert now(recharge) == ("REFUNDED", 50_000, 5_000, (0, 0, 0, 0), (0, 0))
    entry = Entry.objects.get(kind="REFUND")
    assert (entry.reason, entry.recharge_no, entry.operator) == ("商户平台退款", recharge.recharge_no, None)


def test_a_part_takes_its_share_of_the_bonus_and_the_parts_add_up(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    console(payment, 20_000)
    assert now(recharge) == ("PARTLY_REFUNDED", 20_000, 2_000, (30_000, 3_000, 0, 0), (0, 0))
    console(payment, 10_001, number="CONSOLE2")
    assert now(recharge) == ("PARTLY_REFUNDED", 30_001, 3_000, (19_999, 2_000, 0, 0), (0, 0))
    console(payment, 19_999, number="CONSOLE3")
    assert now(recharge) == ("REFUNDED", 50_000, 5_000, (0, 0, 0, 0), (0, 0))


def test_heard_twice_it_is_taken_once(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    console(payment, 20_000)
    console(payment, 20_000)
    assert not bills.follow_console(payment_no=payment.payment_no, at=NOW)
    assert now(recharge) == ("PARTLY_REFUNDED", 20_000, 2_000, (30_000, 3_000, 0, 0), (0, 0))


def test_the_console_counts_beside_what_the_shop_gave_back_itself(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    recharging.refund(
        recharge_no=recharge.recharge_no,
        principal_fen=20_000,
        cause="c1",
        reason="协商退款",
        operator=operator(),
        at=NOW,
    )
    console(payment, 30_000)
    assert now(recharge) == ("REFUNDED", 50_000, 5_000, (0, 0, 0, 0), (0, 0))


def test_what_was_spent_by_then_is_owed_and_the_next_money_in_pays_it(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    spend(40_000, 4_000)
    console(payment, 50_000)
    assert now(recharge) == ("REFUNDED", 50_000, 5_000, (0, 0, 0, 0), (40_000, 4_000))
    assert Entry.objects.get(business_key__startswith="refund:").reason == (
        "商户平台退款，余额不足，欠本金 400.00 元、赠送金 40.00 元"
    )

    wallet.credit(
        member_id=recharge.member_id, pack_id=Pack.objects.get().pk, cause="till", operator=operator(), at=NOW
    )
    assert now(recharge)[3:] == ((10_000, 1_000, 0, 0), (0, 0))
    assert [
        (row.reason, row.recharge_no) for row in Entry.objects.filter(business_key__startswith="debt:")
    ] == [("扣还欠款", "")]
    assert unbalanced() == [] == misowed()


def test_a_debt_is_paid_as_far_as_the_money_goes(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    spend(50_000, 5_000)
    console(payment, 50_000)
    for number, left_fen in ((1, 38_000), (2, 26_000)):
        wallet.adjust(
            member_id=recharge.member_id,
            principal_change_fen=12_000,
            business_key=f"cash:{number}",
            reason="现金补交",
            operator=User.objects.first() or operator(),
            at=NOW,
        )
        assert now(recharge)[3:] == ((0, 0, 0, 0), (left_fen, 5_000))


@pytest.mark.parametrize("bonus_change_fen", [-10_000, -12_000])
def test_a_correction_that_moves_bonus_to_principal_pays_what_is_owed_of_it(
    paid: tuple[Recharge, Payment], bonus_change_fen: int
) -> None:
    recharge, payment = paid
    wallet.adjust(
        member_id=recharge.member_id,
        bonus_change_fen=20_000,
        business_key="gift",
        reason="补偿",
        operator=operator(),
        at=NOW,
    )
    spend(40_000, 0)
    console(payment, 50_000)
    assert now(recharge)[3:] == ((0, 20_000, 0, 0), (40_000, 0))
    wallet.adjust(
        member_id=recharge.member_id,
        principal_change_fen=10_000,
        bonus_change_fen=bonus_change_fen,
        business_key="moved",
        reason="赠送金转本金",
        operator=operator(),
        at=NOW,
    )
    assert now(recharge)[3:] == ((0, 20_000 + bonus_change_fen, 0, 0), (30_000, 0))
    assert unbalanced() == [] == misowed()


def test_what_an_order_gives_back_pays_the_debt_before_it_can_be_spent_again(
    paid: tuple[Recharge, Payment],
) -> None:
    recharge, payment = paid
    order: dict[str, Any] = {"order_no": "SO1", "at": NOW}
    with transaction.atomic():
        wallet.hold(member_id=recharge.member_id, amount_fen=44_000, **order)
        wallet.commit(**order)
    console(payment, 50_000)
    assert now(recharge)[3:] == ((0, 0, 0, 0), (40_000, 4_000))
    with transaction.atomic():
        wallet.restore(amount_fen=11_000, cause="RO1", **order)
    assert now(recharge)[3:] == ((0, 0, 0, 0), (30_000, 3_000))
    with transaction.atomic():
        wallet.restore(amount_fen=11_000, cause="RO1", **order)
        wallet.restore(**order)
    assert now(recharge)[3:] == ((0, 0, 0, 0), (0, 0))
    assert unbalanced() == [] == misowed()


def test_what_closed_orders_let_go_of_pays_the_debt(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    with transaction.atomic():
        for order_no, fen in (("SO1", 11_000), ("SO2", 22_000)):
            wallet.hold(order_no=order_no, member_id=recharge.member_id, amount_fen=fen, at=NOW)
    console(payment, 50_000)
    assert now(recharge)[3:] == ((30_000, 3_000, 30_000, 3_000), (30_000, 3_000))
    for order_nos, left_fen in ((["SO1"], 20_000), (["SO2", "SO1"], 0)):
        with transaction.atomic():
            wallet.release_many(order_nos=order_nos, at=NOW)
        left = (left_fen, left_fen // 10)
        assert now(recharge)[3:] == ((*left, *left), left)
    assert unbalanced() == [] == misowed()


def test_a_debt_that_nothing_explains_is_told(paid: tuple[Recharge, Payment], capsys: Any) -> None:
    recharge, payment = paid
    spend(40_000, 4_000)
    console(payment, 30_000)
    assert now(recharge)[4] == (20_000, 2_000)
    call_command("check_wallets")
    for column in ("owed_principal_fen", "owed_bonus_fen"):
        before = Account.objects.values_list(column, flat=True).get()
        Account.objects.update(**{column: before - 1})
        with pytest.raises(CommandError):
            call_command("check_wallets")
        with pytest.raises(CommandError):
            call_command("check_invariants", "wallets_equal_ledger")
        Account.objects.update(**{column: before})
    assert "owes principal 19999 but should 20000" in capsys.readouterr().out


def test_what_an_order_holds_is_not_taken_from_under_it(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    Account.objects.update(held_principal_fen=30_000, held_bonus_fen=3_000)
    console(payment, 50_000)
    assert now(recharge)[3:] == ((30_000, 3_000, 30_000, 3_000), (30_000, 3_000))


def test_a_refund_that_wechat_closed_takes_nothing(paid: tuple[Recharge, Payment]) -> None:
    recharge, payment = paid
    content = said(payment, 50_000, refund_status="CLOSED")
    assert heard({**content, "transaction_id": payment.transaction_id}, "REFUND.CLOSED") == 204
    outbox.deliver_due(at=money.AT)
    assert now(recharge) == ("PAID", 0, 0, (50_000, 5_000, 0, 0), (0, 0))


def test_money_that_was_never_credited_leaves_no_account(paid: tuple[Recharge, Payment]) -> None:
    _, first = paid
    assert not bills.follow_console(payment_no="PAnone", at=NOW)
    other = placed()
    unheard = money.recharge_attempt(other)
    assert heard(said(unheard, 50_000, number="CONSOLE9"), "REFUND.SUCCESS") == 204
    outbox.deliver_due(at=money.AT)
    assert Recharge.objects.get(pk=other.pk).status == "UNPAID"
    assert first.refunded_fen == 0


def test_operators_see_who_owes(paid: tuple[Recharge, Payment]) -> None:
    _, payment = paid
    spend(40_000, 4_000)
    console(payment, 50_000)
    page = Client()
    page.force_login(User.objects.create_superuser("店长"))
    listed = page.get("/admin/wallet/account/", {"owing": "1"}).content.decode()
    assert "本金 400.00，赠送金 40.00；下次入账时扣还" in listed
    assert "储值欠款" in page.get("/admin/").content.decode()
