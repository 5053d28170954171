"""Shopper's doors of the wallet."""

from django.urls import path

from apps.wallet import api

urlpatterns = [
    path("me/wallet", api.WalletView.as_view()),
    path("me/wallet/entries", api.EntriesView.as_view()),
    path("wallet/packs", api.PacksView.as_view()),
]
