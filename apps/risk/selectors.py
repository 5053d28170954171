"""Reading risk: the rules in force, who shares what with whom, what waits for a person, and what other rules would hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from apps.members.models import Member
from apps.orders.models import Order, OrderRefund
from apps.risk import scoring
from apps.risk.models import Look, Policy, Rule, Trace
from apps.risk.scoring import Found, Weighing
from apps.risk.states import Clue, Trait, Verdict

_HOUR: Final = timedelta(hours=1)
_REFUNDS_OF: Final = timedelta(days=90)
# So many of those that a change would have held are named.
NAMED: Final = 10
REPLAYED: Final = timedelta(days=30)


class Replay(NamedTuple):
    """What rules would have done: how many rewards were looked at, how many they would have held, some of those."""

    looked_at: int
    held: int
    before: int
    among: list[str]


def policy() -> Policy:
    """The policy in force, saved or not."""
    return Policy.objects.filter(pk=1).first() or Policy(pk=1)


def rules() -> dict[Clue, Weighing]:
    """The rules in force: the rows, and the defaults of those that have none."""
    rows = {Clue(row.clue): Weighing(row.enabled, row.threshold, row.weight) for row in Rule.objects.all()}
    return {**scoring.DEFAULTS, **rows}


def waiting() -> QuerySet[Look]:
    """Rewards that wait for a person."""
    return Look.objects.filter(verdict=Verdict.HELD)


def verdict_of(*, kind: str, subject: str, member_id: int) -> str | None:
    """How a member's reward that only their own doing brings stands; None for one that was never looked at."""
    looks = Look.objects.filter(kind=kind, subject=subject, member_id=member_id, other=None)
    return looks.values_list("verdict", flat=True).first()


def shared(member_id: int, *, among: Collection[int]) -> dict[Trait, set[int]]:
    """Who of these members has a trait in common with the member, by trait; one statement."""
    own = Trace.objects.filter(member_id=member_id, trait=OuterRef("trait"), digest=OuterRef("digest"))
    theirs = Trace.objects.filter(Exists(own), member_id__in=set(among) - {member_id}).order_by()
    found: dict[Trait, set[int]] = {}
    for trait, who in theirs.values_list("trait", "member_id").distinct():
        found.setdefault(Trait(trait), set()).add(who)
    return found


def others_with(member_id: int, trait: Trait) -> int:
    """How many other members have a trait of the member's."""
    own = Trace.objects.filter(member_id=member_id, trait=trait).values("digest")
    theirs = Trace.objects.filter(trait=trait, digest__in=own).exclude(member_id=member_id)
    return theirs.values("member_id").distinct().count()


def registered_beside(member_id: int) -> int:
    """How many members, this one among them, registered by one network within the hour around; 0 for who is unknown."""
    own = Trace.objects.filter(member_id=member_id, trait=Trait.NETWORK).order_by("first_at").first()
    if own is None:
        return 0
    window = (own.first_at - _HOUR, own.first_at + _HOUR)
    beside = Trace.objects.filter(trait=Trait.NETWORK, digest=own.digest, first_at__range=window)
    return beside.values("member_id").distinct().count()


def refunds_lately(member_id: int, *, at: datetime) -> int:
    """How many of the member's orders were refunded, in part or whole, in the last ninety days."""
    refunded = OrderRefund.objects.filter(order__member_id=member_id, at__gt=at - _REFUNDS_OF)
    return refunded.values("order_id").distinct().count()


def noticed(member_ids: Collection[int], *, at: datetime) -> set[int]:
    """Those of many members about whom a look could find anything that counts by itself; one statement.

    By what is noted of them, their phone numbers as they are now, and refunds: whoever gives something to thousands looks
    at these, one by one, and at nobody else.
    """
    own = Trace.objects.filter(member_id=OuterRef("pk"), trait__in=[Trait.PHONE, Trait.PAYER, Trait.DEVICE])
    others = Trace.objects.filter(trait=OuterRef("trait"), digest=OuterRef("digest"))
    phones = Member.objects.exclude(phone="").filter(phone=OuterRef("phone")).exclude(pk=OuterRef("pk"))
    refunded = OrderRefund.objects.filter(order__member_id=OuterRef("pk"), at__gt=at - _REFUNDS_OF)
    found = Member.objects.filter(pk__in=list(member_ids)).filter(
        Exists(own.filter(Exists(others.exclude(member_id=OuterRef("member_id")))))
        | Exists(phones)
        | Exists(refunded)
    )
    return set(found.order_by().values_list("pk", flat=True))


def with_phones_of(member_ids: Collection[int]) -> set[int]:
    """These members and all others who have a phone number of theirs; one statement."""
    phones = Member.objects.filter(pk__in=list(member_ids)).exclude(phone="").values("phone")
    return {*member_ids, *Member.objects.filter(phone__in=phones).values_list("pk", flat=True)}


def addresses_of(member_id: int) -> list[Mapping[str, str]]:
    """Where the member's last twenty paid orders went."""
    paid = Order.objects.filter(member_id=member_id, paid_at__isnull=False).order_by("-id")
    return list(paid.values_list("address", flat=True)[:20])


def replay(rules: Mapping[Clue, Weighing], *, hold_at: int, at: datetime) -> Replay:
    """What these rules would have held of the rewards of the last thirty days, and how many were held then."""
    looks = Look.objects.filter(at__gt=at - REPLAYED, at__lte=at).prefetch_related("reasons").order_by("-id")
    looked_at = held = before = 0
    among: list[str] = []
    for look in looks.iterator(chunk_size=1_000):
        looked_at += 1
        before += look.verdict != Verdict.CLEAR
        found = [Found(Clue(reason.clue), reason.figure, "") for reason in look.reasons.all()]
        score = scoring.score(found, rules)
        if score < hold_at:
            continue
        held += 1
        if len(among) < NAMED:
            texts = "；".join(reason.text for reason in look.reasons.all())
            among.append(f"{look.title}（{score} 分：{texts}）")
    return Replay(looked_at, held, before, among)
