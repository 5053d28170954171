"""The shop's logo is drawn anew like every picture; nothing changes in the database."""

import apps.pictures.fields
from django.db import migrations


class Migration(migrations.Migration):
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
