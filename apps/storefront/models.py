"""How the shop introduces itself to shoppers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.pictures.fields import PictureField


class Shop(models.Model):
    """What shoppers read of the shop itself: one row, and where there is none the name of the settings."""

    name = models.CharField("店铺名称", max_length=30)
    logo = PictureField("标志", upload_to="shop/", blank=True)
    service_phone = models.CharField(
        "客服电话", max_length=20, blank=True, help_text="顾客可以拨打的号码，如 400-800-1234"
    )
    notice = models.CharField("公告", max_length=200, blank=True, help_text="显示在小程序首页，留空则不显示")

    class Meta:
        verbose_name = verbose_name_plural = "店铺信息"
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="shop_one_row")]

    def __str__(self) -> str:
        return self.name
