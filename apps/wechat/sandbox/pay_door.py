"""WeChat Pay's door: every request's signature is checked over its raw bytes, and every answer is signed."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from apps.wechat.sandbox import (
    bills,
    complaints,
    crypto,
    fund_bills,
    payments,
    refunds,
    transactions,
    transfers,
)
from apps.wechat.sandbox.faults import Fault
from apps.wechat.sandbox.transactions import PayRefused
from apps.wechat.sandbox.wire import Request, Response, Route, as_json, find

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

SKEW_S = 300
_FIELD = re.compile(r'(\w+)="([^"]*)"')


def _certificates(world: World, request: Request) -> Response:
    """GET /v3/certificates: in public-key mode there are none."""
    raise PayRefused(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥")


ROUTES = [
    *transactions.ROUTES,
    *payments.ROUTES,
    *refunds.ROUTES,
    *transfers.ROUTES,
    *bills.ROUTES,
    *fund_bills.ROUTES,
    *complaints.ROUTES,
    Route("GET", "/v3/certificates", _certificates),
]


def answer(world: World, request: Request, fault: Fault | None) -> Response:
    """Return the signed answer; ``fault`` is the one that was taken for this call."""
    try:
        if fault is not None and fault.kind in ("http_status", "errcode", "token_expired"):
            status = int(fault.number_of("status", 500))
            raise PayRefused(
                status, fault.text("code", "SYSTEM_ERROR"), fault.text("message", "系统异常，请稍后重试")
            )
        authenticate(world, request)
        handle = find(ROUTES, request)
        if handle is None:
            raise PayRefused(404, "RESOURCE_NOT_EXISTS", "接口不存在")
        with world.lock:
            response = handle(world)
    except PayRefused as refused:
        content = {"code": refused.code, "message": refused.message, "detail": refused.detail}
        response = as_json(content, status=refused.status)
    if response.content_type.startswith(("text/plain", "image/")):
        return response  # a bill, or a picture of a complaint
    return _sealed(world, response, fault)


def authenticate(world: World, request: Request) -> None:
    """Refuse, with 401 SIGN_ERROR, whatever this merchant did not sign just now for the first time."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    if scheme != crypto.SIGNATURE_TYPE:
        raise _unsigned("Authorization 的认证类型不正确")
    said = dict(_FIELD.findall(rest))
    missing = {"mchid", "nonce_str", "timestamp", "serial_no", "signature"} - set(said)
    if missing:
        raise _unsigned(f"Authorization 缺少 {'、'.join(sorted(missing))}")
    if said["mchid"] != world.numbers.mchid:
        raise _unsigned("商户号不存在")
    if said["serial_no"] != world.numbers.cert_serial:
        raise _unsigned("商户证书序列号有误")
    if not said["timestamp"].isdecimal() or abs(time.time() - int(said["timestamp"])) > SKEW_S:
        raise _unsigned("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    text = crypto.request_text(
        method=request.method,
        target=request.target,
        timestamp=said["timestamp"],
        nonce=said["nonce_str"],
        body=request.body,
    )
    if not said["nonce_str"] or not crypto.is_signed(world.merchant_key, text, said["signature"]):
        raise _unsigned("错误的签名，验签失败")
    with world.lock:
        _use_nonce(world, said["nonce_str"])


def _use_nonce(world: World, nonce: str) -> None:
    now = time.time()
    while world.nonces and next(iter(world.nonces.values())) < now - 2 * SKEW_S:
        del world.nonces[next(iter(world.nonces))]  # kept in the order in which they came
    if nonce in world.nonces:
        raise _unsigned("随机串重复，请求被重放")
    world.nonces[nonce] = now


def _unsigned(message: str) -> PayRefused:
    return PayRefused(401, "SIGN_ERROR", message, {"issue": "sign not match"})


def _sealed(world: World, response: Response, fault: Fault | None) -> Response:
    """Return the answer with WeChat's signature over its bytes, or what the fault makes of it."""
    kind = fault.kind if fault is not None else ""
    if kind == "garbage":
        response = Response(status=200, body=b"\xff\xfe<html>502", content_type="text/html")
    if kind == "unsigned":
        return response
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    text = crypto.answer_text(timestamp=timestamp, nonce=nonce, body=response.body)
    signed = text + b"another" if kind == "wrong_signature" else text
    headers = {
        "Request-ID": secrets.token_hex(16).upper(),
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": world.numbers.public_key_id,
        "Wechatpay-Signature": crypto.sign(world.platform_key, signed),
        "Wechatpay-Signature-Type": crypto.SIGNATURE_TYPE,
    }
    return replace(response, headers=headers)
