"""Levels are kept in processes until one of them changes."""

from django.db import migrations

from apps.base import versions


class Migration(migrations.Migration):
    dependencies = [("base", "0005_versions"), ("members", "0006_export_and_erasure")]

    operations = [
        versions.watch("levels", "members_level"),
    ]
