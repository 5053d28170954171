"""Pre-sales with their goods, the orders that wait for them, and what WeChat was told of late parcels."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.campaigns.models import CampaignColumns
from apps.catalog.models import Sku
from apps.orders.models import Order
from apps.presale.states import PlanStatus, ReportStatus


class Presale(CampaignColumns):
    """A campaign: SKUs of one product that are sold by plan, paid whole, or as a deposit and a balance.

    Its window is the one to order in; of a pre-sale by deposit, that of the deposit. ``deposit_fen`` and
    ``deposit_worth_fen`` (what it takes off the price) are per unit, both empty where the whole is paid at once.
    """

    deposit_fen = FenField("定金（分）", null=True, blank=True)
    deposit_worth_fen = FenField("定金抵扣（分）", null=True, blank=True)
    balance_from = models.DateTimeField("尾款开始", null=True, blank=True)
    balance_until = models.DateTimeField("尾款截止", null=True, blank=True)
    ships_by = models.DateTimeField(
        "最晚发货",
        blank=True,
        help_text="留空为最后付款时间后 72 小时；距付款超过 15 天的，会在付款后自动向微信报备",
    )
    deposit_refundable = models.BooleanField(
        "定金可退", default=False, help_text="尾款逾期未付时是否退还定金；买家下单前可见，随订单保存"
    )
    arrived_at = models.DateTimeField("到货时间", null=True, blank=True, editable=False)

    class Meta(CampaignColumns.Meta):
        verbose_name = verbose_name_plural = "预售活动"
        permissions = [("arrive_presale", "登记预售到货")]
        constraints = [
            *CampaignColumns.Meta.constraints,
            models.CheckConstraint(
                condition=Q(
                    deposit_fen__isnull=True,
                    deposit_worth_fen__isnull=True,
                    balance_from__isnull=True,
                    balance_until__isnull=True,
                )
                | Q(
                    deposit_fen__gte=1,
                    deposit_worth_fen__gte=F("deposit_fen"),
                    balance_until__gt=F("balance_from"),
                ),
                name="presale_whole_or_deposit_and_balance",
            ),
        ]

    @property
    def growth_fen(self) -> int:
        """What a unit's deposit is worth beyond what it costs (定金膨胀)."""
        return (self.deposit_worth_fen or 0) - (self.deposit_fen or 0)


class Good(models.Model):
    """A SKU of a pre-sale at its price. How many there are is a quota of ``campaigns``, by the row's ``key``."""

    presale = models.ForeignKey(
        Presale, on_delete=models.PROTECT, related_name="goods", verbose_name="预售活动", db_index=False
    )
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+", verbose_name="SKU")
    price_fen = FenField("预售价（分）")

    class Meta:
        verbose_name = verbose_name_plural = "预售商品"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["presale", "sku"], name="presale_good_once"),
            models.CheckConstraint(condition=Q(price_fen__gte=1), name="presale_good_costs_something"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def key(self) -> str:
        """The name of its quota."""
        return key_of(self.presale_id, self.sku_id)


class Reservation(models.Model):
    """An order of a pre-sale: until when its balance is awaited, and whether its goods are here.

    ``balance_until`` is set from the deposit's payment until the balance is paid or given up.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="+", verbose_name="订单")
    presale = models.ForeignKey(
        Presale, on_delete=models.PROTECT, related_name="reservations", verbose_name="预售活动"
    )
    status = models.CharField("到货", max_length=8, choices=PlanStatus.choices, default=PlanStatus.PLANNED)
    balance_until = models.DateTimeField("尾款截止", null=True)
    arrived_at = models.DateTimeField("配货时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "预售订单"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=PlanStatus.ARRIVED) | Q(arrived_at__isnull=False),
                name="presale_arrived_at_when_arrived",
            ),
        ]
        indexes = [
            models.Index(
                fields=["balance_until", "id"],
                condition=Q(balance_until__isnull=False),
                name="presale_balance_due",
            ),
            models.Index(
                fields=["presale", "id"], condition=Q(status=PlanStatus.PLANNED), name="presale_planned"
            ),
        ]

    def __str__(self) -> str:
        return self.order.order_no


class Report(models.Model):
    """A payment of which WeChat is told that its goods leave later than fifteen days after it (特殊发货报备)."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", verbose_name="订单")
    transaction_id = models.CharField("微信支付单号", max_length=40, unique=True)
    delay_to = models.DateTimeField("报备发货时间")
    status = models.CharField(
        "状态", max_length=7, choices=ReportStatus.choices, default=ReportStatus.WAITING
    )
    last_error = models.CharField("微信的答复", max_length=300, blank=True)
    reported_at = models.DateTimeField("报备时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "特殊发货报备"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["-id"], condition=Q(status=ReportStatus.FAILED), name="presale_report_failed"
            )
        ]

    def __str__(self) -> str:
        return self.transaction_id


def key_of(presale_id: int, sku_id: int) -> str:
    """The name of the quota of a SKU in a pre-sale."""
    return f"{presale_id}:{sku_id}"
