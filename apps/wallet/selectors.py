"""What can be read about stored value: is it open, what has a member, what is on offer, are the books right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce

from apps.members.models import Member
from apps.wallet.models import Account, Entry, Pack
from apps.wallet.states import EntryKind


class Balance(NamedTuple):
    """A member's stored value in fen: what may be spent, principal and bonus apart, and what orders hold."""

    principal_fen: int
    bonus_fen: int
    held_fen: int

    @property
    def available_fen(self) -> int:
        """What an order may take now."""
        return self.principal_fen + self.bonus_fen


def enabled() -> bool:
    """Whether the operator has switched stored value on (``WALLET_ENABLED``)."""
    return settings.WALLET_ENABLED


def balance_of(member: Member) -> Balance:
    """What the member has, all zeros for whoever never had any: one query."""
    account = Account.objects.filter(member=member).first()
    if account is None:
        return Balance(0, 0, 0)
    return Balance(
        account.free_principal_fen,
        account.free_bonus_fen,
        account.held_principal_fen + account.held_bonus_fen,
    )


def entries_of(member: Member) -> QuerySet[Entry]:
    """What changed the member's spendable sums; the payment of what was held already changes neither."""
    return Entry.objects.filter(account__member=member).exclude(kind=EntryKind.COMMIT)


def packs_on_offer(*, at: datetime) -> QuerySet[Pack]:
    """The packs that can be bought at this instant."""
    return Pack.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at)


def bought(member_id: int, pack_ids: Iterable[int]) -> dict[int, int]:
    """How often the member has bought each of these packs: one query, only packs bought at all are in it."""
    rows = Entry.objects.filter(account__member_id=member_id, pack__in=list(pack_ids)).order_by()
    return dict(rows.values_list("pack_id").annotate(times=Count("id")))


class Unbalanced(NamedTuple):
    """An account's four sums beside those of its ledger entries, all in fen."""

    account_id: int
    principal_fen: int
    bonus_fen: int
    held_principal_fen: int
    held_bonus_fen: int
    booked_principal_fen: int
    booked_bonus_fen: int
    booked_held_principal_fen: int
    booked_held_bonus_fen: int


def unbalanced() -> list[Unbalanced]:
    """The accounts whose sums are not those of their ledger entries: none, if all is well."""
    sums = ("principal", "bonus", "held_principal", "held_bonus")
    rows = (
        Account.objects.order_by("id")
        .annotate(**{f"booked_{name}": Coalesce(Sum(f"entries__{name}_change_fen"), 0) for name in sums})
        .exclude(**{f"{name}_fen": F(f"booked_{name}") for name in sums})
        .values_list("id", *(f"{name}_fen" for name in sums), *(f"booked_{name}" for name in sums))
    )
    return [Unbalanced(*row) for row in rows]
