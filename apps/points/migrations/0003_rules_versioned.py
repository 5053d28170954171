"""The rules of points are kept in processes until they change."""

from django.db import migrations

from apps.base import versions


class Migration(migrations.Migration):
    dependencies = [("base", "0005_versions"), ("points", "0002_append_only")]

    operations = [
        versions.watch("points_rules", "points_rules"),
    ]
