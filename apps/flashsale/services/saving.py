"""Sessions as operators write them, with all their goods; their life is that of every campaign."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Final

from apps.campaigns import services as campaigns
from apps.campaigns.drafts import CampaignDraft
from apps.campaigns.states import Approval
from apps.flashsale.models import Good, PlanGood, Session
from apps.flashsale.selectors import KIND
from apps.flashsale.services import waiting
from mall.errors import Fault, Faulty

LABEL: Final = "秒杀"
# A session of more goods is a shelf, and every one of them is read with each list.
MOST_GOODS: Final = 100
ONCE: Final = "同一商品规格只能添加一次"


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


def goods_of(rows: Iterable[Good] | Iterable[PlanGood]) -> tuple[GoodDraft, ...]:
    """The goods of a session, or of a plan, as drafts."""
    return tuple(
        GoodDraft(
            sku_id=row.sku_id,
            price_fen=row.price_fen,
            quota=row.quota,
            limit_per_member=row.limit_per_member,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDraft(CampaignDraft):
    """What an operator says of a session; ``plan_id`` and ``day`` name the origin of a new one."""

    apart: ClassVar[frozenset[str]] = frozenset({"goods", "plan_id", "day"})

    goods: Sequence[GoodDraft]
    group_id: int | None = None
    plan_id: int | None = None
    day: date | None = None


class SessionCampaigns(campaigns.Campaigns[Session, SessionDraft]):
    """All sessions. Goods that are not named any more are withdrawn, those that are named again keep their ids: orders
    name them.
    """

    model = Session
    kind = KIND
    label = LABEL
    refused = SessionRefused
    goods_field = "goods"
    shared_as = KIND

    def faults(self, draft: SessionDraft, *, warnings: list[str]) -> Iterator[Fault]:
        yield from _faults(draft)
        of_price, warned = check_goods(draft.goods)
        warnings += warned
        yield from of_price

    def draft_of(self, row: Session) -> SessionDraft:
        """One statement."""
        goods = row.goods.filter(withdrawn=False)
        return SessionDraft.of(row, goods=goods_of(goods))

    def columns_of(self, draft: SessionDraft) -> dict[str, Any]:
        made = {"plan_id": draft.plan_id, "day": draft.day} if draft.row_id is None else {}
        return draft.columns() | made

    def spoken_for(self, row: Session) -> Mapping[str, Mapping[int, int]]:
        """Each good speaks for its SKU under its own id, which is what an order names; one that is withdrawn for nothing."""
        return {
            good.key: {} if good.withdrawn else {good.sku_id: good.price_fen}
            for good in row.goods.order_by("id")
        }

    def ids_of(self, rows: Sequence[Session]) -> Mapping[int, Sequence[str]]:
        found: dict[int, list[str]] = {row.pk: [] for row in rows}
        for session_id, pk in (
            Good.objects.filter(session__in=rows).order_by("id").values_list("session", "pk")
        ):
            found[session_id].append(str(pk))
        return found

    def row_of(self, activity_id: str) -> Session | None:
        return Session.objects.filter(goods__pk=activity_id).first()

    def write_beside(self, row: Session, draft: SessionDraft) -> None:
        _write_goods(row, draft.goods)

    def sold_otherwise(self, row: Session, *, at: datetime) -> None:
        """The quota may have grown: who waits may have a turn."""
        if row.approval == Approval.APPROVED:
            for good_id in row.goods.filter(withdrawn=False).order_by("id").values_list("pk", flat=True):
                waiting.give_turns(good_id=good_id, at=at)


CAMPAIGNS: Final = SessionCampaigns()


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


def _faults(draft: SessionDraft) -> Iterator[Fault]:
    if not 1 <= len(draft.goods) <= MOST_GOODS:
        yield Fault("goods", f"请添加 1 到 {MOST_GOODS} 个商品")
    if len({good.sku_id for good in draft.goods}) < len(draft.goods):
        yield Fault("goods", ONCE)
    for good in draft.goods:
        if good.quota < 1 or good.limit_per_member < 1:
            yield Fault("goods", "数量和每人限购至少为 1")


def _write_goods(session: Session, drafts: Sequence[GoodDraft]) -> None:
    """The goods that are named, with their quotas; the others are withdrawn, and speak for their SKUs no more."""
    known = {good.sku_id: good for good in session.goods.order_by("id")}
    named = {draft.sku_id for draft in drafts}
    for sku_id, gone in known.items():
        if sku_id not in named and not gone.withdrawn:
            gone.withdrawn = True
            gone.save(update_fields=["withdrawn"])
    for draft in drafts:
        good = known.get(draft.sku_id) or Good(session=session, sku_id=draft.sku_id)
        good.price_fen, good.withdrawn = draft.price_fen, False
        good.quota, good.limit_per_member = draft.quota, draft.limit_per_member
        good.save()
        campaigns.set_quota(kind=KIND, key=good.key, quota=good.quota, sku_id=good.sku_id, field="goods")
