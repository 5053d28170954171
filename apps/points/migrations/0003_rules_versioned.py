"""The rules of points are kept in processes until they change."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("points", "0002_append_only")]

    operations = [
        versions.watch("points_rules", "points_rules"),
    ]
