"""Shopper's doors of pre-sales."""

from django.urls import path

from apps.presale import api

urlpatterns = [
    path("presales", api.PresalesView.as_view()),
    path("presales/<int:presale_id>", api.PresaleView.as_view()),
]
