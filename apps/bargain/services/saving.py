"""Saving a bargain, and what operators decide about it. Forms and files come here alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.bargain.drafts import BargainDraft
from apps.bargain.models import Bargain
from apps.bargain.states import KIND, LABEL
from apps.base import audit
from apps.campaigns import services as campaigns
from apps.campaigns.states import Approval
from apps.catalog.models import Sku
from mall.errors import Fault, Faulty, NotFound
from mall.money import yuan

_LONGEST_MINUTES: Final = 30 * 24 * 60


class BargainRefused(Faulty):
    """What nobody could explain to a shopper; ``faults`` say at which field of the draft, and why."""

    code = "bargain_refused"


class Saved(NamedTuple):
    """The bargain, and what the price floor has to say of it though it may be."""

    bargain: Bargain
    warnings: list[str]


@transaction.atomic
def save(draft: BargainDraft, *, at: datetime, operator: Any = None) -> Saved:
    """Check the draft and make or change its bargain; runs that exist keep their start and floor.

    Raises BargainRefused with all faults, SkuTaken, QuotaTooSmall, and NotFound for an id that is not there.
    """
    row = _row(draft)
    warnings = check(draft)
    changed = [name for name, value in draft.columns().items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, draft.columns()[name])
    row.save()
    campaigns.set_quota(kind=KIND, key=str(row.pk), quota=draft.quota)
    _book(row)
    if operator is not None:
        audit.record(
            operator=operator,
            action="修改砍价活动" if draft.bargain_id is not None else "新建砍价活动",
            subject=f"砍价活动 {row.pk} {row.title}",
            note="、".join(map(_named, changed)) if draft.bargain_id is not None else "",
            at=at,
        )
    return Saved(row, warnings)


@transaction.atomic
def approve(*, bargain_id: int, at: datetime, late: bool = False) -> list[str]:
    """Let it be shown and sold; return what the price floor warns of. An approved one stays as it is.

    Raises NotFound, MoveRefused, AlreadyOver, SkuTaken, BargainRefused for prices that changed meanwhile.
    """
    row = _found(bargain_id)
    if row.approval == Approval.APPROVED:
        return []
    faults, warnings = _about_price(row.sku_id, floor_fen=row.floor_fen)
    if faults:
        raise BargainRefused(faults)
    _book(campaigns.move(row, move="approve", at=at, late=late))
    return warnings


def pause(*, bargain_id: int, at: datetime) -> None:
    """Sell no more until it is resumed, nor cut any further."""
    campaigns.pause(_found(bargain_id), kind=KIND, activity_id=str(bargain_id), at=at)


def resume(*, bargain_id: int, at: datetime) -> None:
    """Go on."""
    campaigns.resume(_found(bargain_id), kind=KIND, activity_id=str(bargain_id), at=at)


def stop(*, bargain_id: int, at: datetime) -> None:
    """End it before its time; its running runs lapse with it."""
    campaigns.stop(_found(bargain_id), kind=KIND, activity_id=str(bargain_id), at=at)


@transaction.atomic
def copy(*, bargain_id: int, code: str, at: datetime, operator: Any = None) -> Bargain:
    """A new draft that says the same, under another code; the same for the same code. Raises NotFound, BargainRefused."""
    row = _found(bargain_id)
    if made := Bargain.objects.filter(code=code).first():
        return made
    draft = replace(draft_of(row), bargain_id=None, code=code)
    return save(draft, at=at, operator=operator).bargain


def draft_of(row: Bargain) -> BargainDraft:
    """The bargain as a draft: what a form or a file begins with. One statement."""
    quota = campaigns.quota_of(kind=KIND, key=str(row.pk))
    columns = {name: getattr(row, name) for name in BargainDraft.__dataclass_fields__ if hasattr(row, name)}
    return BargainDraft(**{**columns, "bargain_id": row.pk, "quota": quota})


def _named(column: str) -> str:
    return str(Bargain._meta.get_field(column.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]


def _found(bargain_id: int) -> Bargain:
    row = Bargain.objects.filter(pk=bargain_id).first()
    if row is None:
        raise NotFound
    return row


def _row(draft: BargainDraft) -> Bargain:
    if draft.bargain_id is None:
        return Bargain()
    row = Bargain.objects.select_for_update().filter(pk=draft.bargain_id).first()
    if row is None:
        raise NotFound
    return row


def _book(row: Bargain) -> None:
    campaigns.book(
        row, kind=KIND, activity_id=str(row.pk), label=LABEL, prices_fen={row.sku_id: row.floor_fen}
    )


def check(draft: BargainDraft) -> list[str]:
    """Hold a draft against every rule; return what the price floor warns of. Raises BargainRefused with all faults."""
    faults = [
        *_of_columns(draft),
        *campaigns.faults_of(
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
            preheat_at=draft.preheat_at,
            combines=draft.combines,
        ),
        *_of_figures(draft),
    ]
    of_price, warnings = _about_price(draft.sku_id, floor_fen=draft.floor_fen)
    faults += of_price or _of_sku(draft)
    if faults:
        raise BargainRefused(faults)
    return warnings


def _about_price(sku_id: int, *, floor_fen: int) -> tuple[list[Fault], list[str]]:
    """What is wrong with the floor, and with the one unit that a run buys; and what the price floor warns of."""
    one = campaigns.Sold([sku_id], 1, None, "sku")
    return campaigns.price_faults({sku_id: floor_fen}, sold=[one], field="floor_fen", free=True)


def _of_columns(draft: BargainDraft) -> Iterator[Fault]:
    """What the columns themselves cannot take."""
    row = Bargain(**draft.columns())
    row.pk, row._state.adding = draft.bargain_id, draft.bargain_id is None
    try:
        row.clean_fields(exclude={"sku"})
        row.validate_unique()
    except ValidationError as refused:
        for name, texts in refused.message_dict.items():
            yield from (Fault(name, text) for text in texts)


def _of_figures(draft: BargainDraft) -> Iterator[Fault]:
    for name, most in (("helpers", 1000), ("helps_per_day", 1000), ("minutes_per_run", _LONGEST_MINUTES)):
        if not 1 <= getattr(draft, name) <= most:
            yield Fault(name, f"应为 1 到 {most} 之间的整数")
    if draft.quota is not None and draft.quota < 1:
        yield Fault("quota", "总量至少为 1，不限请留空")


def _of_sku(draft: BargainDraft) -> list[Fault]:
    """What is wrong between the SKU and the figures: a fen for each helper."""
    sku = Sku.objects.get(pk=draft.sku_id)
    faults = []
    if sku.price_fen - draft.floor_fen < draft.helpers:
        faults.append(
            Fault(
                "helpers", f"原价 ¥{yuan(sku.price_fen)} 与底价之差不足以让 {draft.helpers} 人每人至少砍 1 分"
            )
        )
    return faults
