"""Shopper's doors of stored value: what I have, what changed it, what recharges are on offer, and placing one.

Paying and cancelling a recharge takes WeChat, so those doors are the counter's (``apps/checkout/recharge_api.py``).
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import idempotency, paging
from apps.base.schema import PAGING, idempotency_key, refusal
from apps.members.auth import caller
from apps.wallet import selectors as wallet_facts
from apps.wallet import serializers as shapes
from apps.wallet import services as wallet
from apps.wallet.services import recharges

_OFF = refusal(404, "wallet_off", "储值功能未开启")


class WalletDoor(APIView):
    """A door that is not there while stored value is switched off, whoever knocks."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not wallet_facts.enabled():
            raise wallet.WalletOff
        super().initial(request, *args, **kwargs)


class WalletView(WalletDoor):
    """The member's stored value."""

    @extend_schema(
        operation_id="me_wallet",
        tags=["wallet"],
        summary="My stored value",
        description="All zeros for whoever never recharged. 404 while the shop has stored value switched off.",
        responses={200: shapes.WalletSerializer, 404: _OFF},
        examples=[shapes.WALLET_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        return Response(shapes.wallet(wallet_facts.balance_of(caller(request))))


class EntriesView(WalletDoor):
    """The member's ledger."""

    @extend_schema(
        operation_id="me_wallet_entries",
        tags=["wallet"],
        summary="What changed my stored value, newest first",
        parameters=PAGING,
        responses={200: shapes.WalletEntryPageSerializer, 404: _OFF},
        examples=[shapes.ENTRIES_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            wallet_facts.entries_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(shapes.WalletEntrySerializer(rows, many=True).data),
        )


class PacksView(WalletDoor):
    """Recharges on offer."""

    @extend_schema(
        operation_id="wallet_packs",
        tags=["wallet"],
        summary="Recharges on offer",
        description="What `POST /wallet/recharges` takes.",
        parameters=PAGING,
        responses={200: shapes.PackPageSerializer, 404: _OFF},
        examples=[shapes.PACKS_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        member = caller(request)

        def shape(rows: list[Any]) -> list[Any]:
            ids = [row.pk for row in rows]
            return shapes.packs(
                rows,
                bought=wallet_facts.bought(member.pk, ids),
                unpaid=wallet_facts.unpaid_by_pack(member.pk, ids),
            )

        return paging.page(
            request,
            wallet_facts.packs_on_offer(at=timezone.now()),
            ordering=["position", "id"],
            shape=shape,
        )


class RechargeView(WalletDoor):
    """Buying a pack."""

    @extend_schema(
        operation_id="wallet_recharge",
        tags=["wallet"],
        summary="Place a recharge",
        description=(
            "Freezes the pack's figures and waits for payment, as long as an order does. The same "
            "`Idempotency-Key` with the same body answers the same recharge again, with another body 409 "
            "`idempotency_key_reused`. Limits count what waits for payment; `details.unpaid` names those "
            "recharges: pay or cancel them. Further 409: pack_gone, pack_limit_reached, balance_above_limit."
        ),
        parameters=[idempotency_key("recharge")],
        request=shapes.PlaceRechargeSerializer,
        responses={
            201: shapes.RechargeSerializer,
            404: _OFF,
            409: refusal(
                409,
                "pack_changed",
                "充值套餐有变动，请确认后重新提交",
                {"principal_fen": 60000, "bonus_fen": 6000},
            ),
        },
        examples=[shapes.PLACE_EXAMPLE, shapes.PLACED_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        key = idempotency.key_of(request)
        asked = shapes.PlaceRechargeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        placed = recharges.place(
            member=caller(request),
            pack_id=asked.validated_data["pack_id"],
            expected_principal_fen=asked.validated_data.get("expected_principal_fen"),
            idempotency_key=key,
            at=timezone.now(),
        )
        return Response(shapes.recharge(placed), status=201)


class RechargesView(WalletDoor):
    """The member's recharges."""

    @extend_schema(
        operation_id="me_wallet_recharges",
        tags=["wallet"],
        summary="My recharges, newest first",
        description="Those of the mini program; what was paid at the shop is in the ledger only.",
        parameters=PAGING,
        responses={200: shapes.RechargePageSerializer, 404: _OFF},
        examples=[shapes.RECHARGES_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            wallet_facts.recharges_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: [shapes.recharge(row) for row in rows],
        )


class OneRechargeView(WalletDoor):
    """One recharge of the member."""

    @extend_schema(
        operation_id="me_wallet_recharge",
        tags=["wallet"],
        summary="One of my recharges",
        responses={200: shapes.RechargeSerializer, 404: _OFF},
        examples=[shapes.CREDITED_EXAMPLE],
    )
    def get(self, request: Request, recharge_no: str) -> Response:
        found = wallet_facts.recharge_of_member(member=caller(request), recharge_no=recharge_no)
        return Response(shapes.recharge(found))
