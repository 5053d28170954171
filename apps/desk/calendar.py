"""One calendar over everything that runs for a time: promotions, coupons that can be claimed, all activities, drafts too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Q
from django.urls import reverse

from apps.bargain import services as bargains
from apps.base import days
from apps.campaigns import selectors as campaign_facts
from apps.campaigns.models import CampaignColumns
from apps.campaigns.services import Campaigns
from apps.campaigns.standing import phase
from apps.campaigns.states import LIFECYCLE
from apps.coupons.models import Template
from apps.coupons.states import TemplateStatus
from apps.flashsale import services as flashsale
from apps.groupbuy import services as groupbuy
from apps.presale import services as presales
from apps.promotions.models import Campaign, Promotion
from apps.referrals import services as referrals
from mall.errors import Faulty

# So many are shown of each kind in one month: nobody reads more.
_MOST: Final = 200
# The buttons of a campaign's page that the calendar leads to, with the right that each needs.
_MOVES: Final = (
    ("approve", "批准", "change"),
    ("pause", "暂停", "change"),
    ("resume", "恢复", "change"),
    ("copy", "复制", "add"),
)


class Button(NamedTuple):
    """What can be decided about an entry: what its button says, the page that asks, and the right that it needs."""

    title: str
    url: str
    needs: str


class Entry(NamedTuple):
    """Something that runs for a time: its kind and title, where it stands, when, and the page it is changed on."""

    kind: str
    title: str
    phase: str
    starts_at: datetime
    ends_at: datetime
    url: str
    buttons: Sequence[Button] = ()


class Source(NamedTuple):
    """One kind of what runs: its name, the right to see it, and what of it meets a span of time."""

    kind: str
    needs: str
    found: Callable[..., Iterator[Entry]]


class Bar(NamedTuple):
    """An entry in a month: the days that it covers, counted from 1, from ``first`` on and before ``last``."""

    entry: Entry
    first: int
    last: int


def bars(month: date, *, allowed: Callable[[str], bool], at: datetime) -> list[Bar]:
    """What meets the month that begins on this day, by its beginning; one statement for each kind that may be seen."""
    after = (month + timedelta(days=31)).replace(day=1)
    since, until = days.day_window(month)[0], days.day_window(after)[0]
    entries = [
        entry for source in SOURCES if allowed(source.needs) for entry in source.found(since, until, at=at)
    ]
    entries = [
        entry._replace(buttons=[button for button in entry.buttons if allowed(button.needs)])
        for entry in sorted(entries, key=lambda entry: entry.starts_at)
    ]
    return [_bar(entry, month, after) for entry in entries]


def _bar(entry: Entry, month: date, after: date) -> Bar:
    """Windows are half-open: what ends at midnight does not touch the next day."""
    first = max(days.shop_day(entry.starts_at), month)
    last = min(days.shop_day(entry.ends_at - timedelta(microseconds=1)), after - timedelta(days=1))
    return Bar(entry, first.day, last.day + 1)


def _page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def campaign_page(*, kind: str, activity_id: str) -> str | None:
    """The page of the campaign that speaks for SKUs under this id, None for none: one statement."""
    found = _found(kind=kind, activity_id=activity_id)
    return None if found is None else _page(found[1])


def _found(*, kind: str, activity_id: str) -> tuple[Campaigns[Any, Any], Any] | None:
    for campaigns in KINDS:
        if campaigns.kind == kind and (row := campaigns.row_of(activity_id)) is not None:
            return campaigns, row
    return None


class Concerned(NamedTuple):
    """A campaign that sells a product: what it is called, its page, and what does not fit any more, a sentence each."""

    named: str
    page: str
    misfits: Sequence[str]


def concerned_by(*, product_id: int, at: datetime) -> list[Concerned]:
    """The campaigns that sell a product now or later, held against it as it is now."""
    rows = {}
    for kind, activity_id in campaign_facts.speaking_for(product_id=product_id, at=at):
        if found := _found(kind=kind, activity_id=activity_id):
            rows[kind, found[1].pk] = found
    return [_concerned(campaigns, row) for campaigns, row in rows.values()]


def _concerned(campaigns: Campaigns[Any, Any], row: Any) -> Concerned:
    try:
        misfits = campaigns.check(campaigns.draft_of(row))
    except Faulty as refusal:
        misfits = [fault.text for fault in refusal.faults]
    return Concerned(f"{campaigns.label}「{row.title}」", _page(row), misfits)


def _of_campaigns(campaigns: Campaigns[Any, Any]) -> Source:
    kind, model = campaigns.label, campaigns.model

    def found(since: datetime, until: datetime, *, at: datetime) -> Iterator[Entry]:
        rows = model._default_manager.filter(starts_at__lt=until, ends_at__gt=since)
        for row in rows.order_by("starts_at", "pk")[:_MOST]:
            buttons = list(_buttons(row, at=at))
            yield Entry(kind, row.title, phase(row, at=at), row.starts_at, row.ends_at, _page(row), buttons)

    return Source(kind, f"{model._meta.app_label}.view_{model._meta.model_name}", found)


def _buttons(row: CampaignColumns, *, at: datetime) -> Iterator[Button]:
    """What its page can do with one button; what is over is only copied."""
    app, name = row._meta.app_label, row._meta.model_name
    for move, title, act in _MOVES:
        if move in LIFECYCLE.moves and (
            at >= row.ends_at or row.approval not in LIFECYCLE.moves[move].sources
        ):
            continue
        yield Button(title, reverse(f"admin:{app}_{name}_{move}", args=[row.pk]), f"{app}.{act}_{name}")


def _standing(starts_at: datetime, ends_at: datetime, *, enabled: bool, at: datetime) -> str:
    if not enabled:
        return "已停用"
    if at < starts_at:
        return "未开始"
    return "进行中" if at < ends_at else "已结束"


def _promotions(since: datetime, until: datetime, *, at: datetime) -> Iterator[Entry]:
    rows = Promotion.objects.filter(starts_at__lt=until, ends_at__gt=since)
    for row in rows.order_by("starts_at", "pk")[:_MOST]:
        standing = _standing(row.starts_at, row.ends_at, enabled=row.enabled, at=at)
        kind = str(row.get_kind_display())
        yield Entry(kind, row.label, standing, row.starts_at, row.ends_at, _page(row))


def _festivals(since: datetime, until: datetime, *, at: datetime) -> Iterator[Entry]:
    for row in Campaign.objects.filter(starts_at__lt=until, ends_at__gt=since).order_by("starts_at", "pk"):
        standing = _standing(row.starts_at, row.ends_at, enabled=True, at=at)
        yield Entry("节日活动", row.name, standing, row.starts_at, row.ends_at, _page(row))


def _coupons(since: datetime, until: datetime, *, at: datetime) -> Iterator[Entry]:
    """Templates with a window: of claiming, else of use."""
    claimed = Q(claim_from__lt=until, claim_until__gt=since)
    used = Q(claim_until__isnull=True, valid_from__lt=until, valid_until__gt=since)
    for row in Template.objects.filter(claimed | used).order_by("pk")[:_MOST]:
        windowed = row.claim_from is not None and row.claim_until is not None
        starts_at = row.claim_from if windowed else row.valid_from
        ends_at = row.claim_until if windowed else row.valid_until
        if starts_at is None or ends_at is None:
            continue
        live = row.status == TemplateStatus.LIVE
        standing = _standing(starts_at, ends_at, enabled=True, at=at) if live else row.get_status_display()
        yield Entry("优惠券", row.name, str(standing), starts_at, ends_at, _page(row))


# The kinds of campaigns, as the calendar tells them.
KINDS: Final[Sequence[Campaigns[Any, Any]]] = (
    groupbuy.CAMPAIGNS,
    flashsale.CAMPAIGNS,
    bargains.CAMPAIGNS,
    presales.CAMPAIGNS,
    referrals.CAMPAIGNS,
)
SOURCES: Final[Sequence[Source]] = (
    *map(_of_campaigns, KINDS),
    Source("促销", "promotions.view_promotion", _promotions),
    Source("节日活动", "promotions.view_campaign", _festivals),
    Source("优惠券", "coupons.view_template", _coupons),
)
