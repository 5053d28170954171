"""What insurers of freight paid, append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [
        ("aftersales", "0002_steps_append_only_and_reasons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="InsurancePayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("claim_no", models.CharField(max_length=64, unique=True, verbose_name="理赔单号")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="理赔金额（分）")),
                (
                    "payee",
                    models.CharField(
                        choices=[("BUYER", "买家"), ("SHOP", "商家")], max_length=6, verbose_name="收款方"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="登记时间")),
                (
                    "after_sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="insurance_payments",
                        to="aftersales.aftersale",
                        verbose_name="售后申请",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "运费险理赔",
                "verbose_name_plural": "运费险理赔",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["at"], name="insurance_payment_by_time")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_fen__gte", 1)), name="insurance_payment_positive"
                    )
                ],
            },
        ),
        append_only("aftersales_insurancepayment"),
    ]
