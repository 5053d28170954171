"""What happens to a refund is a row each; one that is abnormal, or waits for the balance, says since when."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    dependencies = [
        ("payments", "0010_overdue_is_a_reason_to_give_back"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="abnormal_at",
            field=models.DateTimeField(null=True, verbose_name="异常时间"),
        ),
        migrations.AddField(
            model_name="refund",
            name="short_at",
            field=models.DateTimeField(null=True, verbose_name="余额不足时间"),
        ),
        migrations.CreateModel(
            name="RefundStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "step",
                    models.CharField(
                        choices=[
                            ("REQUEST", "发起退款"),
                            ("PUT_OFF", "微信暂未受理，稍后重试"),
                            ("SUBMIT", "微信已受理"),
                            ("SETTLE", "已到账"),
                            ("FAIL", "退款失败"),
                            ("ABNORMAL", "退款异常"),
                            ("CLOSE", "微信已关闭"),
                            ("RETRY", "重新提交"),
                            ("REAPPLY", "申请异常退款"),
                            ("END", "结案"),
                        ],
                        max_length=10,
                        verbose_name="动作",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("REQUESTED", "待提交"),
                            ("PROCESSING", "退款中"),
                            ("SETTLED", "已到账"),
                            ("FAILED", "失败待处理"),
                            ("CLOSED", "微信已关闭"),
                            ("PAID_OUTSIDE", "已线下退款"),
                            ("WRITTEN_BACK", "已冲回"),
                        ],
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
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
                (
                    "refund",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="payments.refund",
                        verbose_name="退款单",
                    ),
                ),
            ],
            options={
                "verbose_name": "退款经过",
                "verbose_name_plural": "退款经过",
                "ordering": ["id"],
            },
        ),
        append_only("payments_refundstep"),
    ]
