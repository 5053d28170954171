"""Promoters and their rules, bindings with their history, commissions, accounts and their ledger, contests."""

import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
import apps.pictures.fields
from apps.base import migrating
from apps.base.ledger import append_only

# The last line of defence, whoever writes: nobody is their own inviter over however many. Who has a team waits for others
# who change edges (an advisory lock); who has none cannot close a ring, and may not become a promoter meanwhile.
_RING = """
CREATE FUNCTION distribution_refuse_ring() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above bigint;
BEGIN
    PERFORM 1 FROM members_member WHERE id = NEW.member_id FOR NO KEY UPDATE;
    IF EXISTS (SELECT 1 FROM distribution_promoter WHERE member_id = NEW.member_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('distribution_bond'));
    END IF;
    SELECT member_id INTO above FROM distribution_promoter WHERE id = NEW.promoter_id;
    WHILE above IS NOT NULL LOOP
        IF above = NEW.member_id THEN
            RAISE EXCEPTION 'member % would be their own inviter', NEW.member_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'bond_never_a_ring';
        END IF;
        SELECT promoter.member_id INTO above
          FROM distribution_bond bond JOIN distribution_promoter promoter ON promoter.id = bond.promoter_id
         WHERE bond.member_id = above;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER distribution_bond_never_a_ring BEFORE INSERT OR UPDATE OF member_id, promoter_id
    ON distribution_bond FOR EACH ROW EXECUTE FUNCTION distribution_refuse_ring();
"""
_NO_RING = """
DROP TRIGGER distribution_bond_never_a_ring ON distribution_bond;
DROP FUNCTION distribution_refuse_ring();
"""


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0007_money_has_permissions_of_its_own"),
        ("members", "0010_groups_have_codes"),
        ("orders", "0015_awaits_goods"),
        ("shares", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Promoter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=12, unique=True, verbose_name="推广码")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "待审核"),
                            ("ACTIVE", "正常"),
                            ("REFUSED", "未通过"),
                            ("SUSPENDED", "已停用"),
                            ("LEFT", "已退出"),
                        ],
                        default="PENDING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("level_at", models.DateTimeField(null=True, verbose_name="等级生效")),
                ("level_due_at", models.DateTimeField(null=True, verbose_name="下次评级")),
                ("applied_at", models.DateTimeField(verbose_name="申请时间")),
                ("active_at", models.DateTimeField(null=True, verbose_name="成为推客")),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promoter",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
            ],
            options={
                "verbose_name": "推客",
                "verbose_name_plural": "推客",
                "ordering": ["-id"],
                "permissions": [
                    ("appoint_promoter", "任命、审核与停用推客"),
                    ("bind_promoter", "人工绑定与解绑客户"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "promoter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
                ("pending_fen", apps.base.fields.FenField(default=0, verbose_name="待收货（分）")),
                ("frozen_fen", apps.base.fields.FenField(default=0, verbose_name="冻结中（分）")),
                ("available_fen", apps.base.fields.FenField(default=0, verbose_name="可提现（分）")),
                ("withdrawing_fen", apps.base.fields.FenField(default=0, verbose_name="提现中（分）")),
                ("withdrawn_fen", apps.base.fields.FenField(default=0, verbose_name="已提现（分）")),
                ("debt_fen", apps.base.fields.FenField(default=0, verbose_name="欠款（分）")),
            ],
            options={
                "verbose_name": "推客账户",
                "verbose_name_plural": "推客账户",
                "ordering": ["-promoter"],
                "permissions": [("adjust_account", "人工调整推客账户")],
            },
        ),
        migrations.CreateModel(
            name="Bond",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bound_at", models.DateTimeField(verbose_name="绑定时间")),
                ("valid_until", models.DateTimeField(null=True, verbose_name="有效期至")),
                ("protected_until", models.DateTimeField(null=True, verbose_name="保护期至")),
                (
                    "member",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="客户",
                    ),
                ),
                (
                    "promoter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bonds",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
            ],
            options={
                "verbose_name": "客户绑定",
                "verbose_name_plural": "客户绑定",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="BondChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("SHARE", "分享链接"),
                            ("CODE", "推广码"),
                            ("OPERATOR", "人工绑定"),
                            ("RENEWED", "再次到访续期"),
                            ("UNBOUND", "人工解绑"),
                        ],
                        max_length=8,
                        verbose_name="原因",
                    ),
                ),
                ("valid_until", models.DateTimeField(null=True, verbose_name="有效期至")),
                ("note", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "before",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="distribution.promoter",
                        verbose_name="原推客",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="客户",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                (
                    "promoter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
                (
                    "share",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shares.share",
                        verbose_name="分享",
                    ),
                ),
            ],
            options={
                "verbose_name": "绑定历史",
                "verbose_name_plural": "绑定历史",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Commission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("order_no", models.CharField(db_index=True, max_length=32, verbose_name="订单号")),
                (
                    "level",
                    models.PositiveSmallIntegerField(choices=[(1, "一级"), (2, "二级")], verbose_name="级别"),
                ),
                ("business_key", models.CharField(max_length=80, unique=True, verbose_name="业务键")),
                ("base_fen", apps.base.fields.FenField(signed=True, verbose_name="计佣金额（分）")),
                ("rate_bp", models.PositiveIntegerField(verbose_name="佣金比例（万分比）")),
                ("amount_fen", apps.base.fields.FenField(signed=True, verbose_name="佣金（分）")),
                ("rate_source", models.CharField(blank=True, max_length=60, verbose_name="比例来源")),
                ("refunded_fen", apps.base.fields.FenField(default=0, verbose_name="已退金额（分）")),
                ("taken_back_fen", apps.base.fields.FenField(default=0, verbose_name="已扣回（分）")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("PENDING", "待收货"),
                            ("FROZEN", "冻结中"),
                            ("AVAILABLE", "可提现"),
                            ("CANCELLED", "已取消"),
                        ],
                        default="PENDING",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("held", models.BooleanField(default=False, verbose_name="待核实")),
                ("hold_reasons", models.JSONField(default=list, verbose_name="待核实原因")),
                ("reason", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("frozen_at", models.DateTimeField(null=True, verbose_name="冻结时间")),
                ("due_at", models.DateTimeField(null=True, verbose_name="解冻时间")),
                ("available_at", models.DateTimeField(null=True, verbose_name="可提现时间")),
                ("cancelled_at", models.DateTimeField(null=True, verbose_name="取消时间")),
                (
                    "buyer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                        verbose_name="买家",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.orderline",
                        verbose_name="订单商品",
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taken_back",
                        to="distribution.commission",
                        verbose_name="原佣金",
                    ),
                ),
                (
                    "promoter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commissions",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.orderrefund",
                        verbose_name="售后退款",
                    ),
                ),
            ],
            options={
                "verbose_name": "佣金",
                "verbose_name_plural": "佣金",
                "ordering": ["-id"],
                "permissions": [
                    ("judge_commission", "放行或驳回待核实的佣金"),
                    ("export_commission", "导出佣金与推客报表"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=30, verbose_name="名称")),
                ("starts_at", models.DateTimeField(verbose_name="开始时间")),
                ("ends_at", models.DateTimeField(verbose_name="结束时间")),
                (
                    "wait_days",
                    models.PositiveIntegerField(
                        default=7, help_text="等待退款，名次按发奖时计算", verbose_name="结束后几天发奖"
                    ),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="启用")),
                ("rewarded_at", models.DateTimeField(editable=False, null=True, verbose_name="发奖时间")),
            ],
            options={
                "verbose_name": "推客榜单活动",
                "verbose_name_plural": "推客榜单活动",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                        name="contest_window_forward",
                        violation_error_message="结束时间必须晚于开始时间",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Material",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=30, verbose_name="标题")),
                ("body", models.TextField(max_length=500, verbose_name="文案")),
                (
                    "picture",
                    apps.pictures.fields.PictureField(
                        blank=True, upload_to="materials/", verbose_name="图片"
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(default=0, help_text="数字小的排在前面", verbose_name="排序"),
                ),
                ("enabled", models.BooleanField(default=True, verbose_name="启用")),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "推广素材",
                "verbose_name_plural": "推广素材",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="Prize",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_place", models.PositiveSmallIntegerField(verbose_name="名次从")),
                ("last_place", models.PositiveSmallIntegerField(verbose_name="到")),
                ("reward_fen", apps.base.fields.FenField(verbose_name="每人奖励（分）")),
                (
                    "contest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="prizes",
                        to="distribution.contest",
                        verbose_name="榜单活动",
                    ),
                ),
            ],
            options={
                "verbose_name": "榜单奖励",
                "verbose_name_plural": "榜单奖励",
                "ordering": ["first_place"],
            },
        ),
        migrations.CreateModel(
            name="PromoterLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=20, unique=True, verbose_name="等级名称")),
                (
                    "rank",
                    models.PositiveSmallIntegerField(
                        help_text="数字越大等级越高", unique=True, verbose_name="序号"
                    ),
                ),
                ("min_orders", models.PositiveIntegerField(default=0, verbose_name="所需推广订单数")),
                ("min_amount_fen", apps.base.fields.FenField(default=0, verbose_name="所需推广金额（分）")),
                (
                    "min_team",
                    models.PositiveIntegerField(
                        default=0, help_text="直接邀请的会员数", verbose_name="所需团队人数"
                    ),
                ),
                (
                    "first_bp",
                    models.PositiveIntegerField(
                        blank=True, help_text="留空按推客规则", null=True, verbose_name="一级佣金"
                    ),
                ),
                (
                    "second_bp",
                    models.PositiveIntegerField(
                        blank=True, help_text="留空按推客规则", null=True, verbose_name="二级佣金"
                    ),
                ),
            ],
            options={
                "verbose_name": "推客等级",
                "verbose_name_plural": "推客等级",
                "ordering": ["rank"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("first_bp__isnull", True), ("first_bp__lte", 10000), _connector="OR"
                        ),
                        name="promoter_level_first_rate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_bp__isnull", True), ("second_bp__lte", 10000), _connector="OR"
                        ),
                        name="promoter_level_second_rate",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="promoter",
            name="level",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="distribution.promoterlevel",
                verbose_name="等级",
            ),
        ),
        migrations.CreateModel(
            name="PromoterMove",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("move", models.CharField(max_length=10, verbose_name="动作")),
                (
                    "from_status",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("PENDING", "待审核"),
                            ("ACTIVE", "正常"),
                            ("REFUSED", "未通过"),
                            ("SUSPENDED", "已停用"),
                            ("LEFT", "已退出"),
                        ],
                        max_length=10,
                        verbose_name="原状态",
                    ),
                ),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("PENDING", "待审核"),
                            ("ACTIVE", "正常"),
                            ("REFUSED", "未通过"),
                            ("SUSPENDED", "已停用"),
                            ("LEFT", "已退出"),
                        ],
                        max_length=10,
                        verbose_name="新状态",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=100, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                (
                    "promoter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="history",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
            ],
            options={
                "verbose_name": "推客历史",
                "verbose_name_plural": "推客历史",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="RateRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "first_bp",
                    models.PositiveIntegerField(help_text="万分比：1000 表示 10%", verbose_name="一级佣金"),
                ),
                (
                    "second_bp",
                    models.PositiveIntegerField(help_text="万分比：1000 表示 10%", verbose_name="二级佣金"),
                ),
                (
                    "category",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.category",
                        verbose_name="类目",
                    ),
                ),
                (
                    "level",
                    models.ForeignKey(
                        blank=True,
                        help_text="留空表示所有等级",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rates",
                        to="distribution.promoterlevel",
                        verbose_name="推客等级",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "佣金比例",
                "verbose_name_plural": "佣金比例",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Rules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "first_bp",
                    models.PositiveIntegerField(
                        default=1000, help_text="万分比：1000 表示 10%", verbose_name="一级佣金"
                    ),
                ),
                (
                    "second_bp",
                    models.PositiveIntegerField(
                        default=500, help_text="万分比：1000 表示 10%", verbose_name="二级佣金"
                    ),
                ),
                (
                    "ceiling_bp",
                    models.PositiveIntegerField(
                        default=3000,
                        help_text="一级与二级合计不得超过，万分比：3000 表示 30%",
                        verbose_name="佣金上限",
                    ),
                ),
                (
                    "freeze_days",
                    models.PositiveIntegerField(
                        default=15,
                        help_text="买家收货后多少天可提现，应不短于售后期；0 表示收货即可提现",
                        verbose_name="冻结天数",
                    ),
                ),
                ("joining", models.BooleanField(default=True, verbose_name="开放申请")),
                (
                    "needs_review",
                    models.BooleanField(
                        default=True, help_text="不勾选则申请后立即成为推客", verbose_name="申请需要审核"
                    ),
                ),
                (
                    "join_by_spending_fen",
                    apps.base.fields.FenField(
                        blank=True,
                        help_text="留空表示不自动",
                        null=True,
                        verbose_name="消费满额自动成为推客（分）",
                    ),
                ),
                (
                    "binding_mode",
                    models.CharField(
                        choices=[("first", "首次触达"), ("last", "最近触达")],
                        default="first",
                        max_length=5,
                        verbose_name="绑定方式",
                    ),
                ),
                (
                    "valid_days",
                    models.PositiveIntegerField(
                        default=365,
                        help_text="到期后可以被其他推客绑定；0 表示一直有效",
                        verbose_name="绑定有效天数",
                    ),
                ),
                (
                    "protect_days",
                    models.PositiveIntegerField(
                        default=15,
                        help_text="抢客保护：绑定后多少天内不会被其他推客改绑",
                        verbose_name="保护天数",
                    ),
                ),
                (
                    "newcomers_only",
                    models.BooleanField(
                        default=False, help_text="勾选则只绑定从未付过款的会员", verbose_name="只绑定新客"
                    ),
                ),
                (
                    "withdraw_min_fen",
                    apps.base.fields.FenField(default=100, verbose_name="最低提现金额（分）"),
                ),
                (
                    "withdraw_max_per_day",
                    models.PositiveIntegerField(default=3, verbose_name="每天最多提现次数"),
                ),
                (
                    "review_above_fen",
                    apps.base.fields.FenField(default=20000, verbose_name="超过此金额须审核（分）"),
                ),
                (
                    "second_person_above_fen",
                    apps.base.fields.FenField(default=100000, verbose_name="超过此金额须第二人复核（分）"),
                ),
            ],
            options={
                "verbose_name": "推客规则",
                "verbose_name_plural": "推客规则",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)),
                        name="promoter_rules_one_row",
                        violation_error_message="推客规则只有一条",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ceiling_bp__lte", 10000),
                            (
                                "ceiling_bp__gte",
                                django.db.models.expressions.CombinedExpression(
                                    models.F("first_bp"), "+", models.F("second_bp")
                                ),
                            ),
                        ),
                        name="promoter_rates_within_ceiling",
                        violation_error_message="一级与二级佣金合计不得超过佣金上限，上限最多为全额",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("second_person_above_fen__gte", models.F("review_above_fen"))),
                        name="promoter_second_person_above_first",
                        violation_error_message="第二人复核的金额不能低于审核的金额",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Winner",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(verbose_name="名次")),
                ("orders", models.PositiveIntegerField(verbose_name="订单数")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="推广金额（分）")),
                ("reward_fen", apps.base.fields.FenField(verbose_name="奖励（分）")),
                (
                    "contest",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="winners",
                        to="distribution.contest",
                        verbose_name="榜单活动",
                    ),
                ),
                (
                    "promoter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="distribution.promoter",
                        verbose_name="推客",
                    ),
                ),
            ],
            options={
                "verbose_name": "榜单获奖",
                "verbose_name_plural": "榜单获奖",
                "ordering": ["contest", "place"],
            },
        ),
        migrations.CreateModel(
            name="Entry",
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
                        choices=[
                            ("ACCRUE", "订单支付"),
                            ("FREEZE", "买家收货"),
                            ("SETTLE", "冻结期满"),
                            ("TAKE_BACK", "退款扣回"),
                            ("DEBT", "抵扣欠款"),
                            ("REWARD", "榜单奖励"),
                            ("ADJUST", "人工调整"),
                            ("HOLD", "提现申请"),
                            ("COMMIT", "提现成功"),
                            ("RELEASE", "提现退回"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                (
                    "pending_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="待收货变化（分）"
                    ),
                ),
                (
                    "frozen_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="冻结变化（分）"
                    ),
                ),
                (
                    "available_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="可提现变化（分）"
                    ),
                ),
                (
                    "withdrawing_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="提现中变化（分）"
                    ),
                ),
                (
                    "withdrawn_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="已提现变化（分）"
                    ),
                ),
                (
                    "debt_change_fen",
                    apps.base.fields.FenField(
                        db_default=0, default=0, signed=True, verbose_name="欠款变化（分）"
                    ),
                ),
                ("business_key", models.CharField(max_length=100, verbose_name="业务键")),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=100, verbose_name="原因"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "commission",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="distribution.commission",
                        verbose_name="佣金",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="distribution.account",
                        verbose_name="推客账户",
                    ),
                ),
            ],
            options={
                "verbose_name": "佣金流水",
                "verbose_name_plural": "佣金流水",
                "ordering": ["-id"],
            },
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(
                condition=models.Q(("debt_fen__gt", 0)), fields=["-debt_fen"], name="promoter_account_owing"
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("available_fen__gte", 0),
                    ("debt_fen__gte", 0),
                    ("frozen_fen__gte", 0),
                    ("pending_fen__gte", 0),
                    ("withdrawing_fen__gte", 0),
                    ("withdrawn_fen__gte", 0),
                ),
                name="promoter_account_never_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("available_fen", 0), ("debt_fen", 0), _connector="OR"),
                name="promoter_debt_only_when_empty",
            ),
        ),
        migrations.AddIndex(
            model_name="bond",
            index=models.Index(fields=["promoter", "-id"], name="bond_by_promoter"),
        ),
        migrations.AddConstraint(
            model_name="bond",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_until__isnull", True), ("valid_until__gt", models.F("bound_at")), _connector="OR"
                ),
                name="bond_valid_forward",
            ),
        ),
        migrations.AddIndex(
            model_name="bondchange",
            index=models.Index(fields=["member", "-id"], name="bond_change_of_member"),
        ),
        migrations.AddConstraint(
            model_name="bondchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", "UNBOUND"), ("promoter__isnull", True)),
                    models.Q(models.Q(("cause", "UNBOUND"), _negated=True), ("promoter__isnull", False)),
                    _connector="OR",
                ),
                name="bond_change_to_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(fields=["promoter", "-id"], name="commission_of_promoter"),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("held", False), ("of__isnull", True), ("status", "FROZEN")),
                fields=["due_at", "id"],
                name="commission_due",
            ),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("held", False), ("of__isnull", True), ("status", "FROZEN")),
                fields=["promoter", "due_at", "id"],
                name="commission_due_of_promoter",
            ),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(condition=models.Q(("held", True)), fields=["-id"], name="commission_held"),
        ),
        migrations.AddIndex(
            model_name="commission",
            index=models.Index(
                condition=models.Q(("level", 1), ("of__isnull", True)),
                fields=["at", "promoter"],
                name="commission_brought",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("of__isnull", True)),
                fields=("line", "level"),
                name="commission_once_per_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("refund__isnull", False)),
                fields=("of", "refund"),
                name="commission_taken_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", [1, 2])), name="commission_two_levels_at_most"
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("amount_fen__gte", 1),
                        ("amount_fen__lte", models.F("base_fen")),
                        ("base_fen__gte", 1),
                        ("of__isnull", True),
                    ),
                    models.Q(("amount_fen__lte", -1), ("base_fen__lte", 0), ("of__isnull", False)),
                    _connector="OR",
                ),
                name="commission_within_what_was_paid",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("of__isnull", False), ("refunded_fen", 0), ("taken_back_fen", 0)),
                    models.Q(
                        ("of__isnull", True),
                        ("refunded_fen__gte", 0),
                        ("refunded_fen__lte", models.F("base_fen")),
                        ("taken_back_fen__gte", 0),
                        ("taken_back_fen__lte", models.F("amount_fen")),
                    ),
                    _connector="OR",
                ),
                name="commission_taken_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(("rate_bp__lte", 10000)), name="commission_rate_is_a_share"
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "FROZEN"), _negated=True),
                    models.Q(("due_at__isnull", False), ("frozen_at__isnull", False)),
                    _connector="OR",
                ),
                name="commission_frozen_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(("held", False), ("of__isnull", True), _connector="OR"),
                name="commission_held_as_a_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(("held", True), ("status", "AVAILABLE"), _negated=True),
                name="commission_held_not_available",
            ),
        ),
        migrations.AddConstraint(
            model_name="prize",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_place__gte", 1),
                    ("last_place__gte", models.F("first_place")),
                    ("last_place__lte", 100),
                ),
                name="contest_prize_places",
                violation_error_message="名次应从 1 到 100，且不能倒置",
            ),
        ),
        migrations.AddConstraint(
            model_name="prize",
            constraint=models.CheckConstraint(
                condition=models.Q(("reward_fen__gte", 1)), name="contest_prize_of_something"
            ),
        ),
        migrations.AddIndex(
            model_name="promoter",
            index=models.Index(fields=["status", "-id"], name="promoter_by_status"),
        ),
        migrations.AddIndex(
            model_name="promoter",
            index=models.Index(
                condition=models.Q(("level_due_at__isnull", False)),
                fields=["level_due_at"],
                name="promoter_level_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="promoter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["ACTIVE", "SUSPENDED"]), _negated=True),
                    ("active_at__isnull", False),
                    _connector="OR",
                ),
                name="promoter_active_since",
            ),
        ),
        migrations.AddConstraint(
            model_name="raterule",
            constraint=models.UniqueConstraint(
                fields=("product", "category", "level"),
                name="commission_rate_once",
                nulls_distinct=False,
                violation_error_message="同一商品（或类目）对同一等级只能有一条比例",
            ),
        ),
        migrations.AddConstraint(
            model_name="raterule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("category__isnull", True), ("product__isnull", False)),
                    models.Q(("category__isnull", False), ("product__isnull", True)),
                    _connector="OR",
                ),
                name="commission_rate_of_goods",
                violation_error_message="请选择商品或类目中的一项",
            ),
        ),
        migrations.AddConstraint(
            model_name="raterule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_bp__lte", 10000),
                    (
                        "second_bp__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.Value(10000), "-", models.F("first_bp")
                        ),
                    ),
                ),
                name="commission_rate_within_whole",
                violation_error_message="一级与二级合计不得超过全额",
            ),
        ),
        migrations.AddConstraint(
            model_name="winner",
            constraint=models.UniqueConstraint(fields=("contest", "promoter"), name="contest_winner_once"),
        ),
        migrations.AddConstraint(
            model_name="winner",
            constraint=models.UniqueConstraint(fields=("contest", "place"), name="contest_place_once"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["account", "-id"], name="promoter_entry_of_account"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(
                fields=("account", "business_key"), name="promoter_entry_once_per_cause"
            ),
        ),
        append_only("distribution_entry"),
        append_only("distribution_bondchange"),
        append_only("distribution_promotermove"),
        migrations.RunSQL(_RING, _NO_RING),
    ]
