"""Shopper's door to the category tree. Products are shown by the checkout room, which sees stock as well."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.base.alike import Alike
from apps.base.prepared import Making
from apps.catalog import selectors as catalog_facts
from apps.catalog import serializers

_EXAMPLE = OpenApiExample(
    "tree",
    value={
        "results": [
            {
                "id": 1,
                "name": "茶器",
                "icon_url": "https://shop.example.com/media/demo/categories/teaware.png",
                "children": [{"id": 4, "name": "茶杯", "icon_url": None, "children": []}],
            }
        ],
        "next": None,
    },
    response_only=True,
)


def _told(_: Making) -> dict[str, Any]:
    return {"results": [serializers.category(root) for root in catalog_facts.tree()], "next": None}


_TREE: Final = Alike("/api/v1/categories", "goods", told=_told)


class CategoriesView(APIView):
    """The category tree."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="categories_tree",
        tags=["products"],
        summary="The category tree",
        description="Hidden categories, and all below them, are left out.",
        responses=serializers.CategoryTreeSerializer,
        examples=[_EXAMPLE],
    )
    def get(self, request: Request) -> HttpResponse:
        return _TREE.answer(at=timezone.now())
