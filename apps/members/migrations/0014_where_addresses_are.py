"""Addresses may say where a map puts them."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0013_every_group_has_a_code"),
    ]

    operations = [
        migrations.AddField(
            model_name="address",
            name="latitude",
            field=models.FloatField(blank=True, null=True, verbose_name="纬度"),
        ),
        migrations.AddField(
            model_name="address",
            name="longitude",
            field=models.FloatField(blank=True, null=True, verbose_name="经度"),
        ),
    ]
