"""WeChat's words on bills, and the statuses that differences name, as operators read them: Chinese, the code in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from apps.payments.states import PaymentStatus, RefundStatus

# 交易状态 and 退款状态 of a trade bill (微信支付 APIv3, 申请交易账单).
_SAID: Final[Mapping[str, str]] = {
    "SUCCESS": "支付成功",
    "REVOKED": "已撤销",
    "REFUND": "退款",
    "REFUND SUCCESS": "退款成功",
    "REFUND FAIL": "退款失败",
    "REFUND PROCESSING": "退款处理中",
    "REFUND CHANGE": "退款异常",
}
_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "支付单": dict(PaymentStatus.choices),
    "退款单": dict(RefundStatus.choices),
}
_STATUS: Final = re.compile(r"(?P<what>支付单|退款单) (?P<code>[A-Z_]+)\b")
_LINE: Final = re.compile(r"行为 (?P<said>[A-Z]+(?: [A-Z]+)?)")


def said(words: str) -> str:
    """What WeChat calls a line of a bill; its own Chinese words as they are."""
    known = _SAID.get(words)
    return f"{known}（{words}）" if known else words


def evidence(text: str) -> str:
    """A difference's evidence with the statuses in words."""
    text = _LINE.sub(lambda found: f"行为{said(found['said'])}", text)
    return _STATUS.sub(_status, text)


def _status(found: re.Match[str]) -> str:
    label = _LABELS[found["what"]].get(found["code"])
    return f"{found['what']}{label}（{found['code']}）" if label else found[0]
