"""The shop's logo is drawn anew like every picture; nothing changes in the database."""

from django.db import migrations

import apps.pictures.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("storefront", "0001_shop"),
    ]

    operations = [
        migrations.AlterField(
            model_name="shop",
            name="logo",
            field=apps.pictures.fields.PictureField(blank=True, upload_to="shop/", verbose_name="标志"),
        ),
    ]
