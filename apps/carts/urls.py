"""Shopper's doors of carts."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
