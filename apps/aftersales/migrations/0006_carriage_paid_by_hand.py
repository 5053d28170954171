"""Postage of a return that the shop paid by hand is written down."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("aftersales", "0005_units_gone")]

    operations = [
        migrations.AddField(
            model_name="aftersale",
            name="carriage_paid_at",
            field=models.DateTimeField(null=True, verbose_name="线下补偿时间"),
        ),
    ]
