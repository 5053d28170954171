"""How the shop introduces itself to shoppers: one row."""

from django.db import migrations, models

import apps.catalog.pictures
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Shop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=30, verbose_name="店铺名称")),
                (
                    "logo",
                    models.ImageField(
                        blank=True,
                        upload_to="shop/",
                        validators=[apps.catalog.pictures.light_enough],
                        verbose_name="标志",
                    ),
                ),
                (
                    "service_phone",
                    models.CharField(
                        blank=True,
                        help_text="顾客可以拨打的号码，如 400-800-1234",
                        max_length=20,
                        verbose_name="客服电话",
                    ),
                ),
                (
                    "notice",
                    models.CharField(
                        blank=True,
                        help_text="显示在小程序首页，留空则不显示",
                        max_length=200,
                        verbose_name="公告",
                    ),
                ),
            ],
            options={
                "verbose_name": "店铺信息",
                "verbose_name_plural": "店铺信息",
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="shop_one_row")],
            },
        ),
    ]
