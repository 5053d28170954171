"""Each question gets the one index that answers it, built beside those that the next migration takes away."""

import django.db.models.fields.json
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("orders", "0027_what_waits")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                fields=["member", "-id"], include=("status",), name="order_of_member_with_status"
            ),
        ),
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                django.db.models.functions.text.Right(
                    django.db.models.fields.json.KeyTextTransform("phone", "address"), 4
                ),
                django.db.models.fields.json.KeyTextTransform("phone", "address"),
                name="order_by_receiver_phone",
            ),
        ),
        AddIndexConcurrently(
            model_name="ordermove",
            index=models.Index(
                condition=models.Q(("operator__isnull", False)),
                fields=["operator"],
                name="order_move_by_operator",
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="order",
            constraint=models.UniqueConstraint(
                fields=("order_no",), name="order_no_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrating.AddUniqueConcurrently(
            model_name="orderrefund",
            constraint=models.UniqueConstraint(
                fields=("refund_no",), name="order_refund_no_once", opclasses=["varchar_pattern_ops"]
            ),
        ),
    ]
