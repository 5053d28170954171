"""What stored value looks like to the mini program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from apps.base.inputs import MAX_BIGINT, StrictIntegerField, row_id
from apps.base.schema import ServerTimeField
from apps.wallet.models import Entry, Pack, Recharge
from apps.wallet.selectors import Balance
from apps.wallet.states import SEEN_KINDS, RechargeStatus


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
    order_no = serializers.CharField(help_text="Empty for recharges, their refunds and corrections.")
    recharge_no = serializers.CharField(help_text="The recharge that was credited or refunded, else empty.")
    principal_change_fen = serializers.IntegerField(source="free_principal_change_fen")
    bonus_change_fen = serializers.IntegerField(source="free_bonus_change_fen")

    class Meta:
        model = Entry
        fields = [
            "id",
            "kind",
            "kind_label",
            "order_no",
            "recharge_no",
            "principal_change_fen",
            "bonus_change_fen",
            "at",
        ]


class WalletEntryPageSerializer(serializers.Serializer[Any]):
    """A page of the member's ledger, newest first."""

    results = WalletEntrySerializer(many=True)
    next = serializers.URLField(allow_null=True)


class PackSerializer(serializers.ModelSerializer[Pack]):
    """A recharge on offer."""

    server_time = ServerTimeField()
    left = serializers.IntegerField(
        allow_null=True,
        help_text="How often the member may still buy it, unpaid recharges counted; null without limit.",
    )

    class Meta:
        model = Pack
        fields = ["id", "title", "principal_fen", "bonus_fen", "per_member", "left", "ends_at", "server_time"]


class PackPageSerializer(serializers.Serializer[Any]):
    """A page of what is on offer, in the operator's order."""

    results = PackSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class PlaceRechargeSerializer(serializers.Serializer[Any]):
    """Which pack, and at which price it was seen."""

    pack_id = row_id()
    expected_principal_fen = StrictIntegerField(
        min_value=1,
        max_value=MAX_BIGINT,
        required=False,
        help_text="What the shopper was shown; 409 `pack_changed` where the pack costs something else now.",
    )


class RechargeSerializer(serializers.ModelSerializer[Recharge]):
    """A recharge that the member placed, with its figures as they were then."""

    server_time = ServerTimeField()
    status = serializers.ChoiceField(choices=RechargeStatus.choices)
    status_label = serializers.CharField(
        source="get_status_display", help_text="The status, for the shopper."
    )
    pack_id = serializers.IntegerField()
    principal_fen = serializers.IntegerField(help_text="What is to be paid.")
    bonus_fen = serializers.IntegerField(help_text="What is given on top.")
    refunded_principal_fen = serializers.IntegerField(help_text="What of it was paid back.")
    refunded_bonus_fen = serializers.IntegerField(help_text="The bonus that was taken back with it.")

    class Meta:
        model = Recharge
        fields = [
            "recharge_no",
            "status",
            "status_label",
            "pack_id",
            "title",
            "principal_fen",
            "bonus_fen",
            "refunded_principal_fen",
            "refunded_bonus_fen",
            "created_at",
            "expires_at",
            "server_time",
            "paid_at",
            "closed_at",
            "refunded_at",
        ]


class RechargePageSerializer(serializers.Serializer[Any]):
    """A page of the member's recharges, newest first."""

    results = RechargeSerializer(many=True)
    next = serializers.URLField(allow_null=True)


def recharge(row: Recharge) -> dict[str, Any]:
    """The answer's object of a recharge."""
    return dict(RechargeSerializer(row).data)


def wallet(balance: Balance) -> dict[str, int]:
    """The answer's object of a balance."""
    return {
        "available_fen": balance.available_fen,
        "principal_fen": balance.principal_fen,
        "bonus_fen": balance.bonus_fen,
        "held_fen": balance.held_fen,
    }


def packs(rows: list[Pack], *, bought: Mapping[int, int], unpaid: Mapping[int, int]) -> list[Any]:
    """The answer's objects of packs for a member who has bought each so often, and has so many to pay."""
    for row in rows:
        had = bought.get(row.pk, 0) + unpaid.get(row.pk, 0)
        left = max(row.per_member - had, 0) if row.per_member else None
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
                "recharge_no": "",
                "principal_change_fen": -10000,
                "bonus_change_fen": -1000,
                "at": "2026-11-23T20:05:00+08:00",
            },
            {
                "id": 1,
                "kind": "RECHARGE",
                "kind_label": "充值",
                "order_no": "",
                "recharge_no": "RC261123B7F3H9JKMN2P",
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
                "server_time": "2026-11-23T19:57:00+08:00",
            }
        ],
        "next": None,
    },
    response_only=True,
    status_codes=["200"],
)
_PLACED = {
    "recharge_no": "RC261123B7F3H9JKMN2P",
    "status": "UNPAID",
    "status_label": "待付款",
    "pack_id": 1,
    "title": "充500送50",
    "principal_fen": 50000,
    "bonus_fen": 5000,
    "refunded_principal_fen": 0,
    "refunded_bonus_fen": 0,
    "created_at": "2026-11-23T19:58:00+08:00",
    "expires_at": "2026-11-23T20:28:00+08:00",
    "server_time": "2026-11-23T19:58:00+08:00",
    "paid_at": None,
    "closed_at": None,
    "refunded_at": None,
}
_CREDITED = {
    **_PLACED,
    "status": "PAID",
    "status_label": "已到账",
    "paid_at": "2026-11-23T20:00:00+08:00",
}
PLACE_EXAMPLE = OpenApiExample(
    "pack", value={"pack_id": 1, "expected_principal_fen": 50000}, request_only=True
)
PLACED_EXAMPLE = OpenApiExample("placed", value=_PLACED, response_only=True, status_codes=["201"])
CREDITED_EXAMPLE = OpenApiExample("credited", value=_CREDITED, response_only=True, status_codes=["200"])
CLOSED_EXAMPLE = OpenApiExample(
    "closed",
    value={
        **_PLACED,
        "status": "CLOSED",
        "status_label": "已关闭",
        "closed_at": "2026-11-23T20:01:00+08:00",
    },
    response_only=True,
    status_codes=["200"],
)
RECHARGES_EXAMPLE = OpenApiExample(
    "page", value={"results": [_CREDITED], "next": None}, response_only=True, status_codes=["200"]
)
