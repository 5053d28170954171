"""Ends of refunds that WeChat refuses, refunds made in its console, and the rhythm of asking and of refunds.

The constraint on the time of arrival is exchanged without looking through the table under a lock.
"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False

    dependencies = [
        ("payments", "0007_bills_are_paid_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RefundEnding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("PAID_OUTSIDE", "已线下退款给买家"), ("WRITTEN_BACK", "冲回，不再退款")],
                        max_length=12,
                        verbose_name="结案方式",
                    ),
                ),
                ("proof", models.CharField(max_length=300, verbose_name="凭证或原因")),
                ("asked_at", models.DateTimeField(verbose_name="申请时间")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="复核时间")),
                ("granted", models.BooleanField(null=True, verbose_name="是否同意")),
            ],
            options={
                "verbose_name": "退款结案",
                "verbose_name_plural": "退款结案",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="payment",
            name="pressed_at",
            field=models.DateTimeField(null=True, verbose_name="最近点击支付"),
        ),
        migrations.AddField(
            model_name="payment",
            name="refund_sent_at",
            field=models.DateTimeField(null=True, verbose_name="最近提交退款"),
        ),
        migrations.AddField(
            model_name="refund",
            name="origin",
            field=models.CharField(
                choices=[("SHOP", "商城"), ("CONSOLE", "商户平台")],
                db_default="SHOP",
                default="SHOP",
                max_length=10,
                verbose_name="来源",
            ),
        ),
        migrations.AlterField(
            model_name="refund",
            name="refund_no",
            field=models.CharField(max_length=64, unique=True, verbose_name="退款单号"),
        ),
        migrations.AlterField(
            model_name="refund",
            name="status",
            field=models.CharField(
                choices=[
                    ("REQUESTED", "待提交"),
                    ("PROCESSING", "退款中"),
                    ("SETTLED", "已到账"),
                    ("FAILED", "失败待处理"),
                    ("CLOSED", "微信已关闭"),
                    ("PAID_OUTSIDE", "已线下退款"),
                    ("WRITTEN_BACK", "已冲回"),
                ],
                default="REQUESTED",
                max_length=12,
                verbose_name="状态",
            ),
        ),
        migrations.AddField(
            model_name="refundending",
            name="answered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="复核人",
            ),
        ),
        migrations.AddField(
            model_name="refundending",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="申请人",
            ),
        ),
        migrations.AddField(
            model_name="refundending",
            name="refund",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="endings",
                to="payments.refund",
                verbose_name="退款单",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundending",
            constraint=models.CheckConstraint(
                condition=models.Q(("proof", ""), _negated=True), name="refund_ending_has_proof"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answered_by__isnull", True),
                    models.Q(("answered_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="refund_ending_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundending",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answered_at__isnull", True),
                        ("answered_by__isnull", True),
                        ("granted__isnull", True),
                    ),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        ("granted__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="refund_ending_answered_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundending",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answered_at__isnull", True)),
                fields=("refund",),
                name="refund_ending_one_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundending",
            constraint=models.UniqueConstraint(
                condition=models.Q(("granted", True)), fields=("refund",), name="refund_ending_one_granted"
            ),
        ),
        AddConstraintNotValid(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("settled_at__isnull", False), ("status__in", ["PAID_OUTSIDE", "SETTLED"])),
                    models.Q(
                        ("settled_at__isnull", True),
                        models.Q(("status__in", ["PAID_OUTSIDE", "SETTLED"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="refund_settled_at_exactly_when_arrived",
            ),
        ),
        ValidateConstraint(model_name="refund", name="refund_settled_at_exactly_when_arrived"),
        migrations.RemoveConstraint(
            model_name="refund",
            name="refund_settled_at_exactly_when_settled",
        ),
    ]
