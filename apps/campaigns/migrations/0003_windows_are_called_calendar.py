from django.db import migrations

from apps.base import migrating


class Migration(migrating.Migration):
    """Their page is the calendar, and bears its name everywhere."""

    dependencies = [("campaigns", "0002_units_set_aside")]

    operations = [
        migrations.AlterModelOptions(
            name="skuwindow",
            options={
                "ordering": ["starts_at", "id"],
                "verbose_name": "活动日历",
                "verbose_name_plural": "活动日历",
            },
        ),
    ]
