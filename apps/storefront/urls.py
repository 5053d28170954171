"""Shopper's doors of the storefront."""

from django.urls import URLPattern, path

from apps.storefront import cart_api, shelf_api, shop_api, wishes_api

urlpatterns: list[URLPattern] = [
    path("products", shelf_api.ProductsView.as_view(), name="products"),
    path("products/<int:product_id>", shelf_api.ProductView.as_view(), name="product"),
    path("shop", shop_api.ShopView.as_view()),
    path("orders/<str:order_no>/again", cart_api.AgainView.as_view()),
    path("cart", cart_api.CartView.as_view()),
    path("cart/items", cart_api.CartItemsView.as_view()),
    path("cart/items/<int:item_id>", cart_api.CartItemView.as_view()),
    path("me/favorites", wishes_api.FavoritesView.as_view()),
    path("me/stock-wishes", wishes_api.StockWishesView.as_view()),
]
