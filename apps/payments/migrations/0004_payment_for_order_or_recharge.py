"""A payment may be for a recharge instead of an order.

Safe on a live table: the column comes with a default in the database, and the check holds for new rows at once
and is validated afterwards without a lock that stops writers.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("payments", "0003_refunds_that_wechat_closed")]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="recharge_no",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="充值单号"
            ),
        ),
        # By hand: Django would make the foreign key anew, and read the whole table under its lock.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql='ALTER TABLE "payments_payment" ALTER COLUMN "order_id" DROP NOT NULL',
                    reverse_sql='ALTER TABLE "payments_payment" ALTER COLUMN "order_id" SET NOT NULL',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="payment",
                    name="order",
                    field=models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="payments",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                )
            ],
        ),
        migrations.AlterField(
            model_name="payment",
            name="surplus_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("LATE", "订单已关闭后付款"),
                    ("DOUBLE", "重复付款"),
                    ("AMOUNT", "金额不符"),
                    ("REFUNDED", "商户平台已退款"),
                    ("RECHARGE_LATE", "充值单已关闭后付款"),
                    ("WALLET_OFF", "储值功能已关闭"),
                ],
                max_length=40,
                verbose_name="异常原因",
            ),
        ),
        AddConstraintNotValid(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(order__isnull=False, recharge_no="")
                | (Q(order__isnull=True) & ~Q(recharge_no="")),
                name="payment_for_order_or_recharge",
            ),
        ),
    ]
