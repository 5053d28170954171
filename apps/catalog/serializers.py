"""How the catalogue looks to shoppers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.catalog.models import Category, FreightInsurance, Returns
from apps.pictures import stored


class CategorySerializer(serializers.Serializer[Any]):
    """A category with all below it; ``children`` have the same form."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    icon_url = serializers.URLField(allow_null=True)
    children = serializers.ListField(
        child=serializers.DictField(), help_text="Categories of the same form, to any depth."
    )


class ReturnsSerializer(serializers.Serializer[Any]):
    """Whether goods go back without a reason (七天无理由退货), as it is shown before buying."""

    code = serializers.ChoiceField(
        choices=Returns.choices,
        help_text="SEVEN_DAYS, or the law's exception (《消费者权益保护法》第二十五条).",
    )
    days = serializers.IntegerField(help_text="After receipt; 0: not without a reason.")
    text = serializers.CharField(help_text="For the shopper.")
    needs_confirmation = serializers.BooleanField(
        help_text="The exception holds only where the order says `confirms_no_return`."
    )


class FreightInsuranceSerializer(serializers.Serializer[Any]):
    """Whether an insurer pays for sending back (退货运费险), as it is shown before buying."""

    paid_by = serializers.ChoiceField(
        choices=FreightInsurance.choices,
        help_text="Who pays the insurer: `MERCHANT`, or `SHOPPER` who may; `NONE` without insurance.",
    )
    text = serializers.CharField(help_text="For the shopper.")


class CategoryTreeSerializer(serializers.Serializer[Any]):
    """The whole tree: the roots, in the shop's order. It is never paged."""

    results = CategorySerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="Always null.")


def category(row: Category) -> dict[str, Any]:
    """Return a category of ``selectors.tree()`` in the contract's form."""
    return {
        "id": row.pk,
        "name": row.name,
        "icon_url": stored.address(row.icon, stored.Size.LIST),
        "children": [category(child) for child in row.branches],  # type: ignore[attr-defined]
    }
