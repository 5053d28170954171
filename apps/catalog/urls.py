"""Shopper's doors of catalog."""

from django.urls import path

from apps.catalog import api

urlpatterns = [path("categories", api.CategoriesView.as_view(), name="categories")]
