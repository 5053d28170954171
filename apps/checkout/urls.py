"""Shopper's doors of checkout."""

from django.urls import URLPattern, path

from apps.checkout import api, paying_api, recharge_api, tracing_api

urlpatterns: list[URLPattern] = [
    path("checkout/quote", api.QuoteView.as_view()),
    path("orders", api.OrdersView.as_view()),
    path("orders/counts", api.OrderCountsView.as_view()),
    path("orders/<str:order_no>", api.OrderView.as_view()),
    path("orders/<str:order_no>/cancel", api.CancelView.as_view()),
    path("orders/<str:order_no>/receive", api.ReceiveView.as_view()),
    path("orders/<str:order_no>/parcels/<str:parcel_no>/trace", tracing_api.TraceView.as_view()),
    path("orders/<str:order_no>/pay", paying_api.PayView.as_view()),
    path("wallet/recharges/<str:recharge_no>/pay", recharge_api.PayRechargeView.as_view()),
    path("wallet/recharges/<str:recharge_no>/cancel", recharge_api.CancelRechargeView.as_view()),
]
