"""Shopper's doors of reviews."""

from django.urls import path

from apps.content import api

urlpatterns = [
    path("orders/<str:order_no>/reviews", api.OrderReviewsView.as_view()),
    path("me/reviews", api.MyReviewsView.as_view()),
    path("me/reviews/pending", api.PendingView.as_view()),
    path("me/pictures", api.PicturesView.as_view()),
    path("products/<int:product_id>/reviews", api.ProductReviewsView.as_view()),
    path("products/<int:product_id>/reviews/summary", api.SummaryView.as_view()),
]
