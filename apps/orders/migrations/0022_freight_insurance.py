"""What was shown of freight insurance, with each line."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0021_virtual_goods"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="freight_insurance",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=10, verbose_name="退货运费险"
            ),
        ),
    ]
