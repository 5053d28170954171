"""Shopper's doors of coupons."""

from django.urls import path

from apps.coupons import api

urlpatterns = [
    path("coupons", api.CentreView.as_view(), name="coupons"),
    path("coupons/redeem", api.RedeemView.as_view()),
    path("coupons/<int:template_id>/claim", api.ClaimView.as_view()),
    path("me/coupons", api.MyCouponsView.as_view()),
    path("me/coupons/<str:coupon_id>", api.MyCouponView.as_view()),
    path("me/coupons/<str:coupon_id>/pass", api.MyCouponPassView.as_view()),
    path("me/promo-codes", api.MyPromoCodesView.as_view()),
]
