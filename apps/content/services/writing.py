"""Writing reviews: each line of a received order once, by whoever bought it, within the rules' days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from apps.base import transactions
from apps.content import selectors as review_facts
from apps.content.models import Review
from apps.content.services import pictures
from apps.members.models import Member
from apps.members.services import consents
from apps.orders import selectors as order_facts
from apps.orders import services as orders
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.outbox import services as outbox
from mall.errors import Invalid, ShopError
from mall.events import ReviewWritten

# While WeChat is away the outbox asks again for about 20 hours; then a person looks.
WECHAT_ANSWERS_WITHIN: Final = timedelta(hours=24)


class NotReviewable(ShopError):
    """Only what was received, and not refunded since, is reviewed; ``details`` has the order's status."""

    code = "order_not_reviewable"
    message = "确认收货后才能评价"


class ReviewOverdue(ShopError):
    """The order was received longer ago than the rules allow; ``details`` says how many days that are."""

    code = "review_overdue"
    message = "已超过评价期限"


class AlreadyReviewed(ShopError):
    """A line of an order is reviewed once; ``details`` names its SKU."""

    code = "already_reviewed"
    message = "该商品已评价"


class LineUnknown(Invalid):
    """The order did not sell this SKU, all of it was refunded, it was a gift, or named twice; ``details`` names it."""

    code = "line_unknown"
    message = "订单中没有可评价的该商品"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a member says of the line of an SKU: 1 to 5 stars, perhaps a text, ids of pictures they uploaded."""

    sku_id: int
    rating: int
    text: str = ""
    pictures: tuple[str, ...] = ()
    anonymous: bool = False


def write(*, member: Member, order_no: str, drafts: Sequence[Draft], at: datetime) -> list[Review]:
    """Keep what a member says of lines of their order, all or nothing; WeChat is asked about it afterwards.

    Raises NotFound (another's order or picture), NotReviewable, ReviewOverdue, LineUnknown, AlreadyReviewed,
    ConsentRequired.
    """
    order_facts.of_member(member=member, order_no=order_no)
    with transaction.atomic():
        # The order before the member, as refunds lock them.
        order = orders.lock(order_no=order_no)
        _refuse_unless_reviewable(order, at=at)
        consents.lock_and_require_privacy(member=member)
        lines = _lines(order, drafts)
        with transactions.refine({"review_once_per_order_line": AlreadyReviewed}):
            return [_write(draft, lines[draft.sku_id], member=member, at=at) for draft in drafts]


def _refuse_unless_reviewable(order: Order, *, at: datetime) -> None:
    if order.status != Status.RECEIVED or order.received_at is None:
        raise NotReviewable(details={"status": order.status})
    days = review_facts.rules().days
    if order.received_at + timedelta(days=days) <= at:
        raise ReviewOverdue(details={"days": days})


def _lines(order: Order, drafts: Sequence[Draft]) -> Mapping[int, OrderLine]:
    """Return the bought lines by SKU. Raises LineUnknown, AlreadyReviewed for those that are among the drafts."""
    lines = {line.sku_id: line for line in review_facts.kept_lines(order.lines.select_related("sku"))}
    named: set[int] = set()
    for draft in drafts:
        if draft.sku_id not in lines or draft.sku_id in named:
            raise LineUnknown(details={"sku_id": draft.sku_id})
        named.add(draft.sku_id)
    done = Review.objects.filter(line__in=[lines[sku_id].pk for sku_id in named])
    for sku_id in done.values_list("line__sku_id", flat=True)[:1]:
        raise AlreadyReviewed(details={"sku_id": sku_id})
    return lines


def _write(draft: Draft, line: OrderLine, *, member: Member, at: datetime) -> Review:
    review = Review.objects.create(
        member=member,
        line=line,
        product_id=line.sku.product_id,
        rating=draft.rating,
        text=draft.text,
        anonymous=draft.anonymous,
        picture_count=len(draft.pictures),
        written_at=at,
        look_at=at + WECHAT_ANSWERS_WITHIN,
    )
    pictures.attach(draft.pictures, review=review, at=at)
    outbox.publish(ReviewWritten(review_id=review.pk), at=at)
    return review
