"""Shopper's doors of places and pickups."""

from django.urls import path

from apps.pickup import api

urlpatterns = [
    path("places", api.PlacesView.as_view()),
    path("places/<str:place_id>/slots", api.SlotsView.as_view()),
    path("orders/<str:order_no>/pickup-code", api.PickupCodeView.as_view()),
]
