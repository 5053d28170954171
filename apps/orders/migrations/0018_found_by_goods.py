"""Find who bought some goods, and who paid since, without a look at the rows, and without a lock while the indexes grow."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [
        ("catalog", "0008_returns_without_reason"),
        ("orders", "0017_what_was_shown_of_returns"),
    ]
    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["paid_at"],
                include=["member", "status"],
                condition=Q(paid_at__isnull=False),
                name="order_paid_since_by",
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["id"],
                include=["member", "paid_at"],
                condition=Q(paid_at__isnull=False) & ~Q(status="REFUNDED"),
                name="order_paid_and_kept",
            ),
        ),
        AddIndexConcurrently(
            model_name="orderline",
            index=models.Index(
                fields=["sku"],
                include=["order", "quantity", "refunded", "is_gift"],
                name="order_line_of_sku",
            ),
        ),
        RemoveIndexConcurrently(model_name="order", name="order_paid_since"),
        # Drops the key's own index, in a moment.
        migrations.AlterField(
            model_name="orderline",
            name="sku",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="catalog.sku",
                verbose_name="SKU",
            ),
        ),
    ]
