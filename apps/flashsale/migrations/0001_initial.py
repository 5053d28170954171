"""Flash sales: sessions, goods, plans, reminders, waiting lists; what shoppers see renews what is kept."""

import django.db.models.deletion
from django.db import migrations, models

import apps.base.fields
from apps.base import migrating, versions


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("members", "0010_groups_have_codes"),
        ("campaigns", "0002_units_set_aside"),
    ]

    operations = [
        migrations.CreateModel(
            name="Good",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("price_fen", apps.base.fields.FenField(verbose_name="秒杀价（分）")),
                ("quota", models.PositiveIntegerField(verbose_name="数量")),
                ("limit_per_member", models.PositiveIntegerField(default=1, verbose_name="每人限购")),
                ("withdrawn", models.BooleanField(default=False, editable=False, verbose_name="已移出")),
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
                "verbose_name": "秒杀商品",
                "verbose_name_plural": "秒杀商品",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        help_text="场次的编码以此开头，例如 DAILY-10",
                        max_length=30,
                        unique=True,
                        verbose_name="编码",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        help_text="买家会看到，例如「每天十点秒杀」", max_length=30, verbose_name="名称"
                    ),
                ),
                ("weekdays", models.JSONField(blank=True, default=list, verbose_name="星期")),
                ("starts", models.TimeField(help_text="北京时间，例如 10:00", verbose_name="开始时刻")),
                ("minutes", models.PositiveSmallIntegerField(default=120, verbose_name="持续分钟")),
                (
                    "preheat_minutes",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="开始前多少分钟起买家看得到；留空表示生成后立即预热",
                        null=True,
                        verbose_name="提前预热分钟",
                    ),
                ),
                ("from_day", models.DateField(verbose_name="首日")),
                (
                    "until_day",
                    models.DateField(
                        blank=True, help_text="含当天；留空表示一直重复", null=True, verbose_name="末日"
                    ),
                ),
                ("ahead_days", models.PositiveSmallIntegerField(default=7, verbose_name="提前生成天数")),
                ("combines", models.JSONField(blank=True, default=list, verbose_name="可同享")),
                ("enabled", models.BooleanField(default=False, verbose_name="启用")),
                (
                    "problem",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="未能生成的原因"
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        help_text="只有此分组的会员可以下单；留空表示所有会员",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.group",
                        verbose_name="会员分组专享",
                    ),
                ),
            ],
            options={
                "verbose_name": "重复秒杀",
                "verbose_name_plural": "重复秒杀",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PlanGood",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("price_fen", apps.base.fields.FenField(verbose_name="秒杀价（分）")),
                ("quota", models.PositiveIntegerField(verbose_name="每场数量")),
                ("limit_per_member", models.PositiveIntegerField(default=1, verbose_name="每人限购")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="goods",
                        to="flashsale.plan",
                        verbose_name="重复秒杀",
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
                "verbose_name": "每场商品",
                "verbose_name_plural": "每场商品",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "good",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="flashsale.good",
                        verbose_name="秒杀商品",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
            ],
            options={
                "verbose_name": "开抢提醒",
                "verbose_name_plural": "开抢提醒",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Session",
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
                ("day", models.DateField(blank=True, editable=False, null=True, verbose_name="场次日期")),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        help_text="只有此分组的会员可以下单；留空表示所有会员",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.group",
                        verbose_name="会员分组专享",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sessions",
                        to="flashsale.plan",
                        verbose_name="重复秒杀",
                    ),
                ),
            ],
            options={
                "verbose_name": "秒杀场次",
                "verbose_name_plural": "秒杀场次",
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="good",
            name="session",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="goods",
                to="flashsale.session",
                verbose_name="秒杀场次",
            ),
        ),
        migrations.CreateModel(
            name="Wait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "候补中"),
                            ("YOURS", "轮到"),
                            ("LAPSED", "已过期"),
                            ("USED", "已下单"),
                        ],
                        default="WAITING",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("queued_at", models.DateTimeField(verbose_name="排队时间")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="保留到")),
                ("order_no", models.CharField(blank=True, max_length=32, verbose_name="订单号")),
                (
                    "good",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="flashsale.good",
                        verbose_name="秒杀商品",
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
            ],
            options={
                "verbose_name": "候补",
                "verbose_name_plural": "候补",
                "ordering": ["-id"],
            },
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 1), ("minutes__lte", 1440)),
                name="flash_plan_within_a_day",
                violation_error_message="持续时间应为 1 到 1440 分钟",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(("ahead_days__gte", 1), ("ahead_days__lte", 30)),
                name="flash_plan_ahead_within_a_month",
                violation_error_message="提前生成天数应为 1 到 30",
            ),
        ),
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until_day__isnull", True), ("until_day__gte", models.F("from_day")), _connector="OR"
                ),
                name="flash_plan_days_forward",
                violation_error_message="末日不能早于首日",
            ),
        ),
        migrations.AddConstraint(
            model_name="plangood",
            constraint=models.UniqueConstraint(
                fields=("plan", "sku"),
                name="flash_plan_sku_once",
                violation_error_message="同一商品规格只能添加一次",
            ),
        ),
        migrations.AddConstraint(
            model_name="plangood",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_per_member__gte", 1), ("price_fen__gte", 1), ("quota__gte", 1)),
                name="flash_plan_good_of_something",
                violation_error_message="数量和每人限购至少为 1",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("member", "good"), name="flash_reminder_once"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(fields=["ends_at"], name="flash_session_by_end"),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                name="flashsale_session_window_forward",
                violation_error_message="结束时间必须晚于开始时间",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("preheat_at__isnull", True), ("preheat_at__lte", models.F("starts_at")), _connector="OR"
                ),
                name="flashsale_session_preheat_before_start",
                violation_error_message="预热开始不能晚于活动开始",
            ),
        ),
        migrations.AddConstraint(
            model_name="session",
            constraint=models.UniqueConstraint(
                fields=("plan", "day"), name="flash_session_once_per_plan_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="good",
            constraint=models.UniqueConstraint(
                fields=("session", "sku"),
                name="flash_sku_once_per_session",
                violation_error_message="同一商品规格只能添加一次",
            ),
        ),
        migrations.AddConstraint(
            model_name="good",
            constraint=models.CheckConstraint(
                condition=models.Q(("limit_per_member__gte", 1), ("price_fen__gte", 1), ("quota__gte", 1)),
                name="flash_good_of_something",
                violation_error_message="数量和每人限购至少为 1",
            ),
        ),
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(
                condition=models.Q(("state", "WAITING")),
                fields=["good", "queued_at", "id"],
                name="flash_wait_in_turn",
            ),
        ),
        migrations.AddIndex(
            model_name="wait",
            index=models.Index(
                condition=models.Q(("state", "YOURS")), fields=["until"], name="flash_right_by_end"
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.UniqueConstraint(fields=("member", "good"), name="flash_wait_once"),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "YOURS"), _negated=True), ("until__isnull", False), _connector="OR"
                ),
                name="flash_right_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="wait",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "USED"), ("order_no", ""), _connector="XOR"),
                name="flash_used_right_names_its_order",
            ),
        ),
        versions.watch("flashsale", "flashsale_session"),
        versions.watch("flashsale", "flashsale_good"),
    ]
