"""Shopper's doors of points."""

from django.urls import path

from apps.points import api, earning_api

urlpatterns = [
    path("me/points", api.PointsView.as_view()),
    path("me/points/entries", api.EntriesView.as_view()),
    path("me/points/ways", earning_api.WaysView.as_view()),
    path("me/redemptions", earning_api.MyRedemptionsView.as_view()),
    path("me/check-ins", api.CheckInsView.as_view()),
    path("points-mall", api.PointsMallView.as_view()),
    path("points-mall/<int:good_id>/redemptions", api.RedemptionsView.as_view()),
]
