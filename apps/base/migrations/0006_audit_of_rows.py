"""Let an audit entry say which row it is about and what changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("base", "0005_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="kind",
            field=models.CharField(blank=True, db_default="", max_length=80, verbose_name="数据类型"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="key",
            field=models.CharField(blank=True, db_default="", max_length=64, verbose_name="数据编号"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="once",
            field=models.CharField(blank=True, db_default="", max_length=36, verbose_name="页面编号"),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="changes",
            field=models.JSONField(null=True, verbose_name="变更"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="operator",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to=settings.AUTH_USER_MODEL,
                verbose_name="操作人",
            ),
        ),
    ]
