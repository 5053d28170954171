"""A delivery that WeChat was told of in parts stays one, though no other parcel may follow."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fulfillment", "0002_common_carriers"),
    ]

    operations = [
        migrations.AddField(
            model_name="shippingupload",
            name="split",
            field=models.BooleanField(db_default=False, default=False, verbose_name="分拆发货"),
        ),
    ]
