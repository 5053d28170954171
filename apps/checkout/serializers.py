"""The shapes of quote and order, as shoppers are answered."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.base.schema import ServerTimeField
from apps.catalog.models import Returns
from apps.catalog.serializers import FreightInsuranceSerializer, ReturnsSerializer
from apps.checkout import activities, bills, refunds
from apps.checkout.delay_serializers import DelaySerializer
from apps.checkout.part_serializers import CardSerializer, MoveSerializer, OrderAddressSerializer
from apps.orders.models import Order, OrderLine
from apps.orders.states import StageKind, StageStatus, Status
from apps.payments.states import MoneyBack
from apps.pickup.serializers import DeliverySerializer, FetchedSerializer, QuotedDeliverySerializer
from apps.pictures import stored
from mall.pricing.quote import GOODS, ReductionKind


@extend_schema_field(
    {
        "type": "object",
        "required": ["kind", "id", "title"],
        "properties": {
            "kind": {"type": "string"},
            "id": {"oneOf": [{"type": "integer"}, {"type": "string"}]},
            "title": {"type": "string"},
        },
        "additionalProperties": True,
        "nullable": True,
    }
)
class OrderActivityField(serializers.JSONField):
    """An activity as the order answers it."""


class ReductionSerializer(serializers.Serializer[Any]):
    """A part of what something became cheaper by."""

    ref = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.SerializerMethodField(
        help_text="Off what: Σ `goods` = `reduction_fen`; `freight_fen` − Σ `freight` = `shipping_fen`."
    )
    amount_fen = serializers.IntegerField()

    def get_kind(self, row: dict[str, Any]) -> ReductionKind:
        # Lines of before kinds say none: theirs are all of goods.
        kind: ReductionKind = row.get("kind", GOODS)
        return kind


class ShownSerializer(serializers.Serializer[Any]):
    """How goods look beside their figures."""

    product_id = serializers.IntegerField()
    option_text = serializers.CharField()
    image_url = serializers.CharField(allow_null=True)


class ShippedSerializer(ShownSerializer):
    """Goods of an order, as its line remembers them: the row has the ``image``'s name."""

    image_url = serializers.SerializerMethodField()  # type: ignore[assignment]

    def get_image_url(self, row: dict[str, Any]) -> str | None:
        return stored.address(row["image"], stored.Size.LIST)


class DeclinedSerializer(serializers.Serializer[Any]):
    """An offer that did not apply, and why."""

    ref = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    short_by_fen = serializers.IntegerField(allow_null=True)


class QuoteItemSerializer(ShownSerializer):
    """A line of a quote."""

    returns = ReturnsSerializer()
    freight_insurance = FreightInsuranceSerializer()
    virtual = serializers.BooleanField(
        help_text="Delivered as card keys with the payment: an order of it needs no address, and holds nothing else."
    )

    sku_id = serializers.IntegerField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price_fen = serializers.IntegerField()
    list_fen = serializers.IntegerField()
    reductions = ReductionSerializer(many=True)
    payable_fen = serializers.IntegerField()
    is_packing = serializers.BooleanField(help_text="Paid packing: no offer is on it.")


class GiftSerializer(serializers.Serializer[Any]):
    """A gift: so many come with the goods, so many are missing because they are out of stock."""

    ref = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    sku_id = serializers.IntegerField()
    title = serializers.CharField()
    quantity = serializers.IntegerField()
    missing = serializers.IntegerField()


class ScopeSerializer(serializers.Serializer[Any]):
    """Which goods an offer means: those with the ids, none where it means all."""

    kind = serializers.ChoiceField(choices=["ALL", "PRODUCTS", "SKUS", "CATEGORIES", "BRANDS"])
    ids = serializers.ListField(child=serializers.IntegerField())


class HintSerializer(serializers.Serializer[Any]):
    """凑单: what buying a little more of the goods in ``scope`` would bring."""

    ref = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    short_by_fen = serializers.IntegerField(allow_null=True)
    short_by_pieces = serializers.IntegerField(allow_null=True)
    gain_fen = serializers.IntegerField(allow_null=True)
    scope = ScopeSerializer()
    products_url = serializers.CharField(
        help_text="A list of goods that get there, the cheapest that fills the gap alone first."
    )


class FiguresSerializer(serializers.Serializer[Any]):
    """The sums and reasons of a price: Σ items' ``payable_fen`` + ``shipping_fen`` = ``payable_fen``."""

    goods_fen = serializers.IntegerField()
    reduction_fen = serializers.IntegerField()
    freight_fen = serializers.IntegerField(help_text="The freight before relief.")
    shipping_fen = serializers.IntegerField()
    payable_fen = serializers.IntegerField()
    applied = ReductionSerializer(many=True)
    declined = DeclinedSerializer(many=True)
    gifts = GiftSerializer(many=True)
    points_used = serializers.IntegerField(
        help_text="Points that the deduction, or the points good, among `applied` takes."
    )


class QuoteSerializer(FiguresSerializer):
    """An explained price. While no address is named, the freight is not known and counts as 0."""

    items = QuoteItemSerializer(many=True)
    hints = HintSerializer(many=True)
    shipping_known = serializers.BooleanField()


class UsableCouponSerializer(serializers.Serializer[Any]):
    """A coupon that may be used on this choice, and what it saves, freight included."""

    coupon_id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    saving_fen = serializers.IntegerField()


class UnusableCouponSerializer(serializers.Serializer[Any]):
    """A coupon that may not be used on this choice, why, and what is missing."""

    coupon_id = serializers.UUIDField()
    label = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    short_by_fen = serializers.IntegerField(allow_null=True)


class WeighedCouponsSerializer(serializers.Serializer[Any]):
    """The member's coupons, the best first."""

    usable = UsableCouponSerializer(many=True)
    unusable = UnusableCouponSerializer(many=True)


class StageSerializer(serializers.Serializer[Any]):
    """One of the parts in which an order is paid."""

    kind = serializers.ChoiceField(choices=StageKind.choices)
    amount_fen = serializers.IntegerField(
        help_text="Its part of `payable_fen`; the balance carries the freight."
    )
    until = serializers.DateTimeField(help_text="Until then it can be paid.")
    status = serializers.ChoiceField(
        choices=StageStatus.choices,
        help_text="DUE: to be paid now; LATER: not yet; LAPSED: not any more. KEPT, REFUNDED: what became of the "
        "deposit of an order whose balance was not paid.",
    )

    def get_fields(self) -> dict[str, Any]:
        # "from" is a word of Python's own.
        fields = super().get_fields()
        came = {"from": serializers.DateTimeField(help_text="From then on it can be paid.")}
        return {"kind": fields.pop("kind"), "amount_fen": fields.pop("amount_fen"), **came, **fields}


class CheckoutQuoteSerializer(QuoteSerializer):
    """The quote of a choice, with the coupon that it uses and those that it might."""

    activity = OrderActivityField(allow_null=True, help_text="The activity that the choice names.")
    delivery = QuotedDeliverySerializer(help_text="How it would come, from which shop, in what.")
    coupon_id = serializers.UUIDField(allow_null=True, help_text="The coupon that makes it cheaper.")
    coupons = WeighedCouponsSerializer()
    balance_fen = serializers.IntegerField(help_text="The part that stored value pays.")
    due_fen = serializers.IntegerField(
        help_text="What WeChat will be asked for: what the first of `stages` asks, else what stored value does not pay."
    )
    stages = StageSerializer(
        many=True,
        help_text="The parts in which an order of it is paid; empty for most. The first can be paid as long as it can be "
        "ordered, an order then has less time.",
    )


class KeptReturnsSerializer(serializers.Serializer[Any]):
    """What was shown of going back without a reason when the order was placed, and whether an exception was confirmed."""

    code = serializers.ChoiceField(
        choices=[("", "未展示"), *Returns.choices],
        help_text="As the product had it then; empty before it was shown.",
    )
    text = serializers.CharField(help_text="As the buyer read it.")
    confirmed = serializers.BooleanField(
        help_text="The buyer confirmed that it does not go back without a reason."
    )


class OrderItemSerializer(serializers.ModelSerializer[OrderLine]):
    """A line of an order, frozen when it was placed."""

    line_id = serializers.IntegerField(source="pk")
    sku_id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    image_url = serializers.SerializerMethodField()
    reductions = ReductionSerializer(many=True)
    returns = serializers.SerializerMethodField()

    class Meta:
        model = OrderLine
        fields = [
            "line_id",
            "sku_id",
            "product_id",
            "title",
            "option_text",
            "image_url",
            "quantity",
            "unit_price_fen",
            "list_fen",
            "reductions",
            "payable_fen",
            "is_gift",
            "is_packing",
            "refunded",
            "returns",
            "freight_insurance",
        ]

    def get_image_url(self, line: OrderLine) -> str | None:
        return stored.address(line.image, stored.Size.LIST)

    @extend_schema_field(KeptReturnsSerializer)
    def get_returns(self, line: OrderLine) -> dict[str, Any]:
        return {"code": line.returns, "text": line.returns_text, "confirmed": line.returns_confirmed}


class WholeItemSerializer(OrderItemSerializer):
    """A line of an order with the card keys that it was delivered as."""

    cards = serializers.SerializerMethodField(help_text="Those of `cards` that are of this item.")

    class Meta(OrderItemSerializer.Meta):
        fields = [*OrderItemSerializer.Meta.fields, "cards"]

    @extend_schema_field(CardSerializer(many=True))
    def get_cards(self, line: OrderLine) -> list[Any]:
        mine = [card for card in self.context.get("cards", ()) if card["sku_id"] == line.sku_id]
        return list(CardSerializer(mine, many=True).data)


class RefundItemSerializer(ShippedSerializer):
    """Units of a SKU in a refund; a gift is worth nothing."""

    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    amount_fen = serializers.IntegerField()
    is_gift = serializers.BooleanField()


class OrderRefundSerializer(serializers.Serializer[Any]):
    """Money that went back for an order: how much, to where, and whether it arrived.

    Beside what was refunded after sale: a deposit, a payment that came too late or twice, what went back by WeChat's
    merchant console.
    """

    refund_no = serializers.CharField()
    status = serializers.ChoiceField(
        choices=MoneyBack.choices,
        help_text="The money's state: PENDING until WeChat says that its part has arrived, DONE then; FAILED while "
        "it cannot, which the shop sees to.",
    )
    status_text = serializers.CharField(help_text="The state in the buyer's words.")
    amount_fen = serializers.IntegerField()
    shipping_fen = serializers.IntegerField(
        help_text="The part of it that is postage; the rest is the items'."
    )
    wechat_fen = serializers.IntegerField(help_text="The part of it that WeChat returns.")
    balance_fen = serializers.IntegerField(
        help_text="The part of it that went back to stored value, at once."
    )
    points = serializers.IntegerField(help_text="Points of the deduction that came back.")
    points_taken = serializers.IntegerField(help_text="Points that the order had earned and that were taken.")
    reason = serializers.CharField()
    at = serializers.DateTimeField(help_text="When the shop refunded it.")
    done_at = serializers.DateTimeField(allow_null=True, help_text="When the money had arrived.")
    items = RefundItemSerializer(many=True)


class OrderRowSerializer(FiguresSerializer):
    """An order as a list shows it."""

    order_no = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_text = serializers.SerializerMethodField(
        help_text="The status in the buyer's words; of a REFUNDED order how its money stands: 退款中, 已退款, 退款异常."
    )
    items = OrderItemSerializer(many=True, source="lines")
    applied = ReductionSerializer(many=True, source="reductions_told")
    balance_fen = serializers.IntegerField(help_text="The part that stored value pays.")
    due_fen = serializers.SerializerMethodField(
        help_text="What is paid by WeChat; of an order in stages what its next stage asks for. Of a paid order "
        "what was paid by WeChat in all."
    )
    refunded_fen = serializers.SerializerMethodField(
        help_text="What was refunded of `payable_fen` so far, a deposit that was given back included."
    )
    money_back_fen = serializers.SerializerMethodField(
        help_text="What has really gone back, money that the order could not use (paid too late, or twice) included."
    )
    refunds = serializers.SerializerMethodField()
    activity = OrderActivityField(
        allow_null=True, help_text="What it is an order of: `kind`, `id`, `title`, and what the kind adds."
    )
    stages = serializers.SerializerMethodField(
        help_text="The parts in which it is paid, for an order by deposit and balance; empty for most."
    )
    delivery = DeliverySerializer(source="delivery_told", help_text="How it comes, from which shop.")
    remark = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    server_time = ServerTimeField()
    reserved_at = serializers.DateTimeField(allow_null=True, help_text="When the deposit was paid.")
    paid_at = serializers.DateTimeField(allow_null=True)
    shipped_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(OrderRefundSerializer(many=True))
    def get_refunds(self, order: Order) -> list[Any]:
        return list(OrderRefundSerializer(self._refunds(order), many=True).data)

    @extend_schema_field(StageSerializer(many=True))
    def get_stages(self, order: Order) -> list[Any]:
        return list(StageSerializer(activities.stages_of(order, at=timezone.now()), many=True).data)

    def get_status_text(self, order: Order) -> str:
        return refunds.order_text(order, self._refunds(order))

    def get_due_fen(self, order: Order) -> int:
        return bills.asked_fen(order)

    def get_refunded_fen(self, order: Order) -> int:
        return refunds.back_of_price_fen(order, self._refunds(order))

    def get_money_back_fen(self, order: Order) -> int:
        return refunds.back_fen(self._refunds(order))

    def _refunds(self, order: Order) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.context["refunds"].get(order.pk, [])
        return found


class ParcelItemSerializer(ShippedSerializer):
    """Units of a SKU in a parcel."""

    sku_id = serializers.IntegerField()
    quantity = serializers.IntegerField()


class ParcelSerializer(serializers.Serializer[Any]):
    """One parcel of the order."""

    parcel_no = serializers.CharField()
    carrier_code = serializers.CharField()
    carrier_name = serializers.CharField()
    tracking_no = serializers.CharField()
    shipped_at = serializers.DateTimeField()
    items = ParcelItemSerializer(many=True)


class OrderSerializer(FetchedSerializer, OrderRowSerializer):
    """An order with everything about it. ``ship_by`` is by when it leaves, null until it is paid."""

    items = WholeItemSerializer(many=True, source="lines")
    virtual = serializers.BooleanField(help_text="An order of virtual goods: its `address` is null.")
    cards = serializers.SerializerMethodField(
        help_text="Once virtual goods are paid for: their card keys, told to nobody but the buyer. Refunded ones are gone."
    )
    address = OrderAddressSerializer(
        allow_null=True,
        source="address_told",
        help_text="Null for an order that is fetched in a shop, or of virtual goods.",
    )
    parcels = serializers.SerializerMethodField()
    ship_by = serializers.DateTimeField(allow_null=True)
    delay = DelaySerializer(allow_null=True)
    history = MoveSerializer(many=True, source="moves")

    @extend_schema_field(CardSerializer(many=True))
    def get_cards(self, order: Order) -> list[Any]:
        return list(CardSerializer(self.context.get("cards", ()), many=True).data)

    @extend_schema_field(ParcelSerializer(many=True))
    def get_parcels(self, order: Order) -> list[Any]:
        return list(ParcelSerializer(self.context["parcels"].get(order.pk, []), many=True).data)


class OrderCountsSerializer(serializers.Serializer[Any]):
    """How many of the member's orders are in each status, 0 included."""

    def get_fields(self) -> dict[str, Any]:
        return {status: serializers.IntegerField(min_value=0) for status in Status.values}


class OrderPageSerializer(serializers.Serializer[Any]):
    """One page of a member's orders, the newest first."""

    results = OrderRowSerializer(many=True)
    next = serializers.URLField(allow_null=True)
