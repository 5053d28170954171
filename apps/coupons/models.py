"""Coupons: what a template says, who holds one, what happened to it, and the ways in which they are given out."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.base.fields import FenField
from apps.catalog.models import Brand, Category, Product
from apps.coupons.states import BatchStatus, CouponStatus, JobStatus, TemplateStatus
from apps.members.models import Group, Level, Member
from apps.stores.models import Place


class Template(models.Model):
    """What all coupons of one kind say. Once one was issued, what it is worth does not change any more.

    Stopping it stops its issue, not the coupons that members hold. Codes count as issued when they are made.
    """

    class Kind(models.TextChoices):
        NO_THRESHOLD = "NO_THRESHOLD", "无门槛券"
        THRESHOLD = "THRESHOLD", "满减券"
        PERCENT = "PERCENT", "折扣券"
        FREIGHT = "FREIGHT", "运费券"

    class Scope(models.TextChoices):
        ALL = "ALL", "全部商品"
        PRODUCTS = "PRODUCTS", "指定商品"
        CATEGORIES = "CATEGORIES", "指定类目"
        BRANDS = "BRANDS", "指定品牌"

    class Channel(models.TextChoices):
        ONLINE = "ONLINE", "仅线上"
        STORE = "STORE", "仅门店"
        BOTH = "BOTH", "线上和门店"

    class Occasion(models.TextChoices):
        NONE = "NONE", "不自动发放"
        REGISTRATION = "REGISTRATION", "新人注册礼包"
        FIRST_ORDER = "FIRST_ORDER", "首单支付后赠送"
        ORDER_GIFT = "ORDER_GIFT", "订单满额后赠送"

    name = models.CharField("名称", max_length=30, help_text="买家会看到，例如「新人满50减10」")
    kind = models.CharField("类型", max_length=12, choices=Kind.choices)
    status = models.CharField(
        "状态", max_length=8, choices=TemplateStatus.choices, default=TemplateStatus.DRAFT
    )
    threshold_fen = FenField("使用门槛（分）", default=0)
    off_fen = FenField("减免金额（分）", null=True, blank=True)
    off_bp = models.PositiveIntegerField("减免（万分比）", null=True, blank=True)
    cap_fen = FenField("最多减（分）", null=True, blank=True)
    combines = models.BooleanField("可与促销活动叠加", default=True)
    scope = models.CharField("适用范围", max_length=12, choices=Scope.choices, default=Scope.ALL)
    products = models.ManyToManyField(Product, blank=True, verbose_name="商品")
    categories = models.ManyToManyField(Category, blank=True, verbose_name="类目")
    brands = models.ManyToManyField(Brand, blank=True, verbose_name="品牌")
    channel = models.CharField("使用渠道", max_length=8, choices=Channel.choices, default=Channel.BOTH)
    # Either the window is fixed, or it begins at issue and lasts so many days.
    valid_from = models.DateTimeField("有效期开始", null=True, blank=True)
    valid_until = models.DateTimeField("有效期结束", null=True, blank=True)
    valid_days = models.PositiveIntegerField("领取后有效天数", null=True, blank=True)
    quota = models.PositiveIntegerField("发放总量", null=True, blank=True, help_text="留空表示不限量")
    issued = models.PositiveIntegerField("已发放", default=0)
    per_member = models.PositiveIntegerField("每人限领", default=1)
    claim_from = models.DateTimeField("领取开始", null=True, blank=True)
    claim_until = models.DateTimeField("领取结束", null=True, blank=True)
    levels = models.ManyToManyField(
        Level, blank=True, verbose_name="限定会员等级", help_text="留空表示所有会员可领"
    )
    groups = models.ManyToManyField(
        Group,
        blank=True,
        verbose_name="限定会员分组",
        help_text="留空表示不限；其他会员在领券中心看不到这张券",
    )
    visible = models.BooleanField("在领券中心展示", default=False)
    occasion = models.CharField("自动发放", max_length=12, choices=Occasion.choices, default=Occasion.NONE)
    gift_from_fen = FenField("订单满额（分）", null=True, blank=True)
    note = models.CharField("使用说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "优惠券模板"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="NO_THRESHOLD", off_fen__gte=1, threshold_fen=0, off_bp__isnull=True)
                | Q(kind="THRESHOLD", off_fen__gte=1, threshold_fen__gte=F("off_fen"), off_bp__isnull=True)
                | Q(kind="PERCENT", off_bp__gte=1, off_bp__lte=10_000, off_fen__isnull=True)
                | (Q(kind="FREIGHT", off_bp__isnull=True) & (Q(off_fen__isnull=True) | Q(off_fen__gte=1))),
                name="coupon_template_figures_fit_kind",
            ),
            models.CheckConstraint(
                condition=Q(cap_fen__isnull=True) | Q(kind="PERCENT", cap_fen__gte=1),
                name="coupon_template_cap_of_percent",
            ),
            models.CheckConstraint(
                condition=Q(quota__isnull=True) | Q(issued__lte=F("quota")),
                name="coupon_template_issued_within_quota",
            ),
            models.CheckConstraint(
                condition=Q(
                    valid_days__isnull=True,
                    valid_from__isnull=False,
                    valid_until__isnull=False,
                    valid_until__gt=F("valid_from"),
                )
                | Q(valid_days__gte=1, valid_from__isnull=True, valid_until__isnull=True),
                name="coupon_template_valid_one_way",
            ),
            models.CheckConstraint(
                condition=Q(claim_from__isnull=True)
                | Q(claim_until__isnull=True)
                | Q(claim_until__gt=F("claim_from")),
                name="coupon_template_claim_forward",
            ),
            models.CheckConstraint(condition=Q(per_member__gte=1), name="coupon_template_limit_positive"),
            models.CheckConstraint(
                condition=Q(occasion="ORDER_GIFT", gift_from_fen__isnull=False)
                | (~Q(occasion="ORDER_GIFT") & Q(gift_from_fen__isnull=True)),
                name="coupon_template_gift_threshold",
            ),
            # A shop's till charges no freight.
            models.CheckConstraint(
                condition=~Q(kind="FREIGHT") | Q(channel="ONLINE"), name="coupon_template_freight_online"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=Q(status=TemplateStatus.LIVE, visible=True),
                name="coupon_template_shown",
            ),
            models.Index(
                fields=["occasion"],
                condition=Q(status=TemplateStatus.LIVE) & ~Q(occasion="NONE"),
                name="coupon_template_occasion",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PromoCode(models.Model):
    """A word that a promoter or a member of staff tells around; what it brings in is counted for them."""

    code = models.CharField("推广码", max_length=20, unique=True, help_text="4 到 20 位字母或数字")
    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    promoter = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, verbose_name="推广会员"
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name="员工"
    )
    enabled = models.BooleanField("启用", default=True)
    redemptions = models.PositiveIntegerField("已兑换", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "推广码"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(promoter__isnull=False, operator__isnull=True)
                | Q(promoter__isnull=True, operator__isnull=False),
                name="promo_code_of_one_person",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Coupon(models.Model):
    """One coupon of one member. Only ``services.moving`` writes the status.

    ``order_no`` is who has it now: an order, or a use in a shop (``StoreUse.use_no``).
    """

    class Way(models.TextChoices):
        CLAIM = "CLAIM", "领取"
        CODE = "CODE", "兑换码"
        PROMO = "PROMO", "推广码"
        REGISTRATION = "REGISTRATION", "新人礼包"
        FIRST_ORDER = "FIRST_ORDER", "首单赠送"
        ORDER_GIFT = "ORDER_GIFT", "订单赠送"
        JOB = "JOB", "批量发放"
        POINTS = "POINTS", "积分兑换"
        COMPENSATION = "COMPENSATION", "补偿"
        OTHER = "OTHER", "其他"

    public_id = models.UUIDField("券号", default=uuid.uuid4, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="coupons", db_index=False, verbose_name="会员"
    )
    template = models.ForeignKey(
        Template, on_delete=models.PROTECT, related_name="coupons", db_index=False, verbose_name="模板"
    )
    status = models.CharField(
        "状态", max_length=10, choices=CouponStatus.choices, default=CouponStatus.AVAILABLE
    )
    valid_from = models.DateTimeField("有效期开始")
    valid_until = models.DateTimeField("有效期结束")
    order_no = models.CharField("使用单号", max_length=32, blank=True)
    way = models.CharField("来源", max_length=12, choices=Way.choices)
    # Why it exists, e.g. "job:7" or "claim:1": the same cause never gives a member a second one.
    cause = models.CharField("业务键", max_length=60)
    gift_of = models.CharField("赠自订单", max_length=32, blank=True)
    promo = models.ForeignKey(
        PromoCode, on_delete=models.PROTECT, null=True, blank=True, db_index=False, verbose_name="推广码"
    )
    # Asked back while an order had it: when it comes back it is revoked instead of available.
    recalled_at = models.DateTimeField("要求收回时间", null=True)
    issued_at = models.DateTimeField("发放时间")

    class Meta:
        verbose_name = verbose_name_plural = "优惠券"
        ordering = ["-id"]
        permissions = [("compensate_coupon", "补偿发券")]
        # Few indexes: a mass issue writes each of them for every member. The first serves all reads by member.
        constraints = [
            models.UniqueConstraint(fields=["member", "template", "cause"], name="coupon_once_per_cause"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="coupon_window_forward"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["HELD", "USED"]) & ~Q(order_no="")
                | (~Q(status__in=["HELD", "USED"]) & Q(order_no="")),
                name="coupon_order_exactly_while_taken",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_until"],
                condition=Q(status=CouponStatus.AVAILABLE),
                name="coupon_available_until",
            ),
            models.Index(fields=["order_no"], condition=~Q(order_no=""), name="coupon_of_order"),
            models.Index(fields=["gift_of"], condition=~Q(gift_of=""), name="coupon_gift_of_order"),
            models.Index(fields=["promo"], condition=Q(promo__isnull=False), name="coupon_of_promo"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class CouponMove(models.Model):
    """One change of a coupon's status after its issue (which its own row records). Append-only."""

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="moves", verbose_name="优惠券")
    move = models.CharField("动作", max_length=10)
    from_status = models.CharField("原状态", max_length=10, choices=CouponStatus.choices)
    to_status = models.CharField("新状态", max_length=10, choices=CouponStatus.choices)
    order_no = models.CharField("使用单号", max_length=32, blank=True)
    # "SO…:hold" or "expire": the same cause never moves a coupon twice.
    business_key = models.CharField("业务键", max_length=60)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    note = models.CharField("说明", max_length=100, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "优惠券流水"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["coupon", "business_key"], name="coupon_move_once_per_cause")
        ]
        indexes = [models.Index(fields=["order_no"], condition=~Q(order_no=""), name="coupon_move_of_order")]

    def __str__(self) -> str:
        return f"{self.coupon_id}: {self.move}"


class Tally(models.Model):
    """How many coupons of a template a member has taken themselves: what the limit per member counts."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="模板")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, verbose_name="会员")
    taken = models.PositiveIntegerField("已领")

    class Meta:
        verbose_name = verbose_name_plural = "领取计数"
        constraints = [
            models.UniqueConstraint(fields=["member", "template"], name="coupon_tally_once_per_template")
        ]

    def __str__(self) -> str:
        return f"{self.member_id}/{self.template_id}: {self.taken}"


class CodeBatch(models.Model):
    """A number of single-use codes of one template, made piece by piece. Their quota is taken at once."""

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    name = models.CharField("批次名称", max_length=40)
    size = models.PositiveIntegerField("数量")
    made = models.PositiveIntegerField("已生成", default=0)
    status = models.CharField("状态", max_length=8, choices=BatchStatus.choices, default=BatchStatus.MAKING)
    expires_at = models.DateTimeField("兑换截止", null=True, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = verbose_name_plural = "兑换码批次"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(size__gte=1), name="code_batch_not_empty"),
            models.CheckConstraint(condition=Q(made__lte=F("size")), name="code_batch_made_within_size"),
        ]

    def __str__(self) -> str:
        return self.name


class Code(models.Model):
    """One code of a batch; whoever redeems it first has it."""

    batch = models.ForeignKey(CodeBatch, on_delete=models.PROTECT, related_name="codes", verbose_name="批次")
    code = models.CharField("兑换码", max_length=20, unique=True)
    redeemed_by = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, db_index=False, verbose_name="兑换会员"
    )
    redeemed_at = models.DateTimeField("兑换时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "兑换码"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(redeemed_by__isnull=True, redeemed_at__isnull=True)
                | Q(redeemed_by__isnull=False, redeemed_at__isnull=False),
                name="code_redeemed_by_somebody_at_some_time",
            )
        ]

    def __str__(self) -> str:
        return self.code


class CodeTries(models.Model):
    """How many wrong codes a member has typed in the present hour. In the database: Redis may be away."""

    member = models.OneToOneField(Member, on_delete=models.CASCADE, primary_key=True, verbose_name="会员")
    since = models.DateTimeField("计数开始")
    wrong = models.PositiveIntegerField("错误次数")

    class Meta:
        verbose_name = verbose_name_plural = "兑换码错误次数"

    def __str__(self) -> str:
        return f"{self.member_id}: {self.wrong}"


class StoreUse(models.Model):
    """A coupon that was used at a shop's till, and perhaps undone. What the till took is ``goods - off``."""

    use_no = models.CharField("核销单号", max_length=32, unique=True)
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, related_name="store_uses", db_index=False, verbose_name="券号"
    )
    place = models.ForeignKey(Place, on_delete=models.PROTECT, verbose_name="门店")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="核销人"
    )
    goods_fen = FenField("商品金额（分）")
    off_fen = FenField("优惠（分）")
    receipt_no = models.CharField("小票号", max_length=40, blank=True)
    at = models.DateTimeField("核销时间")
    undone_at = models.DateTimeField("撤销时间", null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="撤销人",
    )
    undone_why = models.CharField("撤销原因", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "门店核销"
        ordering = ["-id"]
        permissions = [("undo_storeuse", "撤销核销"), ("export_storeuse", "导出核销记录")]
        constraints = [
            models.UniqueConstraint(
                fields=["coupon"], condition=Q(undone_at__isnull=True), name="store_use_one_live_per_coupon"
            ),
            models.CheckConstraint(
                condition=Q(off_fen__gte=1, off_fen__lte=F("goods_fen")), name="store_use_off_within_goods"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True, undone_why="")
                | (Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undone_why="")),
                name="store_use_undone_by_somebody_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["at"], name="store_use_at"),
            models.Index(fields=["coupon"], name="store_use_of_coupon"),
        ]

    def __str__(self) -> str:
        return self.use_no

    @property
    def due_fen(self) -> int:
        """What the till took for these goods."""
        return self.goods_fen - self.off_fen


class StorePass(models.Model):
    """The short code by which a shop finds a member's coupon for some minutes; the next one replaces it."""

    coupon = models.OneToOneField(
        Coupon, on_delete=models.CASCADE, primary_key=True, related_name="store_pass", verbose_name="优惠券"
    )
    code = models.CharField("券码", max_length=12)
    expires_at = models.DateTimeField("失效时间", db_index=True)
    # What it was used for, so that the same confirmation sent twice is answered twice and counts once.
    use = models.ForeignKey(
        StoreUse, on_delete=models.CASCADE, null=True, db_index=False, verbose_name="核销"
    )

    class Meta:
        verbose_name = verbose_name_plural = "门店券码"
        constraints = [models.UniqueConstraint(fields=["code"], name="store_pass_code_once")]

    def __str__(self) -> str:
        return f"{self.coupon_id}"


class PassTries(models.Model):
    """How many wrong passes an operator has typed in the present hour."""

    operator = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, verbose_name="操作人"
    )
    since = models.DateTimeField("计数开始")
    wrong = models.PositiveIntegerField("错误次数")

    class Meta:
        verbose_name = verbose_name_plural = "券码错误次数"

    def __str__(self) -> str:
        return f"{self.operator_id}: {self.wrong}"


class IssueJob(models.Model):
    """One coupon for each of many members, issued in chunks; ``cursor`` is the last member that was reached."""

    class Audience(models.TextChoices):
        ALL = "ALL", "全部会员"
        LEVEL = "LEVEL", "指定等级"
        GROUP = "GROUP", "指定分组"
        LIST = "LIST", "指定会员名单"

    template = models.ForeignKey(Template, on_delete=models.PROTECT, verbose_name="优惠券模板")
    audience = models.CharField("发放对象", max_length=5, choices=Audience.choices)
    level = models.ForeignKey(Level, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员等级")
    group = models.ForeignKey(Group, on_delete=models.PROTECT, null=True, blank=True, verbose_name="会员分组")
    reason = models.CharField("发放原因", max_length=100)
    status = models.CharField("状态", max_length=8, choices=JobStatus.choices, default=JobStatus.RUNNING)
    # Members that register while it runs are not meant: it ends at the last one of its beginning.
    last_member_id = models.BigIntegerField("最后会员")
    cursor = models.BigIntegerField("进度位置", default=0)
    total = models.PositiveIntegerField("应发人数")
    reached = models.PositiveIntegerField("已处理人数", default=0)
    issued = models.PositiveIntegerField("已发放", default=0)
    unknown = models.PositiveIntegerField("无法识别的编号", default=0)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    created_at = models.DateTimeField("创建时间")
    finished_at = models.DateTimeField("完成时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "批量发放"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience="LEVEL", level__isnull=False)
                | (~Q(audience="LEVEL") & Q(level__isnull=True)),
                name="issue_job_level_when_by_level",
            ),
            models.CheckConstraint(
                condition=Q(audience="GROUP", group__isnull=False)
                | (~Q(audience="GROUP") & Q(group__isnull=True)),
                name="issue_job_group_when_by_group",
            ),
            models.CheckConstraint(
                condition=Q(status="RUNNING", finished_at__isnull=True)
                | (~Q(status="RUNNING") & Q(finished_at__isnull=False)),
                name="issue_job_finished_exactly_when_over",
            ),
        ]

    def __str__(self) -> str:
        return f"批量发放 {self.pk}"


class IssueTarget(models.Model):
    """A member on the list of a mass issue."""

    job = models.ForeignKey(IssueJob, on_delete=models.CASCADE, db_index=False, verbose_name="批量发放")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, db_index=False, verbose_name="会员")

    class Meta:
        verbose_name = verbose_name_plural = "发放名单"
        constraints = [models.UniqueConstraint(fields=["job", "member"], name="issue_target_once_per_job")]

    def __str__(self) -> str:
        return f"{self.job_id}: {self.member_id}"
