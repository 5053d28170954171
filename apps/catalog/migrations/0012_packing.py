"""What orders are wrapped in has a product that no shelf ever shows."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("catalog", "0011_fewer_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="product",
            name="packing",
            field=models.BooleanField(db_default=False, default=False, editable=False, verbose_name="包装"),
        ),
        migrations.AddConstraint(
            model_name="product",
            constraint=models.CheckConstraint(
                condition=models.Q(("packing", False), ("on_sale", False), _connector="OR"),
                name="product_packing_never_on_sale",
            ),
        ),
    ]
