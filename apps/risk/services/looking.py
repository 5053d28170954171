"""Looking at a reward once: what counts against it is found, weighed and written down, and says whether it is held."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from apps.risk import scoring
from apps.risk import selectors as risk_facts
from apps.risk.models import Look, Reason
from apps.risk.scoring import Found
from apps.risk.services import tracing
from apps.risk.states import Clue, Trait, Verdict

_LONGEST: Final = 80
_SAME: Final = {
    Trait.PHONE: Clue.SAME_PHONE,
    Trait.ADDRESS: Clue.SAME_ADDRESS,
    Trait.DEVICE: Clue.SAME_DEVICE,
}


@transaction.atomic
def look(
    *,
    kind: str,
    subject: str,
    title: str,
    member_id: int,
    other_id: int | None = None,
    compare: bool = True,
    peers: Collection[int] = (),
    also: Sequence[Found] = (),
    at: datetime,
) -> Look:
    """Look at one reward of a member, which another's doing brought or their own, once: again returns the first look.

    The ``subject`` of a ``kind`` and the members name it. Without ``compare`` only what is ``also`` said counts.
    ``peers`` are members whose doing brought the member rewards before: to be one of them counts as much as to be the
    member. ``also`` are clues that the caller's own tables give. Held is what ``verdict`` says; the caller holds it.
    """
    names = {"kind": kind, "subject": subject, "member_id": member_id, "other_id": other_id}
    known = Look.objects.filter(**names).first()
    if known is not None:
        return known
    found = list(also)
    if compare:
        tracing.refresh(member_ids=[each for each in (member_id, other_id) if each is not None], at=at)
        if other_id is not None:
            found += _of_pair(member_id, other_id, peers=peers)
        found += _of_one(member_id if other_id is None else other_id, pair=other_id is not None, at=at)
    rules = risk_facts.rules()
    score = scoring.score(found, rules)
    row, created = Look.objects.get_or_create(
        **names,
        defaults={
            "title": title[:_LONGEST],
            "score": score,
            "verdict": Verdict.HELD if score >= risk_facts.policy().hold_at else Verdict.CLEAR,
            "at": at,
        },
    )
    if created and found:
        Reason.objects.bulk_create(
            Reason(
                look=row,
                clue=clue.clue,
                figure=clue.figure,
                weight=scoring.weight_of(clue, rules),
                text=clue.text,
            )
            for clue in found
        )
    return row


def _of_pair(member_id: int, other_id: int, *, peers: Collection[int]) -> Iterator[Found]:
    """What two members, and those who brought one of them rewards before, have in common."""
    shared = risk_facts.shared(other_id, among=[member_id, *peers])
    pair = {trait for trait, people in shared.items() if member_id in people}
    for trait, clue in _SAME.items():
        if number := len(shared.get(trait, ())):
            told = "与得奖会员" if trait in pair else "与其他被邀请人"
            yield Found(clue, number, f"{told}{trait.label}相同，涉及 {number} 个账号")
    if number := len(pair & _SAME.keys()):
        yield Found(Clue.SELF_PURCHASE, number, f"与得奖会员有 {number} 项信息相同，疑似小号")


def _of_one(member_id: int, *, pair: bool, at: datetime) -> Iterator[Found]:
    """What can be said of whoever's doing brings the reward, compared with everybody.

    Where it is compared with nobody else, a phone of somebody else's is a clue by itself; an address is none, for a
    household shares it.
    """
    if not pair and (number := risk_facts.others_with(member_id, Trait.PHONE)):
        yield Found(Clue.SAME_PHONE, number, f"与另外 {number} 个账号手机号相同")
    if number := risk_facts.others_with(member_id, Trait.PAYER):
        yield Found(Clue.SAME_PAYER, number, f"同一微信身份注册过另外 {number} 个账号")
    if (number := risk_facts.others_with(member_id, Trait.DEVICE) + 1) > 1:
        yield Found(Clue.DEVICE_BURST, number, f"同一设备使用过 {number} 个账号")
    if number := risk_facts.registered_beside(member_id):
        yield Found(Clue.NETWORK_BURST, number, f"同一网络一小时内注册 {number} 个账号")
    if number := risk_facts.refunds_lately(member_id, at=at):
        yield Found(Clue.REFUNDS, number, f"近 90 天有 {number} 个订单退款")
