"""Shopper's doors of bargains."""

from django.urls import path

from apps.bargain import api

urlpatterns = [
    path("bargains", api.BargainsView.as_view()),
    path("bargains/<int:bargain_id>", api.BargainView.as_view()),
    path("bargains/<int:bargain_id>/runs", api.RunsView.as_view()),
    path("bargain-runs/<str:bargain_no>", api.RunView.as_view()),
    path("bargain-runs/<str:bargain_no>/helps", api.HelpsView.as_view()),
]
