"""A slot that was agreed on is a promise, too."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("deadlines", "0002_other_goods_offered"),
    ]

    operations = [
        migrations.AlterField(
            model_name="deadline",
            name="source",
            field=models.CharField(
                choices=[
                    ("ORDINARY", "常规时限"),
                    ("PROMISE", "商品承诺"),
                    ("STORED", "预售约定"),
                    ("SLOT", "定时达"),
                ],
                max_length=10,
                verbose_name="依据",
            ),
        ),
    ]
