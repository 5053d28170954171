"""Indexes go that another one answers for: every row that is written paid for each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("wallet", "0008_one_index_for_each_question"),
    ]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="operator",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="操作人",
            ),
        ),
        migrations.AlterField(
            model_name="spending",
            name="order_no",
            field=models.CharField(max_length=32, verbose_name="订单号"),
        ),
    ]
