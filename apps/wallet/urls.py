"""Shopper's doors of the wallet."""

from django.urls import path

from apps.wallet import api

urlpatterns = [
    path("me/wallet", api.WalletView.as_view()),
    path("me/wallet/entries", api.EntriesView.as_view()),
    path("me/wallet/recharges", api.RechargesView.as_view()),
    path("me/wallet/recharges/<str:recharge_no>", api.OneRechargeView.as_view()),
    path("wallet/packs", api.PacksView.as_view()),
    path("wallet/recharges", api.RechargeView.as_view()),
]
