"""Shopper's door to the category tree. Products are shown by the checkout room, which sees stock as well."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

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
    def get(self, request: Request) -> Response:
        roots = catalog_facts.tree()
        return Response({"results": [serializers.category(root) for root in roots], "next": None})
