"""Shopper's doors of checkout."""

from django.urls import URLPattern, path

from apps.checkout import api, cart_api, paying_api, recharge_api, shelf

urlpatterns: list[URLPattern] = [
    path("products", shelf.ProductsView.as_view(), name="products"),
    path("products/<int:product_id>", shelf.ProductView.as_view(), name="product"),
    path("cart", cart_api.CartView.as_view()),
    path("cart/items", cart_api.CartItemsView.as_view()),
    path("cart/items/<int:item_id>", cart_api.CartItemView.as_view()),
    path("checkout/quote", api.QuoteView.as_view()),
    path("orders", api.OrdersView.as_view()),
    path("orders/<str:order_no>", api.OrderView.as_view()),
    path("orders/<str:order_no>/cancel", api.CancelView.as_view()),
    path("orders/<str:order_no>/receive", api.ReceiveView.as_view()),
    path("orders/<str:order_no>/pay", paying_api.PayView.as_view()),
    path("wallet/recharges/<str:recharge_no>/pay", recharge_api.PayRechargeView.as_view()),
    path("wallet/recharges/<str:recharge_no>/cancel", recharge_api.CancelRechargeView.as_view()),
]
