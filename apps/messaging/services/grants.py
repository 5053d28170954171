"""The ledger of grants: one accepted prompt is one send. Balances move by guarded statements, entries say why, for ever.

Source: 小程序 订阅消息: a one-time subscription allows one message; what is left cannot be asked, so WeChat's 43101 is the
truth wherever it differs from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet

from apps.base import transactions
from apps.messaging import board
from apps.messaging.models import Grant, GrantEntry, Template
from apps.messaging.states import GrantChange, Source
from mall.errors import Fault, Faulty

# The client's word and WeChat's event of one accept come within a minute (contract).
_SAME_WITHIN: Final = timedelta(minutes=1)
ACCEPTS: Final = frozenset({"accept", "acceptWithAudio"})
REFUSES: Final = frozenset({"reject", "ban"})
MEANS_NOTHING: Final = frozenset({"filter"})


class GrantsRefused(Faulty):
    """What the mini program says cannot be: no scene of the shop, no template of it, no answer that WeChat gives."""

    code = "message_grants_refused"


@transaction.atomic
def note_answers(*, member_id: int, scene: str, results: Mapping[str, str], at: datetime) -> None:
    """Keep what a member answered to a prompt of wx.requestSubscribeMessage, a word for each template.

    Raises SceneUnknown, and GrantsRefused with each fault at its template.
    """
    board.scene_of(scene)
    known = {row.template_id: row for row in Template.objects.filter(template_id__in=list(results))}
    faults = []
    for template_id, answer in results.items():
        if template_id not in known:
            faults.append(Fault(f"results.{template_id[:64]}", "不是本店的订阅消息模板"))
        elif answer not in ACCEPTS | REFUSES | MEANS_NOTHING:
            faults.append(Fault(f"results.{template_id[:64]}", "应为 accept、reject、ban 或 filter"))
    if faults:
        raise GrantsRefused(faults)
    for template_id in sorted(results, key=lambda each: known[each].pk):
        _note(
            member_id=member_id,
            template=known[template_id],
            answer=results[template_id],
            source=Source.CLIENT,
            cause=f"client:{at.isoformat()}",
            at=at,
        )


@transaction.atomic
def note_events(*, member_id: int, answers: Iterable[tuple[str, str]], cause: str, at: datetime) -> None:
    """Keep what WeChat tells of a member's answers, as (template id, word); ``cause`` names the push. Again changes nothing.

    Templates that the shop does not know are passed over: they may be another program's of the account.
    """
    said = list(answers)
    known = {
        row.template_id: row for row in Template.objects.filter(template_id__in=[one for one, _ in said])
    }
    for number, (template_id, answer) in enumerate(said):
        if template_id in known:
            _note(
                member_id=member_id,
                template=known[template_id],
                answer=answer,
                source=Source.EVENT,
                cause=f"event:{cause}:{number}"[:100],
                at=at,
            )


def spend(*, member_id: int, template_id: int, cause: str, at: datetime) -> bool:
    """Use one grant, in the caller's transaction; False where none is left: one guarded statement."""
    transactions.require()
    taken = Grant.objects.filter(member_id=member_id, template_id=template_id, balance__gt=0).update(
        balance=F("balance") - 1
    )
    if not taken:
        return False
    grant = Grant.objects.get(member_id=member_id, template_id=template_id)
    _enter(grant, change=-1, what=GrantChange.SPENT, source=Source.SEND, cause=f"spend:{cause}", at=at)
    return True


def give_back(*, member_id: int, template_id: int, cause: str, at: datetime) -> None:
    """Return a grant whose send did not happen, in the caller's transaction; once for each ``cause``."""
    grant = _locked(member_id=member_id, template_id=template_id)
    if grant.entries.filter(business_key=f"return:{cause}").exists():
        return
    _enter(grant, change=1, what=GrantChange.RETURNED, source=Source.SEND, cause=f"return:{cause}", at=at)
    Grant.objects.filter(pk=grant.pk).update(balance=F("balance") + 1)


def correct(*, member_id: int, template_id: int, cause: str, at: datetime) -> None:
    """WeChat says that there is no grant (43101): none is left, whatever the ledger thought. In the caller's transaction."""
    _empty(
        _locked(member_id=member_id, template_id=template_id),
        what=GrantChange.CORRECTED,
        source=Source.SEND,
        cause=f"correct:{cause}",
        at=at,
    )


def empty(
    *, member_id: int, template_id: int, what: GrantChange, source: Source, cause: str, at: datetime
) -> None:
    """Nothing is left, for a reason of the caller's, in the caller's transaction."""
    grant = _locked(member_id=member_id, template_id=template_id)
    _empty(grant, what=what, source=source, cause=cause, at=at)


def _note(
    *, member_id: int, template: Template, answer: str, source: Source, cause: str, at: datetime
) -> None:
    if answer in MEANS_NOTHING or answer not in ACCEPTS | REFUSES:
        return
    grant = _locked(member_id=member_id, template_id=template.pk)
    if grant.entries.filter(business_key=cause).exists():
        return
    if answer in REFUSES:
        _empty(grant, what=GrantChange.REFUSED, source=source, cause=cause, at=at)
        return
    if template.is_long_term and grant.balance:
        return
    same = _near(grant, at=at)
    other = same.exclude(source=source).exclude(pk__in=_paired(grant)).first()
    if other is not None:
        _enter(grant, change=0, what=GrantChange.SAME, source=source, cause=cause, at=at, same_as=other)
        return
    # WeChat's events are one for each accept; a client's word within a minute of a counted accept is a repeated call.
    if source == Source.CLIENT and same.exists():
        return
    _enter(grant, change=1, what=GrantChange.ACCEPTED, source=source, cause=cause, at=at)
    Grant.objects.filter(pk=grant.pk).update(balance=F("balance") + 1)


def _near(grant: Grant, *, at: datetime) -> QuerySet[GrantEntry]:
    """The counted accepts of about this moment, the earliest first."""
    return GrantEntry.objects.filter(
        grant=grant, what=GrantChange.ACCEPTED, at__gte=at - _SAME_WITHIN, at__lte=at + _SAME_WITHIN
    ).order_by("id")


def _paired(grant: Grant) -> QuerySet[GrantEntry, Any]:
    """The accepts that both sides have told of."""
    return GrantEntry.objects.filter(grant=grant, same_as__isnull=False).values("same_as_id")


def _empty(grant: Grant, *, what: GrantChange, source: Source, cause: str, at: datetime) -> None:
    _enter(grant, change=-grant.balance, what=what, source=source, cause=cause, at=at)
    Grant.objects.filter(pk=grant.pk).update(balance=0)


def _locked(*, member_id: int, template_id: int) -> Grant:
    transactions.require()
    Grant.objects.bulk_create([Grant(member_id=member_id, template_id=template_id)], ignore_conflicts=True)
    return Grant.objects.select_for_update(no_key=True).get(member_id=member_id, template_id=template_id)


def _enter(
    grant: Grant,
    *,
    change: int,
    what: GrantChange,
    source: Source,
    cause: str,
    at: datetime,
    same_as: GrantEntry | None = None,
) -> None:
    GrantEntry.objects.create(
        grant=grant, change=change, what=what, source=source, business_key=cause[:100], same_as=same_as, at=at
    )
