"""What comes into accounts: recharges by pack within their limits, and what operators correct."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from apps.base.models import AuditEntry
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account, Entry, Pack
from mall.errors import NotFound
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, figures, funded, operator, pack

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def credit(account: Account, bought: Pack, cause: str = "RC1", **more: Any) -> Entry:
    whole = {"member_id": account.member_id, "pack_id": bought.pk, "cause": cause, "at": NOW, **more}
    return wallet.credit(**whole)


def adjust(account: Account, key: str = "adjust:1", **changes: int) -> Entry:
    return wallet.adjust(
        member_id=account.member_id,
        business_key=key,
        reason="客服补偿",
        operator=operator(),
        at=NOW,
        **changes,
    )


def test_a_recharge_brings_principal_and_bonus_apart_and_names_its_pack():
    owner, bought = members.member(), pack(50_000, 5_000)
    entry = wallet.credit(member_id=owner.pk, pack_id=bought.pk, cause="RC1", at=NOW)
    assert (entry.kind, entry.pack, entry.business_key) == ("RECHARGE", bought, "recharge:RC1")
    assert wallet_facts.balance_of(owner) == (50_000, 5_000, 0)
    assert wallet_facts.balance_of(owner).available_fen == 55_000


def test_the_same_payment_is_booked_once_and_another_twice():
    account, bought = funded(), pack(10_000, 1_000)
    assert credit(account, bought, "RC1").pk == credit(account, bought, "RC1").pk
    assert figures(account) == (10_000, 1_000, 0, 0)
    credit(account, bought, "RC2")
    assert figures(account) == (20_000, 2_000, 0, 0)
    with pytest.raises(wallet.WalletConflict):
        credit(account, pack(20_000, 0), "RC2")


@pytest.mark.parametrize(("minutes", "on_offer"), [(-1, False), (0, True), (59, True), (60, False)])
def test_a_pack_is_on_offer_from_its_start_until_before_its_end(minutes: int, on_offer: bool):
    account, at = funded(), NOW + timedelta(minutes=minutes)
    bought = pack(starts_at=NOW, ends_at=NOW + timedelta(hours=1))
    assert list(wallet_facts.packs_on_offer(at=at)) == ([bought] if on_offer else [])
    if on_offer:
        credit(account, bought, at=at)
        return
    with pytest.raises(wallet.PackGone):
        credit(account, bought, at=at)


def test_a_pack_that_was_switched_off_is_gone():
    with pytest.raises(wallet.PackGone):
        credit(funded(), pack(enabled=False))


def test_a_member_buys_a_limited_pack_as_often_as_it_says_and_others_may_still():
    account, other, bought = funded(), funded(), pack(10_000, 1_000, per_member=2)
    credit(account, bought, "RC1"), credit(account, bought, "RC2")
    with pytest.raises(wallet.PackLimitReached) as refused:
        credit(account, bought, "RC3")
    assert refused.value.details == {"limit": 2}
    credit(account, bought, "RC2")
    credit(other, bought, "RC1")
    assert figures(account) == (20_000, 2_000, 0, 0)
    assert figures(other) == (10_000, 1_000, 0, 0)


def test_an_account_never_holds_more_than_5000_yuan_of_recharges_but_refunds_always_come_back():
    account = funded(400_000)
    credit(account, pack(90_000, 10_000), "RC1")
    with pytest.raises(wallet.BalanceAboveLimit) as refused:
        credit(account, pack(1, 0), "RC2")
    assert refused.value.details == {"balance_fen": 500_000, "limit_fen": 500_000}
    with transaction.atomic():
        wallet.hold(order_no="SO1", member_id=account.member_id, amount_fen=100_000, at=NOW)
        wallet.commit(order_no="SO1", at=NOW)
    credit(account, pack(100_000, 0), "RC3")
    with transaction.atomic():
        wallet.restore(order_no="SO1", at=NOW)
    assert figures(account) == (590_000, 10_000, 0, 0)
    with pytest.raises(wallet.BalanceAboveLimit):
        adjust(account, bonus_change_fen=1)


def test_unknown_members_and_packs_are_not_found():
    account, bought = funded(), pack()
    with pytest.raises(NotFound):
        wallet.credit(member_id=0, pack_id=bought.pk, cause="RC1", at=NOW)
    with pytest.raises(NotFound):
        wallet.credit(member_id=account.member_id, pack_id=0, cause="RC1", at=NOW)
    with pytest.raises(NotFound):
        wallet.adjust(
            member_id=0, bonus_change_fen=1, business_key="x", reason="", operator=operator(), at=NOW
        )


def test_while_it_is_switched_off_nobody_recharges_and_operators_still_correct(settings: Any):
    account, bought = funded(10_000), pack()
    credit(account, bought, "RC1")
    settings.WALLET_ENABLED = False
    with pytest.raises(wallet.WalletOff):
        credit(account, bought, "RC2")
    credit(account, bought, "RC1")
    adjust(account, principal_change_fen=-60_000)
    with pytest.raises(wallet.WalletOff):
        adjust(account, "adjust:2", principal_change_fen=1)
    assert figures(account) == (0, 5_000, 0, 0)


def test_a_correction_changes_one_sum_once_and_is_in_the_audit_log():
    account = funded(10_000, 1_000)
    before = AuditEntry.objects.count()
    assert adjust(account, bonus_change_fen=-1_000).pk == adjust(account, bonus_change_fen=-1_000).pk
    assert figures(account) == (10_000, 0, 0, 0)
    assert AuditEntry.objects.count() == before + 1
    audited = AuditEntry.objects.first()
    assert audited is not None
    assert (audited.operator, audited.action, audited.subject, audited.note) == (
        operator(),
        "储值调整",
        account.member.public_id,
        "本金 0.00，赠送 -10.00：客服补偿",
    )


def test_an_operators_recharge_is_in_the_audit_log():
    account = funded()
    credit(account, pack(50_000, 5_000), operator=operator(), reason="收到转账")
    audited = AuditEntry.objects.first()
    assert audited is not None
    assert (audited.action, audited.note) == ("储值充值", "本金 500.00，赠送 50.00：收到转账")


def test_money_that_an_order_holds_cannot_be_corrected_away():
    account = funded(10_000, 0)
    with transaction.atomic():
        wallet.hold(order_no="SO1", member_id=account.member_id, amount_fen=4_000, at=NOW)
    with pytest.raises(wallet.BalanceShort) as refused:
        adjust(account, principal_change_fen=-6_001)
    assert refused.value.text == "可用本金 60.00 元，不足以扣减 60.01 元"
    adjust(account, principal_change_fen=-6_000)
    assert figures(account) == (4_000, 0, 4_000, 0)


@pytest.mark.parametrize("changes", [{}, {"principal_change_fen": 0}, {"bonus_change_fen": 10**30}])
def test_a_correction_of_nothing_or_of_absurdly_much_is_refused(changes: dict[str, int]):
    with pytest.raises(wallet.AmountInvalid):
        adjust(funded(100), **changes)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"principal_fen": 0, "bonus_fen": 0}, "wallet_pack_costs_money"),
        ({"principal_fen": 100, "bonus_fen": 101}, "wallet_pack_bonus_within_principal"),
        ({"ends_at": NOW - timedelta(days=1)}, "wallet_pack_window_forward"),
    ],
)
def test_the_database_refuses_a_pack_that_makes_no_sense(fields: dict[str, Any], constraint: str):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        pack(**fields)


def test_the_books_can_be_checked_and_a_difference_is_named():
    account = funded(10_000, 1_000)
    said = StringIO()
    call_command("check_wallets", stdout=said)
    assert said.getvalue() == "every account equals its ledger\n"
    Account.objects.filter(pk=account.pk).update(bonus_fen=999)
    said = StringIO()
    with pytest.raises(CommandError, match="1 accounts differ"):
        call_command("check_wallets", stdout=said)
    assert f"account {account.pk}: " in said.getvalue()
    assert "bonus 999 but booked 1000" in said.getvalue()
