"""Shopper's doors of checkout."""

from django.urls import URLPattern, path

from apps.checkout import shelf

urlpatterns: list[URLPattern] = [
    path("products", shelf.ProductsView.as_view(), name="products"),
    path("products/<int:product_id>", shelf.ProductView.as_view(), name="product"),
]
