"""WeChat is told of recharges, too: an upload belongs to an order or to a recharge.

Safe on a live table: the column comes with a default in the database, the check holds for new rows at once and is
validated in a migration of its own.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("fulfillment", "0002_common_carriers")]

    operations = [
        migrations.AddField(
            model_name="shippingupload",
            name="recharge_no",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="充值单号"
            ),
        ),
        # By hand: Django would make the foreign key anew, and read the whole table under its lock.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql='ALTER TABLE "fulfillment_shippingupload" ALTER COLUMN "order_id" DROP NOT NULL',
                    reverse_sql='ALTER TABLE "fulfillment_shippingupload" ALTER COLUMN "order_id" SET NOT NULL',
                )
            ],
            state_operations=[
                migrations.AlterField(
                    model_name="shippingupload",
                    name="order",
                    field=models.OneToOneField(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="shipping_upload",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                )
            ],
        ),
        AddConstraintNotValid(
            model_name="shippingupload",
            constraint=models.CheckConstraint(
                condition=Q(order__isnull=False, recharge_no="")
                | (Q(order__isnull=True) & ~Q(recharge_no="")),
                name="shipping_upload_of_order_or_recharge",
            ),
        ),
    ]
