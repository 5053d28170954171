"""Reasons of applications are kept in processes until one of them changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("aftersales", "0007_carriage_found_in_a_time")]

    operations = [
        versions.watch("words", "aftersales_aftersalereason"),
    ]
