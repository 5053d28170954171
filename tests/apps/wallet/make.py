"""Plain makers of stored value for tests: a pack, and a member with money in the wallet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from apps.members.models import Member
from apps.wallet import services as wallet
from apps.wallet.models import Account, Pack, Recharge
from apps.wallet.services import recharges
from tests.apps.members import make as members

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_numbers = count(1)


def operator() -> User:
    """Somebody in the back office; made the first time."""
    made, _ = User.objects.get_or_create(username="掌柜", defaults={"is_staff": True})
    return made


def pack(principal_fen: int = 50_000, bonus_fen: int = 5_000, **fields: Any) -> Pack:
    """充500送50, on offer for a day around NOW."""
    whole = {
        "title": "充500送50",
        "starts_at": NOW - timedelta(days=1),
        "ends_at": NOW + timedelta(days=1),
        **fields,
    }
    return Pack.objects.create(principal_fen=principal_fen, bonus_fen=bonus_fen, **whole)


def placed(member: Member | None = None, of: Pack | None = None, *, at: datetime = NOW) -> Recharge:
    """A recharge that waits for payment; of 充500送50 by a new member unless given. Needs the wallet on."""
    return recharges.place(
        member=member or members.member(),
        pack_id=(of or pack()).pk,
        idempotency_key=f"key-{next(_numbers)}",
        at=at,
    )


def credited(member: Member | None = None, of: Pack | None = None, *, at: datetime = NOW) -> Recharge:
    """A recharge that was paid, as the counter books it; the money is not in any payment."""
    made = placed(member, of, at=at)
    with transaction.atomic():
        recharges.pay(recharge_no=made.recharge_no, at=at)
    made.refresh_from_db()
    return made


def funded(principal_fen: int = 0, bonus_fen: int = 0, *, member: Member | None = None) -> Account:
    """The account of a member (a new one unless given) after an operator put this, if anything, into it."""
    owner = member or members.member()
    if principal_fen or bonus_fen:
        wallet.adjust(
            member_id=owner.pk,
            principal_change_fen=principal_fen,
            bonus_change_fen=bonus_fen,
            business_key=f"make:{next(_numbers)}",
            reason="测试",
            operator=operator(),
            at=NOW,
        )
    return Account.objects.get_or_create(member=owner)[0]


def figures(account: Account) -> tuple[int, int, int, int]:
    """Principal, bonus, and what is held of each, in fen, as the database has them now."""
    account.refresh_from_db()
    return account.principal_fen, account.bonus_fen, account.held_principal_fen, account.held_bonus_fen
