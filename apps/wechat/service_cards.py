"""Cards of 服务动态 (新版一次性订阅消息, Beta): an order's way on one card in WeChat, keyed by its payment, without a grant.

Off by default (``WECHAT_SERVICE_CARDS``), because not everything about them is confirmed, and all of that stands here.
WeChat's page of card 2001 (subscribe-message-template/2001) confirms the fields and states 1 and 2 with what they may
follow; states 3 to 11 are as others have them in use, not from a page that we have read. Cards of other trades (自提 2002,
虚拟发货 2003, 同城配送 2006) have states of their own, which we do not know: only parcels are told of here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any, Final

from django.conf import settings

from apps.base import transactions
from apps.wechat import errors as wechat_errors
from apps.wechat import miniprogram

SET: Final = "/wxa/set_user_notify"
GET: Final = "/wxa/get_user_notify"
PARCELS: Final = 2001  # notify_type of 购物（实体物流）
TEMPLATE_TID: Final = "10000001"  # what addtemplate must have added once, with no keywords
ACTIVATE_WITHIN: Final = timedelta(hours=24)  # of the payment
UPDATE_WITHIN: Final = timedelta(days=30)  # of the activation
_ALREADY: Final = 85448


class Progress(IntEnum):
    """cur_status of card 2001. 1 and 2: WeChat's page; 3 to 11: unconfirmed."""

    PAID = 1
    TO_SHIP = 2
    PARTLY_SHIPPED = 3
    SHIPPED = 4
    SHIPPED_AGAIN = 5
    SIGNED = 6
    AFTER_SALES = 7
    DONE = 8
    AFTER_SALES_DONE = 9
    CANCELLED = 10
    AFTER_SALES_CLOSED = 11


# What each may follow. An order that is at none yet may start at PAID or TO_SHIP.
_FOLLOWS: Final[Mapping[Progress, frozenset[int]]] = {
    Progress.PAID: frozenset({7}),
    Progress.TO_SHIP: frozenset({1, 7}),
    Progress.PARTLY_SHIPPED: frozenset({1, 2, 3, 7}),
    Progress.SHIPPED: frozenset({1, 2, 3, 7}),
    Progress.SHIPPED_AGAIN: frozenset({3, 4, 7}),
    Progress.SIGNED: frozenset({4, 5, 7}),
    Progress.AFTER_SALES: frozenset({1, 2, 3, 4, 5, 6}),
    Progress.DONE: frozenset({1, 2, 3, 4, 5, 6, 7}),
    Progress.AFTER_SALES_DONE: frozenset({7}),
    Progress.CANCELLED: frozenset({1, 2, 7}),
    Progress.AFTER_SALES_CLOSED: frozenset({7}),
}


class CardsOff(wechat_errors.WechatRefused):
    """The shop tells no cards (WECHAT_SERVICE_CARDS=0); nothing was asked of WeChat."""

    code = "wechat_cards_off"
    message = "服务动态卡片未开启"


class CardsNotGranted(wechat_errors.WechatRefused):
    """The account may not tell cards: ask for the template and the category in the console (85461, 85462)."""

    code = "wechat_cards_not_granted"
    message = "小程序没有服务动态卡片的权限"


class PaymentMismatch(wechat_errors.WechatRefused):
    """Amount or time are not those of the payment (85433)."""

    code = "wechat_card_payment_mismatch"
    message = "服务动态卡片的支付金额或时间与支付单不符"


class CardInvalid(wechat_errors.WechatRefused):
    """The card's kind or fields are not as WeChat wants them (85434, 85435, 85440, 85441, 85443)."""

    code = "wechat_card_invalid"
    message = "服务动态卡片的内容不符合微信的要求"


class CardBanned(wechat_errors.WechatRefused):
    """WeChat has banned this payment's card (85436)."""

    code = "wechat_card_banned"
    message = "服务动态卡片被微信封禁"


class CardExpired(wechat_errors.WechatRefused):
    """More than a day after the payment, or thirty days after the activation (85438)."""

    code = "wechat_card_expired"
    message = "服务动态卡片已过期"


class ProgressRefused(wechat_errors.WechatRefused):
    """The card is at a state that this one may not follow (85439); ``read`` tells which."""

    code = "wechat_card_progress_refused"
    message = "服务动态卡片不能变更为该状态"


class PaymentUnseen(wechat_errors.WechatNotYet):
    """The payment is not known here yet (85437): again in a minute."""

    what = "payment not known to the cards yet"


class CardLocked(wechat_errors.WechatNotYet):
    """Somebody else changes the card, or the system is busy (85449, 85431): again in a moment."""

    what = "card is locked"


_MEANINGS: Final[miniprogram.Meanings] = {
    40003: wechat_errors.RecipientUnknown,
    85431: CardLocked,
    85433: PaymentMismatch,
    85434: CardInvalid,
    85435: CardInvalid,
    85436: CardBanned,
    85437: PaymentUnseen,
    85438: CardExpired,
    85439: ProgressRefused,
    85440: CardInvalid,
    85441: CardInvalid,
    85442: wechat_errors.ContentForbidden,
    85443: CardInvalid,
    85449: CardLocked,
    85461: CardsNotGranted,
    85462: CardsNotGranted,
}


class Told(StrEnum):
    """What became of it: ALREADY means that the card says so (85448)."""

    ACCEPTED = "accepted"
    ALREADY = "already"


@dataclass(frozen=True, slots=True)
class Product:
    """One product as the card shows it: ``path`` is its page, with a query; ``picture`` an https address."""

    name: str
    picture: str
    path: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Content:
    """What the card says: where the order is, what was bought, which page opens, by when all is shipped, if told."""

    progress: Progress
    products: Sequence[Product]
    path: str
    ships_by: datetime | None = None


class CodeState(IntEnum):
    """Whether WeChat still shows the card."""

    GOOD = 0
    RISK = 1
    ABNORMAL = 2
    REJECTED = 10


@dataclass(frozen=True, slots=True)
class Card:
    """What WeChat knows of a payment's card: ``progress`` as last accepted (a number, it may be a new one)."""

    progress: int
    state: int
    expires_at: datetime | None
    content: Mapping[str, Any] = field(repr=False)


def may_follow(progress: Progress, *, after: int | None) -> bool:
    """Whether a card at ``after`` (None: not told yet) may be told ``progress``."""
    if after is None:
        return progress in (Progress.PAID, Progress.TO_SHIP)
    return after in _FOLLOWS[progress]


def is_final(progress: int) -> bool:
    """Whether nothing follows."""
    return not any(progress in before for before in _FOLLOWS.values())


def activate(*, openid: str, transaction_id: str, content: Content, paid_fen: int, paid_at: datetime) -> Told:
    """Show the card of a payment for the first time, within a day of it; the user is told without having been asked.

    As ``update``, and PaymentMismatch (final). Source: setUserNotify.
    """
    check = {"pay_amount": paid_fen, "pay_time": int(paid_at.timestamp())}
    return _set(openid, transaction_id, content, {"check_json": _written(check)})


def update(*, openid: str, transaction_id: str, content: Content) -> Told:
    """Let the card say how far the order is, within thirty days of its activation and until a final state.

    Final: CardsOff, CardExpired, ProgressRefused, CardInvalid, CardBanned, ContentForbidden, CardsNotGranted, any other
    WechatRefused. Again later: PaymentUnseen (a minute), CardLocked, other WechatUnavailable, ``effect_unknown`` or not:
    what the card says already is ALREADY, and is shown once.
    """
    return _set(openid, transaction_id, content, {})


def read(*, openid: str, transaction_id: str) -> Card:
    """Return what WeChat knows of the card. Raises PaymentUnseen where it knows none, WechatUnavailable, WechatRefused."""
    transactions.forbid("asking WeChat about a card")
    asked = {"openid": openid, "notify_code": transaction_id, "notify_type": PARCELS}
    try:
        told = miniprogram.call(GET, asked, changes=False).get("notify_info")
    except wechat_errors.WechatRefused as refused:
        raise miniprogram.told_apart(refused, _MEANINGS) from None
    content = _object(told.get("content_json")) if isinstance(told, dict) else None
    if not isinstance(told, dict) or content is None:
        raise wechat_errors.WechatBadAnswer(f"{GET} answered no card")
    expires_s, progress, state = (
        told.get("code_expire_time"),
        content.get("cur_status"),
        told.get("code_state"),
    )
    return Card(
        progress=progress if isinstance(progress, int) else 0,
        state=state if isinstance(state, int) else CodeState.ABNORMAL,
        expires_at=datetime.fromtimestamp(expires_s, tz=UTC)
        if isinstance(expires_s, int) and expires_s > 0
        else None,
        content=content,
    )


def _set(openid: str, transaction_id: str, content: Content, check: dict[str, str]) -> Told:
    transactions.forbid("telling WeChat's card")
    if not settings.WECHAT_SERVICE_CARDS:
        raise CardsOff
    body = {
        "openid": openid,
        "notify_type": PARCELS,
        "notify_code": transaction_id,
        "content_json": _written(_fields(content)),
        **check,
    }
    try:
        miniprogram.call(SET, body, changes=True)
    except wechat_errors.WechatRefused as refused:
        if refused.errcode == _ALREADY:
            return Told.ALREADY
        raise miniprogram.told_apart(refused, _MEANINGS) from None
    return Told.ACCEPTED


def _fields(content: Content) -> dict[str, Any]:
    """content_json: the numbers are numbers, and all of it is sent as one text."""
    listed = [
        {
            "product_img": one.picture,
            "product_name": one.name,
            "product_path_query": one.path,
            "count": one.count,
        }
        for one in content.products
    ]
    fields: dict[str, Any] = {
        "cur_status": int(content.progress),
        "product_count": sum(one.count for one in content.products),
        "product_list": {"info_list": listed},
        "wxa_path_query": content.path,
    }
    if content.ships_by is not None and content.progress == Progress.TO_SHIP:
        fields["send_time"] = int(content.ships_by.timestamp())
    return fields


def _written(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _object(text: object) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
