"""What the mini program asks shoppers for is kept in processes until a scene or a template changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("messaging", "0003_fewer_indexes")]

    operations = [
        versions.watch("words", "messaging_scenesetting"),
        versions.watch("words", "messaging_template"),
    ]
