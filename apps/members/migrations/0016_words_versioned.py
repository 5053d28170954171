"""Documents are kept in processes until one of them changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("members", "0015_fewer_indexes")]

    operations = [
        versions.watch("words", "members_document"),
    ]
