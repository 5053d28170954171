"""Orders remember that their address was erased; those whose time comes next are found by an index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    # The indexes are built beside a shop that goes on selling.
    atomic = False

    dependencies = [
        ("orders", "0008_fill_reductions"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="address_erased_at",
            field=models.DateTimeField(null=True, verbose_name="地址清空时间"),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                condition=models.Q(
                    ("address_erased_at__isnull", True), ("status__in", ["RECEIVED", "REFUNDED"])
                ),
                fields=["created_at"],
                name="order_trade_with_address",
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                condition=models.Q(("address_erased_at__isnull", True), ("status", "CLOSED")),
                fields=["closed_at"],
                name="order_unpaid_with_address",
            ),
        ),
    ]
