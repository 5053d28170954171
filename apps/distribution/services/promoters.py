"""Promoters themselves: applying, being appointed, becoming one by spending, levels, and every move of the status."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import audit, numbers
from apps.distribution import selectors as promoter_facts
from apps.distribution.models import Account, Promoter, PromoterLevel, PromoterMove
from apps.distribution.states import MOVE_LABELS, PROMOTER_LIFECYCLE, PromoterStatus
from apps.members import selectors as member_facts
from apps.members.models import Document, Member
from apps.members.services import consents
from apps.orders import selectors as order_facts
from mall.errors import Kind, NotFound, ShopError

_CODE: Final = 8
# So many are reviewed in a transaction.
_BATCH: Final = 500
# How often a level is looked at.
_REVIEWED: Final = timedelta(days=1)


class JoiningClosed(ShopError):
    """The shop takes no applications."""

    code = "promoter_joining_closed"
    message = "暂未开放推客申请"
    kind = Kind.CONFLICT


class NotAPromoter(ShopError):
    """The member is none, or not an active one."""

    code = "promoter_not_active"
    message = "您还不是推客，或推客资格已停用"
    kind = Kind.FORBIDDEN


@transaction.atomic
def apply(*, member: Member, agreement_version: str | None, at: datetime) -> Promoter:
    """Ask to be a promoter: waits for a look, or begins at once where the rules say so. Asked again: as it stands.

    Where a 推客协议 is published, its version is agreed to here. Raises JoiningClosed, VersionNotCurrent, ConsentRequired.
    """
    rules = promoter_facts.rules()
    before = _locked(member.pk)
    if before is not None and before.status in {
        PromoterStatus.PENDING,
        PromoterStatus.ACTIVE,
        PromoterStatus.SUSPENDED,
    }:
        return before
    if not rules.joining:
        raise JoiningClosed
    _agree(member, agreement_version, at=at)
    promoter = _asked(before, member_id=member.pk, note="", operator=None, at=at)
    if not rules.needs_review:
        promoter = move(promoter_id=promoter.pk, move="approve", note="无需审核", at=at)
    return promoter


@transaction.atomic
def appoint(
    *, member_id: int, level_id: int | None = None, note: str = "", operator: Any = None, at: datetime
) -> Promoter:
    """Make a member a promoter, at a level if one is named; whoever is one already only gets the level.

    Who is suspended stays so. Raises NotFound for an unknown or erased member and an unknown level.
    """
    if level_id is not None and not PromoterLevel.objects.filter(pk=level_id).exists():
        raise NotFound
    promoter = _locked(member_id)
    was_one = promoter is not None and promoter.status == PromoterStatus.ACTIVE
    if promoter is None or promoter.status in {PromoterStatus.REFUSED, PromoterStatus.LEFT}:
        promoter = _asked(promoter, member_id=member_id, note=note, operator=operator, at=at)
    if promoter.status == PromoterStatus.PENDING:
        promoter = move(
            promoter_id=promoter.pk, move="approve", note=note or "任命", operator=operator, at=at
        )
    if level_id is not None and promoter.level_id != level_id:
        by = operator if was_one else None
        promoter = set_level(promoter_id=promoter.pk, level_id=level_id, operator=by, at=at)
    return promoter


def may_join_by_spending(*, member_ids: Collection[int]) -> set[int]:
    """Which of these members may become promoters by what they have spent: none where the rules ask for no sum."""
    if not promoter_facts.rules().join_by_spending_fen:
        return set()
    are_or_were = Promoter.objects.filter(member_id__in=member_ids).values_list("member_id", flat=True)
    return set(member_ids) - set(are_or_were)


def join_by_spending(*, member_id: int, at: datetime) -> Promoter | None:
    """Make a promoter of a member who has spent as much as the rules ask for; None otherwise. Who left stays away."""
    rules = promoter_facts.rules()
    if not rules.join_by_spending_fen or Promoter.objects.filter(member_id=member_id).exists():
        return None
    member = Member.objects.filter(pk=member_id, erased_at=None).first()
    if member is None or order_facts.bought_by(member=member).paid_fen < rules.join_by_spending_fen:
        return None
    return appoint(member_id=member_id, note="消费满额", at=at)


@transaction.atomic
def move(*, promoter_id: int, move: str, note: str = "", operator: Any = None, at: datetime) -> Promoter:
    """Make a named move: lock, ask the lifecycle, write, append to the history; an operator's is audited too.

    The only place that writes the status. Raises NotFound, MoveRefused.
    """
    rows = Promoter.objects.select_for_update(of=("self",), no_key=True).select_related("member")
    promoter = rows.filter(pk=promoter_id).first()
    if promoter is None:
        raise NotFound
    came_from = promoter.status
    promoter.status = PromoterStatus(PROMOTER_LIFECYCLE.target(move=move, current=came_from))
    if move == "apply":
        promoter.applied_at = at
    if promoter.status == PromoterStatus.ACTIVE:
        promoter.active_at = promoter.active_at or at
        promoter.level_due_at = at
        if promoter.level_id is None:
            promoter.level = promoter_facts.lowest_level()
            promoter.level_at = at if promoter.level_id else None
    else:
        promoter.level_due_at = None
    promoter.save(update_fields=["status", "applied_at", "active_at", "level_due_at", "level", "level_at"])
    _remember(promoter, move=move, came_from=came_from, note=note, operator=operator, at=at)
    return promoter


def leave(*, member_id: int, note: str = "", at: datetime) -> None:
    """Stop being a promoter, by the member's own will. What was earned stays theirs; who is none stays none."""
    promoter = Promoter.objects.filter(member_id=member_id).first()
    if promoter is not None and promoter.status in PROMOTER_LIFECYCLE.moves["leave"].sources:
        move(promoter_id=promoter.pk, move="leave", note=note, at=at)


@transaction.atomic
def set_level(*, promoter_id: int, level_id: int, operator: Any, at: datetime) -> Promoter:
    """Set the level that an operator chose. Raises NotFound."""
    rows = Promoter.objects.select_for_update(of=("self",), no_key=True).select_related("member")
    promoter = rows.filter(pk=promoter_id).first()
    level = PromoterLevel.objects.filter(pk=level_id).first()
    if promoter is None or level is None:
        raise NotFound
    if promoter.level_id == level.pk:
        return promoter
    promoter.level, promoter.level_at = level, at
    promoter.save(update_fields=["level", "level_at"])
    if operator is not None:
        audit.record(
            operator=operator,
            action="设置推客等级",
            subject=promoter.member.public_id,
            note=level.name,
            at=at,
        )
    return promoter


def review_levels(*, at: datetime, limit: int = 200_000, batch: int = _BATCH) -> int:
    """Lift promoters who meet a higher level's conditions; nobody falls. Return how many were seen.

    All who are due, ``batch`` by ``batch``, each in its own transaction. Safe side by side and again.
    """
    seen = 0
    while seen < limit:
        found = _review_some(at=at, limit=batch)
        if not found:
            break
        seen += found
    return seen


@transaction.atomic
def _review_some(*, at: datetime, limit: int) -> int:
    """Review the next ones who are due and whom nobody else has at hand; return how many: six statements."""
    due = Promoter.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = list(
        due.filter(level_due_at__lte=at).select_related("level").order_by("level_due_at", "id")[:limit]
    )
    earned = promoter_facts.earned_levels([row.pk for row in rows])
    lifted: dict[int, list[int]] = {}
    for row in rows:
        level = earned.get(row.pk)
        if level is not None and (row.level is None or level.rank > row.level.rank):
            lifted.setdefault(level.pk, []).append(row.pk)
    for level_id, ids in lifted.items():
        Promoter.objects.filter(pk__in=ids).update(level=level_id, level_at=at)
    Promoter.objects.filter(pk__in=[row.pk for row in rows]).update(level_due_at=at + _REVIEWED)
    return len(rows)


def _locked(member_id: int) -> Promoter | None:
    """A living member's promoter under the member's lock: who becomes one waits for who is binding them. Raises NotFound."""
    living = Member.objects.select_for_update(no_key=True).filter(pk=member_id, erased_at=None)
    if living.first() is None:
        raise NotFound
    return Promoter.objects.filter(member_id=member_id).first()


def _asked(before: Promoter | None, *, member_id: int, note: str, operator: Any, at: datetime) -> Promoter:
    if before is not None:
        return move(promoter_id=before.pk, move="apply", note=note, operator=operator, at=at)
    promoter = Promoter.objects.create(member_id=member_id, code=numbers.word(_CODE), applied_at=at)
    Account.objects.create(promoter=promoter)
    _remember(promoter, move="apply", came_from="", note=note, operator=operator, at=at)
    return promoter


def _agree(member: Member, version: str | None, *, at: datetime) -> None:
    """Have the member agree to the promoters' agreement, where there is one."""
    current = member_facts.current_document(kind=Document.Kind.PROMOTER)
    if current is None:
        return
    if version is None:
        raise consents.ConsentRequired(
            "请先阅读并同意推客协议",
            details={"document": Document.Kind.PROMOTER.value, "current_version": current.version},
        )
    consents.give(member=member, document=Document.Kind.PROMOTER, version=version, at=at)


def _remember(
    promoter: Promoter, *, move: str, came_from: str, note: str, operator: Any, at: datetime
) -> None:
    PromoterMove.objects.create(
        promoter=promoter,
        move=move,
        from_status=came_from,
        to_status=promoter.status,
        note=note[:100],
        operator=operator,
        at=at,
    )
    # Who is appointed asks and is approved in one breath; that is one entry, and the level another only by itself.
    if operator is not None and move != "apply":
        audit.record(
            operator=operator,
            action=f"推客{MOVE_LABELS[move]}",
            subject=promoter.member.public_id,
            note=note,
            at=at,
        )
