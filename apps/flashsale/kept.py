"""Sessions as each process keeps them, with their goods: everything about a flash sale that is the same for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Prefetch, QuerySet

from apps.base import days, versions
from apps.campaigns.states import Approval, State
from apps.flashsale.models import Good, Session


class KeptGood(NamedTuple):
    """Goods of a session, with what shoppers read of them. ``cover`` is the name of a picture."""

    id: int
    sku_id: int
    product_id: int
    title: str
    cover: str
    list_price_fen: int
    price_fen: int
    quota: int
    limit_per_member: int
    on_sale: bool
    withdrawn: bool

    @property
    def key(self) -> str:
        """The name of its quota and of its window."""
        return str(self.id)


class KeptSession(NamedTuple):
    """A session that was approved, with its goods, those that were taken out included."""

    id: int
    title: str
    preheat_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    approval: str
    group_id: int | None
    combines: tuple[str, ...]
    goods: tuple[KeptGood, ...]

    def state_at(self, moment: datetime, /) -> State:
        """Where this moment lies in the window; what was stopped has ended."""
        if self.approval == Approval.STOPPED or moment >= self.ends_at:
            return State.ENDED
        return State.UPCOMING if moment < self.starts_at else State.LIVE

    def shown_at(self, *, at: datetime) -> bool:
        """Whether shoppers are told of it: not while it is paused, nor before its preheat."""
        return self.approval != Approval.PAUSED and (self.preheat_at is None or self.preheat_at <= at)

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether it runs at any moment of ``[start, end)``."""
        return self.starts_at < end and self.ends_at > start


class Board(NamedTuple):
    """What was not over at the beginning of the day of ``since``, the soonest first, and its goods by id."""

    since: datetime
    sessions: tuple[KeptSession, ...]
    goods: dict[int, tuple[KeptSession, KeptGood]]


def board(*, at: datetime) -> Board:
    """The sessions of today and later: no statement while nothing changes."""
    return _BOARD.value_at(at)


def between(*, start: datetime, end: datetime) -> list[KeptSession]:
    """Approved sessions that meet ``[start, end)``, of whatever time, read now: two statements."""
    return _read(Session.objects.filter(starts_at__lt=end, ends_at__gt=start))


def _load(since: datetime) -> Board:
    morning, _ = days.day_window(days.shop_day(since))
    sessions = tuple(_read(Session.objects.filter(ends_at__gt=morning)))
    goods = {good.id: (session, good) for session in sessions for good in session.goods}
    return Board(since, sessions, goods)


def _read(rows: QuerySet[Session]) -> list[KeptSession]:
    found = (
        rows.exclude(approval=Approval.DRAFT)
        .order_by("starts_at", "id")
        .prefetch_related(Prefetch("goods", Good.objects.order_by("id").select_related("sku__product")))
    )
    return [_session(row) for row in found]


def _session(row: Session) -> KeptSession:
    return KeptSession(
        id=row.pk,
        title=row.title,
        preheat_at=row.preheat_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        approval=row.approval,
        group_id=row.group_id,
        combines=tuple(row.combines),
        goods=tuple(_good(good) for good in row.goods.all()),
    )


def _good(row: Good) -> KeptGood:
    product = row.sku.product
    return KeptGood(
        id=row.pk,
        sku_id=row.sku_id,
        product_id=product.pk,
        title=product.title,
        cover=row.sku.image.name or product.cover.name or "",
        list_price_fen=row.sku.price_fen,
        price_fen=row.price_fen,
        quota=row.quota,
        limit_per_member=row.limit_per_member,
        on_sale=row.sku.enabled and product.on_sale,
        withdrawn=row.withdrawn,
    )


_BOARD: Final = versions.Kept("flashsale", "goods", load=_load, serves=lambda board, at: board.since <= at)
