"""The bad days that a test or a person can order: each fault waits until something it is meant for happens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

# Every kind, with the settings that it takes beside ``times``, and what a person reads on the page.
CALL_KINDS: dict[str, tuple[frozenset[str], str]] = {
    "errcode": (frozenset({"path", "errcode", "errmsg"}), "小程序接口返回错误码"),
    "token_expired": (frozenset({"path"}), "access_token 过期 42001"),
    "http_status": (frozenset({"path", "status", "code", "message"}), "接口返回 HTTP 错误"),
    "delay": (frozenset({"path", "delay_s"}), "接口变慢"),
    "timeout_before": (frozenset({"path", "hang_s"}), "未处理就断开"),
    "timeout_after_commit": (frozenset({"path", "hang_s"}), "已处理但无应答"),
    "garbage": (frozenset({"path"}), "应答是乱码"),
    "wrong_signature": (frozenset({"path"}), "应答签名错误"),
    "unsigned": (frozenset({"path"}), "应答没有签名"),
}
BUSINESS_KINDS: dict[str, tuple[frozenset[str], str]] = {
    "message_lost": (frozenset({"error"}), "订阅消息已接收但系统未送达"),
    "card_failed": (frozenset({"fail_ret"}), "服务动态卡片未下发（默认用户拒收 -1004）"),
    "shipping_unknown": (frozenset(), "发货时支付单不存在 10060001"),
    "shipping_forgotten": (frozenset(), "get_order 看不到已上传的发货信息"),
    "not_enough": (frozenset(), "退款时商户余额不足"),
    "refund_abnormal": (frozenset(), "退款异常"),
    "refund_closed": (frozenset(), "退款关闭"),
    "pay_after_close": (frozenset(), "关单后仍支付成功"),
    "bill_changed": (frozenset(), "账单文件与摘要不符"),
    "bill_cut": (frozenset(), "账单文件不完整"),
    "bill_line_missing": (frozenset(), "交易账单少一笔"),
    "transfer_not_enough": (frozenset(), "转账时商户余额不足"),
    "transfer_accepted": (frozenset(), "转账停在已受理，原单号重发后继续"),
    "user_risk": (frozenset({"rank"}), "用户风险等级（0 到 4，不填为 4）"),
    "transfer_fail": (frozenset({"reason"}), "转账失败（原因可选）"),
    "complaint_words": (frozenset(), "投诉回复包含敏感信息"),
    "way_unknown": (frozenset(), "快递100查不到单号"),
    "way_refused": (frozenset({"code"}), "快递100返回错误码（默认 601 单量用完）"),
}
NOTIFY_KINDS: dict[str, tuple[frozenset[str], str]] = {
    "notify_lost": (frozenset({"event"}), "通知丢失"),
    "notify_repeated": (frozenset({"event", "copies"}), "通知重复"),
    "notify_late": (frozenset({"event", "delay_s"}), "通知延迟"),
    "notify_reordered": (frozenset({"event"}), "通知乱序（等下一条先到）"),
    "notify_wrong_signature": (frozenset({"event"}), "通知签名错误"),
    "notify_signtest": (frozenset({"event"}), "签名探测流量 SIGNTEST"),
    "notify_old_timestamp": (frozenset({"event"}), "通知时间戳过旧"),
    "notify_unknown_serial": (frozenset({"event"}), "通知序列号未知"),
    "notify_wrong_amount": (frozenset({"event", "amount_fen"}), "通知金额错误"),
    "notify_wrong_appid": (frozenset({"event"}), "通知 appid 错误"),
    "notify_wrong_mchid": (frozenset({"event"}), "通知商户号错误"),
    "notify_wrong_currency": (frozenset({"event"}), "通知币种错误"),
    "notify_garbage": (frozenset({"event"}), "通知内容乱码"),
}
KINDS = {**CALL_KINDS, **BUSINESS_KINDS, **NOTIFY_KINDS}


class UnknownFault(ValueError):
    """A kind or a setting that no fault has."""


@dataclass
class Fault:
    """``times`` is how often it will still strike; ``settings`` are those of its kind."""

    number: int
    kind: str
    times: int
    settings: dict[str, Any] = field(default_factory=dict)

    def number_of(self, name: str, default: float) -> float:
        """Return a setting as a number."""
        return float(self.settings.get(name, default))

    def text(self, name: str, default: str) -> str:
        """Return a setting as a text."""
        return str(self.settings.get(name, default))


class FaultBoard:
    """The faults that are switched on, in the order of their ordering; used under the world's lock."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._faults))

    def add(self, *, kind: str, times: int = 1, **settings: Any) -> Fault:
        """Switch a fault on; raises UnknownFault, so that a test's typing error cannot pass silently."""
        if kind not in KINDS:
            raise UnknownFault(f"unknown kind {kind!r}; known: {', '.join(sorted(KINDS))}")
        strange = set(settings) - KINDS[kind][0]
        if strange or not isinstance(times, int) or times < 1:
            raise UnknownFault(f"{kind} takes times (1 or more) and {sorted(KINDS[kind][0])}, not {settings}")
        fault = Fault(number=next(self._numbers), kind=kind, times=times, settings=settings)
        self._faults.append(fault)
        return fault

    def take(self, kind: str, *, event: str = "") -> Fault | None:
        """Use up one strike of ``kind`` (for a notify: one whose ``event`` pattern fits), or return None."""
        for fault in self._faults:
            if fault.kind == kind and fnmatchcase(event, fault.text("event", "*")):
                return self._strike(fault)
        return None

    def take_for_call(self, path: str, *, with_token: bool) -> Fault | None:
        """Use up one strike of the first call fault whose path pattern (``*`` allowed) fits."""
        for fault in self._faults:
            if fault.kind not in CALL_KINDS or not fnmatchcase(path, fault.text("path", "*")):
                continue
            if fault.kind == "token_expired" and not with_token:
                continue
            return self._strike(fault)
        return None

    def remove(self, number: int) -> None:
        """Switch one fault off."""
        self._faults = [fault for fault in self._faults if fault.number != number]

    def clear(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def _strike(self, fault: Fault) -> Fault:
        fault.times -= 1
        if fault.times == 0:
            self.remove(fault.number)
        return fault
