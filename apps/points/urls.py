"""Shopper's doors of points."""

from django.urls import path

from apps.points import api

urlpatterns = [
    path("me/points", api.PointsView.as_view()),
    path("me/points/entries", api.EntriesView.as_view()),
    path("me/check-ins", api.CheckInsView.as_view()),
    path("points-mall", api.PointsMallView.as_view()),
    path("points-mall/<int:good_id>/redemptions", api.RedemptionsView.as_view()),
]
