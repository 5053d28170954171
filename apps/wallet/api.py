"""Shopper's doors of stored value: what I have, what changed it, what recharges are on offer."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.base import paging
from apps.base.schema import refusal
from apps.members.auth import caller
from apps.wallet import selectors
from apps.wallet import serializers as shapes
from apps.wallet import services as wallet

_OFF = refusal(404, "wallet_off", "储值功能未开启")
_PAGING = [
    OpenApiParameter("cursor", str, description="From `next` of the page before."),
    OpenApiParameter("page_size", int, description="1 to 100, by default 20."),
]


class _WalletView(APIView):
    """A door that is not there while stored value is switched off, whoever knocks."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if not selectors.enabled():
            raise wallet.WalletOff
        super().initial(request, *args, **kwargs)


class WalletView(_WalletView):
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
        return Response(shapes.wallet(selectors.balance_of(caller(request))))


class EntriesView(_WalletView):
    """The member's ledger."""

    @extend_schema(
        operation_id="me_wallet_entries",
        tags=["wallet"],
        summary="What changed my stored value, newest first",
        parameters=_PAGING,
        responses={200: shapes.WalletEntryPageSerializer, 404: _OFF},
        examples=[shapes.ENTRIES_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        return paging.page(
            request,
            selectors.entries_of(caller(request)),
            ordering=["-id"],
            shape=lambda rows: list(shapes.WalletEntrySerializer(rows, many=True).data),
        )


class PacksView(_WalletView):
    """Recharges on offer."""

    @extend_schema(
        operation_id="wallet_packs",
        tags=["wallet"],
        summary="Recharges on offer",
        description="To read; a recharge is paid at the shop, and an operator books it.",
        parameters=_PAGING,
        responses={200: shapes.PackPageSerializer, 404: _OFF},
        examples=[shapes.PACKS_EXAMPLE],
    )
    def get(self, request: Request) -> Response:
        member = caller(request)

        def shape(rows: list[Any]) -> list[Any]:
            return shapes.packs(rows, bought=selectors.bought(member.pk, [row.pk for row in rows]))

        return paging.page(
            request,
            selectors.packs_on_offer(at=timezone.now()),
            ordering=["position", "id"],
            shape=shape,
        )
