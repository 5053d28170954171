"""The wechatpayv3 library on our own transport: signed requests out, verified answers in, our errors.

The library builds paths, bodies and signatures. Its own transport is replaced, because it has no pool,
follows redirects, verifies the decoded text instead of the raw bytes, knows no clock skew, and raises bare
exceptions.
"""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NoReturn
from urllib.parse import urlsplit

from django.conf import settings
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.type import RequestType
from wechatpayv3.utils import build_authorization, load_public_key, rsa_verify

from apps.wechat import errors as wechat_errors
from apps.wechat import http

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
SIGNTEST = "WECHATPAY/SIGNTEST/"
MOST_SKEW_S = 300
HEADERS = (
    "wechatpay-signature",
    "wechatpay-signature-type",
    "wechatpay-timestamp",
    "wechatpay-nonce",
    "wechatpay-serial",
)

_NOT_FOUND = frozenset(
    {"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS", "REFUNDNOTEXIST", "NOT_FOUND"}
)
_PAID = frozenset({"ORDER_PAID", "ORDERPAID"})
_CLOSED = frozenset({"ORDER_CLOSED", "ORDERCLOSED"})
_NUMBER_USED = frozenset({"OUT_TRADE_NO_USED", "OUTTRADENOUSED"})
_NOT_ENOUGH = frozenset({"NOT_ENOUGH", "NOTENOUGH"})
_BUSY = frozenset({"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"})
# The merchant itself is rejected; the operator must put the environment or the console right.
_SHOP_REJECTED = frozenset({"SIGN_ERROR", "NO_AUTH", "MCH_NOT_EXISTS", "APPID_MCHID_NOT_MATCH"})
# Codes that leave open what is wrong: one's own parameters, or a number that is known with others. WeChat's sentences
# for the latter differ by product and by year (「请求重入时，参数与首次请求时不一致」,
# 「订单重入时，要求参数值与原请求一致」, 「重入请求数据和已存在的业务单据数据不一致」, …), so that none is read:
# whoever asked queries the number.
_AMBIGUOUS = frozenset({"INVALID_REQUEST", "PARAM_ERROR"})
# Refusals that come with status 500 although nothing is down.
_FINAL_DESPITE_5XX = frozenset({"OPENID_MISMATCH"})


class NotSigned(Exception):
    """A message that bears no valid signature of WeChat Pay; ``args[0]`` says what is wrong with it."""


@dataclass(frozen=True)
class Account:
    """The merchant and WeChat Pay's key, as the settings name them."""

    base: str
    appid: str
    mchid: str
    cert_serial: str
    api_v3_key: str = field(repr=False)
    private_key: str = field(repr=False)
    public_key: str = field(repr=False)
    public_key_id: str


def account() -> Account:
    """Return the account of the settings, read now."""
    return Account(
        base=settings.WECHATPAY_BASE,
        appid=settings.WECHAT_APPID,
        mchid=settings.WECHATPAY_MCHID,
        cert_serial=settings.WECHATPAY_CERT_SERIAL,
        api_v3_key=settings.WECHATPAY_API_V3_KEY,
        private_key=settings.WECHATPAY_PRIVATE_KEY,
        public_key=settings.WECHATPAY_PUBLIC_KEY,
        public_key_id=settings.WECHATPAY_PUBLIC_KEY_ID,
    )


def library() -> WeChatPay:
    """Return the library for the settings' account, its keys parsed once."""
    return _library(account())


def told(call: Callable[[WeChatPay], tuple[int, str]]) -> Any:
    """Make one call of the library; return the decoded JSON of its 2xx answer, None for 204.

    It is made once. What to do about an unknown outcome is the caller's to decide: query, then repeat.
    """
    _, body = call(library())
    return json.loads(body) if body else None


def asked(question: Callable[[WeChatPay], tuple[int, str]]) -> Any:
    """Like ``told``, for calls that only read: asked once more when the connection broke.

    Not after a time-out, which has already cost the caller its patience.
    """
    try:
        return told(question)
    except wechat_errors.WechatDown:
        http.pause(1)
        return told(question)


def fetch(url: str, *, into: BinaryIO, most_bytes: int, within_s: float) -> None:
    """Download a file of WeChat Pay's (a bill): the request is signed, the answer is not; compare its hash.

    Only from WeChat Pay's own hosts. Raises PayRefused, WechatUnavailable, WechatBadAnswer for a strange address.
    """
    parts = urlsplit(url)
    of = account()
    own = urlsplit(of.base)
    same = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not same and not (parts.scheme == "https" and (parts.hostname or "").endswith(".qq.com")):
        raise wechat_errors.WechatBadAnswer("a file at a strange address")
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    authorization = build_authorization(
        path, "GET", of.mchid, of.cert_serial, _library(of)._core._private_key
    )
    answer = http.save(
        base=f"{parts.scheme}://{parts.netloc}",
        path=path,
        into=into,
        headers={"Authorization": authorization, "User-Agent": "mall (wechatpayv3)"},
        most_bytes=most_bytes,
        within_s=within_s,
    )
    code = _code(answer)
    # The token in the address opens the bill to whoever has it.
    http.record(method="GET", path=parts.path, answer=answer, errcode=code)
    if answer.status != 200:
        _refuse(answer, code, changes=False)


def verify(headers: Mapping[str, str], body: bytes, *, now_s: float) -> None:
    """Check WeChat Pay's signature over the raw ``body``; header names in lower case.

    Raises NotSigned unless all five headers are there, the serial is the one public key that we know (so that
    a strange serial never makes the library fetch certificates), the clock is at most 300 s away from
    ``now_s`` and the RSA signature holds. Source: 微信支付 APIv3, 签名验证.
    """
    absent = [name for name in HEADERS if not headers.get(name)]
    if absent:
        raise NotSigned(f"no {absent[0]}")
    signature, signature_type, timestamp, nonce, serial = (headers[name] for name in HEADERS)
    if signature_type != SIGNATURE_TYPE:
        raise NotSigned("unknown signature type")
    if serial != settings.WECHATPAY_PUBLIC_KEY_ID:
        raise NotSigned("unknown serial")
    if signature.startswith(SIGNTEST):
        raise NotSigned("a probe of WeChat, which must fail")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise NotSigned("timestamp is no number")
    if abs(now_s - int(timestamp)) > MOST_SKEW_S:
        raise NotSigned("timestamp more than 300 s away")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise NotSigned("body is not UTF-8") from None
    if not rsa_verify(timestamp, nonce, text, signature, public_key()):
        raise NotSigned("signature does not hold")


def public_key() -> Any:
    """WeChat Pay's public key of the settings, parsed once."""
    return _public_key(settings.WECHATPAY_PUBLIC_KEY)


@functools.lru_cache(maxsize=4)
def _public_key(pem: str) -> Any:
    return load_public_key(pem)


@functools.lru_cache(maxsize=4)
def _library(of: Account) -> WeChatPay:
    keys = {
        "mchid": of.mchid,
        "private_key": of.private_key,
        "cert_serial_no": of.cert_serial,
        "apiv3_key": of.api_v3_key,
        "public_key": of.public_key,
        "public_key_id": of.public_key_id,
    }
    pay = WeChatPay(wechatpay_type=WeChatPayType.MINIPROG, appid=of.appid, **keys)
    pay._core = _Exchange(base=of.base, **keys)
    return pay


class _Exchange(Core):
    """The library's core with its network method replaced; in public-key mode it has no other."""

    def __init__(self, *, base: str, **keys: str) -> None:
        super().__init__(**keys)
        self._gate_way = base

    def encrypt(self, text: str) -> str:
        """Return it as it is: what is secret was sealed before it was kept, once for all tries (``transfers``)."""
        return text

    def request(
        self,
        path: str,
        method: RequestType = RequestType.GET,
        data: Mapping[str, Any] | None = None,
        **_unused: Any,
    ) -> tuple[int, str]:
        """Sign and send; return status and body of a verified 2xx answer, raise our errors for the rest."""
        changes = method is not RequestType.GET
        body = "" if data is None else http.encode(data).decode()
        headers = {
            "Accept": "application/json",
            "User-Agent": "mall (wechatpayv3)",
            "Wechatpay-Serial": self._public_key_id,
            "Authorization": build_authorization(
                path, method.value, self._mchid, self._cert_serial_no, self._private_key, data=body
            ),
        }
        answer = http.send(
            method=method.value,
            base=self._gate_way,
            path=path,
            body=body.encode() if body else None,
            headers=headers,
            changes=changes,
        )
        code = _code(answer)
        http.record(method=method.value, path=path, answer=answer, errcode=code)
        _believe(answer, changes=changes)
        if not 200 <= answer.status < 300:
            _refuse(answer, code, changes=changes)
        if answer.body and answer.as_json() is None:
            raise wechat_errors.WechatBadAnswer("signed answer is no JSON", effect_unknown=changes)
        return answer.status, answer.body.decode()


def _believe(answer: http.Answer, *, changes: bool) -> None:
    """Check the signature of an answer. Raises WechatUnverified; a 2xx has then taken effect, or has not.

    WeChat does not sign every refusal (a SIGN_ERROR for one), so a refusal without any signature passes;
    one with a signature must have a good one.
    """
    signed = "wechatpay-signature" in answer.headers
    if not signed and not 200 <= answer.status < 300:
        return
    try:
        verify(answer.headers, answer.body, now_s=time.time())
    except NotSigned as fault:
        raise wechat_errors.WechatUnverified(f"answer: {fault}", effect_unknown=changes) from None


def _code(answer: http.Answer) -> str:
    """Return the error word of a refusal, "" for content; an unreadable refusal has the word UNREADABLE."""
    if 200 <= answer.status < 300:
        return ""
    told = answer.as_json()
    code = told.get("code") if isinstance(told, dict) else None
    return code[:64] if isinstance(code, str) and code else "UNREADABLE"


def _refuse(answer: http.Answer, code: str, *, changes: bool) -> NoReturn:
    """Raise what a refusal means. Source: 微信支付 APIv3 公共错误码 and those of each call."""
    told = answer.as_json()
    said = str(told.get("message", "")) if isinstance(told, dict) else ""
    if code == "UNREADABLE":
        raise wechat_errors.WechatBadAnswer(f"HTTP {answer.status} without a code", effect_unknown=changes)
    if answer.status == 429 or code in _BUSY:
        raise wechat_errors.WechatBusy(code)
    if answer.status >= 500 and code not in _FINAL_DESPITE_5XX:
        raise wechat_errors.WechatBadAnswer(code, effect_unknown=changes)
    if answer.status == 401 or code in _SHOP_REJECTED:
        raise wechat_errors.WechatMisconfigured(code)
    raise _refusal(code)(code, said)


def _refusal(code: str) -> type[wechat_errors.PayRefused]:
    """Which family a code belongs to. WeChat's sentences are for people: they are kept for the log, never judged."""
    families: tuple[tuple[frozenset[str], type[wechat_errors.PayRefused]], ...] = (
        (_NOT_FOUND, wechat_errors.PayOrderNotFound),
        (_PAID, wechat_errors.AlreadyPaid),
        (_CLOSED, wechat_errors.PayOrderClosed),
        (_NUMBER_USED, wechat_errors.PayNumberUsed),
        (_NOT_ENOUGH, wechat_errors.NotEnoughBalance),
        (_AMBIGUOUS, wechat_errors.PayRequestInvalid),
    )
    return next((refusal for codes, refusal in families if code in codes), wechat_errors.PayRefused)
