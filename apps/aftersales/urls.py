"""Shopper's doors after the sale."""

from django.urls import path

from apps.aftersales import api, delay_api

urlpatterns = [
    path("after-sale-reasons", api.AfterSaleReasonsView.as_view()),
    path("orders/<str:order_no>/delay-answer", delay_api.DelayAnswerView.as_view()),
    path("orders/<str:order_no>/after-sales", api.OrderAfterSalesView.as_view()),
    path("orders/<str:order_no>/after-sales/preview", api.PreviewView.as_view()),
    path("me/after-sales", api.MyAfterSalesView.as_view()),
    path("after-sales/<str:after_sale_no>", api.AfterSaleView.as_view()),
    path("after-sales/<str:after_sale_no>/cancel", api.CancelView.as_view()),
    path("after-sales/<str:after_sale_no>/return-parcel", api.ReturnParcelView.as_view()),
    path("after-sales/<str:after_sale_no>/messages", api.MessagesView.as_view()),
]
