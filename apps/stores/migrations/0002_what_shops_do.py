"""What shops do for who comes or lives near: hours, where they are, pickup, delivery by their own riders."""

import django.core.validators
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("stores", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="place",
            name="delivers",
            field=models.BooleanField(db_default=False, default=False, verbose_name="支持同城配送"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_area",
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name="配送区域"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_fee_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="起步配送费（分）"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_min_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="起送金额（分）"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_more_fen",
            field=apps.base.fields.FenField(db_default=0, default=0, verbose_name="每加一公里（分）"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_near_m",
            field=models.PositiveIntegerField(db_default=3000, default=3000, verbose_name="起步距离（米）"),
        ),
        migrations.AddField(
            model_name="place",
            name="delivery_radius_m",
            field=models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(100),
                    django.core.validators.MaxValueValidator(100000),
                ],
                verbose_name="配送半径（米）",
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="hours",
            field=models.JSONField(blank=True, db_default=[], default=list, verbose_name="营业时间"),
        ),
        migrations.AddField(
            model_name="place",
            name="latitude",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(-90),
                    django.core.validators.MaxValueValidator(90),
                ],
                verbose_name="纬度",
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="longitude",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(-180),
                    django.core.validators.MaxValueValidator(180),
                ],
                verbose_name="经度",
            ),
        ),
        migrations.AddField(
            model_name="place",
            name="picks_up",
            field=models.BooleanField(db_default=False, default=False, verbose_name="支持到店自提"),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("delivers", False), ("picks_up", False)),
                    models.Q(("kind", "SHOP"), ("latitude__isnull", False), ("longitude__isnull", False)),
                    _connector="OR",
                ),
                name="place_serves_as_a_shop_somewhere",
                violation_error_message="只有填写了经纬度的门店才能提供自提或同城配送",
            ),
        ),
        migrations.AddConstraint(
            model_name="place",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("delivers", False),
                    ("delivery_radius_m__isnull", False),
                    models.Q(("delivery_area", []), _negated=True),
                    _connector="OR",
                ),
                name="place_delivers_within_something",
                violation_error_message="同城配送需要填写配送半径或配送区域",
            ),
        ),
    ]
