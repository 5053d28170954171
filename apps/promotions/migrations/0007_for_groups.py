"""A promotion may be for a group of members alone."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0012_ever_grouped"),
        ("promotions", "0006_promotions_of_skus"),
    ]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="group",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="promotions",
                to="members.group",
                verbose_name="仅限会员分组",
            ),
        ),
    ]
