"""Indexes go that another one answers for: every row that is written paid for each."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("shares", "0004_one_index_for_each_question")]

    operations = [
        migrations.AlterField(
            model_name="shareorder",
            name="order_no",
            field=models.CharField(max_length=32, verbose_name="订单号"),
        ),
    ]
