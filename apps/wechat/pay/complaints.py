"""消费者投诉 2.0 of WeChat Pay: what shoppers complain of, what was said since, and the shop's answers.

None of these may be called inside a database transaction. Answers bear no number of ours: one with an unknown outcome is
looked for in the history, never repeated blindly.
Source: 微信支付 APIv3, 消费者投诉 2.0 (查询投诉单列表, 详情, 协商历史, 回复用户, 反馈处理完成,
更新退款审批结果, 通知回调地址).
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from django.conf import settings
from wechatpayv3.type import RequestType
from wechatpayv3.utils import rsa_decrypt

from apps.wechat import errors as wechat_errors
from apps.wechat.pay import facts, gateway

log = structlog.get_logger(__name__)

EVENT: Final = "COMPLAINT."
# The documents of 2021 say 200 characters, those of 2025 say 500: what both take.
MOST_CHARACTERS: Final = 200
MOST_A_PAGE: Final = 50
_ROOT: Final = "/v3/merchant-service/complaints-v2"
_ADDRESS: Final = "/v3/merchant-service/complaint-notifications"
_COMPLAINT_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_PICTURE_BYTES: Final = 8 * 1024 * 1024
_WITHIN_S: Final = 8.0
# How a picture begins: JPEG, PNG, BMP, the kinds that WeChat takes for complaints.
_PICTURES: Final[Mapping[bytes, str]] = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"BM": "image/bmp",
}


@dataclass(frozen=True)
class Complaint:
    """A complaint as WeChat states it; ``state`` is PENDING, PROCESSING or PROCESSED, amounts are fen.

    ``out_trade_no`` is "" where WeChat names no payment. ``phone`` is decrypted, "" where it is absent or does not open.
    """

    complaint_id: str
    state: str
    opened_at: datetime
    text: str = field(repr=False)
    phone: str = field(repr=False)
    problem: str
    problem_type: str
    out_trade_no: str
    transaction_id: str
    amount_fen: int | None
    wanted_fen: int | None
    refunded: bool
    has_news: bool
    times: int
    with_platform: bool
    urgent: bool
    pictures: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Said:
    """One entry of the history: who (as WeChat calls them), what kind of act, its words and its pictures' addresses."""

    log_id: str
    who: str
    kind: str
    text: str = field(repr=False)
    pictures: tuple[str, ...] = field(repr=False)
    at: datetime


@dataclass(frozen=True)
class Page:
    """Some complaints of a list, on how many lines, and how many there are in all."""

    rows: tuple[Complaint, ...]
    count: int
    total: int


def listed(*, since: date, until: date, offset: int) -> Page:
    """Complaints made on the days from ``since`` to ``until`` (both included, at most 30), 50 a page.

    A line that cannot be read is left out: it hides no other. Raises PayRefused, WechatUnavailable.
    """
    query = urlencode(
        {
            "limit": MOST_A_PAGE,
            "offset": offset,
            "begin_date": since.isoformat(),
            "end_date": until.isoformat(),
            "complainted_mchid": settings.WECHATPAY_MCHID,
        }
    )
    told = facts.an_object(_got(f"{_ROOT}?{query}"), "complaints")
    rows, total = told.get("data") or [], told.get("total_count", 0)
    if not isinstance(rows, list) or type(total) is not int:
        raise wechat_errors.WechatBadAnswer("complaints are no list")
    read_rows = (_read_or_none(row) for row in rows)
    return Page(rows=tuple(row for row in read_rows if row is not None), count=len(rows), total=total)


def detail(*, complaint_id: str) -> Complaint:
    """One complaint. Raises PayOrderNotFound (no such complaint), other PayRefused, WechatUnavailable."""
    row = read(_got(_path(complaint_id)))
    if row.complaint_id != complaint_id:
        raise wechat_errors.WechatBadAnswer("answered another complaint")
    return row


def history(*, complaint_id: str, most: int = 300) -> tuple[Said, ...]:
    """What was said and done of a complaint, at most ``most`` entries. Raises as ``detail``."""
    found: list[Said] = []
    for offset in range(0, most, MOST_A_PAGE):
        path = f"{_path(complaint_id, 'negotiation-historys')}?limit={MOST_A_PAGE}&offset={offset}"
        told = facts.an_object(_got(path), "history")
        rows = told.get("data") or []
        if not isinstance(rows, list):
            raise wechat_errors.WechatBadAnswer("a history is no list")
        found += [_said(row) for row in rows]
        if len(rows) < MOST_A_PAGE:
            break
    return tuple(found)


def reply(*, complaint_id: str, text: str) -> None:
    """Answer the shopper. Raises PayRefused, WechatUnavailable; said twice it is there twice."""
    if not 1 <= len(text) <= MOST_CHARACTERS:
        raise ValueError(f"an answer has 1 to {MOST_CHARACTERS} characters")
    _post(complaint_id, "response", {"response_content": text})


def complete(*, complaint_id: str) -> None:
    """Say that it is dealt with; WeChat then asks the shopper how well. Raises PayRefused, WechatUnavailable."""
    _post(complaint_id, "complete", {})


def approve_refund(*, complaint_id: str, within_days: int) -> None:
    """Say yes to the refund that a complaint asks for, to be submitted within so many working days (0: today).

    It moves no money: the refund itself is asked for as any other. Raises PayRefused, WechatUnavailable.
    """
    _post(complaint_id, "update-refund-progress", {"action": "APPROVE", "launch_refund_day": within_days})


def reject_refund(*, complaint_id: str, reason: str) -> None:
    """Say no to it, and why; WeChat then takes the complaint for dealt with. Raises PayRefused, WechatUnavailable."""
    if not 1 <= len(reason) <= MOST_CHARACTERS:
        raise ValueError(f"a reason has 1 to {MOST_CHARACTERS} characters")
    _post(complaint_id, "update-refund-progress", {"action": "REJECT", "reject_reason": reason})


def notify_address() -> str:
    """Where WeChat calls about complaints, "" where it has no address. Raises PayRefused, WechatUnavailable."""
    try:
        told = gateway.asked(lambda pay: pay._core.request(_ADDRESS))
    except wechat_errors.PayOrderNotFound:
        return ""
    return facts.text_or_none(facts.an_object(told, "address"), "url") or ""


def call_at(*, url: str, known: bool) -> None:
    """Have WeChat call there; ``known`` says that it has an address by now. Raises PayRefused, WechatUnavailable."""
    method = RequestType.PUT if known else RequestType.POST
    gateway.told(lambda pay: pay._core.request(_ADDRESS, method=method, data={"url": url}))


def picture(url: str) -> tuple[bytes, str] | None:
    """A picture of a complaint and its kind (``image/jpeg``); None for what is none. Raises as ``gateway.fetch``."""
    into = io.BytesIO()
    gateway.fetch(url, into=into, most_bytes=_PICTURE_BYTES, within_s=_WITHIN_S)
    found = into.getvalue()
    kind = next((kind for start, kind in _PICTURES.items() if found.startswith(start)), "")
    return (found, kind) if kind else None


def named(resource: Mapping[str, Any]) -> str:
    """Which complaint a notify is about. Raises WechatBadAnswer for a number that is none."""
    complaint_id = facts.a_text(resource, "complaint_id")
    if not _COMPLAINT_ID.fullmatch(complaint_id):
        raise wechat_errors.WechatBadAnswer("complaint_id is no number of a complaint")
    return complaint_id


def read(told: Any) -> Complaint:
    """Read a complaint of a list, or a detail. Raises WechatBadAnswer."""
    said = facts.an_object(told, "complaint")
    orders = said.get("complaint_order_info") or [{}]
    order = facts.an_object(orders[0] if isinstance(orders, list) else orders, "complaint_order_info")
    return Complaint(
        complaint_id=named(said),
        state=facts.a_text(said, "complaint_state"),
        opened_at=_moment(said, "complaint_time"),
        text=_words(said, "complaint_detail"),
        phone=_opened(said.get("payer_phone")),
        problem=_words(said, "problem_description"),
        problem_type=_words(said, "problem_type"),
        out_trade_no=_words(order, "out_trade_no"),
        transaction_id=_words(order, "transaction_id"),
        amount_fen=facts.fen_or_none(order, "amount"),
        wanted_fen=facts.fen_or_none(said, "apply_refund_amount"),
        refunded=said.get("complaint_full_refunded") is True,
        has_news=said.get("incoming_user_response") is True,
        times=facts.fen_or_none(said, "user_complaint_times") or 0,
        with_platform=said.get("in_platform_service") is True,
        urgent=said.get("need_immediate_service") is True,
        pictures=_pictures(said.get("complaint_media_list")),
    )


def _read_or_none(told: Any) -> Complaint | None:
    try:
        return read(told)
    except wechat_errors.WechatBadAnswer as fault:
        log.warning("complaint_unreadable", reason=fault.why)
        return None


def _got(path: str) -> Any:
    return gateway.asked(lambda pay: pay._core.request(path))


def _said(told: Any) -> Said:
    said = facts.an_object(told, "history entry")
    pictures = said.get("image_list")
    if not isinstance(pictures, list):
        pictures = []
    return Said(
        log_id=facts.a_text(said, "log_id"),
        who=_words(said, "operator"),
        kind=_words(said, "operate_type"),
        text=_words(said, "operate_details"),
        pictures=tuple(url for url in pictures if isinstance(url, str)),
        at=_moment(said, "operate_time"),
    )


def _pictures(listed: Any) -> tuple[str, ...]:
    groups = [group for group in listed if isinstance(group, dict)] if isinstance(listed, list) else []
    urls = [group.get("media_url") for group in groups]
    return tuple(url for one in urls if isinstance(one, list) for url in one if isinstance(url, str))


def _post(complaint_id: str, verb: str, body: Mapping[str, Any]) -> None:
    data = {"complainted_mchid": settings.WECHATPAY_MCHID, **body}
    if verb == "update-refund-progress":
        del data["complainted_mchid"]  # its document knows no such field
    path = _path(complaint_id, verb)
    gateway.told(lambda pay: pay._core.request(path, method=RequestType.POST, data=data))


def _path(complaint_id: str, verb: str = "") -> str:
    if not _COMPLAINT_ID.fullmatch(complaint_id):
        raise ValueError(f"not a number of a complaint: {_COMPLAINT_ID.pattern}")
    return f"{_ROOT}/{complaint_id}/{verb}" if verb else f"{_ROOT}/{complaint_id}"


def _opened(sealed: Any) -> str:
    """The phone number, which WeChat encrypts to the merchant's certificate (RSA-OAEP with SHA-1)."""
    if not isinstance(sealed, str) or not sealed:
        return ""
    try:
        return str(rsa_decrypt(sealed, gateway.library()._core._private_key))
    except ValueError:
        return ""  # sealed to a certificate that was renewed since: a complaint is answered without it


def _words(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _moment(said: Mapping[str, Any], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(facts.a_text(said, name))
    except ValueError:
        raise wechat_errors.WechatBadAnswer(f"{name} is no time") from None
    if moment.tzinfo is None:
        raise wechat_errors.WechatBadAnswer(f"{name} has no offset")
    return moment
