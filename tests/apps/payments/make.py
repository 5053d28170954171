"""Orders to pay, and what WeChat Pay says about them, signed as WeChat signs."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.db import transaction

from apps.inventory import services as inventory
from apps.members.models import Member
from apps.orders import services as orders
from apps.orders.models import Order
from apps.payments.models import Payment
from apps.wallet.models import Recharge
from apps.wechat.pay import facts
from apps.wechat.sandbox import crypto
from config import env
from mall.pricing import basket, engine
from tests.apps.catalog import make as goods
from tests.apps.inventory import make as stocks
from tests.apps.members import make as members
from tests.apps.orders.make import written

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # Monday noon in Shanghai
_numbers = count(1)


def order(
    *, price_fen: int = 1000, at: datetime = AT, owner: Member | None = None, minutes: int = 30
) -> Order:
    """An unpaid order of one cup, of ten in stock, that holds it and may be paid for half an hour."""
    sku = goods.sku(price_fen=price_fen)
    stocks.stock(sku, 10)
    line = basket.Line(
        sku_id=sku.pk,
        product_id=sku.product_id,
        title=sku.product.title,
        quantity=1,
        unit_price_fen=price_fen,
    )
    quote = engine.quote(basket.Basket(lines=(line,)), [])
    with transaction.atomic():
        made = written(
            member=owner or members.member(),
            quote=quote,
            goods={sku.pk: orders.Goods(product_id=sku.product_id)},
            address={},
            remark="",
            idempotency_key=f"key-{next(_numbers)}",
            request_hash="",
            expires_at=at + timedelta(minutes=minutes),
            at=at,
        )
        inventory.hold(order_no=made.order_no, demand={sku.pk: 1}, at=at)
    return made


def attempt(of: Order, *, at: datetime = AT, **columns: Any) -> Payment:
    """An open attempt to pay the order, as if WeChat had been told."""
    return Payment.objects.create(
        **{
            "payment_no": f"PY{secrets.token_hex(8).upper()}",
            "bill_kind": "order",
            "bill_no": of.order_no,
            "order": of,
            "amount_fen": of.payable_fen,
            "prepay_id": "wx1",
            "started_at": at,
            "expires_at": of.expires_at,
            **columns,
        }
    )


def recharge_attempt(of: Recharge, *, at: datetime = AT, **columns: Any) -> Payment:
    """An open attempt to pay the recharge, as if WeChat had been told."""
    return Payment.objects.create(
        **{
            "payment_no": f"PY{secrets.token_hex(8).upper()}",
            "bill_kind": "recharge",
            "bill_no": of.recharge_no,
            "amount_fen": of.principal_fen,
            "prepay_id": "wx1",
            "started_at": at,
            "expires_at": of.expires_at,
            **columns,
        }
    )


def resource(of: Payment, **changes: Any) -> dict[str, Any]:
    """What WeChat says of a paid attempt; an ``amount_fen`` in ``changes`` replaces the amount."""
    amount_fen = changes.pop("amount_fen", of.amount_fen)
    currency = changes.pop("currency", "CNY")
    return {
        "appid": settings.WECHAT_APPID,
        "mchid": settings.WECHATPAY_MCHID,
        "out_trade_no": of.payment_no,
        "transaction_id": f"4200{of.payment_no}",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "success_time": "2026-11-23T12:01:00+08:00",
        "payer": {"openid": of.order.member.openid if of.order else "oPAYER"},
        "amount": {"total": amount_fen, "payer_total": amount_fen, "currency": currency},
        **changes,
    }


def paid(of: Payment, **changes: Any) -> facts.Transaction:
    """The same, read as the adapter reads it."""
    return facts.transaction(resource(of, **changes))


def refunded(refund: Any, *, status: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    """What WeChat says of a refund."""
    return {
        "mchid": settings.WECHATPAY_MCHID,
        "transaction_id": refund.payment.transaction_id,
        "out_trade_no": refund.payment.payment_no,
        "refund_id": f"5030{refund.refund_no}",
        "out_refund_no": refund.refund_no,
        "refund_status": status,
        "success_time": "2026-11-23T12:05:00+08:00",
        "amount": {"total": refund.payment.captured_fen, "refund": refund.amount_fen},
        **changes,
    }


def notify(
    content: dict[str, Any],
    *,
    event: str = "TRANSACTION.SUCCESS",
    notify_id: str = "",
    at: datetime | None = None,
) -> tuple[bytes, dict[str, str]]:
    """A callback of WeChat Pay, sealed and signed now (or ``at``): the body and its headers."""
    nonce, bound = secrets.token_hex(6), "transaction"
    sealed = AESGCM(settings.WECHATPAY_API_V3_KEY.encode()).encrypt(
        nonce.encode(), json.dumps(content).encode(), bound.encode()
    )
    envelope = {
        "id": notify_id or secrets.token_hex(16),
        "create_time": "2026-11-23T12:01:00+08:00",
        "event_type": event,
        "resource_type": "encrypt-resource",
        "resource": {
            "original_type": bound,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": bound,
            "nonce": nonce,
        },
    }
    body = json.dumps(envelope).encode()
    return body, signed(body, at=at or datetime.now(tz=UTC))


def signed(body: bytes, *, at: datetime) -> dict[str, str]:
    """The headers with which WeChat signs ``body``."""
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    text = crypto.answer_text(timestamp=timestamp, nonce=nonce, body=body)
    return {
        "Wechatpay-Signature": crypto.sign(_platform_key(), text),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": settings.WECHATPAY_PUBLIC_KEY_ID,
    }


@cache
def _platform_key() -> Any:
    folder = Path(env.load().wechatpay_public_key_file).parent
    return load_pem_private_key((folder / "platform_key.pem").read_bytes(), password=None)
