"""A token for each topic of what is kept in processes, and the function by which triggers renew it."""

from django.db import migrations, models

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0004_clock_of_processes")]

    operations = [
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "topic",
                    models.CharField(max_length=40, primary_key=True, serialize=False, verbose_name="主题"),
                ),
                ("token", models.UUIDField(verbose_name="版本")),
            ],
            options={"verbose_name": "版本", "verbose_name_plural": "版本"},
        ),
        migrations.RunSQL(sql=versions.FUNCTION, reverse_sql="DROP FUNCTION renew_version();"),
    ]
