"""A shop with staff is not deleted: they would be bound to none, and see every shop."""

import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [("stores", "0003_staff_of_places")]

    operations = [
        migrations.AlterField(
            model_name="placestaff",
            name="place",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="stores.place",
                verbose_name="门店",
            ),
        ),
    ]
