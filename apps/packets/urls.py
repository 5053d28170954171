"""Shopper's doors of packets."""

from django.urls import path

from apps.packets import api

urlpatterns = [
    path("me/packets", api.MyPacketsView.as_view()),
    path("packets/<str:packet_no>", api.PacketView.as_view()),
    path("packets/<str:packet_no>/openings", api.OpeningsView.as_view()),
]
