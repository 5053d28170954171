"""Refunds that went to the shop's own account: where an abnormal one was sent, and since when it is there."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("payments", "0012_found_in_a_time"),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="at_shop_at",
            field=models.DateTimeField(null=True, verbose_name="退回商户时间"),
        ),
        migrations.AddField(
            model_name="refund",
            name="sent_to",
            field=models.CharField(
                blank=True,
                choices=[("USER_BANK_CARD", "买家的银行卡"), ("MERCHANT_BANK_CARD", "商户银行账户")],
                db_default="",
                default="",
                max_length=20,
                verbose_name="异常退款到",
            ),
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
                    ("AT_SHOP", "已退回商户，待转给买家"),
                    ("PAID_OUTSIDE", "已线下退款"),
                    ("WRITTEN_BACK", "已冲回"),
                ],
                default="REQUESTED",
                max_length=12,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="refundstep",
            name="status",
            field=models.CharField(
                choices=[
                    ("REQUESTED", "待提交"),
                    ("PROCESSING", "退款中"),
                    ("SETTLED", "已到账"),
                    ("FAILED", "失败待处理"),
                    ("CLOSED", "微信已关闭"),
                    ("AT_SHOP", "已退回商户，待转给买家"),
                    ("PAID_OUTSIDE", "已线下退款"),
                    ("WRITTEN_BACK", "已冲回"),
                ],
                max_length=12,
                verbose_name="状态",
            ),
        ),
        migrations.AlterField(
            model_name="refundstep",
            name="step",
            field=models.CharField(
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
                    ("AT_SHOP", "已退回商户"),
                    ("END", "结案"),
                ],
                max_length=10,
                verbose_name="动作",
            ),
        ),
    ]
