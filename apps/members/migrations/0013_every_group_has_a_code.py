"""Every group has a code, so that files of campaigns can name it."""

from django.db import migrations, models

import apps.base.numbers
from apps.base import migrating

_FILL = "UPDATE members_group SET code = 'GROUP-' || id WHERE code IS NULL OR code = ''"


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0012_ever_grouped"),
    ]

    operations = [
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="group",
            name="code",
            field=models.CharField(
                blank=True,
                default=apps.base.numbers.code,
                help_text="在活动文件中的名字，留空则自动编号",
                max_length=40,
                unique=True,
                verbose_name="编码",
            ),
        ),
    ]
