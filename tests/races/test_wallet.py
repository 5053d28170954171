"""Stored value under real threads on PostgreSQL: no fen spent twice, none lost, none refused in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from apps.wallet.models import Account
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, figures, funded, operator, pack
from tests.races.together import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


def hold(account: Account, number: int, amount_fen: int) -> Callable[[], object]:
    return lambda: wallet.hold(
        order_no=f"SO{number}", member_id=account.member_id, amount_fen=amount_fen, at=NOW
    )


def commit(number: int) -> Callable[[], object]:
    return lambda: wallet.commit(order_no=f"SO{number}", at=NOW)


def release(number: int) -> Callable[[], object]:
    return lambda: wallet.release(order_no=f"SO{number}", at=NOW)


def restore(number: int, amount_fen: int, cause: str) -> Callable[[], object]:
    return lambda: wallet.restore(order_no=f"SO{number}", amount_fen=amount_fen, cause=cause, at=NOW)


def adjust(account: Account, key: str, change_fen: int) -> Callable[[], object]:
    who = operator()
    return lambda: wallet.adjust(
        member_id=account.member_id,
        principal_change_fen=change_fen,
        business_key=key,
        reason="调整",
        operator=who,
        at=NOW,
    )


def done(*calls: Callable[[], object]) -> None:
    for call in calls:
        with transaction.atomic():
            call()


def test_a_balance_of_100_pays_one_of_five_orders_of_100():
    account = funded(8_000, 2_000)
    orders = at_once(hold(account, number, 10_000) for number in range(5))
    assert orders == {"done": 1, "BalanceShort": 4}
    assert figures(account) == (8_000, 2_000, 8_000, 2_000)
    assert wallet_facts.unbalanced() == []


def test_without_the_lock_all_five_would_have_seen_the_money():
    account = funded(8_000, 2_000)
    gate = threading.Barrier(5)

    def look() -> None:
        seen = wallet_facts.balance_of(account.member).available_fen
        gate.wait()
        if seen < 10_000:
            raise wallet.BalanceShort

    assert at_once([look] * 5) == {"done": 5}


def test_orders_that_fit_together_are_all_paid_and_none_is_refused_in_vain():
    account = funded(8_000, 2_000)
    assert at_once(hold(account, number, 2_000) for number in range(5)) == {"done": 5}
    assert figures(account) == (8_000, 2_000, 8_000, 2_000)
    assert at_once(commit(number) for number in range(5)) == {"done": 5}
    assert figures(account) == (0, 0, 0, 0)
    assert wallet_facts.unbalanced() == []


def test_the_same_order_placed_by_two_fingers_holds_once():
    account = funded(10_000)
    assert at_once([hold(account, 1, 4_000)] * 8) == {"done": 8}
    assert figures(account) == (10_000, 0, 4_000, 0)


def test_an_order_released_twice_at_once_gives_back_once():
    account = funded(8_000, 2_000)
    done(hold(account, 1, 5_000), hold(account, 2, 1_000))
    assert at_once([release(1)] * 4) == {"done": 4}
    assert figures(account) == (8_000, 2_000, 800, 200)
    assert wallet_facts.unbalanced() == []


def test_two_orders_released_at_once_give_back_exactly():
    account = funded(8_000, 2_000)
    done(hold(account, 1, 5_000), hold(account, 2, 1_000))
    assert at_once([release(1), release(2)] * 3) == {"done": 6}
    assert figures(account) == (8_000, 2_000, 0, 0)


def test_closing_and_paying_at_once_ends_one_way_and_never_both():
    account = funded(10_000)
    done(hold(account, 1, 4_000))
    ends = at_once([*[commit(1)] * 4, *[release(1)] * 4])
    assert ends in ({"done": 4, "BalanceGone": 4}, {"done": 4, "WalletConflict": 4})
    assert figures(account) == ((10_000, 0, 0, 0) if ends["BalanceGone"] else (6_000, 0, 0, 0))
    assert wallet_facts.unbalanced() == []


def test_an_order_and_a_correction_at_once_never_take_the_same_fen():
    account = funded(10_000)
    ends = at_once([hold(account, 1, 10_000), adjust(account, "adjust:1", -10_000)] * 2)
    assert ends == {"done": 2, "BalanceShort": 2}
    assert figures(account) in ((10_000, 0, 10_000, 0), (0, 0, 0, 0))
    assert wallet_facts.unbalanced() == []


def test_one_refund_sent_eight_times_comes_back_once_and_four_never_more_than_was_taken():
    account = funded(8_000, 2_000)
    done(hold(account, 1, 10_000), commit(1))
    assert at_once([restore(1, 4_000, "RF1")] * 8) == {"done": 8}
    assert figures(account) == (3_200, 800, 0, 0)
    others = at_once(restore(1, 2_000, f"RF{number}") for number in range(2, 7))
    assert others == {"done": 3, "WalletConflict": 2}
    assert figures(account) == (8_000, 2_000, 0, 0)


def test_first_recharges_at_once_make_one_account_and_stay_within_the_limit_per_member():
    owner, bought = members.member(), pack(10_000, 1_000, per_member=3)

    def credit(number: int) -> Callable[[], object]:
        return lambda: wallet.credit(member_id=owner.pk, pack_id=bought.pk, cause=f"RC{number}", at=NOW)

    assert at_once(credit(number) for number in range(8)) == {"done": 3, "PackLimitReached": 5}
    assert figures(Account.objects.get(member=owner)) == (30_000, 3_000, 0, 0)
    assert at_once([credit(99)] * 4) == {"PackLimitReached": 4}
    assert wallet_facts.unbalanced() == []
