"""What members say of goods they received: reviews with pictures, every move of them, and the rules."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.catalog.models import Product
from apps.content.states import MOVE_LABELS, Finding, ReviewStatus
from apps.members.models import Member
from apps.orders.models import OrderLine
from apps.pictures.fields import StoredNameField

MOST_CHARACTERS = 500
MOST_PICTURES = 9


class ReviewRules(models.Model):
    """How long an order may be reviewed, and how many pictures a day: one row, and where there is none these defaults."""

    days = models.PositiveSmallIntegerField(
        "评价期限（天）", default=90, help_text="确认收货后多少天内可以评价"
    )
    pictures_per_day = models.PositiveSmallIntegerField("每人每日上传图片上限", default=50)

    class Meta:
        verbose_name = verbose_name_plural = "评价规则"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="review_rules_one_row"),
            models.CheckConstraint(condition=Q(days__gte=1), name="review_takes_days"),
        ]

    def __str__(self) -> str:
        return "评价规则"


class Review(models.Model):
    """What a member says of one line of a received order. ``moving.move`` alone writes the status.

    ``finding`` and ``label`` are WeChat's of the text; pictures have their own. ``look_at``: when a person gets
    it, should WeChat not have said everything by then.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="reviews", verbose_name="会员", db_index=False
    )
    line = models.ForeignKey(
        OrderLine, on_delete=models.PROTECT, related_name="+", verbose_name="订单商品", db_index=False
    )
    # That of the line's SKU, kept so that a product's reviews are one look into an index.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", verbose_name="商品")
    rating = models.PositiveSmallIntegerField("评分")
    text = models.CharField("评价内容", max_length=MOST_CHARACTERS, blank=True)
    anonymous = models.BooleanField("匿名", default=False)
    picture_count = models.PositiveSmallIntegerField("图片数", default=0)
    status = models.CharField(
        "状态", max_length=10, choices=ReviewStatus.choices, default=ReviewStatus.WAITING
    )
    finding = models.CharField("文字检测", max_length=10, choices=Finding.choices, default=Finding.NONE)
    label = models.PositiveIntegerField("微信标签", default=0)
    trace_id = models.CharField("微信检测编号", max_length=64, blank=True)
    # Why it is held, rejected or hidden, as operators read it.
    reason = models.CharField("原因", max_length=100, blank=True)
    reply = models.CharField("商家回复", max_length=MOST_CHARACTERS, blank=True)
    replied_at = models.DateTimeField("回复时间", null=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="回复人"
    )
    written_at = models.DateTimeField("评价时间")
    published_at = models.DateTimeField("首次发布时间", null=True)
    look_at = models.DateTimeField("最晚转人工时间")

    class Meta:
        verbose_name = verbose_name_plural = "商品评价"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["line"], name="review_once_per_order_line"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rated_1_to_5"),
            models.CheckConstraint(
                condition=Q(picture_count__lte=MOST_PICTURES), name="review_pictures_within_9"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[ReviewStatus.PUBLISHED, ReviewStatus.HIDDEN])
                | Q(published_at__isnull=False),
                name="review_published_at_when_seen",
            ),
            models.CheckConstraint(
                condition=Q(reply="", replied_at__isnull=True) | (~Q(reply="") & Q(replied_at__isnull=False)),
                name="review_replied_at_exactly_with_reply",
            ),
            models.CheckConstraint(
                condition=~Q(status=ReviewStatus.ERASED) | Q(text="", reply="", picture_count=0),
                name="review_erased_says_nothing",
            ),
        ]
        indexes = [
            models.Index(
                fields=["product", "-published_at", "-id"],
                condition=Q(status=ReviewStatus.PUBLISHED),
                name="review_of_product",
            ),
            models.Index(
                fields=["product", "rating"],
                condition=Q(status=ReviewStatus.PUBLISHED),
                name="review_ratings_of_product",
            ),
            models.Index(fields=["member", "-id"], name="review_of_member"),
            models.Index(
                fields=["look_at", "id"], condition=Q(status=ReviewStatus.WAITING), name="review_overdue"
            ),
            models.Index(fields=["status", "-id"], name="review_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.rating} 星评价 {self.pk}"


class Picture(models.Model):
    """A picture of a review: an upload (``members.Upload``) that the review took."""

    public_id = models.CharField("图片编号", max_length=24, unique=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员")
    review = models.ForeignKey(
        Review, on_delete=models.PROTECT, related_name="pictures", verbose_name="评价", db_index=False
    )
    position = models.PositiveSmallIntegerField("顺序", default=0)
    file = StoredNameField("文件", max_length=100)
    width = models.PositiveIntegerField("宽")
    height = models.PositiveIntegerField("高")
    finding = models.CharField("图片检测", max_length=10, choices=Finding.choices, default=Finding.NONE)
    label = models.PositiveIntegerField("微信标签", default=0)
    trace_id = models.CharField("微信检测编号", max_length=64, blank=True)
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = verbose_name_plural = "评价图片"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["trace_id"], condition=~Q(trace_id=""), name="picture_once_per_trace"
            ),
            models.UniqueConstraint(fields=["review", "position"], name="picture_once_per_place_in_review"),
        ]

    def __str__(self) -> str:
        return self.public_id


class ReviewMove(models.Model):
    """One move of a review: who, from where to where, why. Append-only."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="moves", verbose_name="评价")
    move = models.CharField("动作", max_length=10, choices=list(MOVE_LABELS.items()))
    from_status = models.CharField("原状态", max_length=10, choices=ReviewStatus.choices)
    to_status = models.CharField("新状态", max_length=10, choices=ReviewStatus.choices)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name="操作人"
    )
    reason = models.CharField("原因", max_length=100, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "评价历史"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.review_id}: {self.move}"
