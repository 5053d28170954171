"""The demo shop's parcels under way: one in each state that operators meet, with the lines that couriers write."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from apps.catalog.models import Sku
from apps.demo import levels, past_orders
from apps.fulfillment.models import Parcel
from apps.fulfillment.services import parcels, tracing
from apps.fulfillment.services.tracing import Line, News
from apps.fulfillment.states import TraceSource

_HOUR: Final = timedelta(hours=1)
_NUMBER: Final = 71


class _Step(NamedTuple):
    """What a courier wrote, so many hours after the parcel left; ``raw`` is Kuaidi100's word for how it then stood."""

    hours: int
    raw: str
    text: str
    place: str = ""


class _Wanted(NamedTuple):
    """A parcel that left so many hours ago, and its way."""

    carrier: str
    tracking_no: str
    ago: int
    steps: tuple[_Step, ...]


_PICKED_UP: Final = _Step(3, "1", "【杭州西湖营业点】已揽收", "浙江,杭州市,西湖区")
_LEFT: Final = _Step(9, "0", "快件已从【杭州转运中心】发出，下一站【上海转运中心】", "浙江,杭州市")
_ARRIVED: Final = _Step(20, "0", "快件已到达【上海转运中心】", "上海,上海市")
# The one that left first stands first.
_WANTED: Final = (
    # Standing still: nothing new for more than two days.
    _Wanted("STO", "ST2026000000014", 80, (_PICKED_UP, _LEFT)),
    _Wanted(
        "JD",
        "JD2026000000015",
        44,
        (_PICKED_UP, _ARRIVED, _Step(31, "2", "收件地址不详，已联系发件人", "上海,上海市,徐汇区")),
    ),
    _Wanted(
        "SF",
        "SF2026000000016",
        40,
        (_PICKED_UP, _LEFT, _ARRIVED, _Step(29, "3", "快件已签收，签收人：本人", "上海,上海市,徐汇区")),
    ),
    _Wanted(
        "YTO",
        "YT2026000000013",
        32,
        (_PICKED_UP, _LEFT, _ARRIVED, _Step(30, "5", "快件正在派送，请保持电话畅通", "上海,上海市,徐汇区")),
    ),
    _Wanted("ZTO", "ZT2026000000012", 30, (_PICKED_UP, _LEFT, _ARRIVED)),
    _Wanted("SF", "SF2026000000011", 5, ()),
)


def fill(*, at: datetime) -> None:
    """Send the parcels where none of them is there yet."""
    if Parcel.objects.filter(tracking_no__in=[wanted.tracking_no for wanted in _WANTED]).exists():
        return
    skus = list(Sku.objects.filter(enabled=True, product__on_sale=True).order_by("id")[: len(_WANTED)])
    for sku, wanted in zip(skus, _WANTED, strict=False):
        _send(sku, wanted, now=at)


def _send(sku: Sku, wanted: _Wanted, *, now: datetime) -> None:
    left_at = now - wanted.ago * _HOUR
    member = levels.shopper("邻居小禾", number=_NUMBER, at=now)
    order = past_orders.paid(member=member, sku_ids=[sku.pk], at=left_at - 4 * _HOUR)
    parcel = parcels.ship(
        order_no=order.order_no,
        carrier_code=wanted.carrier,
        tracking_no=wanted.tracking_no,
        operator=None,
        at=left_at,
    )
    for step in wanted.steps:
        told_at = left_at + step.hours * _HOUR
        tracing.hear(
            parcel_no=parcel.parcel_no,
            tracking_no=parcel.tracking_no,
            news=News(
                source=TraceSource.KUAIDI100, raw=step.raw, lines=[Line(told_at, step.text, step.place)]
            ),
            at=told_at,
        )
