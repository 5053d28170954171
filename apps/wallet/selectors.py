"""What can be read about stored value: is it open, what has a member, what is on offer, are the books right."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from apps.members.models import Member
from apps.wallet.models import Account, Entry, Pack, Recharge, Spending
from apps.wallet.states import EntryKind, RechargeStatus
from mall import money
from mall.errors import Kind, NotFound, ShopError

# A recharge_no has 20 characters; anything longer than its column was never issued.
_LONGEST_RECHARGE_NO = 32


class IdempotencyKeyReused(ShopError):
    """The member used this Idempotency-Key before, for another recharge."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于另一笔充值"
    kind = Kind.CONFLICT


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


def bonus_spent_fen(*, order_no: str) -> int:
    """The part of an order that bonus paid and that did not come back, in fen: nobody ever paid money for it."""
    return next((row["fen"] for row in bonus_spent(order_no)), 0)


def bonus_spent(order_no: str | OuterRef) -> QuerySet[Spending, Any]:
    """The same as ``fen`` of one row or none, also for a subquery."""
    left = F("bonus_fen") - F("restored_bonus_fen")
    return Spending.objects.filter(order_no=order_no).order_by().values(fen=left)


def packs_on_offer(*, at: datetime) -> QuerySet[Pack]:
    """The packs that can be bought at this instant."""
    return Pack.objects.filter(enabled=True, starts_at__lte=at, ends_at__gt=at)


def bought(member_id: int, pack_ids: Iterable[int]) -> dict[int, int]:
    """How often the member has bought each of these packs: one query, only packs bought at all are in it."""
    rows = Entry.objects.filter(account__member_id=member_id, pack__in=list(pack_ids)).order_by()
    return dict(rows.values_list("pack_id").annotate(times=Count("id")))


def unpaid_by_pack(member_id: int, pack_ids: Iterable[int]) -> dict[int, int]:
    """How many recharges of each pack wait for the member's payment: one query, only packs that have some."""
    rows = _unpaid_of(member_id).filter(pack__in=list(pack_ids)).order_by()
    return dict(rows.values_list("pack_id").annotate(times=Count("id")))


def unpaid_fen(member_id: int) -> int:
    """What the member's unpaid recharges will bring when they are paid, principal and bonus together."""
    total: int | None = _unpaid_of(member_id).aggregate(sum=Sum(F("principal_fen") + F("bonus_fen")))["sum"]
    return total or 0


def unpaid_numbers(member_id: int) -> list[str]:
    """The numbers of the member's unpaid recharges, oldest first: what one may pay or cancel."""
    return list(_unpaid_of(member_id).order_by("id").values_list("recharge_no", flat=True))


def recharges_of(member: Member) -> QuerySet[Recharge]:
    """The member's recharges in the mini program."""
    return Recharge.objects.filter(member=member)


def recharge_of_member(*, member: Member, recharge_no: str) -> Recharge:
    """One recharge of this member. Raises NotFound for another's as for one that does not exist."""
    if len(recharge_no) > _LONGEST_RECHARGE_NO or "\x00" in recharge_no:
        raise NotFound
    found = recharges_of(member).filter(recharge_no=recharge_no).first()
    if found is None:
        raise NotFound
    return found


def recharge_placed_before(*, member_id: int, idempotency_key: str, request_hash: str) -> Recharge | None:
    """The recharge that this member's key stands for already. Raises IdempotencyKeyReused for another request's."""
    found = Recharge.objects.filter(member_id=member_id, idempotency_key=idempotency_key).first()
    if found is not None and found.request_hash != request_hash:
        raise IdempotencyKeyReused
    return found


def recharges_past_expiry(*, at: datetime, after: tuple[datetime, int] | None = None) -> QuerySet[Recharge]:
    """Unpaid recharges whose time is over, longest overdue first; ``after`` is the (expires_at, id) seen last."""
    due = Recharge.objects.filter(status=RechargeStatus.UNPAID, expires_at__lte=at).order_by(
        "expires_at", "id"
    )
    if after is None:
        return due
    expires_at, pk = after
    return due.filter(expires_at__gte=expires_at).exclude(expires_at=expires_at, id__lte=pk)


def credited(*, recharge_no: str) -> Recharge | None:
    """The recharge with its member, if it was paid and not wholly refunded since."""
    paid = Recharge.objects.filter(status__in=[RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED])
    return paid.select_related("member").filter(recharge_no=recharge_no).first()


def recharge_waits_for_money(*, recharge_no: str) -> bool:
    """Whether the recharge is unpaid still."""
    return Recharge.objects.filter(recharge_no=recharge_no, status=RechargeStatus.UNPAID).exists()


def entries_of_recharge(recharge: Recharge) -> QuerySet[Entry]:
    """Its credit and its refunds in the ledger, oldest first."""
    number = recharge.recharge_no
    mine = Q(business_key=f"recharge:{number}") | Q(business_key__startswith=f"refund:{number}:")
    return Entry.objects.filter(mine, account__member_id=recharge.member_id).order_by("id")


class Back(NamedTuple):
    """What a refund of a recharge pays back, and what of the bonus it takes out of the account for it, in fen."""

    principal_fen: int
    bonus_fen: int


def bonus_for(recharge: Recharge, *, principal_fen: int) -> int:
    """The bonus that goes with so much more principal back: all refunds together are in the recharge's proportion.

    Of 500.00 + 50.00, 200.00 back takes 20.00 of the bonus. To the nearest fen of the sum, so that roundings
    do not add up; with all of the principal all of the bonus is gone.
    """
    back_fen = recharge.refunded_principal_fen + principal_fen
    gone_fen, _ = money.allocate(recharge.bonus_fen, [back_fen, recharge.principal_fen - back_fen])
    return gone_fen - recharge.refunded_bonus_fen


def refundable(recharge: Recharge, account: Account | None) -> Back:
    """The most that can go back of a recharge now, as its account stands: all zeros where that is nothing.

    At most what is left of the recharge, at most the principal that no order holds or has spent, and only so
    much that the bonus which goes with it is there, too: nobody spends the gift and takes the money.
    """
    if account is None or recharge.status not in {RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED}:
        return Back(0, 0)
    most_fen = max(0, min(recharge.refundable_principal_fen, account.free_principal_fen))
    # The bonus that goes with it never falls as the principal grows, so the last amount that fits is found by halving.
    principal_fen = bisect_right(
        range(1, most_fen + 1),
        account.free_bonus_fen,
        key=lambda amount_fen: bonus_for(recharge, principal_fen=amount_fen),
    )
    return Back(principal_fen, bonus_for(recharge, principal_fen=principal_fen) if principal_fen else 0)


def owing() -> QuerySet[Account]:
    """The accounts whose members owe what went back past the shop (``services.debts``)."""
    return Account.objects.filter(Q(owed_principal_fen__gt=0) | Q(owed_bonus_fen__gt=0))


def _unpaid_of(member_id: int) -> QuerySet[Recharge]:
    return Recharge.objects.filter(member_id=member_id, status=RechargeStatus.UNPAID)


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


class Misowed(NamedTuple):
    """What an account says that its member owes, beside what went back of recharges and was not taken out, all in fen."""

    account_id: int
    owed_principal_fen: int
    owed_bonus_fen: int
    due_principal_fen: int
    due_bonus_fen: int


def misowed() -> list[Misowed]:
    """The accounts that owe otherwise than their recharges and ledger say: none, if all is well.

    All that went back of recharges was taken out of the account by then, or since, or is owed.
    """
    sums = ("principal", "bonus")
    gone = Recharge.objects.filter(member=OuterRef("member")).order_by().values("member")
    taken = Entry.objects.filter(account=OuterRef("pk"), kind=EntryKind.REFUND).order_by().values("account")
    due = {
        f"due_{name}": Coalesce(Subquery(gone.values(fen=Sum(f"refunded_{name}_fen"))), 0)
        + Coalesce(Subquery(taken.values(fen=Sum(f"{name}_change_fen"))), 0)
        for name in sums
    }
    rows = (
        Account.objects.order_by("id")
        .annotate(**due)
        .exclude(**{f"owed_{name}_fen": F(f"due_{name}") for name in sums})
        .values_list("id", *(f"owed_{name}_fen" for name in sums), *due)
    )
    return [Misowed(*row) for row in rows]
