"""What shoppers do: apply, take it back, tell the parcel that brings goods back, say something."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from apps.aftersales import application_selectors as application_facts
from apps.aftersales import planning, proposing
from apps.aftersales.models import AfterSale, AfterSaleLine, AfterSaleMessage, AfterSaleRules
from apps.aftersales.proposing import AfterSaleExists, Ask, Proposal
from apps.aftersales.services import deciding, moving, pictures, sending
from apps.aftersales.states import AfterSaleKind, AfterSaleStatus, By
from apps.base import numbers, transactions
from apps.fulfillment.models import Carrier
from apps.members.models import Member
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.states import Status
from mall import text as texts
from mall.errors import Invalid, Kind, ShopError
from mall.lifecycle import MoveRefused

# A conversation that is longer belongs on the telephone.
MOST_MESSAGES: Final = 100
# The same words of the same person so soon after are the same message, sent twice.
_SAID_TWICE: Final = timedelta(minutes=1)
_IN_TURN: Final = "SELECT pg_advisory_xact_lock(hashtext('aftersales_instant'), hashint8(%s))"


class AfterSaleKeyReused(ShopError):
    """The member used this Idempotency-Key before, for another application."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于另一笔售后申请"
    kind = Kind.CONFLICT


class TooManyMessages(ShopError):
    """As many messages as one application may have. ``details``: ``max``."""

    code = "too_many_messages"
    message = "留言数量已达上限"
    kind = Kind.CONFLICT


class MessageEmpty(Invalid):
    """A message has words or pictures."""

    code = "message_empty"
    message = "请填写留言或上传图片"


class ParcelInvalid(Invalid):
    """A carrier of 1 to 40 characters, a number of 5 to 64 letters, digits and hyphens."""

    code = "return_parcel_invalid"
    message = "请填写快递公司和 5 到 64 位快递单号"


def apply(*, member: Member, order_no: str, ask: Ask, idempotency_key: str, at: datetime) -> AfterSale:
    """Ask for something after the sale, for units of one order; trusted members' unshipped orders are refunded at once.

    A key that was used before answers the application it stands for. Raises NotFound (another's order or picture),
    AfterSaleKeyReused, and everything that ``proposing.propose`` refuses.
    """
    order_facts.of_member(member=member, order_no=order_no)
    request_hash = _hash(order_no, ask)
    refused = {
        "after_sale_once_per_idempotency_key": AfterSaleKeyReused,
        "after_sale_one_open_per_line": AfterSaleExists,
    }
    with transaction.atomic(), transactions.refine(refused):
        # Everything of an order queues here: two applications for one line, a parcel that leaves, a refund.
        order = orders.lock(order_no=order_no)
        before = AfterSale.objects.filter(member=member, idempotency_key=idempotency_key).first()
        if before is not None:
            if before.request_hash != request_hash:
                raise AfterSaleKeyReused
            return before
        proposal = proposing.propose(planning.standing_of(order), ask, at=at)
        row = _write(member, proposal, ask, idempotency_key=idempotency_key, request_hash=request_hash, at=at)
        if _is_instant(row, proposal, at=at):
            deciding.approve_by_rule(row, note="极速退款", instant=True, at=at)
    return row


def _write(
    member: Member, proposal: Proposal, ask: Ask, *, idempotency_key: str, request_hash: str, at: datetime
) -> AfterSale:
    rules = application_facts.rules()
    row = AfterSale.objects.create(
        after_sale_no=numbers.dated("AS", at=at),
        member=member,
        order=proposal.standing.order,
        kind=ask.kind,
        reason=proposal.reason,
        reason_label=proposal.reason.label,
        text=ask.text,
        goods_fen=proposal.goods_fen,
        freight_fen=proposal.freight_fen,
        amount_fen=proposal.amount_fen,
        unsent=proposal.unsent,
        deadline_at=at + timedelta(hours=rules.answer_hours),
        applied_at=at,
        idempotency_key=idempotency_key,
        request_hash=request_hash,
    )
    AfterSaleLine.objects.bulk_create(
        AfterSaleLine(
            after_sale=row,
            order_line=part.line,
            quantity=part.quantity,
            amount_fen=part.amount_fen,
            new_sku_id=part.new_sku_id,
        )
        for part in proposal.parts
    )
    moving.tell_counter(proposal.standing.order)
    step = moving.note_step(row, move="apply", by=By.MEMBER, came_from="", at=at)
    pictures.attach(ask.pictures, row=row, step=step, at=at)
    moving.announce(row, move="apply", at=at)
    return row


def _is_instant(row: AfterSale, proposal: Proposal, *, at: datetime) -> bool:
    """Whether the rules refund it at once: a trusted member's order of which nothing has left, within their day's number."""
    rules = application_facts.rules()
    standing = proposal.standing
    if (
        row.kind != AfterSaleKind.REFUND
        or standing.order.status != Status.PAID
        or standing.anything_left
        or row.amount_fen > rules.instant_up_to_fen
        or deciding.needs_two(row)
    ):
        return False
    # Two orders of one member at once count one after the other: by a turn, for whoever holds the member's row and then
    # gives points back stands in the way of an order that is settled, which takes the points and then the member.
    with connection.cursor() as cursor:
        cursor.execute(_IN_TURN, [row.member_id])
    return _is_trusted(row.member, rules) and (
        application_facts.instant_today(member_id=row.member_id, at=at) < rules.instant_per_day
    )


def _is_trusted(member: Member, rules: AfterSaleRules) -> bool:
    level, least = member.level, rules.instant_level
    return level is not None and least is not None and level.rank >= least.rank


def cancel(*, member: Member, after_sale_no: str, at: datetime) -> AfterSale:
    """Take an application back, as long as nothing was sent or paid for it; taken back before: as it is.

    Raises NotFound, MoveRefused.
    """
    application_facts.of_member(member=member, after_sale_no=after_sale_no)
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if row.status == AfterSaleStatus.CANCELLED:
            return row
        # Approved, it is taken back only while nothing has come, been paid or been looked at for it.
        untouched = row.awaits_goods or (row.awaits_parcel and row.kind == AfterSaleKind.RESHIP)
        if row.status != AfterSaleStatus.APPLIED and not untouched:
            raise MoveRefused(details={"move": "cancel", "status": row.status})
        sending.let_go(row, at=at)
        moving.move(row, move="cancel", by=By.MEMBER, at=at)
    return row


def send_back(
    *, member: Member, after_sale_no: str, carrier: str, tracking_no: str, at: datetime
) -> AfterSale:
    """Tell the parcel that brings goods back, or correct it until it has come; told before: as it is.

    ``carrier`` is a name, or a code of the shop's list. Raises NotFound, ParcelInvalid, MoveRefused.
    """
    application_facts.of_member(member=member, after_sale_no=after_sale_no)
    number = texts.tracking(tracking_no)
    called = carrier.strip()
    if not 1 <= len(called) <= 40 or not 5 <= len(number) <= 64 or not number.replace("-", "").isalnum():
        raise ParcelInvalid
    known = Carrier.objects.filter(code=called).first()
    called = known.name if known is not None else called
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        if (row.return_carrier, row.return_tracking_no) == (called, number):
            return row
        if row.status == AfterSaleStatus.RETURNING:
            row.return_carrier, row.return_tracking_no = called, number
            row.save(update_fields=["return_carrier", "return_tracking_no"])
            # Steps stay for ever and the number does not: the row alone has it, and who reads the history reads it there.
            moving.note_step(row, move="parcel", by=By.MEMBER, at=at)
            return row
        if not row.awaits_goods:
            raise MoveRefused(details={"move": "send_back", "status": row.status})
        row.return_carrier, row.return_tracking_no, row.sent_back_at = called, number, at
        moving.move(
            row,
            move="send_back",
            by=By.MEMBER,
            deadline_at=at + timedelta(days=application_facts.rules().arrive_days),
            with_columns=["return_carrier", "return_tracking_no", "sent_back_at"],
            at=at,
        )
    return row


def say(
    *, member: Member, after_sale_no: str, text: str, picture_ids: Sequence[str], at: datetime
) -> AfterSale:
    """Say something to the shop about an open application; the same words within a minute are one message.

    Raises NotFound (also for a picture that is not the member's to use), MessageEmpty, AfterSaleEnded, TooManyMessages.
    """
    application_facts.of_member(member=member, after_sale_no=after_sale_no)
    if not text and not picture_ids:
        raise MessageEmpty
    with transaction.atomic():
        row = moving.lock(after_sale_no=after_sale_no)
        last = application_facts.said_last(after_sale_id=row.pk, by=By.MEMBER)
        if last is not None and last.text == text and last.at > at - _SAID_TWICE:
            shown = set(last.pictures.values_list("public_id", flat=True))
            if shown == set(picture_ids):
                return row
        _require_room(row)
        message = AfterSaleMessage.objects.create(after_sale=row, by=By.MEMBER, text=text, at=at)
        pictures.attach(picture_ids, row=row, message=message, at=at)
    return row


def _require_room(row: AfterSale) -> None:
    """Raise AfterSaleEnded for one that is over, TooManyMessages for one about which everything was said."""
    moving.require_open(row)
    if AfterSaleMessage.objects.filter(after_sale=row).count() >= MOST_MESSAGES:
        raise TooManyMessages(details={"max": MOST_MESSAGES})


def _hash(order_no: str, ask: Ask) -> str:
    """What was said, as SHA-256 of canonical JSON."""
    said = {
        "order_no": order_no,
        "kind": ask.kind,
        "units": sorted(ask.units.items()),
        "new_skus": sorted((ask.new_skus or {}).items()),
        "reason": ask.reason,
        "text": ask.text,
        "pictures": list(ask.pictures),
        "amount_fen": ask.amount_fen,
    }
    return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
