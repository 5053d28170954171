"""Shopper's doors of checkout."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
