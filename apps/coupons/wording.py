"""Wording: what a coupon is worth, in one sentence for buyers and operators, and until when it is good."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.conf import settings

from apps.coupons.models import Template
from apps.promotions.wording import short_yuan, tenths


def worth(template: Template) -> str:
    """「满50减10」, 「无门槛减5元」, 「满100享8.5折，最多减20元」, 「运费全免」, 「满30减运费6元」."""
    reached = f"满{short_yuan(template.threshold_fen)}" if template.threshold_fen else ""
    off = short_yuan(template.off_fen) if template.off_fen is not None else ""
    match template.kind:
        case Template.Kind.THRESHOLD:
            return f"{reached}减{off}"
        case Template.Kind.NO_THRESHOLD:
            return f"无门槛减{off}元"
        case Template.Kind.FREIGHT:
            return f"{reached}减运费{off}元" if off else f"{reached}运费全免"
    cap = f"，最多减{short_yuan(template.cap_fen)}元" if template.cap_fen is not None else ""
    rate = f"{tenths(template.off_bp or 0):f}折" if template.off_bp != 10_000 else "全免"
    return f"{reached}享{rate}{cap}" if reached else f"{rate}{cap}"


def validity(template: Template) -> str:
    """「领取后7天内有效」 or the fixed window in the shop's days."""
    if template.valid_days is not None:
        return f"领取后{template.valid_days}天内有效"
    zone = ZoneInfo(settings.TIME_ZONE)
    moments = [moment.astimezone(zone) for moment in (template.valid_from, template.valid_until) if moment]
    return "至".join(f"{moment:%Y-%m-%d %H:%M}" for moment in moments)
