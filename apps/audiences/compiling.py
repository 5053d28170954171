"""What conditions mean in the database: each compiles to a ``Q`` of members, with whatever was typed as a parameter.

Nothing here writes SQL: a condition becomes ``id IN (SELECT member_id …)`` through Django's own querysets, so that no
text of an operator's can become anything but a value. ``Among`` narrows every subquery to the members that are asked
for, which makes it cheap to ask about one member, a slice or a sample: below ``NOT`` and ``OR`` PostgreSQL would not
do so itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any, Final, TypeVar

from django.db.models import Aggregate, CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Cast

from apps.audiences import conditions
from apps.audiences.conditions import Both, Condition, Node
from apps.audiences.models import Rfm, TagMark
from apps.audiences.states import Standing
from apps.base.days import day_window, shop_day
from apps.carts.models import CartItem, Favorite
from apps.catalog.models import Category
from apps.coupons.models import Coupon
from apps.coupons.states import CouponStatus
from apps.distribution.models import Bond
from apps.members.models import Address, Member, Membership
from apps.orders.models import Order, OrderLine
from apps.orders.states import Status
from apps.points.models import Account
from apps.shares.models import Visit
from mall import regions

Rows = TypeVar("Rows", bound=QuerySet[Any])
# Whoever left something longer in the cart has forgotten it.
_OLDEST_CART: Final = timedelta(days=90)
_EVERY_ROW: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """Which members are asked for: these, or those with ids in ``(after, until]``; by default all."""

    ids: Collection[int] | None = None
    after: int | None = None
    until: int | None = None

    def narrow(self, rows: Rows, member: str) -> Rows:
        """The rows of those members, by the column that says whose each is."""
        if self.ids is not None:
            rows = rows.filter(**{f"{member}__in": list(self.ids)})
        if self.after is not None:
            rows = rows.filter(**{f"{member}__gt": self.after})
        if self.until is not None:
            rows = rows.filter(**{f"{member}__lte": self.until})
        return rows


EVERYBODY: Final = Among()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Of whom, and of which moment, a tree is asked."""

    at: datetime
    among: Among = EVERYBODY

    @property
    def today(self) -> date:
        """The Shanghai day."""
        return shop_day(self.at)

    def since(self, days: int) -> datetime:
        """When the last so many days began: today is the last of them."""
        return day_window(self.today - timedelta(days=days - 1))[0]

    def ago(self, column: str, *, low: int | None, high: int | None) -> Q:
        """A moment that lies at least ``low`` and at most ``high`` days ago; something of today is 0 days ago."""
        asked = Q(**{f"{column}__isnull": False})
        if low is not None:
            asked &= Q(**{f"{column}__lt": day_window(self.today - timedelta(days=low))[1]})
        if high is not None:
            asked &= Q(**{f"{column}__gte": day_window(self.today - timedelta(days=high))[0]})
        return asked

    def having(self, rows: QuerySet[Any], member: str = "member_id") -> Q:
        """Members of whom there is such a row."""
        return Q(pk__in=self.among.narrow(rows, member).order_by().values(member))

    def by_itself(self, rows: QuerySet[Any], member: str = "member_id") -> Q:
        """As ``having``, of rows that are found by something else than by whose they are: looked up once for all members.

        A limit that nothing reaches keeps PostgreSQL from asking member by member, of whom it expects too few.
        """
        return Q(pk__in=self.among.narrow(rows, member).order_by().values(member)[:_EVERY_ROW])

    def bought(self, days: int | None) -> QuerySet[Order]:
        """Orders that were paid and not refunded whole, in the last days or ever."""
        rows = Order.objects.filter(paid_at__isnull=False).exclude(status=Status.REFUNDED)
        return rows if days is None else rows.filter(paid_at__gte=self.since(days))

    def kept(self, days: int | None) -> QuerySet[OrderLine]:
        """Lines of those orders of which something was kept, gifts left out."""
        rows = OrderLine.objects.filter(
            order__paid_at__isnull=False, is_gift=False, quantity__gt=F("refunded")
        )
        rows = rows.exclude(order__status=Status.REFUNDED)
        return rows if days is None else rows.filter(order__paid_at__gte=self.since(days))


def members(tree: Both, *, at: datetime, among: Among = EVERYBODY) -> QuerySet[Member]:
    """The living members that a tree means at a moment."""
    asked = Member.objects.filter(disabled_at__isnull=True).filter(compiled(tree, Asking(at=at, among=among)))
    return among.narrow(asked, "pk").order_by()


def compiled(node: Node, asking: Asking) -> Q:
    """What a node means."""
    if isinstance(node, Both):
        found = reduce(and_ if node.op == "all" else or_, _parts(node, asking))
    else:
        found = _MEANINGS[type(node)](node, asking)
    return ~found if node.turned else found


def _parts(node: Both, asking: Asking) -> list[Q]:
    """What each part of a node means; where any will do, several figures of orders are asked for in one look at them.

    Below OR PostgreSQL makes a table of each for itself, and reads the orders as often. Joined by AND it begins with what
    leaves the fewest, and of a figure by itself it knows better how many that are.
    """
    figures = [part for part in node.of if _is_figure(part)] if node.op == "any" else []
    if len(figures) < 2:
        return [compiled(part, asking) for part in node.of]
    others = (compiled(part, asking) for part in node.of if not _is_figure(part))
    return [_looked_at_once(figures, asking), *others]


def _is_figure(node: Node) -> bool:
    """Whether it asks for a figure of a member's paid orders that who has none does not reach."""
    if node.turned:
        return False
    if isinstance(node, conditions.Spent):
        return bool(node.low_fen)
    if isinstance(node, conditions.Ordered):
        return bool(node.low)
    return isinstance(node, conditions.LastPaid) and (bool(node.low) or node.high is not None)


def _looked_at_once(figures: Sequence[Node], asking: Asking) -> Q:
    """Members whose orders come to any of these figures: one pass over the orders of the longest window."""
    windows = [_window(part, asking) for part in figures]
    rows = asking.bought(None)
    whole = None if None in windows else min(filter(None, windows))
    if whole is not None:
        rows = rows.filter(paid_at__gte=whole)
    found: dict[str, Aggregate] = {}
    within = []
    for place, (part, since) in enumerate(zip(figures, windows, strict=True)):
        name = f"figure_{place}"
        inside = None if since == whole else Q(paid_at__gte=since)
        if isinstance(part, conditions.LastPaid):
            found[name] = Max("paid_at", filter=inside)
            within.append(asking.ago(name, low=part.low or None, high=part.high))
        elif isinstance(part, conditions.Spent):
            found[name] = Sum(F("payable_fen") - F("refunded_fen"), filter=inside)
            within.append(_bounds(name, part.low_fen, part.high_fen))
        elif isinstance(part, conditions.Ordered):
            found[name] = Count("paid_at", filter=inside)
            within.append(_bounds(name, part.low, part.high))
    grouped = asking.among.narrow(rows, "member_id").order_by().values("member_id").annotate(**found)
    return Q(pk__in=grouped.filter(reduce(or_, within)).values("member_id"))


def _window(part: Node, asking: Asking) -> datetime | None:
    """Since when orders count for a figure; None for ever."""
    if isinstance(part, conditions.LastPaid):
        return None if part.high is None else day_window(asking.today - timedelta(days=part.high))[0]
    days = part.days if isinstance(part, conditions.Spent | conditions.Ordered) else None
    return None if days is None else asking.since(days)


def _bounds(name: str, low: int | None, high: int | None) -> Q:
    asked = Q(**{f"{name}__gte": low})
    return asked if high is None else asked & Q(**{f"{name}__lte": high})


def _figures(rows: QuerySet[Any], *, low: int | None, high: int | None, of: Any, asking: Asking) -> Q:
    """Members whose rows come to a figure within bounds; who has no row has 0."""
    grouped = asking.among.narrow(rows, "member_id").order_by().values("member_id").annotate(found=of)
    if low:
        within = grouped.filter(found__gte=low) if high is None else grouped.filter(found__range=(low, high))
        return Q(pk__in=within.values("member_id"))
    # Everybody but those who have more: also whoever has nothing.
    return Q() if high is None else ~Q(pk__in=grouped.filter(found__gt=high).values("member_id"))


def _spent(node: conditions.Spent, asking: Asking) -> Q:
    net = Sum(F("payable_fen") - F("refunded_fen"))
    return _figures(asking.bought(node.days), low=node.low_fen, high=node.high_fen, of=net, asking=asking)


def _ordered(node: conditions.Ordered, asking: Asking) -> Q:
    return _figures(asking.bought(node.days), low=node.low, high=node.high, of=Count("*"), asking=asking)


def _last_paid(node: conditions.LastPaid, asking: Asking) -> Q:
    """Paid not longer ago than ``high``, and nothing since ``low``."""
    rows = asking.bought(None)
    if node.high is not None:
        rows = rows.filter(asking.ago("paid_at", low=None, high=node.high))
    found = asking.having(rows)
    if node.low:
        found &= ~asking.having(
            asking.bought(None).filter(asking.ago("paid_at", low=None, high=node.low - 1))
        )
    return found


def _product(node: conditions.BoughtProduct, asking: Asking) -> Q:
    rows = asking.kept(node.days).filter(sku__product_id__in=node.products)
    return asking.by_itself(rows, "order__member_id")


def _category(node: conditions.BoughtCategory, asking: Asking) -> Q:
    paths = Category.objects.filter(pk__in=node.categories).values_list("path", flat=True)
    below = reduce(or_, (Q(path__startswith=path) for path in paths), Q(pk__in=[]))
    within = Category.objects.filter(below).order_by().values("pk")
    return asking.by_itself(
        asking.kept(node.days).filter(sku__product__category_id__in=within), "order__member_id"
    )


def _standing(node: conditions.OfStanding, asking: Asking) -> Q:
    found = asking.having(Rfm.objects.filter(standing__in=node.standings))
    if Standing.NEVER in node.standings:
        # Of who registered since the last night there is no row yet.
        found |= ~asking.having(Rfm.objects.all())
    return found


def _level(node: conditions.OfLevel, asking: Asking) -> Q:
    return Q(level_id__in=node.levels)


def _tag(node: conditions.Tagged, asking: Asking) -> Q:
    return asking.having(TagMark.objects.filter(tag_id__in=node.tags))


def _group(node: conditions.InGroup, asking: Asking) -> Q:
    return asking.having(Membership.objects.filter(group_id__in=node.groups))


def _area(node: conditions.InArea, asking: Asking) -> Q:
    found = Q()
    for name in node.areas:
        region = regions.find(name)
        within = Q(province=region.province)
        if region.city:
            within &= Q(city=region.city)
        found |= within
    rows: QuerySet[Any] = (
        Rfm.objects.filter(found) if node.where == "order" else Address.objects.filter(found, is_default=True)
    )
    return asking.having(rows)


def _birthday(node: conditions.BirthdayIn, asking: Asking) -> Q:
    months = {int(month) or asking.today.month for month in node.months}
    return Q(birthday__isnull=False, birthday__month__in=sorted(months))


def _registered(node: conditions.Registered, asking: Asking) -> Q:
    return asking.ago("registered_at", low=node.low, high=node.high)


def _login(node: conditions.LoggedIn, asking: Asking) -> Q:
    return asking.ago("last_login_at", low=node.low, high=node.high)


def _channel(node: conditions.FromChannel, asking: Asking) -> Q:
    found = asking.having(Visit.objects.filter(registered=True, member_id__isnull=False))
    return found if node.origin == "share" else ~found


def _promoter(node: conditions.BroughtBy, asking: Asking) -> Q:
    rows = Bond.objects.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=asking.at))
    return asking.having(rows.filter(promoter_id__in=node.promoters) if node.promoters else rows)


def _points(node: conditions.HasPoints, asking: Asking) -> Q:
    if node.low:
        rows = Account.objects.filter(balance__gte=node.low)
        return asking.having(rows if node.high is None else rows.filter(balance__lte=node.high))
    return Q() if node.high is None else ~asking.having(Account.objects.filter(balance__gt=node.high))


def _coupon(node: conditions.HoldsCoupon, asking: Asking) -> Q:
    rows = unused_coupons(at=asking.at)
    if node.templates:
        rows = rows.filter(template_id__in=node.templates)
    if node.days is not None:
        rows = rows.filter(valid_until__lt=day_window(asking.today + timedelta(days=node.days - 1))[1])
    return asking.having(rows)


def _cart(node: conditions.LeftInCart, asking: Asking) -> Q:
    return asking.having(left_in_cart(hours=node.hours or 0, at=asking.at))


def _likes(node: conditions.Likes, asking: Asking) -> Q:
    rows = Favorite.objects.all()
    return asking.having(rows.filter(product_id__in=node.products) if node.products else rows)


def _seen(node: conditions.SeenNotBought, asking: Asking) -> Q:
    return asking.having(seen_not_bought(days=node.days or 1, at=asking.at))


def unused_coupons(*, at: datetime) -> QuerySet[Coupon]:
    """Coupons that could be used, now or from a later day on."""
    return Coupon.objects.filter(status=CouponStatus.AVAILABLE, recalled_at__isnull=True, valid_until__gt=at)


def left_in_cart(*, hours: int, at: datetime) -> QuerySet[CartItem]:
    """What lies in carts for so many hours, and not for ever."""
    left = at - timedelta(hours=hours)
    return CartItem.objects.filter(added_at__lte=left, added_at__gt=at - _OLDEST_CART)


def seen_not_bought(*, days: int, at: datetime) -> QuerySet[Visit]:
    """Visits of products by members in the last days, of which none was bought afterwards.

    What the shop knows of looking are visits by shares: the product page keeps no book of who reads it.
    """
    seen = Visit.objects.filter(
        member_id__isnull=False, share__kind="product", last_at__gte=Asking(at=at).since(days)
    )
    # Compared as texts: what other kinds of shares are of is no number.
    bought = OrderLine.objects.annotate(product=Cast("sku__product_id", CharField())).filter(
        order__member_id=OuterRef("member_id"),
        order__paid_at__gte=OuterRef("first_at"),
        product=OuterRef("share__subject"),
    )
    return seen.filter(~Exists(bought))


_MEANINGS: Final[dict[type[Condition], Callable[[Any, Asking], Q]]] = {
    conditions.Spent: _spent,
    conditions.Ordered: _ordered,
    conditions.LastPaid: _last_paid,
    conditions.BoughtProduct: _product,
    conditions.BoughtCategory: _category,
    conditions.OfStanding: _standing,
    conditions.OfLevel: _level,
    conditions.Tagged: _tag,
    conditions.InGroup: _group,
    conditions.InArea: _area,
    conditions.BirthdayIn: _birthday,
    conditions.Registered: _registered,
    conditions.LoggedIn: _login,
    conditions.FromChannel: _channel,
    conditions.BroughtBy: _promoter,
    conditions.HasPoints: _points,
    conditions.HoldsCoupon: _coupon,
    conditions.LeftInCart: _cart,
    conditions.Likes: _likes,
    conditions.SeenNotBought: _seen,
}
