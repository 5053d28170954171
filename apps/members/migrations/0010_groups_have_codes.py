"""Groups of members have a name of their own in files of campaigns."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("members", "0009_found_and_refreshed_twice"),
    ]

    operations = [
        migrations.AddField(
            model_name="group",
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
    ]
