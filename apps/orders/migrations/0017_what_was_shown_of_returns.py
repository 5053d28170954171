"""A line keeps what was shown of going back without a reason; a refund what was waived of its worth."""

from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0016_paid_of_member"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="orderrefundline",
            name="order_refund_line_never_negative",
        ),
        migrations.AddField(
            model_name="orderline",
            name="returns",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=12, verbose_name="七天无理由"
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="returns_confirmed",
            field=models.BooleanField(db_default=False, default=False, verbose_name="买家已确认"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="returns_text",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="退货说明"
            ),
        ),
        migrations.AddField(
            model_name="orderrefundline",
            name="waived_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="未退差额（分）"),
        ),
        migrations.AddConstraint(
            model_name="orderrefundline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen__gte", 0), ("waived_fen__gte", 0)),
                name="order_refund_line_never_negative",
            ),
        ),
    ]
