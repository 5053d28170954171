"""Shopper's doors of invoices."""

from django.urls import path

from apps.invoices import api

urlpatterns = [
    path("me/invoice-titles", api.InvoiceTitlesView.as_view()),
    path("me/invoice-titles/<int:title_id>", api.InvoiceTitleView.as_view()),
    path("orders/<str:order_no>/invoice", api.OrderInvoiceView.as_view()),
]
