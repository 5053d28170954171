"""Wording: an offer in the words of a badge (short, for buyers) and of a sentence (whole, for operators)."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from apps.promotions.ladders import Ladder
from mall import money
from mall.pricing.offers import (
    ActivityPrice,
    Basis,
    Bundle,
    FixedOff,
    FreePostage,
    Gift,
    GiftStep,
    Lane,
    NForM,
    Offer,
    PercentOff,
    SecondHalf,
    Step,
    Stepped,
)

# The lanes as operators know them.
LANES: Final = {
    Lane.PRICE: "会员价与活动价",
    Lane.ITEM: "折扣与套餐",
    Lane.ORDER: "满减",
    Lane.GIFT: "买赠",
    Lane.COUPON: "优惠券",
    Lane.POINTS: "积分抵扣",
    Lane.SHIPPING: "包邮",
}


def badge(offer: Offer) -> str:
    """What a product wears in a list: 「满100减15」, 「8.5折」, 「满99包邮」.

    Of several steps the first is shown, the one within reach. What a member holds or may have is nobody's
    badge, because it is not the same for everybody.
    """
    match offer:
        case Stepped():
            return _step(offer.steps[0], offer.basis)
        case PercentOff():
            return _rate(offer.off_bp)
        case FreePostage():
            return _postage(offer)
        case FixedOff():
            return _fixed(offer)
        case Gift():
            return f"满{_reached(offer.steps[0].at_least, offer.basis)}赠好礼"
        case ActivityPrice():
            return f"限时{_rate(offer.off_bp)}" if offer.off_bp else "限时价"
        case NForM() | SecondHalf() | Bundle():
            return _set(offer)
        case _:
            return ""


def sentence(offer: Offer) -> str:
    """What an operator reads: 「满100减15，满199减30」, 「8.5折，最多减20元」, 「满99包邮，仅限浙江省、上海市」."""
    match offer:
        case Stepped():
            return "，".join(_step(step, offer.basis) for step in offer.steps)
        case PercentOff():
            return _rate(offer.off_bp) + _cap(offer.cap_fen)
        case FixedOff():
            return _fixed(offer) + _cap(offer.cap_fen)
        case FreePostage():
            only = f"，仅限{'、'.join(sorted(offer.regions))}" if offer.regions else ""
            return _threshold(offer) + only
        case Gift():
            return "，".join(_gifts(step, offer.basis) for step in offer.steps)
        case Bundle():
            parts = " + ".join(f"{item.title}×{item.quantity}" for item in offer.items)
            return f"{_set(offer)}：{parts}"
        case SecondHalf():
            return _set(offer) + ("（同一规格）" if offer.same_sku else "（可混搭）")
        case _:
            return badge(offer) or offer.label


def combination(offer: Offer) -> str:
    """What an offer shares no goods with: 「不与优惠券、积分抵扣同享」; nothing where it combines with all."""
    shut = [name for lane, name in LANES.items() if lane not in {*offer.combines_with, offer.lane}]
    if not shut:
        return ""
    others = [name for lane, name in LANES.items() if lane not in {offer.lane, Lane.SHIPPING}]
    return "不与其他减价同享" if set(others) <= set(shut) else f"不与{'、'.join(shut)}同享"


def ladder(made: Ladder) -> str:
    """A step-up price as a whole: 「前100件5折，到第200件7折，之后每小时涨10%」."""
    first, *later = made.rungs
    steps = [f"前{first.units}件{_rate(first.off_bp)}"]
    steps += [f"到第{rung.units}件{_rate(rung.off_bp)}" for rung in later]
    if made.rise_bp is None:
        return "，".join([*steps, "之后恢复原价"])
    rise = f"{Decimal(made.rise_bp).scaleb(-2).normalize():f}%"
    every = "每小时" if made.rise_hours == 1 else f"每{made.rise_hours}小时"
    return "，".join([*steps, f"之后{every}涨{rise}"])


def tenths(off_bp: int) -> Decimal:
    """What is left to pay in tenths, as shops say it: 1500 off is 8.5 (折)."""
    return Decimal(money.WHOLE_BP - off_bp).scaleb(-3).normalize()


def short_yuan(amount_fen: int) -> str:
    """An amount without decimals that say nothing: 「100」, but 「15.50」."""
    return money.yuan(amount_fen).removesuffix(".00")


def _step(step: Step, basis: Basis) -> str:
    return f"满{_reached(step.at_least, basis)}减{short_yuan(step.off_fen)}"


def _reached(at_least: int, basis: Basis) -> str:
    return f"{at_least}件" if basis is Basis.PIECES else short_yuan(at_least)


def _gifts(step: GiftStep, basis: Basis) -> str:
    gifts = "、".join(f"{gift.title}×{gift.quantity}" for gift in step.gifts)
    return f"满{_reached(step.at_least, basis)}赠{gifts}"


def _fixed(offer: FixedOff) -> str:
    if offer.price_fen is not None:
        return f"特价{short_yuan(offer.price_fen)}元"
    return f"直降{short_yuan(offer.off_fen or 0)}元"


def _set(offer: NForM | SecondHalf | Bundle) -> str:
    match offer:
        case NForM():
            return f"{offer.pieces}件{short_yuan(offer.price_fen)}元"
        case Bundle():
            return f"套餐价{short_yuan(offer.price_fen)}元"
        case SecondHalf():
            return "第二件半价" if offer.off_bp == 5_000 else f"第二件{_rate(offer.off_bp)}"


def _cap(cap_fen: int | None) -> str:
    return f"，最多减{short_yuan(cap_fen)}元" if cap_fen is not None else ""


def _rate(off_bp: int) -> str:
    return "免费" if off_bp == money.WHOLE_BP else f"{tenths(off_bp):f}折"


def _postage(offer: FreePostage) -> str:
    return f"部分地区{_threshold(offer)}" if offer.regions else _threshold(offer)


def _threshold(offer: FreePostage) -> str:
    return f"满{short_yuan(offer.threshold_fen)}包邮" if offer.threshold_fen else "包邮"
