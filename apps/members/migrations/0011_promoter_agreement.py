"""Promoters agree to a document of their own."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0010_groups_have_codes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="document",
            name="kind",
            field=models.CharField(
                choices=[("privacy", "隐私保护指引"), ("promoter", "推客协议")],
                max_length=20,
                verbose_name="文件",
            ),
        ),
    ]
