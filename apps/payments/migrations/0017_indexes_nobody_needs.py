"""Indexes go that another one answers for: every row that is written paid for each."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("payments", "0016_one_index_for_each_question")]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="notify_id",
            field=models.CharField(max_length=128, verbose_name="通知编号"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="payment_no",
            field=models.CharField(max_length=32, verbose_name="支付单号"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="transaction_id",
            field=models.CharField(max_length=40, null=True, verbose_name="微信支付单号"),
        ),
        migrations.AlterField(
            model_name="refund",
            name="refund_no",
            field=models.CharField(max_length=64, verbose_name="退款单号"),
        ),
    ]
