"""What the mini program sees of stored value, and that it sees nothing while it is switched off."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.wallet import services as wallet
from apps.wallet.models import Account
from config.env import Environment
from tests.apps.members import make as members
from tests.apps.wallet.make import NOW, funded, pack

pytestmark = pytest.mark.django_db
PATHS = ["/me/wallet", "/me/wallet/entries", "/wallet/packs"]


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> None:
    settings.WALLET_ENABLED = True


@pytest.fixture
def account() -> Account:
    return funded(50_000, 5_000)


@pytest.fixture
def shopper(account: Account, shopper_of: Any) -> Any:
    return shopper_of(account.member)


def on_sale(**fields: Any) -> Any:
    """A pack on offer at the time of the machine, which is what the door reads."""
    now = timezone.now()
    return pack(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1), **fields)


def order(account: Account, order_no: str, amount_fen: int) -> None:
    with transaction.atomic():
        wallet.hold(order_no=order_no, member_id=account.member_id, amount_fen=amount_fen, at=NOW)


def test_it_is_off_unless_the_environment_switches_it_on():
    assert Environment.model_fields["wallet_enabled"].default is False


@pytest.mark.parametrize("path", PATHS)
def test_while_it_is_switched_off_nothing_is_there_whoever_asks(
    path: str, shopper: Any, anyone: Any, settings: Any
):
    settings.WALLET_ENABLED = False
    for client in (shopper, anyone):
        answer = client.call("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "wallet_off")


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_asked_to_log_in(path: str, anyone: Any):
    assert anyone.call("GET", path).status_code == 401


def test_the_wallet_tells_what_may_be_spent_and_what_orders_hold(shopper: Any, account: Account):
    order(account, "SO1", 11_000)
    assert shopper.call("GET", "/me/wallet").json() == {
        "available_fen": 44_000,
        "principal_fen": 40_000,
        "bonus_fen": 4_000,
        "held_fen": 11_000,
    }


def test_whoever_never_recharged_has_nothing(shopper_of: Any):
    answer = shopper_of(members.member()).call("GET", "/me/wallet")
    assert answer.json() == {"available_fen": 0, "principal_fen": 0, "bonus_fen": 0, "held_fen": 0}


def test_the_ledger_shows_every_change_of_what_may_be_spent_and_only_ones_own(shopper: Any, account: Account):
    order(funded(100), "SO9", 50)
    order(account, "SO1", 11_000)
    with transaction.atomic():
        wallet.commit(order_no="SO1", at=NOW)
        wallet.restore(order_no="SO1", amount_fen=1_100, cause="RF1", at=NOW)
    answer = shopper.call("GET", "/me/wallet/entries").json()
    seen = [
        (row["kind"], row["order_no"], row["principal_change_fen"], row["bonus_change_fen"])
        for row in answer["results"]
    ]
    assert seen == [
        ("RESTORE", "SO1", 1_000, 100),
        ("HOLD", "SO1", -10_000, -1_000),
        ("ADJUST", "", 50_000, 5_000),
    ]
    assert [row["kind_label"] for row in answer["results"]] == ["退款退回", "下单占用", "人工调整"]
    assert answer["next"] is None
    assert shopper.call("GET", "/me/wallet").json()["available_fen"] == sum(
        principal + bonus for _, _, principal, bonus in seen
    )


def test_pages_follow_each_other_without_gap_or_repetition(shopper: Any, account: Account):
    for number in range(4):
        order(account, f"SO{number}", 100)
    first = shopper.call("GET", "/me/wallet/entries?page_size=3").json()
    assert [row["order_no"] for row in first["results"]] == ["SO3", "SO2", "SO1"]
    second = shopper.get(first["next"]).json()
    assert [row["order_no"] for row in second["results"]] == ["SO0", ""]
    assert second["next"] is None


def test_packs_are_shown_in_their_order_with_how_often_one_may_still_buy(shopper: Any, account: Account):
    second, first = on_sale(position=2, per_member=2), on_sale(title="充100", position=1)
    on_sale(enabled=False)
    pack(starts_at=NOW - timedelta(days=9), ends_at=NOW - timedelta(days=8))
    wallet.credit(member_id=account.member_id, pack_id=second.pk, cause="RC1", at=timezone.now())
    rows = shopper.call("GET", "/wallet/packs").json()["results"]
    assert [(row["id"], row["left"]) for row in rows] == [(first.pk, None), (second.pk, 1)]
    assert (rows[1]["title"], rows[1]["principal_fen"], rows[1]["bonus_fen"]) == ("充500送50", 50_000, 5_000)


def test_a_page_of_a_hundred_takes_as_many_statements_as_one_of_ten_and_at_most_four(
    shopper: Any, account: Account
):
    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as counted:
            assert shopper.call("GET", f"{path}?page_size=100").status_code == 200
        return len(counted)

    counts = []
    for many in (10, 90):
        for number in range(many):
            order(account, f"SO{many}-{number}", 1)
            on_sale()
        counts.append([statements(path) for path in PATHS[1:]])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 4


@pytest.mark.parametrize("path", PATHS[1:])
@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=１０", "page_size=1e3", "cursor=x", "cursor=%00"]
)
def test_what_makes_no_sense_is_refused(shopper: Any, path: str, query: str):
    assert shopper.call("GET", f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written_from_outside(shopper: Any, path: str, method: str):
    assert shopper.call(method, path, {"principal_fen": 10**12}).status_code == 405
