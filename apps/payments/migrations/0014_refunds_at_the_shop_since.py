"""A refund at the shop has its time, and is found by it; neither the check nor the index holds the table up."""

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.db import models

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False
    dependencies = [("payments", "0013_refunds_at_the_shop")]
    operations = [
        AddConstraintNotValid(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "AT_SHOP"), _negated=True)
                | models.Q(("at_shop_at__isnull", False)),
                name="refund_at_shop_since_a_time",
            ),
        ),
        ValidateConstraint(model_name="refund", name="refund_at_shop_since_a_time"),
        AddIndexConcurrently(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("at_shop_at__isnull", False)),
                fields=["at_shop_at"],
                name="refund_at_shop_in",
            ),
        ),
    ]
