"""Freight templates are kept in processes until one of them changes."""

from apps.base import migrating, versions


class Migration(migrating.Migration):
    dependencies = [("base", "0005_versions"), ("fulfillment", "0006_uploads_of_bills")]

    operations = [
        versions.watch("freight", "fulfillment_freighttemplate"),
        versions.watch("freight", "fulfillment_freightzone"),
        versions.watch("product_freight", "fulfillment_productfreight"),
    ]
