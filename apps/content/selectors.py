"""What can be read about reviews: a product's, a member's, what may still be reviewed, what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from apps.catalog.models import Product
from apps.content.models import Review, ReviewRules
from apps.content.states import ReviewStatus
from apps.members.models import Member
from apps.orders.models import OrderLine
from apps.orders.states import Status
from mall import money
from mall.errors import Invalid, NotFound

GOOD_FROM = 4


class RatingInvalid(Invalid):
    """``rating`` is one of 1 to 5."""

    code = "rating_invalid"
    message = "评分应为 1 到 5"


class WithPicturesInvalid(Invalid):
    """``with_pictures`` is ``true`` or ``false``."""

    code = "with_pictures_invalid"
    message = "with_pictures 应为 true 或 false"


@dataclass(frozen=True, slots=True)
class Summary:
    """A product's published reviews in figures: how many stars how often, and how many with pictures."""

    by_rating: dict[int, int]
    with_pictures: int

    @property
    def count(self) -> int:
        return sum(self.by_rating.values())

    @property
    def average_tenths(self) -> int | None:
        """The average in tenths of a star, rounded half up: 48 is 4.8; None without reviews."""
        stars = sum(rating * number for rating, number in self.by_rating.items())
        return (20 * stars + self.count) // (2 * self.count) if self.count else None

    @property
    def good_bp(self) -> int | None:
        """The share of 4 and 5 stars in basis points, rounded down: 10000 means all; None without reviews."""
        good = sum(number for rating, number in self.by_rating.items() if rating >= GOOD_FROM)
        return money.part_bp(good, of=self.count) if self.count else None


def rules() -> ReviewRules:
    """The rules in force: the operator's row, or the defaults."""
    return ReviewRules.objects.filter(pk=1).first() or ReviewRules()


def of_product(
    *, product_id: int, rating: str | None = None, with_pictures: str | None = None
) -> QuerySet[Review]:
    """A product's published reviews with writer, line and pictures; both filters as they stand in the address.

    Raises RatingInvalid, WithPicturesInvalid.
    """
    published = (
        Review.objects.filter(product_id=product_id, status=ReviewStatus.PUBLISHED)
        .select_related("member", "line")
        .prefetch_related("pictures")
    )
    if rating is not None:
        if rating not in {"1", "2", "3", "4", "5"}:
            raise RatingInvalid
        published = published.filter(rating=int(rating))
    if with_pictures is not None:
        if with_pictures not in {"true", "false"}:
            raise WithPicturesInvalid
        if with_pictures == "true":
            published = published.filter(picture_count__gte=1)
    return published


def summary(*, product_id: int) -> Summary:
    """The figures of a product's published reviews: one statement."""
    published = Review.objects.filter(product_id=product_id, status=ReviewStatus.PUBLISHED).order_by()
    rows = list(
        published.values("rating")
        .annotate(number=Count("id"), pictured=Count("id", filter=Q(picture_count__gte=1)))
        .values_list("rating", "number", "pictured")
    )
    numbers = {rating: number for rating, number, _ in rows}
    return Summary(
        by_rating={rating: numbers.get(rating, 0) for rating in (5, 4, 3, 2, 1)},
        with_pictures=sum(pictured for _, _, pictured in rows),
    )


def require_product(*, product_id: int, at: datetime, early: timedelta) -> None:
    """Refuse a product that is not on sale. Raises NotFound. One statement."""
    if not Product.objects.on_sale_at(at, early=early).filter(pk=product_id).exists():
        raise NotFound("商品不存在或已下架")


def of_member(*, member: Member) -> QuerySet[Review]:
    """What a member wrote, as they see it, with line, order and pictures; what was erased is not shown."""
    return (
        Review.objects.filter(member=member)
        .exclude(status=ReviewStatus.ERASED)
        .select_related("line__order")
        .prefetch_related("pictures")
    )


def kept_lines(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """Those of these lines that a review may speak of: goods that were bought, and not refunded to the last unit."""
    return lines.filter(is_gift=False, is_packing=False, refunded__lt=F("quantity"))


def pending(*, member: Member, at: datetime) -> QuerySet[OrderLine]:
    """The lines of a member's received orders that may be reviewed now, with ``received_at``."""
    since = at - timedelta(days=rules().days)
    return (
        kept_lines(OrderLine.objects.all())
        .filter(
            ~Exists(Review.objects.filter(line=OuterRef("pk"))),
            order__member=member,
            order__status=Status.RECEIVED,
            order__received_at__gt=since,
        )
        .annotate(received_at=F("order__received_at"))
        .select_related("order", "sku")
    )


def waiting_for_a_person() -> QuerySet[Review]:
    """The reviews that an operator has to decide about."""
    return Review.objects.filter(status=ReviewStatus.HELD)


def shown_name(review: Review) -> str:
    """Whose review it is, as everybody may know: the ends of a nickname, or nothing of it. The member is at hand."""
    if review.anonymous:
        return "匿名用户"
    name = review.member.nickname
    if not name:
        return "微信用户"
    return f"{name[0]}***{name[-1]}" if len(name) > 2 else f"{name[0]}***"
