"""Which operators work at which shop."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("stores", "0002_what_shops_do"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlaceStaff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="如班次、岗位；只有后台可见", max_length=40, verbose_name="备注"
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作员",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stores.place",
                        verbose_name="门店",
                    ),
                ),
            ],
            options={
                "verbose_name": "门店店员",
                "verbose_name_plural": "门店店员",
                "ordering": ["place", "operator"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("operator", "place"),
                        name="place_staff_once",
                        violation_error_message="该操作员已绑定此门店",
                    )
                ],
            },
        ),
    ]
