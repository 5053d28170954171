"""Packets: which orders bring one, each with its parts."""

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("coupons", "0012_coupons_have_sums_of_their_own"),
        ("members", "0011_promoter_agreement"),
    ]

    operations = [
        migrations.CreateModel(
            name="PacketRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="买家和好友会看到，例如「下单立减金」", max_length=20, verbose_name="名称"
                    ),
                ),
                (
                    "enabled",
                    models.BooleanField(
                        default=True,
                        help_text="停用后不再产生新的立减金，已有的仍可领取",
                        verbose_name="启用",
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                (
                    "buyers",
                    models.CharField(
                        choices=[("EVERYBODY", "所有买家"), ("NEWCOMERS", "首单买家")],
                        default="EVERYBODY",
                        max_length=10,
                        verbose_name="适用买家",
                    ),
                ),
                (
                    "order_from_fen",
                    apps.base.fields.FenField(
                        help_text="不含运费；多条规则取门槛最高的一条", verbose_name="订单商品实付满（分）"
                    ),
                ),
                (
                    "least_fen",
                    apps.base.fields.FenField(
                        help_text="买家和全部好友加在一起，付款时在两者之间随机",
                        verbose_name="总额最低（分）",
                    ),
                ),
                ("most_fen", apps.base.fields.FenField(verbose_name="总额最高（分）")),
                (
                    "friends",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="买家自己另有一份",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="好友人数",
                    ),
                ),
                (
                    "hours",
                    models.PositiveSmallIntegerField(
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(168),
                        ],
                        verbose_name="领取时限（小时）",
                    ),
                ),
                (
                    "opens_per_day",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="同一位好友一天内领取他人立减金的次数，所有规则合计",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(50),
                        ],
                        verbose_name="每人每天最多领取",
                    ),
                ),
                (
                    "coupon",
                    models.ForeignKey(
                        help_text="门槛、商品范围和有效天数以它为准，面额以领到的金额为准；须是满减券，且不在领券中心展示",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="coupons.template",
                        verbose_name="优惠券",
                    ),
                ),
            ],
            options={
                "verbose_name": "立减金规则",
                "verbose_name_plural": "立减金规则",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Packet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("packet_no", models.CharField(max_length=24, unique=True, verbose_name="立减金编号")),
                ("order_no", models.CharField(max_length=32, unique=True, verbose_name="订单号")),
                ("order_from_fen", apps.base.fields.FenField(verbose_name="订单商品实付满（分）")),
                ("sum_fen", apps.base.fields.FenField(verbose_name="总额（分）")),
                ("friends", models.PositiveSmallIntegerField(verbose_name="好友人数")),
                ("opened", models.PositiveSmallIntegerField(default=0, verbose_name="已领取")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("OPEN", "可领取"),
                            ("DONE", "已领完"),
                            ("LAPSED", "已过期"),
                            ("CLOSED", "已关闭"),
                        ],
                        default="OPEN",
                        max_length=6,
                        verbose_name="状态",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="产生时间")),
                ("ends_at", models.DateTimeField(verbose_name="领取截止")),
                ("over_at", models.DateTimeField(null=True, verbose_name="结束于")),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="买家",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packets",
                        to="packets.packetrule",
                        verbose_name="规则",
                    ),
                ),
            ],
            options={
                "verbose_name": "立减金",
                "verbose_name_plural": "立减金",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Part",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(verbose_name="序号")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="金额（分）")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("FREE", "未领取"),
                            ("HELD", "待核实"),
                            ("GIVEN", "已发放"),
                            ("REFUSED", "已驳回"),
                            ("TAKEN_BACK", "已收回"),
                        ],
                        default="FREE",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("opened_at", models.DateTimeField(null=True, verbose_name="领取时间")),
                ("given_at", models.DateTimeField(null=True, verbose_name="发放时间")),
                ("note", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                (
                    "coupon",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="coupons.coupon",
                        verbose_name="优惠券",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="领取会员",
                    ),
                ),
                (
                    "packet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="packets.packet",
                        verbose_name="立减金",
                    ),
                ),
            ],
            options={
                "verbose_name": "立减金领取",
                "verbose_name_plural": "立减金领取",
                "ordering": ["packet", "place"],
            },
        ),
        migrations.AddConstraint(
            model_name="packetrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="packet_rule_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
        ),
        migrations.AddConstraint(
            model_name="packetrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("order_from_fen__gte", 1),
                    (
                        "least_fen__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("friends"), "+", models.Value(1)
                        ),
                    ),
                    ("most_fen__gte", models.F("least_fen")),
                ),
                name="packet_rule_sum_for_all",
                violation_error_message="总额至少每人 1 分，最高不能低于最低",
            ),
        ),
        migrations.AddConstraint(
            model_name="packetrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("friends__gte", 1),
                    ("friends__lte", 20),
                    ("hours__gte", 1),
                    ("hours__lte", 168),
                    ("opens_per_day__gte", 1),
                    ("opens_per_day__lte", 50),
                ),
                name="packet_rule_within_bounds",
            ),
        ),
        migrations.AddIndex(
            model_name="packet",
            index=models.Index(fields=["member", "-id"], name="packet_of_member"),
        ),
        migrations.AddIndex(
            model_name="packet",
            index=models.Index(
                condition=models.Q(("status", "OPEN")), fields=["ends_at"], name="packet_open_until"
            ),
        ),
        migrations.AddConstraint(
            model_name="packet",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("made_at"))), name="packet_window_forward"
            ),
        ),
        migrations.AddConstraint(
            model_name="packet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("friends__gte", 1),
                    (
                        "sum_fen__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("friends"), "+", models.Value(1)
                        ),
                    ),
                ),
                name="packet_sum_for_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="packet",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened__lte", models.F("friends"))), name="packet_opened_within_friends"
            ),
        ),
        migrations.AddConstraint(
            model_name="packet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("over_at__isnull", True), ("status", "OPEN")),
                    models.Q(models.Q(("status", "OPEN"), _negated=True), ("over_at__isnull", False)),
                    _connector="OR",
                ),
                name="packet_over_exactly_when_not_open",
            ),
        ),
        migrations.AddIndex(
            model_name="part",
            index=models.Index(
                condition=models.Q(("member__isnull", False)),
                fields=["member", "opened_at"],
                name="packet_part_of_member",
            ),
        ),
        migrations.AddIndex(
            model_name="part",
            index=models.Index(
                condition=models.Q(("status", "HELD")), fields=["id"], name="packet_part_held"
            ),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.UniqueConstraint(fields=("packet", "place"), name="packet_part_once"),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.UniqueConstraint(fields=("packet", "member"), name="packet_opened_once"),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_fen__gte", 1)), name="packet_part_of_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("member__isnull", True), ("opened_at__isnull", True), ("status", "FREE")),
                    models.Q(
                        models.Q(("status", "FREE"), _negated=True),
                        ("member__isnull", False),
                        ("opened_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="packet_part_opened_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="part",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "GIVEN"), _negated=True),
                    models.Q(("coupon__isnull", False), ("given_at__isnull", False)),
                    _connector="OR",
                ),
                name="packet_part_given_as_coupon",
            ),
        ),
    ]
