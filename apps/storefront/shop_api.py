"""The door at which the shop says who it is, to everybody."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.base.alike import Alike
from apps.base.prepared import Making
from apps.base.schema import ServerTimeField
from apps.pictures import stored
from apps.storefront import examples
from apps.storefront import selectors as shelf_facts
from apps.storefront.models import Shop


class ShopSerializer(serializers.Serializer[Any]):
    """Who the shop is, and what time it is there."""

    name = serializers.CharField()
    logo_url = serializers.SerializerMethodField(help_text="null until the operators gave one.")
    service_phone = serializers.CharField(help_text="For wx.makePhoneCall; empty where there is none.")
    notice = serializers.CharField(help_text="A word to everybody; empty for none.")
    server_time = ServerTimeField()

    def get_logo_url(self, shop: Shop) -> str | None:
        return stored.address(shop.logo, stored.Size.LIST)


def _told(making: Making) -> dict[str, Any]:
    said = dict(ShopSerializer(shelf_facts.shop()).data)
    del said["server_time"]
    return {**said, **making.hole("now")}


_SHOP: Final = Alike("/api/v1/shop", "words", told=_told)


class ShopView(APIView):
    """The shop's name, logo, service phone and notice."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="shop_read",
        tags=["shop"],
        summary="Who the shop is",
        description="Without login. `server_time` is what countdowns in lists are counted by.",
        responses={200: ShopSerializer},
        examples=[OpenApiExample("shop", value=examples.SHOP, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        return _SHOP.answer(at=timezone.now())
