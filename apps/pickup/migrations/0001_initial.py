"""Orders that are fetched in a shop: their codes, and wrong ones that were typed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("orders", "0023_delivery"),
        ("stores", "0002_what_shops_do"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PickupTries",
            fields=[
                (
                    "operator",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                ("since", models.DateTimeField(verbose_name="计数开始")),
                ("wrong", models.PositiveIntegerField(verbose_name="错误次数")),
            ],
            options={
                "verbose_name": "取货码错误次数",
                "verbose_name_plural": "取货码错误次数",
            },
        ),
        migrations.CreateModel(
            name="Pickup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("WAITING", "待备货"),
                            ("READY", "待自提"),
                            ("FETCHED", "已取货"),
                            ("OFF", "已取消"),
                        ],
                        default="WAITING",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("code_hash", models.CharField(editable=False, max_length=64, verbose_name="取货码摘要")),
                (
                    "code_sealed",
                    models.CharField(blank=True, editable=False, max_length=80, verbose_name="取货码密文"),
                ),
                ("created_at", models.DateTimeField(verbose_name="付款时间")),
                ("ready_at", models.DateTimeField(null=True, verbose_name="备好时间")),
                ("fetch_by", models.DateTimeField(null=True, verbose_name="最晚取货")),
                ("fetched_at", models.DateTimeField(null=True, verbose_name="取货时间")),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="交付人",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pickup",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="stores.place", verbose_name="门店"
                    ),
                ),
            ],
            options={
                "verbose_name": "自提单",
                "verbose_name_plural": "自提单",
                "ordering": ["-id"],
                "permissions": [("prepare_pickup", "备货完成"), ("hand_over_pickup", "核销取货")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "READY")), fields=["fetch_by"], name="pickup_overdue"
                    ),
                    models.Index(fields=["code_hash"], name="pickup_by_code"),
                    models.Index(fields=["place", "status", "-id"], name="pickup_of_place"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("status__in", ("READY", "WAITING"))),
                        fields=("code_hash",),
                        name="pickup_code_once_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ("READY", "WAITING")), ("code_sealed", ""), _connector="OR"
                        ),
                        name="pickup_seal_gone_when_over",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "READY"), _negated=True),
                            models.Q(("fetch_by__isnull", False), ("ready_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="pickup_ready_until_a_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("fetched_at__isnull", False), ("status", "FETCHED")),
                            models.Q(
                                ("fetched_at__isnull", True), models.Q(("status", "FETCHED"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="pickup_fetched_at_exactly_when_fetched",
                    ),
                ],
            },
        ),
    ]
