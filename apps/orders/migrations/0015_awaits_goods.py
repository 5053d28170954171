"""Orders say whether their units are still to come (pre-sales); orders of before and of processes beside wait for none."""

from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0014_found_by_street"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="awaits_goods",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="等待到货"
            ),
        ),
    ]
