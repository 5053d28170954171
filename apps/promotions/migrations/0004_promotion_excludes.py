"""Each promotion names the kinds of offers with which it shares no goods."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("promotions", "0003_simulation_in_order_of_payment"),
    ]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="excludes",
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name="不与这些优惠同享"),
        ),
    ]
