"""The money of an application: refunded once by the planning that stands, done when it is back at the buyer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning
from apps.aftersales.models import AfterSale
from apps.aftersales.planning import Wish
from apps.aftersales.services import moving, refunding
from apps.aftersales.states import AfterSaleKind, AfterSaleStatus, By
from apps.base import audit, transactions
from apps.payments.states import MoneyBack
from apps.wallet import selectors as wallet_facts
from apps.wallet import services as wallet
from mall import money
from mall.errors import Invalid, Kind, ShopError


class CarriageTooMuch(Invalid):
    """More than the rules let the shop pay back of a shopper's postage. ``details``: ``most_fen``."""

    code = "carriage_too_much"
    message = "超过退货运费补偿上限"


class CarriagePaid(ShopError):
    """Shipping back is paid back once."""

    code = "carriage_paid"
    message = "退货运费已补偿过"
    kind = Kind.CONFLICT


class CarriageNeedsWallet(ShopError):
    """Postage goes into stored value, and the shop has none: nobody could see or spend it there."""

    code = "carriage_needs_wallet"
    message = "储值功能未开启，运费无法补偿到余额；请线下支付给买家后登记"
    kind = Kind.CONFLICT


class CarriageHasWallet(ShopError):
    """While the shop has stored value, postage goes there: what is paid by hand is not seen by the shopper."""

    code = "carriage_has_wallet"
    message = "储值功能已开启，请补偿到买家的储值余额"
    kind = Kind.CONFLICT


class CarriageProofMissing(Invalid):
    """Whoever looks at it later must see how the money went."""

    code = "carriage_proof_missing"
    message = "请填写付款凭证"


class NothingSentBack(ShopError):
    """No goods were sent back, or they have not come."""

    code = "nothing_sent_back"
    message = "收到退货后才能补偿运费"
    kind = Kind.CONFLICT


def pay_back(row: AfterSale, *, operator: Any, at: datetime) -> None:
    """Refund a locked application that was approved, and note what it came to. Done at once where WeChat has no part in it.

    Goods that have left and for which less is asked than they are worth stay the buyer's: their price falls. Everything
    else refunds units. Raises what ``planning.plan`` refuses; a repeated call refunds nothing more.
    """
    transactions.require()
    units = {line.order_line_id: line.units for line in row.lines.all()}
    standing = planning.standing_of(row.order)
    whole = planning.plan(standing, Wish(units=units))
    lowered = row.amount_fen < row.proposed_fen
    amount_fen = min(row.amount_fen, whole.amount_fen) if lowered else whole.amount_fen
    more: dict[str, Any] = {
        "order_no": row.order.order_no,
        "reason": row.reason_label,
        "token": f"after-sale:{row.after_sale_no}",
        "operator": operator,
        "at": at,
    }
    stays = row.kind == AfterSaleKind.REFUND and not any(part.unsent for part in whole.lines)
    if stays and amount_fen < whole.amount_fen:
        row.refund = refunding.refund_price(back_fen=_shares_fen(whole, amount_fen=amount_fen), **more)
    else:
        wish = Wish(units=units, amount_fen=amount_fen)
        row.refund = refunding.refund(wish=wish, approved=True, of=row.pk, **more)
    # What it came to: the last units of an order that never left carry its postage back, whoever asked first.
    row.goods_fen = max(row.goods_fen, whole.goods_fen)
    row.freight_fen = max(row.freight_fen, whole.shipping_fen)
    row.amount_fen = row.refund.amount_fen
    row.save(update_fields=["refund", "goods_fen", "freight_fen", "amount_fen"])
    moving.tell_counter(row.order)
    told = f"退款 {money.yuan(row.amount_fen)} 元"
    moving.note_step(row, move="pay", by=_who(operator=operator), operator=operator, note=told, at=at)
    follow(row, at=at)


def unsent_now(row: AfterSale) -> int:
    """How many of a locked application's units have not left now."""
    standing = planning.standing_of(row.order)
    return sum(min(line.units, standing.to_send.get(line.order_line_id, 0)) for line in row.lines.all())


def follow(row: AfterSale, *, at: datetime) -> bool:
    """Finish a locked application whose money is back at the buyer; say whether it is over now.

    Where two people decided that the money stays with the shop it is closed.
    """
    transactions.require()
    if row.status != AfterSaleStatus.APPROVED or row.refund is None:
        return row.deadline_at is None
    if application_facts.money_of([row])[row.pk] == MoneyBack.DONE:
        moving.move(row, move="finish", by=By.SYSTEM, note="退款已到账", at=at)
        return True
    if application_facts.is_written_back(row):
        moving.move(row, move="lapse", by=By.SYSTEM, note="退款已取消，如有疑问请联系商家", at=at)
        return True
    return False


def follow_refund(*, refund_no: str, at: datetime) -> None:
    """A refund of WeChat's has arrived: whatever waited for it is done. Nothing for one that no application asked for."""
    number = application_facts.refunded_by(refund_no=refund_no)
    if number is None:
        return
    with transaction.atomic():
        follow(moving.lock(after_sale_no=number), at=at)


def compensate_carriage(*, after_sale_no: str, amount_fen: int, operator: Any, at: datetime) -> AfterSale:
    """Pay the shopper's postage of sending back into their stored value, once, up to the rules' amount.

    Not by WeChat: nothing above what was paid goes back that way. Raises CarriageNeedsWallet while stored value is
    switched off, NotFound, NothingSentBack, CarriagePaid, CarriageTooMuch, and what stored value refuses.
    """
    if not wallet_facts.enabled():
        raise CarriageNeedsWallet
    with transaction.atomic():
        row = _owed_carriage(after_sale_no, amount_fen=amount_fen)
        wallet.adjust(
            member_id=row.member_id,
            principal_change_fen=amount_fen,
            business_key=f"carriage:{after_sale_no}",
            reason=f"售后 {after_sale_no} 退货运费补偿",
            operator=operator,
            at=at,
        )
        row.carriage_fen = amount_fen
        row.save(update_fields=["carriage_fen"])
        told = f"退货运费 {money.yuan(amount_fen)} 元已补偿到储值余额"
        moving.note_step(row, move="carriage", by=By.OPERATOR, operator=operator, note=told, at=at)
    return row


def note_carriage_paid(
    *, after_sale_no: str, amount_fen: int, proof: str, operator: Any, at: datetime
) -> AfterSale:
    """Write down that the shop paid the shopper's postage of sending back by hand, once, up to the rules' amount.

    ``proof`` says how (a transfer's number and day); it stays in the audit. Raises CarriageHasWallet while stored value is
    switched on, NotFound, NothingSentBack, CarriagePaid, CarriageTooMuch, CarriageProofMissing.
    """
    if wallet_facts.enabled():
        raise CarriageHasWallet
    if not proof.strip():
        raise CarriageProofMissing
    with transaction.atomic():
        row = _owed_carriage(after_sale_no, amount_fen=amount_fen)
        row.carriage_fen, row.carriage_paid_at = amount_fen, at
        row.save(update_fields=["carriage_fen", "carriage_paid_at"])
        told = f"退货运费 {money.yuan(amount_fen)} 元已由商家线下支付"
        moving.note_step(row, move="carriage", by=By.OPERATOR, operator=operator, note=told, at=at)
        audit.record(
            operator=operator,
            action="登记线下补偿运费",
            subject=after_sale_no,
            note=f"{told}；{proof.strip()}",
            at=at,
        )
    return row


def _owed_carriage(after_sale_no: str, *, amount_fen: int) -> AfterSale:
    """The application, locked. Raises CarriageTooMuch, NotFound, NothingSentBack, CarriagePaid."""
    most_fen = application_facts.rules().carriage_up_to_fen
    if not 1 <= amount_fen <= most_fen:
        raise CarriageTooMuch(details={"most_fen": most_fen})
    row = moving.lock(after_sale_no=after_sale_no)
    if row.arrived_at is None:
        raise NothingSentBack
    if row.carriage_fen:
        raise CarriagePaid
    return row


def _shares_fen(whole: planning.Plan, *, amount_fen: int) -> Mapping[int, int]:
    """What each line gives of an amount that is less than they are worth, in proportion."""
    shares = money.allocate(amount_fen, [part.amount_fen for part in whole.lines])
    return {part.line.pk: fen for part, fen in zip(whole.lines, shares, strict=True)}


def _who(*, operator: Any) -> By:
    return By.OPERATOR if operator is not None else By.SYSTEM
