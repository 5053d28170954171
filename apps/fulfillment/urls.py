"""Shopper's doors of packing."""

from django.urls import path

from apps.fulfillment import api

urlpatterns = [path("packings", api.PackingsView.as_view())]
