"""Wording: an offer in the words of a badge (short, for buyers) and of a sentence (whole, for operators)."""

from __future__ import annotations

from decimal import Decimal

from mall import money
from mall.pricing.offers import Basis, FreePostage, Offer, PercentOff, Step, Stepped


def badge(offer: Offer) -> str:
    """What a product wears in a list: 「满100减15」, 「8.5折」, 「满99包邮」.

    Of several steps the first is shown, the one within reach. A member price is nobody's badge, because it
    is not the same for everybody.
    """
    match offer:
        case Stepped():
            return _step(offer.steps[0], offer.basis)
        case PercentOff():
            return _rate(offer.off_bp)
        case FreePostage():
            return _postage(offer)
        case _:
            return ""


def sentence(offer: Offer) -> str:
    """What an operator reads: 「满100减15，满199减30」, 「8.5折，最多减20元」, 「满99包邮，仅限浙江省、上海市」."""
    match offer:
        case Stepped():
            return "，".join(_step(step, offer.basis) for step in offer.steps)
        case PercentOff():
            cap = f"，最多减{short_yuan(offer.cap_fen)}元" if offer.cap_fen is not None else ""
            return _rate(offer.off_bp) + cap
        case FreePostage():
            only = f"，仅限{'、'.join(sorted(offer.regions))}" if offer.regions else ""
            return _threshold(offer) + only
        case _:
            return offer.label


def tenths(off_bp: int) -> Decimal:
    """What is left to pay in tenths, as shops say it: 1500 off is 8.5 (折)."""
    return Decimal(money.WHOLE_BP - off_bp).scaleb(-3).normalize()


def short_yuan(amount_fen: int) -> str:
    """An amount without decimals that say nothing: 「100」, but 「15.50」."""
    return money.yuan(amount_fen).removesuffix(".00")


def _step(step: Step, basis: Basis) -> str:
    reached = f"{step.at_least}件" if basis is Basis.PIECES else short_yuan(step.at_least)
    return f"满{reached}减{short_yuan(step.off_fen)}"


def _rate(off_bp: int) -> str:
    return "免费" if off_bp == money.WHOLE_BP else f"{tenths(off_bp):f}折"


def _postage(offer: FreePostage) -> str:
    return f"部分地区{_threshold(offer)}" if offer.regions else _threshold(offer)


def _threshold(offer: FreePostage) -> str:
    return f"满{short_yuan(offer.threshold_fen)}包邮" if offer.threshold_fen else "包邮"
