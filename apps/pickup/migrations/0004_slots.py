"""Times of the week in which orders are brought or fetched, days off, and the orders that have a seat."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("orders", "0026_slots_and_packing"),
        ("pickup", "0003_fewer_indexes"),
        ("stores", "0002_what_shops_do"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlotTemplate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("CITY", "同城配送"), ("PICKUP", "到店自提")],
                        default="CITY",
                        max_length=6,
                        verbose_name="用途",
                    ),
                ),
                ("weekdays", models.JSONField(default=list, verbose_name="每周")),
                ("starts_at", models.TimeField(verbose_name="开始")),
                ("ends_at", models.TimeField(verbose_name="结束")),
                (
                    "capacity",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="可约单数",
                    ),
                ),
                (
                    "order_before_min",
                    models.PositiveSmallIntegerField(
                        default=60,
                        help_text="开始前多少分钟截止下单",
                        validators=[django.core.validators.MaxValueValidator(10080)],
                        verbose_name="提前下单（分钟）",
                    ),
                ),
                ("active", models.BooleanField(default=True, verbose_name="启用")),
                (
                    "place",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.place",
                        verbose_name="门店",
                    ),
                ),
            ],
            options={
                "verbose_name": "时段",
                "verbose_name_plural": "时段",
                "ordering": ["place_id", "kind", "starts_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="SlotDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("taken", models.PositiveIntegerField(default=0, verbose_name="已约")),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="days",
                        to="pickup.slottemplate",
                        verbose_name="时段",
                    ),
                ),
            ],
            options={
                "verbose_name": "时段余量",
                "verbose_name_plural": "时段余量",
                "ordering": ["-day", "template"],
            },
        ),
        migrations.CreateModel(
            name="SlotClosing",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="日期")),
                ("note", models.CharField(blank=True, max_length=40, verbose_name="说明")),
                (
                    "place",
                    models.ForeignKey(
                        blank=True,
                        help_text="不选表示全部门店",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stores.place",
                        verbose_name="门店",
                    ),
                ),
            ],
            options={
                "verbose_name": "时段停约日",
                "verbose_name_plural": "时段停约日",
                "ordering": ["-day", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("day", "place"),
                        name="slot_closing_once",
                        nulls_distinct=False,
                        violation_error_message="该门店这一天已登记",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SlotSeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("CITY", "同城配送"), ("PICKUP", "到店自提")],
                        max_length=6,
                        verbose_name="用途",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="开始")),
                ("ends_at", models.DateTimeField(verbose_name="结束")),
                ("taken_at", models.DateTimeField(verbose_name="占用时间")),
                ("released_at", models.DateTimeField(null=True, verbose_name="释放时间")),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seat",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.place",
                        verbose_name="门店",
                    ),
                ),
                (
                    "slot_day",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="pickup.slotday",
                        verbose_name="时段",
                    ),
                ),
            ],
            options={
                "verbose_name": "时段订单",
                "verbose_name_plural": "时段订单",
                "ordering": ["starts_at", "id"],
                "indexes": [
                    models.Index(fields=["starts_at", "id"], name="slot_seat_in_time"),
                    models.Index(fields=["place", "starts_at"], name="slot_seat_of_place"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="slottemplate",
            index=models.Index(
                condition=models.Q(("active", True)), fields=["place", "kind"], name="slot_template_of_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="slottemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="slot_ends_after_it_starts"
            ),
        ),
        migrations.AddConstraint(
            model_name="slottemplate",
            constraint=models.CheckConstraint(
                condition=models.Q(("capacity__gte", 1)), name="slot_has_a_seat"
            ),
        ),
        migrations.AddConstraint(
            model_name="slotday",
            constraint=models.UniqueConstraint(fields=("template", "day"), name="slot_day_once"),
        ),
    ]
