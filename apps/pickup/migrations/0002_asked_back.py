"""What the counter knows of an application after the sale that is open."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("pickup", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="pickup",
            name="asked_back",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="处理中的售后单"
            ),
        ),
    ]
