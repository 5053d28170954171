"""The doors that WeChat knocks at."""

from django.urls import path

from apps.checkout import callbacks

urlpatterns = [
    path("pay/notify", callbacks.pay_notify, name="pay-notify"),
    path("refund/notify", callbacks.pay_notify, name="refund-notify"),
    path("transfer/notify", callbacks.pay_notify, name="transfer-notify"),
    path("push", callbacks.push_door, name="wechat-push"),
]
