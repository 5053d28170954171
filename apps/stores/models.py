"""Places: warehouses and shops that goods are kept in and sent from, and what shops do for who comes or lives near."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.base.fields import FenField


class Place(models.Model):
    """A warehouse or shop. Stock is taken from places in order of ``priority``, lowest first.

    A shop that ``picks_up`` hands orders over; one that ``delivers`` has riders of its own, who go within the radius
    and the area (``[[longitude, latitude], …]``) that it has. Coordinates are WeChat's (GCJ-02).
    """

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
    latitude = models.FloatField(
        "纬度", null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        "经度", null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    # [{"days": [1…7], "from": "09:00", "until": "21:00"}] (stores.hours)
    hours = models.JSONField("营业时间", default=list, db_default=[], blank=True)
    picks_up = models.BooleanField("支持到店自提", default=False, db_default=False)
    delivers = models.BooleanField("支持同城配送", default=False, db_default=False)
    delivery_radius_m = models.PositiveIntegerField(
        "配送半径（米）",
        null=True,
        blank=True,
        validators=[MinValueValidator(100), MaxValueValidator(100_000)],
    )
    delivery_area = models.JSONField("配送区域", default=list, db_default=[], blank=True)
    delivery_min_fen = FenField("起送金额（分）", default=0, db_default=0)
    delivery_fee_fen = FenField("起步配送费（分）", default=0, db_default=0)
    delivery_near_m = models.PositiveIntegerField("起步距离（米）", default=3000, db_default=3000)
    delivery_more_fen = FenField("每加一公里（分）", default=0, db_default=0)

    class Meta:
        verbose_name = verbose_name_plural = "仓库与门店"
        ordering = ["priority", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(picks_up=False, delivers=False)
                | Q(kind="SHOP", latitude__isnull=False, longitude__isnull=False),
                name="place_serves_as_a_shop_somewhere",
                violation_error_message="只有填写了经纬度的门店才能提供自提或同城配送",
            ),
            models.CheckConstraint(
                condition=Q(delivers=False) | Q(delivery_radius_m__isnull=False) | ~Q(delivery_area=[]),
                name="place_delivers_within_something",
                violation_error_message="同城配送需要填写配送半径或配送区域",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Where it is, in one line."""
        return f"{self.province}{self.city}{self.district}{self.detail}"


class PlaceStaff(models.Model):
    """An operator who works at a place: who has any of these sees and hands over what is fetched there, and nowhere else.

    Who has none sees all, as superusers always do.
    """

    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name="操作员",
        db_index=False,
    )
    # A shop that went would leave its staff bound to none, and who is bound to none sees every shop.
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", verbose_name="门店")
    note = models.CharField("备注", max_length=40, blank=True, help_text="如班次、岗位；只有后台可见")

    class Meta:
        verbose_name = verbose_name_plural = "门店店员"
        ordering = ["place", "operator"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "place"],
                name="place_staff_once",
                violation_error_message="该操作员已绑定此门店",
            )
        ]

    def __str__(self) -> str:
        return f"{self.operator} @ {self.place}"
