"""Shopper's doors of distribution."""

from django.urls import path

from apps.distribution import api, earning_api, withdrawal_api

urlpatterns = [
    path("me/promoter", api.PromoterView.as_view()),
    path("me/inviter", api.InviterView.as_view()),
    path("me/promoter/team", earning_api.TeamView.as_view()),
    path("me/promoter/orders", earning_api.OrdersView.as_view()),
    path("me/promoter/commissions", earning_api.CommissionsView.as_view()),
    path("me/promoter/goods", earning_api.GoodsView.as_view()),
    path("me/promoter/materials", earning_api.MaterialsView.as_view()),
    path("me/promoter/withdrawals", withdrawal_api.WithdrawalsView.as_view()),
    path("leaderboards/promoters", api.LeaderboardView.as_view()),
]
