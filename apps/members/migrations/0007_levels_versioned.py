"""Levels are kept in processes until one of them changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("members", "0006_export_and_erasure")]

    operations = [
        versions.watch("levels", "members_level"),
    ]
