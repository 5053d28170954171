"""Freight coupons are for the mini program: a shop's till charges no freight."""

from django.db import migrations, models

from apps.base import migrating


def freight_is_online(apps, schema_editor):
    """Say so in templates that said otherwise: no till ever took their coupons."""
    templates = apps.get_model("coupons", "Template").objects.using(schema_editor.connection.alias)
    templates.filter(kind="FREIGHT").exclude(channel="ONLINE").update(channel="ONLINE")


class Migration(migrating.Migration):
    dependencies = [
        ("coupons", "0004_promo_results"),
    ]

    operations = [
        migrations.RunPython(freight_is_online, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="template",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "FREIGHT"), _negated=True), ("channel", "ONLINE"), _connector="OR"
                ),
                name="coupon_template_freight_online",
            ),
        ),
    ]
