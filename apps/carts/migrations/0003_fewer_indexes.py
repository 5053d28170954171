"""Indexes of foreign keys go where another index begins with the same column."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("carts", "0002_favorites_and_wishes"),
        ("members", "0015_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="cartitem",
            name="member",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="cart_items",
                to="members.member",
                verbose_name="会员",
            ),
        ),
    ]
