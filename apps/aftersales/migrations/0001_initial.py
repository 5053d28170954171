"""Applications after the sale, with the rules and reasons that operators fill in."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import apps.base.fields
import apps.pictures.fields
from apps.base import migrating


class Migration(migrating.Migration):
    initial = True

    dependencies = [
        ("catalog", "0008_returns_without_reason"),
        ("fulfillment", "0008_found_by_operators"),
        ("members", "0011_promoter_agreement"),
        ("orders", "0017_what_was_shown_of_returns"),
        ("stores", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AfterSale",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("after_sale_no", models.CharField(max_length=32, unique=True, verbose_name="售后单号")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("REFUND", "仅退款"),
                            ("RETURN", "退货退款"),
                            ("EXCHANGE", "换货"),
                            ("RESHIP", "补发"),
                        ],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("APPLIED", "待商家处理"),
                            ("APPROVED", "已同意"),
                            ("RETURNING", "买家已寄回"),
                            ("RETURNED", "已收货待验收"),
                            ("DONE", "已完成"),
                            ("REFUSED", "已拒绝"),
                            ("CANCELLED", "已撤销"),
                        ],
                        default="APPLIED",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("reason_label", models.CharField(max_length=40, verbose_name="申请原因")),
                ("text", models.CharField(blank=True, max_length=500, verbose_name="买家说明")),
                ("goods_fen", apps.base.fields.FenField(verbose_name="可退商品金额（分）")),
                ("freight_fen", apps.base.fields.FenField(verbose_name="可退运费（分）")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="退款金额（分）")),
                ("unsent", models.PositiveIntegerField(default=0, verbose_name="申请时未发出件数")),
                ("is_instant", models.BooleanField(default=False, verbose_name="极速退款")),
                ("escalated_at", models.DateTimeField(null=True, verbose_name="升级时间")),
                ("deadline_at", models.DateTimeField(null=True, verbose_name="截止时间")),
                ("applied_at", models.DateTimeField(verbose_name="申请时间")),
                ("approved_at", models.DateTimeField(null=True, verbose_name="同意时间")),
                ("return_carrier", models.CharField(blank=True, max_length=40, verbose_name="寄回快递")),
                ("return_tracking_no", models.CharField(blank=True, max_length=64, verbose_name="寄回单号")),
                ("sent_back_at", models.DateTimeField(null=True, verbose_name="寄回时间")),
                ("arrived_at", models.DateTimeField(null=True, verbose_name="收到退货时间")),
                ("inspected_at", models.DateTimeField(null=True, verbose_name="验收时间")),
                ("carriage_fen", apps.base.fields.FenField(default=0, verbose_name="退货运费补偿（分）")),
                ("new_tracking_no", models.CharField(blank=True, max_length=64, verbose_name="新包裹单号")),
                ("dispatched_at", models.DateTimeField(null=True, verbose_name="寄出时间")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="结束时间")),
                ("idempotency_key", models.CharField(max_length=80, verbose_name="幂等键")),
                ("request_hash", models.CharField(max_length=64, verbose_name="请求摘要")),
                (
                    "approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="审批人",
                    ),
                ),
                (
                    "first_approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="初审人",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after_sales",
                        to="members.member",
                        verbose_name="会员",
                    ),
                ),
                (
                    "new_carrier",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="fulfillment.carrier",
                        verbose_name="新包裹快递",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after_sales",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.place",
                        verbose_name="收货地点",
                    ),
                ),
                (
                    "refund",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after_sales",
                        to="orders.orderrefund",
                        verbose_name="售后退款",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后申请",
                "verbose_name_plural": "售后申请",
                "ordering": ["-id"],
                "permissions": [
                    ("approve_aftersale", "审批售后（限额内）"),
                    ("approve_any_aftersale", "审批售后（不限额）"),
                    ("inspect_aftersale", "退货验收与寄出新包裹"),
                    ("handle_escalated_aftersale", "处理升级的售后"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AfterSaleMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[("member", "买家"), ("operator", "商家"), ("system", "系统")],
                        max_length=10,
                        verbose_name="发言方",
                    ),
                ),
                ("text", models.CharField(blank=True, max_length=500, verbose_name="内容")),
                ("token", models.CharField(blank=True, max_length=64, verbose_name="请求标识")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "after_sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="aftersales.aftersale",
                        verbose_name="售后申请",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后留言",
                "verbose_name_plural": "售后留言",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AfterSaleReason",
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
                            ("REFUND", "仅退款"),
                            ("RETURN", "退货退款"),
                            ("EXCHANGE", "换货"),
                            ("RESHIP", "补发"),
                        ],
                        max_length=10,
                        verbose_name="售后类型",
                    ),
                ),
                (
                    "code",
                    models.SlugField(
                        help_text="小程序提交的编码，启用后不要修改", max_length=40, verbose_name="编码"
                    ),
                ),
                ("label", models.CharField(max_length=40, verbose_name="原因")),
                (
                    "is_no_reason",
                    models.BooleanField(
                        default=False,
                        help_text="仅支持七天无理由的商品可用，收货后七天内有效",
                        verbose_name="无理由退货",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="排序")),
                ("enabled", models.BooleanField(default=True, verbose_name="启用")),
            ],
            options={
                "verbose_name": "售后原因",
                "verbose_name_plural": "售后原因",
                "ordering": ["kind", "position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "code"), name="after_sale_reason_once_per_kind"),
                    models.CheckConstraint(
                        condition=models.Q(("is_no_reason", False), ("kind", "RETURN"), _connector="OR"),
                        name="after_sale_reason_none_is_for_returns",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="aftersale",
            name="reason",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="aftersales.aftersalereason",
                verbose_name="原因",
            ),
        ),
        migrations.CreateModel(
            name="AfterSaleRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "apply_days",
                    models.PositiveSmallIntegerField(
                        default=15,
                        help_text="确认收货后多少天内可以申请售后",
                        verbose_name="售后申请期限（天）",
                    ),
                ),
                (
                    "answer_hours",
                    models.PositiveSmallIntegerField(
                        default=48,
                        help_text="逾期未处理的申请自动同意或升级",
                        verbose_name="商家处理时限（小时）",
                    ),
                ),
                ("silence_approves", models.BooleanField(default=True, verbose_name="逾期未处理自动同意")),
                (
                    "send_back_days",
                    models.PositiveSmallIntegerField(
                        default=7,
                        help_text="同意退货后多少天内须填写快递单号，逾期自动关闭",
                        verbose_name="买家寄回时限（天）",
                    ),
                ),
                (
                    "arrive_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="买家寄出后多少天仍未收到则升级处理",
                        verbose_name="寄回在途时限（天）",
                    ),
                ),
                (
                    "inspect_hours",
                    models.PositiveSmallIntegerField(
                        default=48,
                        help_text="收到退货后多少小时内须验收，逾期升级处理",
                        verbose_name="验收时限（小时）",
                    ),
                ),
                (
                    "dispatch_hours",
                    models.PositiveSmallIntegerField(
                        default=48,
                        help_text="多少小时内须寄出新包裹，逾期升级处理",
                        verbose_name="换货补发时限（小时）",
                    ),
                ),
                (
                    "money_hours",
                    models.PositiveSmallIntegerField(
                        default=72,
                        help_text="退款多少小时仍未到账则升级处理",
                        verbose_name="退款到账时限（小时）",
                    ),
                ),
                (
                    "service_up_to_fen",
                    apps.base.fields.FenField(default=20000, verbose_name="客服审批上限（分）"),
                ),
                (
                    "second_person_above_fen",
                    apps.base.fields.FenField(default=500000, verbose_name="双人复核起点（分）"),
                ),
                (
                    "carriage_up_to_fen",
                    apps.base.fields.FenField(default=3000, verbose_name="退货运费补偿上限（分）"),
                ),
                (
                    "instant_up_to_fen",
                    apps.base.fields.FenField(default=20000, verbose_name="极速退款单笔上限（分）"),
                ),
                (
                    "instant_per_day",
                    models.PositiveSmallIntegerField(default=2, verbose_name="极速退款每人每日次数"),
                ),
                (
                    "instant_level",
                    models.ForeignKey(
                        blank=True,
                        help_text="此等级及以上的会员，未发货订单的退款立即通过；不选表示关闭极速退款",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.level",
                        verbose_name="极速退款起始等级",
                    ),
                ),
                (
                    "return_place",
                    models.ForeignKey(
                        blank=True,
                        help_text="买家寄回到哪里；不选则为发货优先的地点",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.place",
                        verbose_name="退货收货地点",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后规则",
                "verbose_name_plural": "售后规则",
            },
        ),
        migrations.CreateModel(
            name="AfterSaleStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "move",
                    models.CharField(
                        choices=[
                            ("apply", "提交申请"),
                            ("approve", "同意申请"),
                            ("first", "初审通过"),
                            ("refuse", "拒绝申请"),
                            ("send_back", "买家寄回"),
                            ("parcel", "修改寄回单号"),
                            ("arrive", "收到退货"),
                            ("accept", "验收通过"),
                            ("pay", "发起退款"),
                            ("carriage", "补偿退货运费"),
                            ("finish", "完成"),
                            ("cancel", "买家撤销"),
                            ("lapse", "关闭"),
                            ("escalate", "升级处理"),
                            ("dispatch", "寄出新包裹"),
                            ("message", "留言"),
                        ],
                        max_length=12,
                        verbose_name="动作",
                    ),
                ),
                (
                    "by",
                    models.CharField(
                        choices=[("member", "买家"), ("operator", "商家"), ("system", "系统")],
                        max_length=10,
                        verbose_name="操作方",
                    ),
                ),
                ("from_status", models.CharField(blank=True, max_length=10, verbose_name="原状态")),
                (
                    "to_status",
                    models.CharField(
                        choices=[
                            ("APPLIED", "待商家处理"),
                            ("APPROVED", "已同意"),
                            ("RETURNING", "买家已寄回"),
                            ("RETURNED", "已收货待验收"),
                            ("DONE", "已完成"),
                            ("REFUSED", "已拒绝"),
                            ("CANCELLED", "已撤销"),
                        ],
                        max_length=10,
                        verbose_name="新状态",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "after_sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="aftersales.aftersale",
                        verbose_name="售后申请",
                    ),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="操作人",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后经过",
                "verbose_name_plural": "售后经过",
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="AfterSalePicture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.CharField(max_length=24, unique=True, verbose_name="图片编号")),
                (
                    "by",
                    models.CharField(
                        choices=[("member", "买家"), ("operator", "商家"), ("system", "系统")],
                        max_length=10,
                        verbose_name="来源",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="顺序")),
                ("file", apps.pictures.fields.StoredNameField(max_length=100, verbose_name="文件")),
                ("width", models.PositiveIntegerField(verbose_name="宽")),
                ("height", models.PositiveIntegerField(verbose_name="高")),
                ("uploaded_at", models.DateTimeField(verbose_name="上传时间")),
                (
                    "after_sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pictures",
                        to="aftersales.aftersale",
                        verbose_name="售后申请",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pictures",
                        to="aftersales.aftersalemessage",
                        verbose_name="留言",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pictures",
                        to="aftersales.aftersalestep",
                        verbose_name="经过",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后图片",
                "verbose_name_plural": "售后图片",
                "ordering": ["position", "id"],
            },
        ),
        migrations.CreateModel(
            name="AfterSaleLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("quantity", models.PositiveIntegerField(verbose_name="件数")),
                ("amount_fen", apps.base.fields.FenField(verbose_name="可退金额（分）")),
                ("accepted", models.PositiveIntegerField(null=True, verbose_name="验收通过件数")),
                ("damaged", models.PositiveIntegerField(default=0, verbose_name="其中报损")),
                ("cost_fen", apps.base.fields.FenField(null=True, verbose_name="新件单件成本（分）")),
                ("is_open", models.BooleanField(default=True, verbose_name="处理中")),
                (
                    "after_sale",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="aftersales.aftersale",
                        verbose_name="售后申请",
                    ),
                ),
                (
                    "new_sku",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.sku",
                        verbose_name="换成",
                    ),
                ),
                (
                    "order_line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="after_sale_lines",
                        to="orders.orderline",
                        verbose_name="订单商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "售后商品",
                "verbose_name_plural": "售后商品",
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=("after_sale", "order_line"), name="after_sale_line_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_open", True)),
                        fields=("order_line",),
                        name="after_sale_one_open_per_line",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gte", 1)), name="after_sale_line_quantity_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted__isnull", True), ("damaged", 0)),
                            models.Q(
                                ("accepted__lte", models.F("quantity")),
                                ("damaged__lte", models.F("accepted")),
                            ),
                            _connector="OR",
                        ),
                        name="after_sale_line_accepted_within_quantity",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="aftersalemessage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("token", ""), _negated=True),
                fields=("token",),
                name="after_sale_message_once_per_token",
            ),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(fields=["member", "-id"], name="after_sale_of_member"),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(fields=["order"], name="after_sale_of_order"),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(
                condition=models.Q(("deadline_at__isnull", False)),
                fields=["deadline_at", "id"],
                name="after_sale_due",
            ),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(fields=["status", "deadline_at"], name="after_sale_by_status"),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["ended_at"],
                name="after_sale_ended_since",
            ),
        ),
        migrations.AddIndex(
            model_name="aftersale",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Reverse("return_tracking_no"), name="text_pattern_ops"
                ),
                name="after_sale_by_return_parcel",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.UniqueConstraint(
                fields=("member", "idempotency_key"), name="after_sale_once_per_idempotency_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount_fen__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("goods_fen"), "+", models.F("freight_fen")
                        ),
                    )
                ),
                name="after_sale_never_above_what_was_proposed",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["REFUND", "RETURN"]),
                    models.Q(("amount_fen", 0), ("refund__isnull", True)),
                    _connector="OR",
                ),
                name="after_sale_of_parcels_costs_nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("deadline_at__isnull", False),
                        ("ended_at__isnull", True),
                        ("status__in", ["APPLIED", "APPROVED", "RETURNED", "RETURNING"]),
                    ),
                    models.Q(
                        models.Q(
                            ("status__in", ["APPLIED", "APPROVED", "RETURNED", "RETURNING"]), _negated=True
                        ),
                        ("deadline_at__isnull", True),
                        ("ended_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="after_sale_open_has_a_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_approved_by__isnull", True),
                    ("approved_by__isnull", True),
                    models.Q(("first_approved_by", models.F("approved_by")), _negated=True),
                    _connector="OR",
                ),
                name="after_sale_takes_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("dispatched_at__isnull", True), ("new_tracking_no", "")),
                    models.Q(
                        ("dispatched_at__isnull", False),
                        ("new_carrier__isnull", False),
                        models.Q(("new_tracking_no", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="after_sale_dispatched_with_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersale",
            constraint=models.UniqueConstraint(
                condition=models.Q(("refund__isnull", False)),
                fields=("refund",),
                name="after_sale_refunded_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="aftersalerules",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="after_sale_rules_one_row"),
        ),
        migrations.AddConstraint(
            model_name="aftersalepicture",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("message__isnull", True), ("step__isnull", False)),
                    models.Q(("message__isnull", False), ("step__isnull", True)),
                    _connector="OR",
                ),
                name="after_sale_picture_with_one_thing",
            ),
        ),
    ]
