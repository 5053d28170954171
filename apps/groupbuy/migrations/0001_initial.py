"""Group-buys: their prices, groups, and seats in them."""

from __future__ import annotations

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("members", "0009_found_and_refreshed_twice"),
        ("orders", "0013_money_of_kept_goods"),
    ]

    operations = [
        migrations.CreateModel(
            name="GroupBuy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=40, unique=True, verbose_name="编码")),
                (
                    "title",
                    models.CharField(
                        help_text="买家会看到，例如「春茶三人团」", max_length=30, verbose_name="名称"
                    ),
                ),
                (
                    "preheat_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="从此刻起买家看得到；留空表示批准后立即预热",
                        null=True,
                        verbose_name="预热开始",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                (
                    "combines",
                    models.JSONField(blank=True, db_default=[], default=list, verbose_name="可同享"),
                ),
                (
                    "approval",
                    models.CharField(
                        choices=[
                            ("DRAFT", "草稿"),
                            ("APPROVED", "已批准"),
                            ("PAUSED", "已暂停"),
                            ("STOPPED", "已提前结束"),
                        ],
                        default="DRAFT",
                        editable=False,
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "minutes_per_group",
                    models.PositiveIntegerField(
                        default=1440,
                        help_text="从开团者付款起计算，与活动结束时间无关；1440 表示 24 小时",
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="成团时限（分钟）",
                    ),
                ),
                (
                    "limit_per_member",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="每位会员在此活动中的总件数，含未付款的订单；留空表示不限",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="每人限购",
                    ),
                ),
                (
                    "quota",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="活动可售的总件数，含未付款的订单；留空表示不限",
                        null=True,
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="活动总量",
                    ),
                ),
                (
                    "newcomers_only",
                    models.BooleanField(
                        default=False,
                        help_text="老会员可以开团，只有从未付过款的新人可以参团",
                        verbose_name="仅限新人参团",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "拼团活动",
                "verbose_name_plural": "拼团活动",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Group",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("group_no", models.CharField(max_length=32, unique=True, verbose_name="团号")),
                (
                    "status",
                    models.CharField(
                        choices=[("OPEN", "拼团中"), ("FORMED", "已成团"), ("FAILED", "未成团")],
                        default="OPEN",
                        editable=False,
                        max_length=6,
                        verbose_name="状态",
                    ),
                ),
                ("kept_terms", models.JSONField(verbose_name="开团时的价格")),
                ("size", models.PositiveSmallIntegerField(verbose_name="成团人数")),
                ("largest", models.PositiveSmallIntegerField(verbose_name="最多人数")),
                ("joined", models.PositiveSmallIntegerField(verbose_name="已参团")),
                ("held", models.PositiveSmallIntegerField(default=0, verbose_name="待付款")),
                ("opened_at", models.DateTimeField(verbose_name="开团时间")),
                ("ends_at", models.DateTimeField(verbose_name="截止时间")),
                ("formed_at", models.DateTimeField(null=True, verbose_name="成团时间")),
                ("failed_at", models.DateTimeField(null=True, verbose_name="失败时间")),
                ("settled_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                (
                    "leader",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="团长",
                    ),
                ),
                (
                    "group_buy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="groups",
                        to="groupbuy.groupbuy",
                        verbose_name="拼团活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "团",
                "verbose_name_plural": "团",
                "ordering": ["-id"],
                "permissions": [("end_group", "提前结束未成的团")],
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.PositiveSmallIntegerField(verbose_name="人数")),
                ("price_fen", apps.base.fields.FenField(verbose_name="单价（分）")),
                (
                    "group_buy",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="groupbuy.groupbuy",
                        verbose_name="拼团活动",
                    ),
                ),
                (
                    "sku",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="SKU",
                    ),
                ),
            ],
            options={
                "verbose_name": "拼团价格",
                "verbose_name_plural": "拼团价格",
                "ordering": ["group_buy", "sku", "size"],
            },
        ),
        migrations.CreateModel(
            name="Seat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("HELD", "待付款"),
                            ("PAID", "已参团"),
                            ("LEFT", "已退出"),
                            ("REFUSED", "未能参团"),
                        ],
                        default="HELD",
                        editable=False,
                        max_length=7,
                        verbose_name="状态",
                    ),
                ),
                ("kept_terms", models.JSONField(null=True, verbose_name="开团时的价格")),
                ("minutes", models.PositiveIntegerField(null=True, verbose_name="成团时限（分钟）")),
                ("newcomer", models.BooleanField(default=False, verbose_name="新人")),
                ("held_at", models.DateTimeField(verbose_name="占位时间")),
                ("paid_at", models.DateTimeField(null=True, verbose_name="参团时间")),
                (
                    "group",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="groupbuy.group",
                        verbose_name="团",
                    ),
                ),
                (
                    "group_buy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="seats",
                        to="groupbuy.groupbuy",
                        verbose_name="拼团活动",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
            ],
            options={
                "verbose_name": "团员",
                "verbose_name_plural": "团员",
                "ordering": ["id"],
            },
        ),
        migrations.AddConstraint(
            model_name="groupbuy",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="groupbuy_groupbuy_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupbuy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("preheat_at__isnull", True), ("preheat_at__lte", models.F("starts_at")), _connector="OR"
                ),
                name="groupbuy_groupbuy_preheat_before_start",
                violation_error_message="预热开始不能晚于活动开始",
            ),
        ),
        migrations.AddConstraint(
            model_name="groupbuy",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes_per_group__gte", 1)), name="group_buy_has_time"
            ),
        ),
        migrations.AddIndex(
            model_name="group",
            index=models.Index(
                condition=models.Q(("failed_at", None), ("settled_at", None)),
                fields=["ends_at"],
                name="group_running_by_end",
            ),
        ),
        migrations.AddIndex(
            model_name="group",
            index=models.Index(
                condition=models.Q(("failed_at", None), ("settled_at", None)),
                fields=["group_buy", "ends_at"],
                name="group_running_of_campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("opened_at"))), name="group_has_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(("joined__lte", models.F("largest"))), name="group_never_above_largest"
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(("largest__gte", models.F("size")), ("size__gte", 2)),
                name="group_of_several",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("formed_at__isnull", False), ("status", "FORMED")),
                    models.Q(("formed_at__isnull", True), models.Q(("status", "FORMED"), _negated=True)),
                    _connector="OR",
                ),
                name="group_formed_at_exactly_when_formed",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("failed_at__isnull", False), ("status", "FAILED")),
                    models.Q(("failed_at__isnull", True), models.Q(("status", "FAILED"), _negated=True)),
                    _connector="OR",
                ),
                name="group_failed_at_exactly_when_failed",
            ),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.CheckConstraint(
                condition=models.Q(("settled_at__isnull", True), ("status", "FORMED"), _connector="OR"),
                name="group_settled_after_it_formed",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(fields=("group_buy", "sku", "size"), name="group_price_once"),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gte", 1)), name="group_price_for_somebody"
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.CheckConstraint(
                condition=models.Q(("price_fen__gte", 1)), name="group_price_is_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["HELD", "PAID"])),
                fields=("group", "member"),
                name="group_seat_once_a_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("group__isnull", False),
                    models.Q(("kept_terms__isnull", False), ("minutes__isnull", False)),
                    _connector="OR",
                ),
                name="group_seat_joins_or_opens",
            ),
        ),
        migrations.AddConstraint(
            model_name="seat",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "PAID"), _negated=True),
                    models.Q(("group__isnull", False), ("paid_at__isnull", False)),
                    _connector="OR",
                ),
                name="group_seat_paid_in_a_group",
            ),
        ),
    ]
