"""Shopper's doors of flash sales."""

from django.urls import path

from apps.flashsale import api

urlpatterns = [
    path("flash-sales", api.SessionsView.as_view()),
    path("flash-sales/goods/<int:good_id>/reminders", api.RemindersView.as_view()),
    path("flash-sales/goods/<int:good_id>/waits", api.WaitsView.as_view()),
    path("me/waits", api.MyWaitsView.as_view()),
]
