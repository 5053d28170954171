"""Electronic waybills, and the accounts with couriers that they are made for."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("fulfillment", "0011_uploads_verified_and_settled"),
        ("orders", "0021_virtual_goods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WaybillAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("biz_id", models.CharField(max_length=64, verbose_name="客户编码")),
                ("service_type", models.PositiveIntegerField(verbose_name="服务类型")),
                ("service_name", models.CharField(max_length=60, verbose_name="服务")),
                ("quota", models.PositiveIntegerField(default=0, verbose_name="面单余额")),
                ("bound", models.BooleanField(default=True, verbose_name="已绑定")),
                (
                    "carrier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fulfillment.carrier",
                        verbose_name="快递公司",
                    ),
                ),
            ],
            options={
                "verbose_name": "面单账号",
                "verbose_name_plural": "面单账号",
                "ordering": ["carrier", "biz_id", "service_type"],
            },
        ),
        migrations.CreateModel(
            name="Waybill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("waybill_no", models.CharField(max_length=32, unique=True, verbose_name="面单号")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ASKED", "出单中"),
                            ("MADE", "已出单"),
                            ("REFUSED", "出单失败"),
                            ("CANCELLED", "已取消"),
                        ],
                        default="ASKED",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("quantities", models.JSONField(default=dict, verbose_name="商品")),
                ("tracking_no", models.CharField(blank=True, max_length=64, verbose_name="快递单号")),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("ask_at", models.DateTimeField(null=True, verbose_name="下次询问")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="申请次数")),
                ("made_at", models.DateTimeField(null=True, verbose_name="出单时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="取消或失败时间")),
                ("last_error", models.CharField(blank=True, max_length=200, verbose_name="最近错误")),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waybills",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "parcel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waybills",
                        to="fulfillment.parcel",
                        verbose_name="包裹",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="fulfillment.waybillaccount",
                        verbose_name="面单账号",
                    ),
                ),
            ],
            options={
                "verbose_name": "电子面单",
                "verbose_name_plural": "电子面单",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="waybillaccount",
            constraint=models.UniqueConstraint(
                fields=("carrier", "biz_id", "service_type"), name="waybill_account_once_per_service"
            ),
        ),
        migrations.AddIndex(
            model_name="waybill",
            index=models.Index(
                condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="waybill_to_ask"
            ),
        ),
        migrations.AddConstraint(
            model_name="waybill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "ASKED")), fields=("order",), name="waybill_one_asked_per_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="waybill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["ASKED", "REFUSED"]), ("tracking_no", "")),
                    models.Q(
                        ("status__in", ["MADE", "CANCELLED"]), models.Q(("tracking_no", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="waybill_has_a_number_exactly_when_made",
            ),
        ),
    ]
