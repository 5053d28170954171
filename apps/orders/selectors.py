"""Reading orders: a member's own, and those that wait for the clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.contrib.postgres.aggregates import JSONBAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import JSONObject, Replace

from apps.base import finding
from apps.base.statements import Select
from apps.members.models import Address, Member
from apps.orders.models import Order, OrderLine, OrderMove, OrderRefund, OrderRefundLine
from apps.orders.states import Status
from mall.errors import Invalid, Kind, NotFound, ShopError

# An order_no has 20 characters; anything longer than its column was never issued.
_LONGEST_ORDER_NO = 32
# Paid, here, and to be packed: neither by plan, nor card keys.
TO_PACK: Final = Q(status=Status.PAID, awaits_goods=False, virtual=False)
# … and sent by parcel: nor fetched or brought by the shop.
TO_SEND: Final = TO_PACK & Q(delivery__isnull=True)
# Lines as shoppers see them: with the product that leads to its page.
_LINES = Prefetch("lines", OrderLine.objects.annotate(product_id=F("sku__product_id")))


class IdempotencyKeyReused(ShopError):
    """The member used this Idempotency-Key before, for another request."""

    code = "idempotency_key_reused"
    message = "该请求标识已用于另一笔订单"
    kind = Kind.CONFLICT


class StatusUnknown(Invalid):
    """Not one of the contract's statuses."""

    code = "status_unknown"
    message = "订单状态无效"


_BY_KEY: Final = Select(
    lambda *, member_id, idempotency_key: Order.objects.filter(
        member_id=member_id, idempotency_key=idempotency_key
    ).order_by(),
    member_id=int,
    idempotency_key=str,
)
# The numbers of what a member has not paid, for a statement of a room below; the order that is being placed is among them.
UNPAID_OF: Final = "SELECT order_no FROM orders_order WHERE member_id = %(member_id)s AND status = 'UNPAID'"
_LINES_OF: Final = Select(
    lambda *, order_id: (
        OrderLine.objects.filter(order_id=order_id).annotate(product_id=F("sku__product_id")).order_by("id")
    ),
    order_id=int,
)
_ALONE: Final = Select(
    lambda *, member_id, order_no: Order.objects.filter(member_id=member_id, order_no=order_no).order_by(),
    member_id=int,
    order_no=str,
)
_HISTORY: Final = OrderMove.objects.filter(order=OuterRef("pk")).order_by("id")
_ONE: Final = Select(
    lambda *, member_id, order_no: (
        Order.objects.filter(member_id=member_id, order_no=order_no)
        .annotate(
            moves=ArraySubquery(
                _HISTORY.values(
                    row=JSONObject(
                        move="move",
                        from_status="from_status",
                        to_status="to_status",
                        actor="actor",
                        at="at",
                        note="note",
                    )
                )
            )
        )
        .order_by()
    ),
    member_id=int,
    order_no=str,
)


def of_member(*, member: Member, order_no: str) -> Order:
    """One order of this member with its lines, and its history as plain rows in ``moves``, oldest first.

    Two statements. Raises NotFound for another member's order as for one that does not exist.
    """
    order: Any = _found(_ONE, member, order_no)
    _LINES_OF.into(order, "lines", order_id=order.pk)
    for move in order.moves:
        move["at"] = datetime.fromisoformat(move["at"])
    return order


def alone_of_member(*, member: Member, order_no: str) -> Order:
    """One order of this member by itself: one statement. Raises NotFound likewise."""
    return _found(_ALONE, member, order_no)


def _found(orders: Select[Any], member: Member, order_no: str) -> Order:
    too_long = len(order_no) > _LONGEST_ORDER_NO or "\x00" in order_no
    order: Order | None = None if too_long else orders.first(member_id=member.pk, order_no=order_no)
    if order is None:
        raise NotFound
    return order


def list_of_member(*, member: Member, status: str | None = None) -> QuerySet[Order]:
    """A member's orders with their lines, in one status or in any. Raises StatusUnknown."""
    mine = Order.objects.filter(member=member).prefetch_related(_LINES)
    if status is None:
        return mine
    if status not in Status.values:
        raise StatusUnknown(details={"status": list(Status.values)})
    return mine.filter(status=status)


def counts_of(*, member: Member) -> dict[str, int]:
    """How many orders a member has in each status, those without any included; one statement."""
    rows = Order.objects.filter(member=member).order_by().values_list("status").annotate(orders=Count("id"))
    return {**dict.fromkeys(Status.values, 0), **dict(rows)}


def placed_before(*, member: Member, idempotency_key: str, request_hash: str) -> Order | None:
    """The order that this member's key stands for already, as ``of_member`` reads it; None if there is none.

    Raises IdempotencyKeyReused where it was placed by a request that said something else.
    """
    order = _BY_KEY.first(member_id=member.pk, idempotency_key=idempotency_key)
    if order is not None and order.request_hash != request_hash:
        raise IdempotencyKeyReused
    return of_member(member=member, order_no=order.order_no) if order is not None else None


def has_key_column(place: str) -> str:
    """Whether the key that stands at the place was used by the ``member``, for a statement that has one."""
    return f"EXISTS (SELECT FROM orders_order WHERE member_id = member.id AND idempotency_key = {place})"


def made_of_cart(*, member: Member, sku_ids: Collection[int], since: datetime) -> str | None:
    """The number of the latest order that was made of the member's cart since then and not closed; None without one.

    Where ``sku_ids`` are named, it has one of them. One statement.
    """
    made = Order.objects.filter(member=member, from_cart=True, created_at__gte=since)
    if sku_ids:
        made = made.filter(Exists(OrderLine.objects.filter(order=OuterRef("pk"), sku_id__in=sku_ids)))
    return made.exclude(status=Status.CLOSED).order_by("-id").values_list("order_no", flat=True).first()


def unpaid_past_expiry(*, at: datetime, after: tuple[datetime, int] | None = None) -> QuerySet[Order]:
    """Orders whose time to pay is over, the longest overdue first; ``after`` is the (expires_at, id) seen last."""
    due = Order.objects.filter(status=Status.UNPAID, expires_at__lte=at).order_by("expires_at", "id")
    if after is None:
        return due
    expires_at, pk = after
    return due.filter(expires_at__gte=expires_at).exclude(expires_at=expires_at, id__lte=pk)


class Unpaid(NamedTuple):
    """What a buyer's unpaid order takes of a product: units of all its SKUs, until when."""

    order_no: str
    member_id: int
    nickname: str
    units: int
    expires_at: datetime


def unpaid_units(*, product_id: int, most: int) -> list[Unpaid]:
    """The unpaid orders that have this product, those with the most units first, ``most`` of them: one statement."""
    lines = OrderLine.objects.filter(order__status=Status.UNPAID, sku__product_id=product_id).order_by()
    rows = (
        lines.values("order_id")
        .annotate(units=Sum("quantity"))
        .order_by("-units", "order_id")
        .values_list(
            "order__order_no", "order__member_id", "order__member__nickname", "units", "order__expires_at"
        )
    )
    return [Unpaid(*row) for row in rows[:most]]


def unpaid_lines(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """Those of orders that are not paid: what their members keep from others, gifts included."""
    return lines.filter(order__status=Status.UNPAID)


class UnpaidOfMember(NamedTuple):
    """How many orders a member has not paid yet, and the units in them, gifts included."""

    orders: int
    units: int


def unpaid_by(*, member: Member) -> UnpaidOfMember:
    """What a member holds without having paid: one statement."""
    unpaid = Order.objects.filter(member=member, status=Status.UNPAID)
    found = unpaid.aggregate(orders=Count("id", distinct=True), units=Sum("lines__quantity", default=0))
    return UnpaidOfMember(found["orders"], found["units"])


class Bought(NamedTuple):
    """How many orders a member has paid and not got back whole, and what was paid for them and kept, in fen."""

    orders: int
    paid_fen: int


def bought_by(*, member: Member) -> Bought:
    """What a member has bought so far: one statement."""
    paid = Order.objects.filter(member=member, paid_at__isnull=False).exclude(status=Status.REFUNDED)
    kept = F("payable_fen") - F("refunded_fen")
    found = paid.aggregate(orders=Count("id"), paid_fen=Sum(kept, default=0))
    return Bought(found["orders"], found["paid_fen"])


def known_by(*, member: Member, address: Address | None) -> str | None:
    """By what a member is known as somebody who has bought: ``openid``, ``phone`` or ``address``; None for a newcomer.

    Orders count that were paid and not refunded whole: the member's own, those of the same phone (the member's, or the
    receiver's), those sent to the same address. One statement.
    """
    paid = Order.objects.filter(paid_at__isnull=False).exclude(status=Status.REFUNDED).order_by()
    phones = {member.phone, address.phone if address else ""} - {""}
    same = [("openid", paid.filter(member=member))]
    if phones:
        # Two questions, each by its index: for one, all orders would be looked through.
        sent = paid.alias(**finding.phone_parts(KeyTextTransform("phone", "address")))
        same.append(("phone", sent.filter(finding.phone_among(phones))))
        same.append(("phone", paid.filter(member__in=Member.objects.filter(phone__in=phones).values("pk"))))
    if address is not None and address.detail.strip():
        there = {name: getattr(address, name) for name in ("province", "city", "district")}
        street = Replace(
            KeyTextTransform("detail", "address"), Value(" "), Value(""), output_field=TextField()
        )
        sent = paid.annotate(street=street).filter(street=address.detail.replace(" ", ""))
        same.append(("address", sent.filter(**{f"address__{name}": said for name, said in there.items()})))
    found = Member.objects.filter(pk=member.pk).values_list(*(Exists(rows) for _, rows in same)).first()
    return next((by for (by, _), known in zip(same, found or (), strict=False) if known), None)


def buyers_of(order_nos: Sequence[str]) -> QuerySet[Order, Any]:
    """The keys of the members who bought these orders."""
    return Order.objects.filter(order_no__in=order_nos).order_by().values("member")


def has_ever_paid(member_id: int) -> bool:
    """Whether the member has paid any order, whatever became of it: who has not is a newcomer."""
    return Order.objects.filter(member_id=member_id, paid_at__isnull=False).exists()


class Times(NamedTuple):
    """When an order was placed and, if it was, paid."""

    placed_at: datetime
    paid_at: datetime | None


def times(*, order_no: str) -> Times:
    """When an order was placed and paid; one statement."""
    return Times(*Order.objects.values_list("created_at", "paid_at").get(order_no=order_no))


def units_by_product(*, order_no: str) -> dict[int, int]:
    """How many units of each product an order bought, by product id; gifts and packing are not sold."""
    lines = OrderLine.objects.filter(order__order_no=order_no, is_gift=False, is_packing=False)
    return dict(lines.values_list("sku__product_id").annotate(units=Sum("quantity")).order_by())


def refunded_by_line(order: Order) -> dict[int, int]:
    """How many fen of each line are gone so far, for units and because its price fell, by line id: one statement.

    What a buyer waived of refunded units is gone with them.
    """
    rows = OrderRefundLine.objects.filter(refund__order=order).order_by()
    return dict(rows.values_list("order_line_id").annotate(sum=Sum(F("amount_fen") + F("waived_fen"))))


def price_back_fen(order: Order, *, but: str = "") -> int:
    """How many fen went back because the price of goods fell that the buyer keeps, ``but`` for one refund: one statement."""
    rows = OrderRefundLine.objects.filter(refund__order=order, units=0).exclude(refund__refund_no=but)
    return int(rows.aggregate(sum=Sum("amount_fen", default=0))["sum"])


class RefundedSoFar(NamedTuple):
    """What was refunded of an order, in fen."""

    goods_fen: int
    shipping_fen: int
    balance_fen: int

    @property
    def amount_fen(self) -> int:
        """Goods and shipping."""
        return self.goods_fen + self.shipping_fen


def refunded_so_far(order: Order) -> RefundedSoFar:
    """The sums of an order's refunds: one query. Decide by it under the order's lock only."""
    sums = OrderRefund.objects.filter(order=order).aggregate(
        goods_fen=Sum("goods_fen", default=0),
        shipping_fen=Sum("shipping_fen", default=0),
        balance_fen=Sum("balance_fen", default=0),
    )
    return RefundedSoFar(**sums)


def goods_kept_fen(order: Order) -> int:
    """What was paid for the order's goods, without postage and without what was refunded of them; one query."""
    return order.goods_fen - order.reduction_fen - refunded_so_far(order).goods_fen


def spent_gifts_noted(order: Order) -> set[str]:
    """Gift coupons that earlier refunds of the order could not take back: one query, their public ids."""
    noted = OrderRefund.objects.filter(order=order).values_list("coupons_spent", flat=True)
    return {public_id for spent in noted for public_id in spent}


def refund_cause(refund_no: str) -> str:
    """Under which business key WeChat is asked for its part of an order's refund."""
    return f"refund:{refund_no}"


def with_activity_alone(*, order_no: str) -> Order:
    """The order with its number and its activity, and nothing else loaded: one narrow statement."""
    return Order.objects.only("order_no", "activity").get(order_no=order_no)


def refunds_of(order_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The refunds of these orders as plain rows with their ``items``, by order id, oldest first; one statement.

    ``items`` is empty where postage alone went back; one without units is money of goods that were kept.
    """
    rows = (
        OrderRefund.objects.filter(order_id__in=list(order_ids))
        .annotate(
            items=JSONBAgg(
                JSONObject(
                    sku_id="lines__order_line__sku_id",
                    product_id="lines__order_line__sku__product_id",
                    option_text="lines__order_line__option_text",
                    image="lines__order_line__image",
                    quantity="lines__units",
                    amount_fen="lines__amount_fen",
                    is_gift="lines__order_line__is_gift",
                ),
                filter=Q(lines__isnull=False),
                order_by="lines__id",
                default=[],
            ),
        )
        .order_by("id")
        .values(
            "order_id",
            "refund_no",
            "goods_fen",
            "shipping_fen",
            "wechat_fen",
            "balance_fen",
            "points_back",
            "points_taken",
            "reason",
            "at",
            "items",
        )
    )
    refunds: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        shown: dict[str, Any] = dict(row)
        refunds.setdefault(shown.pop("order_id"), []).append(shown)
    return refunds


class Unbalanced(NamedTuple):
    """An order, line or refund whose figure is not the sum of its rows (fen, or units of a line)."""

    what: str
    number: str
    says: int
    rows: int


def unbalanced_reductions() -> list[Unbalanced]:
    """What differs between the reductions that orders and lines say and their rows: nothing, if all is well.

    Of an order that is what was taken off its goods, of a line what it costs less than listed. What no money came in for
    has no rows, or all of them where an older version placed it. Two queries.
    """
    on_goods = Sum("reductions__amount_fen", filter=Q(reductions__line__isnull=False), default=0)
    no_money = Q(booked=0, paid_at__isnull=True, reserved_at__isnull=True)
    no_money_for_it = Q(booked=0, order__paid_at__isnull=True, order__reserved_at__isnull=True)
    orders = (
        Order.objects.order_by("id")
        .annotate(booked=on_goods)
        .exclude(Q(reduction_fen=F("booked")) | no_money)
        .values_list("order_no", "reduction_fen", "booked")
    )
    lines = (
        OrderLine.objects.order_by("id")
        .annotate(
            booked=Sum("reduction_rows__amount_fen", default=0), off_fen=F("list_fen") - F("payable_fen")
        )
        .exclude(Q(off_fen=F("booked")) | no_money_for_it)
        .values_list("pk", "off_fen", "booked")
    )
    found = (("order", orders), ("line", lines))
    return [
        Unbalanced(what, str(number), says, booked) for what, rows in found for number, says, booked in rows
    ]


def unbalanced_refunds() -> list[Unbalanced]:
    """What differs between orders and their refunds: nothing, if all is well. Three queries."""
    orders = (
        Order.objects.order_by("id")
        .annotate(booked=Sum(F("refunds__goods_fen") + F("refunds__shipping_fen"), default=0))
        .exclude(refunded_fen=F("booked"))
        .values_list("order_no", "refunded_fen", "booked")
    )
    lines = (
        OrderLine.objects.order_by("id")
        .annotate(booked=Sum("refund_lines__units", default=0))
        .exclude(refunded=F("booked"))
        .values_list("pk", "refunded", "booked")
    )
    refunds = (
        OrderRefund.objects.order_by("id")
        .annotate(booked=Sum("lines__amount_fen", default=0))
        .exclude(goods_fen=F("booked"))
        .values_list("refund_no", "goods_fen", "booked")
    )
    found = (("order", orders), ("line", lines), ("refund", refunds))
    return [
        Unbalanced(what, str(number), says, booked) for what, rows in found for number, says, booked in rows
    ]
