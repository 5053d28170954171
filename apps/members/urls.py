"""Shopper's doors of members."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
