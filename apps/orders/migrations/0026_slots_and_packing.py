"""What an order is wrapped in, and the line that it costs."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0025_lines_swapped"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="packing",
            field=models.JSONField(blank=True, null=True, verbose_name="包装"),
        ),
        migrations.AddField(
            model_name="orderline",
            name="is_packing",
            field=models.BooleanField(db_default=False, default=False, verbose_name="包装"),
        ),
    ]
