"""Indexes go that another one answers for: every row that is written paid for each."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("members", "0017_one_index_for_each_question")]

    operations = [
        migrations.AlterField(
            model_name="session",
            name="access_hash",
            field=models.CharField(max_length=64, verbose_name="访问令牌"),
        ),
        migrations.AlterField(
            model_name="session",
            name="refresh_hash",
            field=models.CharField(max_length=64, verbose_name="刷新令牌"),
        ),
        migrations.AlterField(
            model_name="spentrefresh",
            name="refresh_hash",
            field=models.CharField(max_length=64),
        ),
    ]
