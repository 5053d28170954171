"""How the shop introduces itself is kept in processes until it says something else."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("storefront", "0002_logo_is_drawn")]

    operations = [
        versions.watch("words", "storefront_shop"),
    ]
