"""Levels are kept in processes until one of them changes."""

from django.db import migrations

from apps.base import versions


class Migration(migrations.Migration):
    dependencies = [("base", "0004_versions"), ("members", "0005_groups")]

    operations = [
        versions.watch("levels", "members_level"),
    ]
