"""Order shipping (发货信息管理服务): what was shipped, when the shopper received it, when the money is settled."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import parcels, pushes, refunds
from apps.wechat.sandbox.miniprogram import Refused, body_of, ok
from apps.wechat.sandbox.parcels import Upload
from apps.wechat.sandbox.store import Shipment, Transaction
from apps.wechat.sandbox.wire import Json, Request, Response, Route

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

TO_SHIP, SHIPPED, CONFIRMED, SETTLED, REFUNDED = 1, 2, 3, 4, 5
ROUNDS_MOST = 2  # shipping, and 重新发货 once
DAY_S = 86400
REMIND_AFTER_S = 2 * DAY_S
AUTO_CONFIRM_S = {1: 10 * DAY_S}  # T+10 by express
AUTO_CONFIRM_ELSE_S = 2 * DAY_S  # T+2 for city delivery, pickup and virtual goods
SETTLE_AFTER_S = 60
AUTO, BY_HAND = 1, 2


def upload(world: World, request: Request) -> Response:
    """POST /wxa/sec/order/upload_shipping_info."""
    asked = body_of(request)
    payment = _keyed(world, asked.get("order_key"))
    sent = parcels.read(asked)
    if sent.openid != payment.openid:
        raise Refused(10060031, "支付单号与用户openid不匹配")
    known = world.store.shipments.get(payment.transaction_id)
    if refunds.is_given_back(world, payment):
        raise Refused(10060004, "支付单处于不可发货的状态")
    row = _first(world, payment, sent) if known is None else _again(world, known, sent)
    world.store.shipments.keep(row)
    if row.complete:
        _announce(world, row, {"shipped_time": int(row.shipped_at)})
        confirm_later(world, row)
    return ok()


def _first(world: World, payment: Transaction, sent: Upload) -> Shipment:
    return Shipment(
        transaction_id=payment.transaction_id,
        logistics_type=sent.logistics_type,
        delivery_mode=sent.delivery_mode,
        parcels=sent.parcels,
        complete=sent.all_delivered,
        upload_time=sent.upload_time,
        shipped_at=world.now(),
        order_state=SHIPPED if sent.all_delivered else TO_SHIP,
    )


def _again(world: World, known: Shipment, sent: Upload) -> Shipment:
    """More parcels of a split shipment, or the one 重新发货 that WeChat allows."""
    if known.order_state not in (TO_SHIP, SHIPPED):
        raise Refused(10060004, "支付单处于不可发货的状态")
    same_way = (known.logistics_type, known.delivery_mode) == (sent.logistics_type, sent.delivery_mode)
    nothing_new = all(parcel in known.parcels for parcel in sent.parcels)
    if same_way and nothing_new and known.complete == sent.all_delivered:
        raise Refused(10060023, "发货信息未更新")
    if known.complete and not sent.all_delivered:
        raise Refused(10060002, "支付单已完成发货，无法继续发货")
    if parcels.moment(sent.upload_time) <= parcels.moment(known.upload_time):
        raise Refused(10060014, "参数错误：上传时间应晚于上一次")
    if known.complete:
        if known.rounds >= ROUNDS_MOST:
            raise Refused(10060003, "支付单已使用重新发货机会")
        return replace(
            known,
            logistics_type=sent.logistics_type,
            delivery_mode=sent.delivery_mode,
            parcels=sent.parcels,
            upload_time=sent.upload_time,
            shipped_at=world.now(),
            rounds=known.rounds + 1,
        )
    merged = known.parcels + [parcel for parcel in sent.parcels if parcel not in known.parcels]
    if sent.delivery_mode == parcels.UNIFIED:
        merged = sent.parcels
    if len(merged) > parcels.PARCELS_MOST:
        raise Refused(10060024, "物流信息列表最多15条")
    return replace(
        known,
        logistics_type=sent.logistics_type,
        delivery_mode=sent.delivery_mode,
        parcels=merged,
        complete=sent.all_delivered,
        upload_time=sent.upload_time,
        shipped_at=world.now(),
        order_state=SHIPPED if sent.all_delivered else TO_SHIP,
    )


def _keyed(world: World, key: object) -> Transaction:
    """Return the payment that an ``order_key`` names, once 发货信息 knows it."""
    if not isinstance(key, dict) or key.get("order_number_type") not in (1, 2):
        raise Refused(268485194, "订单单号类型有误")
    if key["order_number_type"] == 2:
        if not key.get("transaction_id"):
            raise Refused(268485195, "transaction_id不能为空")
        found = world.store.payment(key["transaction_id"])
    else:
        if not key.get("mchid"):
            raise Refused(268485196, "mchid不能为空")
        if not key.get("out_trade_no"):
            raise Refused(268485197, "out_trade_no不能为空")
        found = (
            world.store.transactions.get(key["out_trade_no"]) if key["mchid"] == world.numbers.mchid else None
        )
    if found is None or found.paid_at is None or world.faults.take("shipping_unknown"):
        raise Refused(10060001, "支付单不存在")
    if world.now() - found.paid_at < world.pace.scaled(world.pace.shipping_unknown_s):
        raise Refused(10060001, "支付单不存在")
    return found


def confirm(world: World, transaction_id: str, *, method: int = BY_HAND) -> Shipment:
    """Confirm receipt for the shopper (by hand) or for WeChat (automatically), then settle."""
    row = world.store.shipments.get(transaction_id)
    if row is None or row.order_state != SHIPPED:
        raise Refused(10060004, "未发货，或已确认收货")
    confirmed = replace(row, order_state=CONFIRMED, confirmed_at=world.now())
    world.store.shipments.keep(confirmed)
    settle_later(world, confirmed, method=method)
    return confirmed


def confirm_later(world: World, row: Shipment) -> None:
    """Confirm automatically when the (scaled) days are over, unless it was re-shipped meanwhile."""

    def confirm_now() -> None:
        with world.lock:
            now = world.store.shipments.get(row.transaction_id)
            if now is not None and (now.order_state, now.rounds) == (SHIPPED, row.rounds):
                confirm(world, row.transaction_id, method=AUTO)

    wait_s = AUTO_CONFIRM_S.get(row.logistics_type, AUTO_CONFIRM_ELSE_S)
    world.timetable.after(world.pace.scaled(wait_s), confirm_now)


def settle_later(world: World, row: Shipment, *, method: int = BY_HAND) -> None:
    """Settle a confirmed order a little later and push it."""

    def settle() -> None:
        with world.lock:
            now = world.store.shipments.get(row.transaction_id)
            if now is None or now.order_state != CONFIRMED or now.confirmed_at is None:
                return
            world.store.shipments.keep(replace(now, order_state=SETTLED))
            news = {"shipped_time": int(now.shipped_at), "confirm_receive_method": method}
            times = {"confirm_receive_time": int(now.confirmed_at), "settlement_time": int(world.now())}
            _announce(world, now, {**news, **times})

    world.timetable.after(world.pace.scaled(SETTLE_AFTER_S), settle)


def remind_later(world: World, payment: Transaction) -> None:
    """Push trade_manage_remind_shipping when a payment is still unshipped after (scaled) 48 hours."""

    def remind() -> None:
        with world.lock:
            row = world.store.shipments.get(payment.transaction_id)
            if row is None or not row.complete:
                content = {**ids(world, payment), "msg": "您有订单超过48小时未发货，请尽快发货"}
                pushes.announce(world, event="trade_manage_remind_shipping", openid="", content=content)

    world.timetable.after(world.pace.scaled(REMIND_AFTER_S), remind)


def ids(world: World, payment: Transaction) -> Json:
    """The numbers by which every trade_manage event names a payment."""
    return {
        "transaction_id": payment.transaction_id,
        "merchant_id": world.numbers.mchid,
        "sub_merchant_id": "",
        "merchant_trade_no": payment.out_trade_no,
        "pay_time": int(payment.paid_at or 0),
    }


def _announce(world: World, row: Shipment, news: Json) -> None:
    payment = world.store.payment(row.transaction_id)
    if payment is None:
        return
    if row.order_state == SHIPPED:
        wait_s = AUTO_CONFIRM_S.get(row.logistics_type, AUTO_CONFIRM_ELSE_S)
        news = {**news, "estimated_settlement_time": int(row.shipped_at + wait_s)}
    content = {**ids(world, payment), **news}
    pushes.announce(world, event="trade_manage_order_settlement", openid="", content=content)


ROUTES = [Route("POST", "/wxa/sec/order/upload_shipping_info", upload)]
