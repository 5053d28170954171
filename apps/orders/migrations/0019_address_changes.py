"""What orders' addresses were before operators put them right."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0018_found_by_goods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("before", models.JSONField(verbose_name="原收货地址")),
                ("after", models.JSONField(verbose_name="新收货地址")),
                ("reason", models.CharField(max_length=100, verbose_name="原因")),
                ("at", models.DateTimeField(verbose_name="时间")),
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
                        related_name="address_changes",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
            ],
            options={
                "verbose_name": "收货信息修改",
                "verbose_name_plural": "收货信息修改",
                "ordering": ["id"],
            },
        ),
    ]
