"""Sessions as operators write them: saved with all their goods, checked as a whole, approved, paused, stopped, copied."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, NamedTuple

from django.db import transaction

from apps.base import transactions
from apps.campaigns import services as campaigns
from apps.campaigns.services import windows
from apps.campaigns.states import Approval
from apps.flashsale.models import Good, Session
from apps.flashsale.selectors import KIND
from apps.flashsale.services import waiting
from mall.errors import Fault, Faulty

LABEL: Final = "秒杀"
# A session of more goods is a shelf, and every one of them is read with each list.
MOST_GOODS: Final = 100


class SessionRefused(Faulty):
    """A session that cannot be: each fault at its field, ``goods`` for its goods."""

    code = "flash_session_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodDraft:
    """One SKU of a session: its price in fen, how many there are, how many of them a member may have."""

    sku_id: int
    price_fen: int
    quota: int
    limit_per_member: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDraft:
    """What an operator says of a session. ``session_id`` changes that one; ``plan_id`` and ``day`` name its origin."""

    code: str
    title: str
    starts_at: datetime
    ends_at: datetime
    goods: Sequence[GoodDraft]
    preheat_at: datetime | None = None
    combines: Collection[str] = ()
    group_id: int | None = None
    session_id: int | None = None
    plan_id: int | None = None
    day: date | None = None


class Saved(NamedTuple):
    """The session as it is now, and what the price floor warns of."""

    session: Session
    warnings: list[str]


class _NeverMind(Exception):
    """Ends a trial."""


@transaction.atomic
def save(draft: SessionDraft, *, at: datetime) -> Saved:
    """Write a session and its goods; a new one is a draft, an approved one stays so under its new terms.

    Goods that are not named any more are withdrawn, those that are named again keep their ids. Orders that exist stay
    as they are. Raises SessionRefused for everything that is wrong, another campaign's SKU and a quota below what is
    taken included.
    """
    faults = list(_faults(draft))
    price_faults, warnings = check_goods(draft.goods)
    if faults or price_faults:
        raise SessionRefused([*faults, *price_faults])
    try:
        session = _written(draft)
        goods = _goods_written(session, draft.goods)
        _book(session, goods)
    except campaigns.SkuTaken as taken:
        raise SessionRefused([Fault("goods", fault.text) for fault in taken.faults]) from taken
    if session.approval == Approval.APPROVED:
        for good in goods:
            waiting.give_turns(good_id=good.pk, at=at)  # the quota may have grown
    return Saved(session, warnings)


def check_goods(goods: Sequence[GoodDraft | Good]) -> tuple[list[Fault], list[str]]:
    """What is wrong with the prices and numbers of these goods, and what is to be thought of."""
    prices_fen = {good.sku_id: good.price_fen for good in goods}
    sold = [campaigns.Sold([good.sku_id], good.limit_per_member, good.quota, "goods") for good in goods]
    return campaigns.price_faults(prices_fen, sold=sold, field="goods")


def check_window(
    *, starts_at: datetime, ends_at: datetime, preheat_at: datetime | None, combines: Collection[str]
) -> None:
    """Raise SessionRefused for a window or extras that cannot be."""
    faults = list(
        campaigns.faults_of(starts_at=starts_at, ends_at=ends_at, preheat_at=preheat_at, combines=combines)
    )
    if faults:
        raise SessionRefused(faults)


def check(draft: SessionDraft, *, at: datetime) -> list[str]:
    """Try to save a draft and take it back; return what the price floor warns of. Raises what ``save`` does."""
    warnings: list[str] = []
    try:
        with transaction.atomic():
            warnings = save(draft, at=at).warnings
            raise _NeverMind
    except _NeverMind:
        return warnings


@transaction.atomic
def approve(session: Session, *, at: datetime, late: bool = False) -> list[str]:
    """Let it be shown and sold in its window; return what the price floor warns of.

    Raises MoveRefused, AlreadyOver (``late`` allows that), SessionRefused where a price or a SKU does not fit any more.
    """
    moved = campaigns.move(session, move="approve", at=at, late=late)
    goods = list(moved.goods.filter(withdrawn=False))
    faults, warnings = check_goods(goods)
    if not goods:
        faults.append(Fault("goods", "请至少添加一个商品"))
    if faults:
        raise SessionRefused(faults)
    try:
        _book(moved, goods)
    except campaigns.SkuTaken as taken:
        raise SessionRefused([Fault("goods", fault.text) for fault in taken.faults]) from taken
    return warnings


@transaction.atomic
def pause(session: Session, *, at: datetime) -> None:
    """Sell no more until it is resumed; orders that were placed keep their price. Raises MoveRefused."""
    campaigns.move(session, move="pause", at=at)
    for key in _keys(session):
        windows.pause(kind=KIND, activity_id=key, paused=True)


@transaction.atomic
def resume(session: Session, *, at: datetime) -> None:
    """Go on selling. Raises MoveRefused."""
    campaigns.move(session, move="resume", at=at)
    for key in _keys(session):
        windows.pause(kind=KIND, activity_id=key, paused=False)


@transaction.atomic
def stop(session: Session, *, at: datetime) -> None:
    """End it before its time; orders that were placed keep their price, its SKUs are free for others. Raises MoveRefused."""
    campaigns.move(session, move="stop", at=at)
    for key in _keys(session):
        windows.end(kind=KIND, activity_id=key, at=at)


def copy(session: Session, *, code: str, at: datetime) -> Session:
    """Make a draft that says the same under this code; the same code again is the copy that was made."""
    made = Session.objects.filter(code=code).first()
    return made or save(replace(draft_of(session), session_id=None, code=code), at=at).session


def draft_of(session: Session) -> SessionDraft:
    """A session as its operator would write it."""
    return SessionDraft(
        session_id=session.pk,
        code=session.code,
        title=session.title,
        preheat_at=session.preheat_at,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        combines=tuple(session.combines),
        group_id=session.group_id,
        goods=tuple(
            GoodDraft(
                sku_id=good.sku_id,
                price_fen=good.price_fen,
                quota=good.quota,
                limit_per_member=good.limit_per_member,
            )
            for good in session.goods.filter(withdrawn=False)
        ),
    )


def _faults(draft: SessionDraft) -> Iterator[Fault]:
    yield from campaigns.faults_of(
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        preheat_at=draft.preheat_at,
        combines=draft.combines,
    )
    known = Session.objects.filter(code=draft.code).first()
    if known is not None and known.pk != draft.session_id:
        yield Fault("code", f"编码 {draft.code} 已被另一场次使用")
    if not 1 <= len(draft.goods) <= MOST_GOODS:
        yield Fault("goods", f"请添加 1 到 {MOST_GOODS} 个商品")
    if len({good.sku_id for good in draft.goods}) < len(draft.goods):
        yield Fault("goods", "同一商品规格只能添加一次")
    for good in draft.goods:
        if good.quota < 1 or good.limit_per_member < 1:
            yield Fault("goods", "数量和每人限购至少为 1")


def _written(draft: SessionDraft) -> Session:
    """The session's own row, locked."""
    row = (
        Session(plan_id=draft.plan_id, day=draft.day)
        if draft.session_id is None
        else Session.objects.select_for_update().get(pk=draft.session_id)
    )
    row.code, row.title, row.group_id = draft.code, draft.title, draft.group_id
    row.preheat_at, row.starts_at, row.ends_at = draft.preheat_at, draft.starts_at, draft.ends_at
    row.combines = sorted(set(draft.combines))
    refusals = {"flashsale_session_code_key": SessionRefused([Fault("code", "编码已被使用")])}
    with transactions.refine(refusals):
        row.save()
    return row


def _goods_written(session: Session, drafts: Sequence[GoodDraft]) -> list[Good]:
    """The goods that are named, with their quotas; the others are withdrawn, and their SKUs free."""
    known = {good.sku_id: good for good in session.goods.order_by("id")}
    named = {draft.sku_id for draft in drafts}
    for sku_id, gone in known.items():
        if sku_id not in named and not gone.withdrawn:
            gone.withdrawn = True
            gone.save(update_fields=["withdrawn"])
            windows.book(
                kind=KIND,
                activity_id=gone.key,
                label=LABEL,
                title=session.title,
                span=_span(session),
                prices_fen={},
            )
    goods = []
    for draft in drafts:
        good = known.get(draft.sku_id) or Good(session=session, sku_id=draft.sku_id)
        good.price_fen, good.withdrawn = draft.price_fen, False
        good.quota, good.limit_per_member = draft.quota, draft.limit_per_member
        good.save()
        try:
            campaigns.set_quota(kind=KIND, key=good.key, quota=good.quota)
        except campaigns.QuotaTooSmall as refusal:
            named_so = f"「{good.sku.product.title}」（{good.sku.code}）{refusal.faults[0].text}"
            raise SessionRefused([Fault("goods", named_so)]) from refusal
        goods.append(good)
    return goods


def _book(session: Session, goods: Sequence[Good]) -> None:
    """Speak for the SKUs, each under its own id, which is what an order names. Raises SkuTaken."""
    for good in goods:
        campaigns.book(
            session,
            kind=KIND,
            activity_id=good.key,
            label=LABEL,
            prices_fen={good.sku_id: good.price_fen},
        )


def _span(session: Session) -> campaigns.Span:
    return campaigns.Span(session.preheat_at, session.starts_at, session.ends_at)


def _keys(session: Session) -> list[str]:
    return [str(pk) for pk in session.goods.order_by("id").values_list("pk", flat=True)]
