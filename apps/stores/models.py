"""Places: warehouses and shops that goods are kept in and sent from."""

from __future__ import annotations

from django.db import models


class Place(models.Model):
    """A warehouse or shop. Stock is taken from places in order of ``priority``, lowest first."""

    class Kind(models.TextChoices):
        WAREHOUSE = "WAREHOUSE", "仓库"
        SHOP = "SHOP", "门店"

    name = models.CharField("名称", max_length=40, unique=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.WAREHOUSE)
    priority = models.PositiveIntegerField("发货优先级", default=0, help_text="数字越小越优先")
    ships = models.BooleanField("参与发货", default=True)
    province = models.CharField("省", max_length=20, blank=True)
    city = models.CharField("市", max_length=20, blank=True)
    district = models.CharField("区县", max_length=20, blank=True)
    detail = models.CharField("详细地址", max_length=120, blank=True)
    phone = models.CharField("联系电话", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "仓库与门店"
        ordering = ["priority", "id"]

    def __str__(self) -> str:
        return self.name
