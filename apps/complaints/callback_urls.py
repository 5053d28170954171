"""The door that WeChat knocks at about complaints."""

from django.urls import path

from apps.complaints import callbacks

urlpatterns = [
    path("complaints/notify", callbacks.complaint_notify, name="complaints-notify"),
]
