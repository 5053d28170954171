"""Newcomers' coupons before the eye of risk: who may have them now, and what a person's decision about held ones means.

A look is all that is kept of what is held: what is released is issued then, of the templates that are live then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from apps.coupons.models import Template
from apps.coupons.states import FIRST_ORDER_GIFT, REGISTERED, WELCOME_PACK, TemplateStatus
from apps.risk import services as risk
from apps.risk.models import Look
from apps.risk.scoring import Found
from apps.risk.states import Clue, Verdict

_MEANING: Final = {WELCOME_PACK: "新人礼包", FIRST_ORDER_GIFT: "首单赠券"}


def may_have(kind: str, *, member_id: int, order_no: str = "", risk_rank: int = 0, at: datetime) -> bool:
    """Whether a member gets newcomers' coupons now; not while they wait for a look, nor once they were refused."""
    found = risk.look(
        kind=kind,
        subject=order_no or REGISTERED,
        title=f"{_MEANING[kind]} {order_no}".strip(),
        member_id=member_id,
        also=[Found(Clue.WECHAT_RANK, risk_rank, f"微信评定的用户风险等级为 {risk_rank}")]
        if risk_rank
        else [],
        at=at,
    )
    return found.verdict in {Verdict.CLEAR, Verdict.RELEASED}


def is_anything_due(occasion: str) -> bool:
    """Whether there is anything to be given on an occasion, so that there is something to look at."""
    return Template.objects.filter(occasion=occasion, status=TemplateStatus.LIVE).exists()


def end_look(*, order_no: str, at: datetime) -> None:
    """Tell risk, under the order's lock, that the order of a held gift went back."""
    risk.settled(kind=FIRST_ORDER_GIFT, subject=order_no, note="订单已退款", at=at)


def reject_held(look: Look, *, reason: str, operator: Any, at: datetime) -> bool:
    """Newcomers' coupons that were never issued are not issued (the board of risk)."""
    return True
