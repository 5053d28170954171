"""Electronic waybills: asked for under a number of ours, so that one is made however often WeChat had to be asked.

WeChat is called with no transaction open. What it answered is written under the order's lock, with the parcel that leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import numbers, transactions
from apps.catalog.models import Sku
from apps.fulfillment.models import Carrier, Parcel, Waybill, WaybillAccount
from apps.fulfillment.services import parcels
from apps.fulfillment.states import WAYBILL_LIFECYCLE, TraceState, WaybillStatus
from apps.orders import reach
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.pictures import stored
from apps.stores.models import Place
from apps.wechat import errors as wechat_errors
from apps.wechat import express
from apps.wechat.express import Account, Party
from mall.errors import Kind, NotFound, ShopError

log = structlog.get_logger(__name__)

# While somebody asks, the row is nobody else's; longer than any call may take.
_LEASE: Final = timedelta(minutes=2)
_AGAIN: Final = timedelta(minutes=1)
# After so many tries a person should look: WeChat is asked more seldom.
_OFTEN: Final = 10
_SELDOM: Final = timedelta(minutes=30)
_PAGE: Final = "pages/order/detail?order_no={order_no}"


class WaybillsOff(ShopError):
    """The shop does not use electronic waybills (WECHAT_WAYBILLS)."""

    code = "waybills_off"
    message = "未开启电子面单"


class SenderIncomplete(ShopError):
    """The place that is sent from first has no phone or no whole address."""

    code = "waybill_sender_incomplete"
    message = "请先在「仓库与门店」补全发货仓库的电话和地址"


class WaybillPending(ShopError):
    """One is being made for this order: its outcome is not known yet."""

    code = "waybill_pending"
    message = "该订单的电子面单正在出单，请稍后刷新"
    kind = Kind.CONFLICT


class NotCancellable(ShopError):
    """The courier has it, or it was never made."""

    code = "waybill_not_cancellable"
    message = "快递员已揽收，或面单未出单，不能取消"
    kind = Kind.CONFLICT


def fetch_accounts() -> int:
    """Read from WeChat which accounts the shop has bound; one that is gone stays, for its waybills.

    Returns how many there are. Raises WaybillsOff, WechatUnavailable, WechatRefused.
    """
    _require_on()
    transactions.forbid("asking WeChat for accounts with couriers")
    known = dict(Carrier.objects.values_list("code", "pk"))
    listed = {
        (known[one.carrier_id], one.biz_id, one.service_type): one
        for one in express.accounts()
        if one.carrier_id in known and one.biz_id
    }
    with transaction.atomic():
        WaybillAccount.objects.update(bound=False)
        WaybillAccount.objects.bulk_create(
            [
                WaybillAccount(
                    carrier_id=carrier,
                    biz_id=biz_id[:64],
                    service_type=service,
                    service_name=one.service_name[:60],
                    quota=one.quota,
                    bound=True,
                )
                for (carrier, biz_id, service), one in listed.items()
            ],
            update_conflicts=True,
            unique_fields=["carrier", "biz_id", "service_type"],
            update_fields=["service_name", "quota", "bound"],
        )
    return len(listed)


def issue(*, order_no: str, account_id: int, operator: Any, at: datetime) -> Waybill:
    """Ask WeChat for a waybill for all that is left of an order, and send the parcel with its number.

    An order whose waybill was cancelled gets a new one for the same parcel. The row is answered as it stands: MADE, REFUSED
    with ``last_error``, or ASKED where WeChat did not answer: then the sweep finds out, and makes no second one. Must be
    called outside a transaction. Raises WaybillsOff, NotFound, NotShippable and its kinds, SenderIncomplete, WaybillPending.
    """
    _require_on()
    transactions.forbid("asking WeChat for a waybill")
    _sender()
    row = _begin(order_no=order_no, account_id=account_id, operator=operator, at=at)
    _ask(row, at=at)
    row.refresh_from_db()
    return row


def make_due(*, at: datetime, limit: int = 50) -> int:
    """Ask WeChat about waybills whose outcome is not known; return how many. Safe to run twice and side by side."""
    if not settings.WECHAT_WAYBILLS:
        return 0
    for done in range(limit):
        with transaction.atomic():
            due = Waybill.objects.filter(ask_at__lte=at).order_by("ask_at")
            row = due.select_for_update(skip_locked=True, of=("self",)).first()
            if row is None:
                return done
            Waybill.objects.filter(pk=row.pk).update(ask_at=at + _LEASE)
        try:
            _ask(row, at=at)
        except Exception:
            log.exception("waybill_failed", waybill_no=row.waybill_no)
    return limit


def print_of(*, waybill_no: str) -> str:
    """Return WeChat's print of a waybill, HTML of its own making; empty where it has none.

    Raises NotFound, WaybillsOff, WechatUnavailable, WechatRefused.
    """
    _require_on()
    transactions.forbid("asking WeChat for a print")
    row = _read(waybill_no)
    if row.status != WaybillStatus.MADE:
        raise NotFound("电子面单尚未出单或已取消")
    return _find(row).html


def cancel(*, waybill_no: str, at: datetime) -> Waybill:
    """Take a waybill back at WeChat before the courier came; cancelled before: as it is.

    Its parcel keeps the number until it gets another, by hand or with a new waybill. WeChat is asked first how it stands, so
    a call whose answer was lost can be repeated. Raises NotFound, NotCancellable, WaybillsOff, WechatUnavailable and
    WechatRefused.
    """
    _require_on()
    transactions.forbid("cancelling a waybill")
    row = _read(waybill_no)
    if row.status == WaybillStatus.CANCELLED:
        return row
    trace = getattr(row.parcel, "trace", None)
    if row.status != WaybillStatus.MADE or (trace is not None and trace.state != TraceState.WAITING):
        raise NotCancellable
    if not _find(row).cancelled:
        express.cancel(number=row.tracking_no, **_named(row))
    with transaction.atomic():
        held = Waybill.objects.select_for_update(no_key=True).get(pk=row.pk)
        if held.status == WaybillStatus.MADE:
            _move(held, "cancel", ended_at=at)
    return held


def pending(order: Order) -> bool:
    """Whether a waybill of an order is being made: its address and its units are not to be changed meanwhile."""
    return Waybill.objects.filter(order=order, status=WaybillStatus.ASKED).exists()


def without_number(order: Order) -> Parcel | None:
    """A parcel of the order that still bears the number of a cancelled waybill."""
    cancelled = Waybill.objects.filter(order=order, status=WaybillStatus.CANCELLED, parcel__isnull=False)
    rows = cancelled.select_related("parcel").order_by("id")
    return next(
        (row.parcel for row in rows if row.parcel and row.parcel.tracking_no == row.tracking_no), None
    )


def _begin(*, order_no: str, account_id: int, operator: Any, at: datetime) -> Waybill:
    """The row under which WeChat is asked, before it is asked. Raises as ``issue`` does."""
    taken = {"waybill_one_asked_per_order": WaybillPending}
    with transaction.atomic(), transactions.refine(taken):
        order = orders.lock(order_no=order_no)
        reach.require(order, operator=operator)
        parcel = without_number(order)
        units = _units(order, parcel)
        account = WaybillAccount.objects.filter(pk=account_id, bound=True).first()
        if account is None:
            raise NotFound("面单账号不存在或已解绑")
        return Waybill.objects.create(
            waybill_no=numbers.dated("WB", at=at),
            order=order,
            account=account,
            quantities={str(line): some for line, some in units.items()},
            parcel=parcel,
            operator=operator,
            asked_at=at,
            ask_at=at + _LEASE,
        )


def _units(order: Order, parcel: Parcel | None) -> dict[int, int]:
    """What the parcel holds, or what is left to send. Raises NotShippable and its kinds."""
    if parcel is not None:
        return dict(parcel.lines.values_list("order_line_id", "quantity"))
    if refusal := parcels.why_not(order):
        raise refusal
    return parcels.units_left(order)


def _ask(row: Waybill, *, at: datetime) -> None:
    """Find or make the waybill at WeChat, and write down what became of it."""
    if row.status != WaybillStatus.ASKED:
        return
    try:
        number = _known(row) if row.tries else ""
        if not number:
            Waybill.objects.filter(pk=row.pk).update(tries=row.tries + 1)
            number = express.add(_wanted(row))
    except wechat_errors.WechatUnavailable as trouble:
        later = _AGAIN if row.tries < _OFTEN else _SELDOM
        _still(row).update(ask_at=at + later, last_error=str(trouble)[:200])
    except wechat_errors.WechatRefused as refused:
        _refuse(row, f"{refused.errcode} {refused.errmsg}", at=at)
    else:
        _made(row, number, at=at)


def _known(row: Waybill) -> str:
    """The number that an earlier call made, though its answer was lost; empty where WeChat does not know the id."""
    try:
        return _find(row).number
    except wechat_errors.WechatRefused:
        return ""


def _made(row: Waybill, number: str, *, at: datetime) -> None:
    """Write the number down and send the parcel with it, once; where it cannot leave, the waybill is to be cancelled."""
    with transaction.atomic():
        order = orders.lock(order_no=row.order.order_no)
        held = (
            Waybill.objects.select_for_update(no_key=True).select_related("account__carrier").get(pk=row.pk)
        )
        if held.status != WaybillStatus.ASKED:
            return
        held.tracking_no = number
        try:
            with transaction.atomic():
                held.parcel = _sent(held, order, at=at)
                held.last_error = ""
        except ShopError as refusal:
            held.last_error = f"面单已出，但包裹未发出：{refusal.text}"[:200]
        _move(held, "make", made_at=at)


def _sent(row: Waybill, order: Order, *, at: datetime) -> Parcel:
    told: dict[str, Any] = {
        "carrier_code": row.account.carrier.code,
        "tracking_no": row.tracking_no,
        "operator": row.operator,
    }
    if row.parcel is not None:
        return parcels.correct(parcel_no=row.parcel.parcel_no, **told, at=at)
    quantities = {int(line): units for line, units in row.quantities.items()}
    return parcels.ship(order_no=order.order_no, quantities=quantities, **told, at=at)


def _refuse(row: Waybill, why: str, *, at: datetime) -> None:
    with transaction.atomic():
        held = Waybill.objects.select_for_update(no_key=True).get(pk=row.pk)
        if held.status == WaybillStatus.ASKED:
            held.last_error = why[:200]
            _move(held, "refuse", ended_at=at)


def _move(row: Waybill, move: str, **times: datetime) -> None:
    """The only place that writes a waybill's status."""
    row.status = WAYBILL_LIFECYCLE.target(move=move, current=row.status)
    row.ask_at = None
    for name, at in times.items():
        setattr(row, name, at)
    row.save(update_fields=["status", "tracking_no", "parcel", "ask_at", "last_error", *times])


def _still(row: Waybill) -> Any:
    return Waybill.objects.filter(pk=row.pk, status=WaybillStatus.ASKED)


def _wanted(row: Waybill) -> express.Wanted:
    """What WeChat is told: the order's address as it is now, the units that were left when it was asked for."""
    lines = OrderLine.objects.filter(order=row.order, pk__in=row.quantities).order_by("id")
    goods = [(line.title, int(row.quantities[str(line.pk)])) for line in lines]
    grams = dict(Sku.objects.filter(pk__in=[line.sku_id for line in lines]).values_list("pk", "weight_g"))
    address = row.order.address
    account = row.account
    return express.Wanted(
        **{key: value for key, value in _named(row).items() if key != "carrier_id"},
        account=Account(
            account.carrier.code, account.biz_id, account.service_type, account.service_name, account.quota
        ),
        sender=_sender(),
        receiver=_party(address, name=str(address.get("name", ""))),
        goods=goods,
        weight_g=sum(grams.get(line.sku_id, 0) * int(row.quantities[str(line.pk)]) for line in lines),
        page=_PAGE.format(order_no=row.order.order_no),
        picture_url=_absolute(stored.address(lines[0].image, stored.Size.LIST)),
    )


def _sender() -> Party:
    """The place that is sent from first. Raises SenderIncomplete."""
    place = Place.objects.filter(ships=True).order_by("priority", "id").first()
    if place is None or not all((place.phone, place.province, place.city, place.detail)):
        raise SenderIncomplete
    told = {name: getattr(place, name) for name in ("phone", "province", "city", "district", "detail")}
    return _party(told, name=place.name)


def _party(told: Mapping[str, Any], *, name: str) -> Party:
    parts = (str(told.get(part, "")) for part in ("phone", "province", "city", "district", "detail"))
    return Party(name, *parts)


def _absolute(address: str | None) -> str:
    """A picture's address for WeChat: the order's page where there is none, which it does not look at."""
    base = settings.PUBLIC_BASE_URL
    return base if not address else address if address.startswith("http") else f"{base}{address}"


def _find(row: Waybill) -> express.Known:
    return express.find(number=row.tracking_no, **_named(row))


def _named(row: Waybill) -> dict[str, str]:
    return {
        "order_id": row.waybill_no,
        "openid": row.order.member.openid,
        "carrier_id": row.account.carrier.code,
    }


def _read(waybill_no: str) -> Waybill:
    rows = Waybill.objects.select_related("order__member", "account__carrier", "parcel__trace")
    row = rows.filter(waybill_no=waybill_no).first()
    if row is None:
        raise NotFound
    return row


def _require_on() -> None:
    if not settings.WECHAT_WAYBILLS:
        raise WaybillsOff
