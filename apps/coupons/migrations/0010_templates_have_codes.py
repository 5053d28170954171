"""Templates have a name of their own in files of campaigns; a change of it renews what is kept, as every other does."""

from importlib import import_module

from django.db import migrations, models
from django.db.migrations.operations import RunSQL

from apps.base import migrating, versions

_COLUMNS = import_module("apps.coupons.migrations.0008_templates_versioned")._ALL_BUT_ISSUED
_BEFORE = versions.watch("coupon_templates", "coupons_template", columns=_COLUMNS)
_NOW = versions.watch("coupon_templates", "coupons_template", columns=(*_COLUMNS, "code"))


class Migration(migrating.Migration):
    dependencies = [("coupons", "0009_money_has_permissions_of_its_own")]

    operations = [
        migrations.AddField(
            model_name="template",
            name="code",
            field=models.CharField(
                blank=True,
                help_text="在活动文件中的名字，可不填",
                max_length=40,
                null=True,
                unique=True,
                verbose_name="编码",
            ),
        ),
        RunSQL(sql=_BEFORE.reverse_sql, reverse_sql=_BEFORE.sql),
        RunSQL(sql=_NOW.sql, reverse_sql=_NOW.reverse_sql),
    ]
