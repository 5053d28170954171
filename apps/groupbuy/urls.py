"""Shopper's doors of group-buys."""

from django.urls import path

from apps.groupbuy import api

urlpatterns = [
    path("group-buys", api.GroupBuysView.as_view()),
    path("group-buys/<int:group_buy_id>", api.GroupBuyView.as_view()),
    path("group-buys/<int:group_buy_id>/groups", api.GroupsView.as_view()),
    path("groups/<str:group_no>", api.GroupView.as_view()),
]
