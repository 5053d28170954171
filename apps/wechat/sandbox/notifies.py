"""Pay notifies (支付、退款回调): encrypted, signed, on WeChat's own retry schedule, with every fault that can be ordered."""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING

from apps.wechat.sandbox import crypto, deliveries, transactions
from apps.wechat.sandbox.store import Complaint, Refund, Transaction, Transfer
from apps.wechat.sandbox.wire import Json, in_utf8
from apps.wechat.sandbox.world import digits, rfc3339

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

# 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h: 24 h 4 min in all.
PAUSES_S = (15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600)
SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
    "MCHTRANSFER.BILL.FINISHED": "商家转账单据终态通知",
    "COMPLAINT.CREATE": "产生新投诉",
    "COMPLAINT.STATE_CHANGE": "投诉单状态变化",
}
# What the resource of an event is called (original_type).
_TYPES = {
    "TRANSACTION": "transaction",
    "REFUND": "refund",
    "MCHTRANSFER": "mch_payment",
    "COMPLAINT": "complaint",
}
SIGNTEST = "WECHATPAY/SIGNTEST/"


def announce_payment(world: World, row: Transaction) -> None:
    """Tell the merchant that an order was paid."""
    content = transactions.as_answer(world, row)
    _announce(world, event="TRANSACTION.SUCCESS", about=row.out_trade_no, url=row.notify_url, content=content)


def announce_refund(world: World, row: Refund) -> None:
    """Tell the merchant how a refund ended; nothing without a notify_url."""
    if not row.notify_url:
        return
    content: Json = {
        "mchid": world.numbers.mchid,
        "transaction_id": row.transaction_id,
        "out_trade_no": row.out_trade_no,
        "refund_id": row.refund_id,
        "out_refund_no": row.out_refund_no,
        "refund_status": row.status,
        "user_received_account": row.received_account,
        "amount": {
            "total": row.total_fen,
            "refund": row.refund_fen,
            "payer_total": row.total_fen,
            "payer_refund": row.refund_fen,
        },
    }
    if row.succeeded_at is not None:
        content["success_time"] = rfc3339(row.succeeded_at)
    _announce(
        world, event=f"REFUND.{row.status}", about=row.out_trade_no, url=row.notify_url, content=content
    )


def announce_transfer(world: World, row: Transfer) -> None:
    """Tell the merchant how a transfer ended; nothing without a notify_url."""
    if not row.notify_url:
        return
    content: Json = {
        "mch_id": world.numbers.mchid,
        "out_bill_no": row.out_bill_no,
        "transfer_bill_no": row.transfer_bill_no,
        "transfer_amount": row.amount_fen,
        "state": row.state,
        "openid": row.openid,
        "create_time": rfc3339(row.made_at),
        "update_time": rfc3339(row.changed_at),
    }
    if row.fail_reason:
        content["fail_reason"] = row.fail_reason
    _announce(
        world, event="MCHTRANSFER.BILL.FINISHED", about=row.out_bill_no, url=row.notify_url, content=content
    )


def announce_complaint(
    world: World, row: Complaint, *, action: str, event: str = "COMPLAINT.STATE_CHANGE"
) -> None:
    """Tell the merchant that there is something new about a complaint; nothing without an address."""
    address = world.store.complaint_addresses.get("notify")
    if address is not None:
        content: Json = {"complaint_id": row.complaint_id, "action_type": action}
        _announce(world, event=event, about=row.out_trade_no, url=address.url, content=content)


def _announce(world: World, *, event: str, about: str, url: str, content: Json) -> None:
    envelope = {"id": str(uuid.uuid4()), "create_time": rfc3339(world.now()), "event_type": event}
    delivery = deliveries.Delivery(
        channel="pay",
        event=event,
        about=about,
        url=url,
        content=content,
        compose=partial(_compose, world, event, url, envelope, content),
        is_accepted=lambda status, answer: status in (200, 204),
        pauses_s=PAUSES_S,
    )
    if world.faults.take("notify_lost", event=event):
        delivery.state = "LOST"
        deliveries.remember(world, delivery)
        return
    if world.faults.take("notify_reordered", event=event):
        deliveries.hold(world, delivery)
        return
    delay_s = world.pace.scaled(world.pace.first_notify_s)
    if late := world.faults.take("notify_late", event=event):
        delay_s += late.number_of("delay_s", 2)
    repeated = world.faults.take("notify_repeated", event=event)
    copies = int(repeated.number_of("copies", 2)) if repeated else 0
    deliveries.start(world, delivery, delay_s=delay_s, copies=copies)


def _compose(world: World, event: str, url: str, envelope: Json, content: Json) -> deliveries.Outgoing:
    """Write and sign one attempt, with the first fault on the board that is meant for it."""
    content, content_fault = _falsified(world, event, content)
    body = in_utf8(json.dumps(_sealed(world, event, envelope, content), ensure_ascii=False))
    if world.faults.take("notify_garbage", event=event):
        body, content_fault = b"\x00not json at all", "notify_garbage"
    timestamp, nonce, serial = str(int(time.time())), secrets.token_hex(16), world.numbers.public_key_id
    note = content_fault
    if world.faults.take("notify_old_timestamp", event=event):
        timestamp, note = str(int(time.time()) - 3600), "notify_old_timestamp"
    elif world.faults.take("notify_unknown_serial", event=event):
        serial, note = f"PUB_KEY_ID_{digits(28)}", "notify_unknown_serial"
    text = crypto.answer_text(timestamp=timestamp, nonce=nonce, body=body)
    signature, probe = crypto.sign(world.platform_key, text), False
    if world.faults.take("notify_wrong_signature", event=event):
        signature, note = crypto.sign(world.platform_key, b"another text"), "notify_wrong_signature"
    elif world.faults.take("notify_signtest", event=event):
        signature, note, probe = (
            SIGNTEST + base64.b64encode(secrets.token_bytes(240)).decode(),
            "notify_signtest",
            True,
        )
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Mozilla/4.0",
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": signature,
        "Wechatpay-Signature-Type": crypto.SIGNATURE_TYPE,
    }
    return deliveries.Outgoing(url=url, body=body, headers=headers, note=note, probe=probe)


def _falsified(world: World, event: str, content: Json) -> tuple[Json, str]:
    """Return the content, wrong in one place if such a fault is on, and the fault's kind."""
    if event.startswith("COMPLAINT."):
        return content, ""  # names a complaint and an act: nothing in it to be wrong about money
    is_transfer = event.startswith("MCHTRANSFER.")
    amount = {} if is_transfer else content["amount"]
    if fault := world.faults.take("notify_wrong_amount", event=event):
        if is_transfer:
            wrong = int(fault.number_of("amount_fen", content["transfer_amount"] + 1))
            return {**content, "transfer_amount": wrong}, fault.kind
        name = "refund" if "refund" in amount else "total"
        wrong = int(fault.number_of("amount_fen", amount[name] + 1))
        return {**content, "amount": {**amount, name: wrong, f"payer_{name}": wrong}}, fault.kind
    if fault := world.faults.take("notify_wrong_currency", event=event):
        return {**content, "amount": {**amount, "currency": "USD"}}, fault.kind
    if fault := world.faults.take("notify_wrong_appid", event=event):
        return {**content, "appid": "wx0000000000000000"}, fault.kind
    if fault := world.faults.take("notify_wrong_mchid", event=event):
        return {**content, "mch_id" if is_transfer else "mchid": "1900000000"}, fault.kind
    return content, ""


def _sealed(world: World, event: str, envelope: Json, content: Json) -> Json:
    kind = _TYPES[event.partition(".")[0]]
    nonce = secrets.token_hex(6)
    ciphertext = crypto.seal_resource(
        api_v3_key=world.numbers.api_v3_key,
        nonce=nonce,
        associated_data=kind,
        plain=in_utf8(json.dumps(content, ensure_ascii=False)),
    )
    resource = {
        "original_type": kind,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": ciphertext,
        "associated_data": kind,
        "nonce": nonce,
    }
    return {
        **envelope,
        "resource_type": "encrypt-resource",
        "summary": SUMMARIES[event],
        "resource": resource,
    }
