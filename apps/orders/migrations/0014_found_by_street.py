"""Whether anything was sent to an address before, by index."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Replace

from apps.base import migrating


class Migration(migrating.Migration):
    atomic = False  # indexes are built while the shop sells

    dependencies = [("orders", "0013_money_of_kept_goods")]

    operations = [
        AddIndexConcurrently(
            model_name="order",
            index=models.Index(
                Replace(KeyTextTransform("detail", "address"), models.Value(" "), models.Value("")),
                name="order_by_detail",
            ),
        ),
    ]
