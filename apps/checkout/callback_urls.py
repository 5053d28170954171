"""The doors that WeChat knocks at."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
