"""A refund may be money alone: the price of goods that the buyer keeps fell afterwards."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0012_money_has_permissions_of_its_own"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="orderrefund",
            name="order_refund_of_something",
        ),
        migrations.RemoveConstraint(
            model_name="orderrefundline",
            name="order_refund_line_of_units",
        ),
        migrations.AddConstraint(
            model_name="orderrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("units_unsent__gte", 1),
                    ("units_sent__gte", 1),
                    ("goods_fen__gte", 1),
                    ("shipping_fen__gte", 1),
                    _connector="OR",
                ),
                name="order_refund_of_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("units_sent__lte", models.F("units")),
                    models.Q(("units__gte", 1), ("amount_fen__gte", 1), _connector="OR"),
                ),
                name="order_refund_line_of_something",
            ),
        ),
    ]
