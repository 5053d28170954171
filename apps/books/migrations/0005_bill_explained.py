"""A bill that will not come is explained and asked for no more."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("books", "0004_fewer_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="bill",
            name="status",
            field=models.CharField(
                choices=[
                    ("WAITING", "待下载"),
                    ("FETCHED", "已下载"),
                    ("EMPTY", "当日无账单"),
                    ("FAILED", "下载有误"),
                    ("CLOSED", "已说明"),
                ],
                default="WAITING",
                max_length=10,
                verbose_name="状态",
            ),
        ),
    ]
