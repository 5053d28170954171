"""One upload for each recharge; the index is built beside the shop's work."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating

NAME = "shipping_upload_once_per_recharge"


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("fulfillment", "0003_uploads_of_recharges")]

    operations = [
        ValidateConstraint(model_name="shippingupload", name="shipping_upload_of_order_or_recharge"),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    sql=f'CREATE UNIQUE INDEX CONCURRENTLY "{NAME}" ON "fulfillment_shippingupload"'
                    " (\"recharge_no\") WHERE recharge_no <> ''",
                    reverse_sql=f'DROP INDEX CONCURRENTLY IF EXISTS "{NAME}"',
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="shippingupload",
                    constraint=models.UniqueConstraint(
                        fields=["recharge_no"], condition=~Q(recharge_no=""), name=NAME
                    ),
                )
            ],
        ),
    ]
