"""Kuaidi100 (快递100): the question about one tracking number, its signature, and what the answer says.

Source: 快递100 API 实时快递查询接口 (poll/query.do): sign is the MD5 of param + key + customer in capitals; state,
returnCode; a number may be asked at most every half hour. Carriers: its 快递公司编码.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from django.conf import settings

from apps.base import exchange
from apps.base.exchange import Answer, Trouble
from apps.couriers import errors as courier_errors

log = structlog.get_logger(__name__)

BASE: Final = "https://poll.kuaidi100.com"
QUERY_PATH: Final = "/poll/query.do"
# A number that is asked more often is locked.
LEAST_GAP: Final = timedelta(minutes=30)
_TIMEOUT_S: Final = (3.0, 8.0)
_LONGEST_NUMBER: Final = 32
# WeChat's ids of carriers (get_delivery_list), by which the shop keeps them, as Kuaidi100 writes them.
COMPANIES: Final[Mapping[str, str]] = {
    "SF": "shunfeng",
    "ZTO": "zhongtong",
    "YTO": "yuantong",
    "STO": "shentong",
    "YUNDA": "yunda",
    "JTSD": "jtexpress",
    "EMS": "ems",
    "YZPY": "youzhengguonei",
    "YZBK": "youzhengbk",
    "JD": "jd",
    "DBL": "debangkuaidi",
    "DNWL": "danniao",
    "FWX": "fengwang",
    "HTKY": "huitongkuaidi",
    "ZJS": "zhaijisong",
    "UC": "youshuwuliu",
    "ANE": "annengwuliu",
    "KYSY": "kuayue",
    "JDKY": "jingdongkuaiyun",
    "SFWL": "shunfengkuaiyun",
    "ZTOKY": "zhongtongkuaiyun",
    "YDKY": "yundakuaiyun",
    "YMDD": "yimidida",
    "SXJD": "sxjdfreight",
    "HOAU": "tiandihuayu",
    "XFEX": "xinfengwuliu",
    "RRS": "rrs",
    "SNWL": "suning",
    "PJ": "pjbest",
    "TTKDEX": "tiantian",
    "QFKD": "quanfengkuaidi",
    "FAST": "kuaijiesudi",
    "SURE": "suer",
    "ZYWL": "zhongyouwuliu",
    "JIUYE": "jiuyescm",
    "DHL": "dhl",
}
_ERRORS: Final[Mapping[Trouble, type[courier_errors.CourierUnavailable]]] = {
    Trouble.DOWN: courier_errors.CourierDown,
    Trouble.TIMEOUT: courier_errors.CourierTimeout,
    Trouble.BAD_ANSWER: courier_errors.CourierBadAnswer,
}
# returnCode: nothing is known of the number (yet); not now; the shop's own account.
_NOTHING: Final = frozenset({"201", "500"})
_BUSY: Final = frozenset({"501", "502"})
_OURS: Final = frozenset({"503", "601"})


@dataclass(frozen=True, slots=True)
class Account:
    """授权码 (customer) and key of an enterprise account."""

    customer: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Node:
    """One line of a parcel's way: when, what, and in which place as far as it is told."""

    at: datetime
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of a number: the service's own state ("0" to "14"; empty: nothing yet) and the lines, newest first."""

    state: str = ""
    nodes: tuple[Node, ...] = ()


def is_known(*, carrier_id: str, tracking_no: str) -> bool:
    """Whether Kuaidi100 can be asked about a number of this carrier."""
    return carrier_id in COMPANIES and len(tracking_no) <= _LONGEST_NUMBER


def query(
    account: Account, *, carrier_id: str, tracking_no: str, phone_tail: str = "", base: str = BASE
) -> Way:
    """Ask about one number. ``carrier_id`` is WeChat's (``is_known``), ``phone_tail`` the last four digits of the
    receiver's phone, without which 顺丰 and 中通 tell nothing.

    Raises CourierRefused (final: carrier or phone wrong) and CourierUnavailable of several kinds.
    """
    asked = {"com": COMPANIES[carrier_id], "num": tracking_no, "phone": phone_tail, "resultv2": "1"}
    param = json.dumps(asked, ensure_ascii=False)
    form = {"customer": account.customer, "sign": signature(account, param), "param": param}
    try:
        answer = exchange.send(
            method="POST",
            base=base,
            path=QUERY_PATH,
            changes=False,
            timeout_s=getattr(settings, "COURIER_TIMEOUT_S", _TIMEOUT_S),
            headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
            body=urlencode(form).encode(),
        )
    except exchange.NoAnswer as failure:
        why, took_ms = failure.why, failure.took_ms
        error = _ERRORS[failure.trouble](why)
        log.warning("courier_call_failed", api=QUERY_PATH, reason=why, duration_ms=took_ms)
        raise error from None
    return _read(answer)


def signature(account: Account, param: str) -> str:
    """Return the sign of ``param`` exactly as it is sent: MD5 of param + key + customer, in capitals."""
    said = f"{param}{account.key}{account.customer}"
    return hashlib.md5(said.encode("utf-8")).hexdigest().upper()  # noqa: S324 - Kuaidi100's choice


def _read(answer: Answer) -> Way:
    told = answer.as_json()
    if answer.status != 200 or not isinstance(told, dict):
        _record(answer, "bad answer")
        raise courier_errors.CourierBadAnswer(f"HTTP {answer.status}")
    code = _text(told.get("returnCode") or told.get("status"), 8)
    nodes = told.get("data")
    if code in ("", "200") and isinstance(nodes, list):
        _record(answer, "")
        read = (_node(row) for row in nodes)
        return Way(state=_text(told.get("state"), 8), nodes=tuple(node for node in read if node))
    _record(answer, code or "none")
    if code in _NOTHING:
        return Way()
    if code in _BUSY:
        raise courier_errors.CourierBusy(code)
    if code in _OURS:
        raise courier_errors.CourierMisconfigured(code)
    if code == "200" or not code.isdecimal():
        raise courier_errors.CourierBadAnswer("neither a way nor a code")
    raise courier_errors.CourierRefused(code, _text(told.get("message"), 100))


def _node(row: Any) -> Node | None:
    """A line of the way; None for one without a time or a text."""
    if not isinstance(row, dict):
        return None
    text = _text(row.get("context"), 500)
    try:
        at = datetime.strptime(
            f"{_text(row.get('ftime') or row.get('time'), 19)}+0800", "%Y-%m-%d %H:%M:%S%z"
        )
    except ValueError:
        return None
    return Node(at=at, text=text, place=_text(row.get("areaName"), 60)) if text else None


def _text(value: Any, most: int) -> str:
    return str(value).strip()[:most] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _record(answer: Answer, errcode: str) -> None:
    level = log.warning if errcode else log.info
    level(
        "courier_call",
        api=QUERY_PATH,
        http_status=answer.status,
        errcode=errcode,
        duration_ms=answer.took_ms,
    )
