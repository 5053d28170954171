"""Shopper's doors of messages."""

from django.urls import path

from apps.messaging import api

urlpatterns = [
    path("messages/scenes", api.ScenesView.as_view()),
    path("me/message-grants", api.GrantsView.as_view()),
    path("me/messages", api.MessagesView.as_view()),
    path("me/messages/<int:message_id>/read", api.ReadView.as_view()),
    path("me/messages/opened", api.OpenedView.as_view()),
    path("me/message-settings", api.SettingsView.as_view()),
]
