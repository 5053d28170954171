"""Orders that no parcel is sent of: fetched in a shop, or delivered by its own riders."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0022_freight_insurance"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="delivery",
            field=models.JSONField(blank=True, null=True, verbose_name="配送方式"),
        ),
    ]
