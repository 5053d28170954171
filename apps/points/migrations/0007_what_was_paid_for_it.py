"""A refund's share of what an order earned is what was paid for its goods; rows of before do not say it."""

from django.db import migrations

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("points", "0006_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="givenback",
            name="paid_fen",
            field=apps.base.fields.FenField(null=True, verbose_name="退款部分实付（分）"),
        ),
    ]
