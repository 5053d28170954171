"""Shopper's doors of shares."""

from django.urls import path

from apps.shares import api

urlpatterns = [
    path("shares", api.SharesView.as_view()),
    path("shares/<str:token>", api.ShareView.as_view()),
    path("visits", api.VisitsView.as_view()),
]
