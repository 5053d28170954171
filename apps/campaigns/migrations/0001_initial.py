"""Windows of campaigns on SKUs, quotas, and the ledger of what orders take of them."""

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
import apps.campaigns.models
from apps.base import migrating, versions
from apps.base.ledger import append_only


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("base", "0005_versions"),
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("members", "0009_found_and_refreshed_twice"),
    ]

    operations = [
        migrations.CreateModel(
            name="Quota",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="活动类型")),
                ("key", models.CharField(max_length=60, verbose_name="活动编号")),
                (
                    "quota",
                    models.PositiveIntegerField(
                        blank=True, help_text="留空表示不限", null=True, verbose_name="总量"
                    ),
                ),
                ("taken", models.PositiveIntegerField(default=0, verbose_name="已占用")),
            ],
            options={
                "verbose_name": "活动数量",
                "verbose_name_plural": "活动数量",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "key"), name="campaign_quota_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quota__isnull", True), ("taken__lte", models.F("quota")), _connector="OR"
                        ),
                        name="campaign_taken_within_quota",
                        violation_error_message="总量不能少于已占用的数量",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MemberUnits",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("units", models.PositiveIntegerField(verbose_name="件数")),
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
                    "quota",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="campaigns.quota",
                        verbose_name="活动数量",
                    ),
                ),
            ],
            options={
                "verbose_name": "会员占用",
                "verbose_name_plural": "会员占用",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("quota", "member"), name="campaign_member_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="SkuWindow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=20, verbose_name="活动类型")),
                ("activity_id", models.CharField(max_length=40, verbose_name="活动编号")),
                ("label", models.CharField(max_length=20, verbose_name="标签")),
                ("title", models.CharField(max_length=30, verbose_name="活动名称")),
                ("price_fen", apps.base.fields.FenField(verbose_name="最低价（分）")),
                ("preheat_at", models.DateTimeField(blank=True, null=True, verbose_name="预热开始")),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                ("paused", models.BooleanField(default=False, verbose_name="已暂停")),
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
                "verbose_name": "活动档期",
                "verbose_name_plural": "活动档期",
                "ordering": ["starts_at", "id"],
                "indexes": [models.Index(fields=["ends_at"], name="campaign_sku_by_end")],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "activity_id", "sku"), name="campaign_sku_once"),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="campaign_sku_window_forward",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            (
                                models.Func(
                                    models.F("sku"), models.F("sku"), models.Value("[]"), function="INT8RANGE"
                                ),
                                "&&",
                            ),
                            (
                                apps.campaigns.models._WindowOf("starts_at", "ends_at", models.Value("[)")),
                                "&&",
                            ),
                        ],
                        name="campaign_sku_one_at_a_time",
                        violation_error_message="同一商品规格同一时间只能参加一个活动",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Take",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_no", models.CharField(max_length=32, verbose_name="订单号")),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("hold", "占用"),
                            ("commit", "使用"),
                            ("release", "释放"),
                            ("restore", "退回"),
                        ],
                        max_length=8,
                        verbose_name="动作",
                    ),
                ),
                ("cause", models.CharField(blank=True, max_length=64, verbose_name="原因")),
                ("units", models.IntegerField(verbose_name="件数变化")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="members.member", verbose_name="会员"
                    ),
                ),
                (
                    "quota",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="campaigns.quota",
                        verbose_name="活动数量",
                    ),
                ),
            ],
            options={
                "verbose_name": "活动数量流水",
                "verbose_name_plural": "活动数量流水",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["member", "-id"], name="campaign_take_by_member")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order_no", "quota", "verb", "cause"), name="campaign_take_once_per_verb"
                    )
                ],
            },
        ),
        append_only("campaigns_take"),
        versions.watch("campaigns", "campaigns_skuwindow"),
    ]
