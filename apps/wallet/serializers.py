"""What stored value looks like to the mini program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.wallet.models import Entry, Pack
from apps.wallet.selectors import Balance
from apps.wallet.states import SEEN_KINDS


class WalletSerializer(serializers.Serializer[Balance]):
    """What the member may spend, and what unpaid orders hold."""

    available_fen = serializers.IntegerField(help_text="principal_fen + bonus_fen.")
    principal_fen = serializers.IntegerField(help_text="Paid in and free to spend.")
    bonus_fen = serializers.IntegerField(help_text="Given on top and free to spend.")
    held_fen = serializers.IntegerField(help_text="Promised to unpaid orders, not in the sums above.")


class WalletEntrySerializer(serializers.ModelSerializer[Entry]):
    """One change of what the member may spend; `available_fen` of the wallet is the sum of all of them."""

    kind = serializers.ChoiceField(choices=SEEN_KINDS)
    kind_label = serializers.CharField(source="get_kind_display", help_text="The kind, for the shopper.")
    order_no = serializers.CharField(help_text="Empty for recharges and corrections.")
    principal_change_fen = serializers.IntegerField(source="free_principal_change_fen")
    bonus_change_fen = serializers.IntegerField(source="free_bonus_change_fen")

    class Meta:
        model = Entry
        fields = ["id", "kind", "kind_label", "order_no", "principal_change_fen", "bonus_change_fen", "at"]


class WalletEntryPageSerializer(serializers.Serializer[Any]):
    """A page of the member's ledger, newest first."""

    results = WalletEntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class PackSerializer(serializers.ModelSerializer[Pack]):
    """A recharge on offer."""

    left = serializers.IntegerField(
        allow_null=True, help_text="How often the member may still buy it; null without limit."
    )

    class Meta:
        model = Pack
        fields = ["id", "title", "principal_fen", "bonus_fen", "per_member", "left", "ends_at"]


class PackPageSerializer(serializers.Serializer[Any]):
    """A page of what is on offer, in the operator's order."""

    results = PackSerializer(many=True)
    next = serializers.URLField(allow_null=True)


def wallet(balance: Balance) -> dict[str, int]:
    """The answer's object of a balance."""
    return {
        "available_fen": balance.available_fen,
        "principal_fen": balance.principal_fen,
        "bonus_fen": balance.bonus_fen,
        "held_fen": balance.held_fen,
    }


def packs(rows: list[Pack], *, bought: Mapping[int, int]) -> list[Any]:
    """The answer's objects of packs for a member who has bought each so often."""
    for row in rows:
        left = max(row.per_member - bought.get(row.pk, 0), 0) if row.per_member else None
        setattr(row, "left", left)  # noqa: B010  (an attribute that only the serializer reads)
    return list(PackSerializer(rows, many=True).data)


WALLET_EXAMPLE = OpenApiExample(
    "wallet",
    value={"available_fen": 44000, "principal_fen": 40000, "bonus_fen": 4000, "held_fen": 11000},
    response_only=True,
    status_codes=["200"],
)
ENTRIES_EXAMPLE = OpenApiExample(
    "page",
    value={
        "results": [
            {
                "id": 2,
                "kind": "HOLD",
                "kind_label": "下单占用",
                "order_no": "SO261123K7M2P9QRTW4X",
                "principal_change_fen": -10000,
                "bonus_change_fen": -1000,
                "at": "2026-11-23T20:05:00+08:00",
            },
            {
                "id": 1,
                "kind": "RECHARGE",
                "kind_label": "充值",
                "order_no": "",
                "principal_change_fen": 50000,
                "bonus_change_fen": 5000,
                "at": "2026-11-23T20:00:00+08:00",
            },
        ],
        "next": None,
    },
    response_only=True,
    status_codes=["200"],
)
PACKS_EXAMPLE = OpenApiExample(
    "page",
    value={
        "results": [
            {
                "id": 1,
                "title": "充500送50",
                "principal_fen": 50000,
                "bonus_fen": 5000,
                "per_member": 2,
                "left": 1,
                "ends_at": "2026-12-01T00:00:00+08:00",
            }
        ],
        "next": None,
    },
    response_only=True,
    status_codes=["200"],
)
