"""Cards of 服务动态: an order's way from paid to received on one card in WeChat, without a grant.

Off by default (``WECHAT_SERVICE_CARDS``, apps/wechat/service_cards.py). While a card lives it tells instead of the
messages of its scenes; what WeChat does not show is told by those after all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from apps.base import faults, nudges, transactions
from apps.messaging import board, routes
from apps.messaging import selectors as message_facts
from apps.messaging.models import Card, Dispatch, Message, SceneSetting
from apps.messaging.services import moving
from apps.messaging.states import CARD, CARDS, CARRY, CardStatus, MessageStatus, Reason
from apps.wechat import errors as wechat_errors
from apps.wechat import service_cards
from apps.wechat.pushed import CardFailed

log = structlog.get_logger(__name__)

_LEASE: Final = timedelta(seconds=60)
_FIRST_WAIT: Final = timedelta(seconds=10)
_LONGEST_WAIT: Final = timedelta(minutes=30)
_ASKED_AGAIN: Final = timedelta(minutes=1)  # 85437: the payment is not known to the cards yet
_LIVING: Final = (CardStatus.BEGINNING, CardStatus.LIVE)


def are_told() -> bool:
    """Whether the shop tells cards at all."""
    return bool(settings.WECHAT_SERVICE_CARDS)


def begin(
    *,
    order_no: str,
    member_id: int,
    transaction_id: str,
    paid_fen: int,
    paid_at: datetime,
    products: Sequence[service_cards.Product],
    page: str,
    at: datetime,
    ships_by: datetime | None = None,
) -> bool:
    """Have WeChat show the card of an order that was paid, in the caller's transaction; False where the shop tells none.

    It tells none of a payment without a number of WeChat's, nor of one that is a day old. Again changes nothing.
    ``products`` have absolute addresses of pictures; ``page`` opens at a tap.
    """
    transactions.require()
    if not are_told() or not transaction_id or at >= paid_at + service_cards.ACTIVATE_WITHIN:
        return False
    Card.objects.bulk_create(
        [
            Card(
                order_no=order_no,
                member_id=member_id,
                transaction_id=transaction_id,
                paid_fen=paid_fen,
                paid_at=paid_at,
                products=[
                    {"name": one.name, "picture": one.picture, "path": one.path, "count": one.count}
                    for one in products
                ],
                page=page,
                wanted=service_cards.Progress.TO_SHIP if ships_by else service_cards.Progress.PAID,
                ships_by=ships_by,
                due_at=at,
            )
        ],
        ignore_conflicts=True,
    )
    nudges.after_commit(CARDS)
    return True


def advance(*, order_no: str, progress: service_cards.Progress, at: datetime) -> bool:
    """Have the card say how far its order is, in the caller's transaction; False where there is none or it cannot follow."""
    transactions.require()
    if not are_told():
        return False
    card = Card.objects.select_for_update(no_key=True).filter(order_no=order_no, status__in=_LIVING).first()
    if card is None or not service_cards.may_follow(progress, after=card.wanted):
        return False
    card.wanted, card.tries = int(progress), 0
    card.due_at = at
    card.save(update_fields=["wanted", "tries", "due_at"])
    nudges.after_commit(CARDS)
    return True


def fail_as_wechat_says(*, said: CardFailed, at: datetime) -> None:
    """WeChat did not show a card: the messages of its order tell instead. In the caller's transaction."""
    card = (
        Card.objects.select_for_update(no_key=True)
        .filter(transaction_id=said.transaction_id, status__in=_LIVING)
        .first()
    )
    if card is not None:
        _fail(card, why=f"{said.fail_ret} {said.fail_msg}", at=at)


def tell_due(*, at: datetime, limit: int = 50) -> int:
    """Tell WeChat what cards have to say, the oldest first; return how many were tried. Safe side by side."""
    nudges.heard(CARDS)
    due = Card.objects.filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True)[:limit]
    return sum(tell(card_id=card_id, at=at) for card_id in list(due))


def tell(*, card_id: int, at: datetime) -> bool:
    """Have one card say what it should; False if nothing is due. A card may be told twice: it says the same then."""
    transactions.forbid("telling WeChat's cards")
    with transaction.atomic():
        card = (
            Card.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .select_related("member")
            .filter(pk=card_id, due_at__lte=at, status__in=_LIVING)
            .first()
        )
        if card is None:
            return False
        card.due_at = at + _LEASE
        card.tries += 1
        card.save(update_fields=["due_at", "tries"])
    try:
        _call(card)
    except wechat_errors.WechatRefused as refused:
        with transaction.atomic():
            _fail(_again(card), why=faults.wording(refused), at=at)
    except wechat_errors.WechatUnavailable as trouble:
        with transaction.atomic():
            _put_off(_again(card), trouble, said=card.wanted, at=at)
    else:
        with transaction.atomic():
            _settle(_again(card), said=card.wanted, at=at)
    return True


def living(order_nos: Collection[str]) -> set[str]:
    """The orders of these that a card tells of: one statement."""
    if not order_nos or not are_told():
        return set()
    rows = Card.objects.filter(order_no__in=order_nos, status__in=_LIVING)
    return set(rows.values_list("order_no", flat=True))


def _call(card: Card) -> None:
    """Speak with WeChat, by what was committed. Raises WechatRefused, WechatUnavailable."""
    content = service_cards.Content(
        progress=service_cards.Progress(card.wanted),
        products=[service_cards.Product(**one) for one in card.products],
        path=card.page,
        ships_by=card.ships_by,
    )
    if card.status == CardStatus.LIVE:
        service_cards.update(openid=card.member.openid, transaction_id=card.transaction_id, content=content)
        return
    service_cards.activate(
        openid=card.member.openid,
        transaction_id=card.transaction_id,
        content=content,
        paid_fen=card.paid_fen,
        paid_at=card.paid_at,
    )


def _again(card: Card) -> Card:
    return Card.objects.select_for_update(no_key=True).get(pk=card.pk)


def _settle(card: Card, *, said: int, at: datetime) -> None:
    """The card says so; what is new meanwhile is due at once."""
    if card.status == CardStatus.BEGINNING:
        card.status = CARD.target(move="show", current=card.status)
    card.told, card.fault = said, ""
    card.due_at = at if card.wanted != said else None
    if card.status == CardStatus.LIVE and card.due_at is None and service_cards.is_final(said):
        card.status = CARD.target(move="end", current=card.status)
    card.save(update_fields=["status", "told", "fault", "due_at"])


def _put_off(card: Card, trouble: wechat_errors.WechatUnavailable, *, said: int, at: datetime) -> None:
    if card.status not in _LIVING:
        return
    if card.status == CardStatus.BEGINNING and at >= card.paid_at + service_cards.ACTIVATE_WITHIN:
        _fail(card, why=faults.wording(trouble), at=at)
        return
    wait = min(_FIRST_WAIT * 2 ** min(card.tries - 1, 20), _LONGEST_WAIT)
    if isinstance(trouble, service_cards.PaymentUnseen):
        wait = max(wait, _ASKED_AGAIN)
    card.due_at = at if card.wanted != said else at + wait
    card.fault = faults.wording(trouble)[:200]
    card.save(update_fields=["due_at", "fault"])


def _fail(card: Card, *, why: str, at: datetime) -> None:
    """Nothing more by this card: what it was to tell goes by message, as far as that is allowed."""
    if card.status not in _LIVING:
        return
    log.warning("service_card_failed", name=card.order_no, reason=why[:200])
    card.status = CARD.target(move="fail", current=card.status)
    card.fault, card.due_at = why[:200], None
    card.save(update_fields=["status", "fault", "due_at"])
    kept_back = Message.objects.select_related("member", "content").filter(
        member_id=card.member_id, status=MessageStatus.TOLD, reason=Reason.CARD, expires_at__gt=at
    )
    for message in kept_back.order_by("id"):
        if _order_of(message, at=at) == card.order_no:
            _send_after_all(message, at=at)


def _order_of(message: Message, *, at: datetime) -> str | None:
    """The order that a message tells of, as its facts name it; None where it is not true any more."""
    facts = board.scene_of(message.scene).reader()(
        subject=message.subject, member_id=message.member_id, at=at
    )
    return None if facts is None else order_told_of(message, facts)


def order_told_of(message: Message, facts: board.Facts) -> str:
    """The order of a message whose facts these are: they name it, or it is what the message is about."""
    return str(facts.values.get("order_no", message.subject))


def _send_after_all(message: Message, *, at: datetime) -> None:
    setting = message_facts.settings_of_scenes().get(message.scene) or SceneSetting(scene=message.scene)
    template = routes.template_of(message, setting)
    pair = (message.member_id, template.pk if template is not None else 0)
    route = routes.route(
        message,
        setting=setting,
        standing=message_facts.standings([message.member_id])[message.member_id],
        granted=message_facts.balances([pair]).get(pair, 0),
        at=at,
    )
    moving.note(message, channel="", reason=route.reason)
    if route.channel is not None:
        Dispatch.objects.bulk_create([routes.way(message, route, at=at)], ignore_conflicts=True)
        nudges.after_commit(CARRY)
