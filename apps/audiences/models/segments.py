"""Tags and segments: the words that operators put on members, and sets of members that conditions describe."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.audiences.states import TagKind
from apps.members.models import Group, Member


class Segment(models.Model):
    """A set of members that conditions describe. What it means today is its ``current`` version.

    ``broken`` says which part of its conditions means nothing any more; while it is so nothing is sent to it. With a
    ``group`` its members are kept in that group of members, which coupons and flash sales can be for.
    """

    name = models.CharField("名称", max_length=26, unique=True)
    note = models.CharField("说明", max_length=200, blank=True, help_text="只有操作员看得到")
    current = models.ForeignKey(
        "SegmentVersion", on_delete=models.PROTECT, null=True, related_name="+", verbose_name="现行条件"
    )
    group = models.OneToOneField(
        Group,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="同步到会员分组",
    )
    grouped_at = models.DateTimeField("分组同步时间", null=True)
    broken = models.CharField("条件失效", max_length=200, blank=True)
    broken_at = models.DateTimeField("失效时间", null=True)
    created_at = models.DateTimeField("创建时间")
    archived_at = models.DateTimeField("归档时间", null=True)
    # The last Shanghai day for which its members were counted, and kept in its group.
    counted_on = models.DateField("计数日期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "人群"
        ordering = ["-id"]
        permissions = [
            ("export_segment", "导出人群（手机号脱敏）"),
            ("reveal_segment", "导出人群的完整手机号"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(broken="", broken_at__isnull=True) | (~Q(broken="") & Q(broken_at__isnull=False)),
                name="segment_broken_since_some_time",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word on members: put there by hand, or every night on the members of a segment (``rule``)."""

    name = models.CharField("标签", max_length=20)
    note = models.CharField("说明", max_length=200, blank=True, help_text="只有操作员看得到")
    kind = models.CharField("方式", max_length=4, choices=TagKind.choices, default=TagKind.HAND)
    rule = models.ForeignKey(
        Segment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tags",
        verbose_name="规则（人群）",
        help_text="规则标签每天凌晨贴到这个人群的会员上，离开人群的会员自动去掉",
    )
    created_at = models.DateTimeField("创建时间")
    archived_at = models.DateTimeField("归档时间", null=True)
    # The last Shanghai day for which its rule was followed.
    followed_on = models.DateField("更新日期", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员标签"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="tag_name_once", violation_error_message="已有同名的标签"
            ),
            models.CheckConstraint(
                condition=Q(kind=TagKind.HAND, rule__isnull=True) | Q(kind=TagKind.RULE, rule__isnull=False),
                name="tag_rule_exactly_by_rule",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TagMark(models.Model):
    """A member bears a tag: since when, and who put it there (nobody where the rule did)."""

    tag = models.ForeignKey(
        Tag, on_delete=models.PROTECT, related_name="marks", db_index=False, verbose_name="标签"
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="tag_marks", db_index=False, verbose_name="会员"
    )
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("贴上时间")

    class Meta:
        verbose_name = verbose_name_plural = "会员的标签"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["member", "tag"], name="tag_mark_once")]
        indexes = [models.Index(fields=["tag", "member"], name="tag_mark_of_tag")]

    def __str__(self) -> str:
        return f"{self.member} · {self.tag}"


class SegmentVersion(models.Model):
    """Conditions as they were written once: a tree (``conditions.py``). Append-only."""

    segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, related_name="versions", db_index=False, verbose_name="人群"
    )
    number = models.PositiveIntegerField("版本")
    tree = models.JSONField("条件")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "人群条件"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="segment_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="segment_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"第 {self.number} 版"


class VersionTag(models.Model):
    """A version asks for a tag: so that whoever archives the tag knows. Append-only."""

    version = models.ForeignKey(
        SegmentVersion, on_delete=models.PROTECT, related_name="tags", db_index=False, verbose_name="人群条件"
    )
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="versions", verbose_name="标签")

    class Meta:
        verbose_name = verbose_name_plural = "条件中的标签"
        constraints = [models.UniqueConstraint(fields=["version", "tag"], name="version_tag_once")]

    def __str__(self) -> str:
        return f"{self.version_id}: {self.tag_id}"


class SegmentSize(models.Model):
    """How many members a segment had on a day; ``exact`` unless it was estimated from a sample. Append-only."""

    segment = models.ForeignKey(
        Segment, on_delete=models.PROTECT, related_name="sizes", db_index=False, verbose_name="人群"
    )
    version = models.ForeignKey(
        SegmentVersion, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name="人群条件"
    )
    day = models.DateField("日期")
    members = models.PositiveIntegerField("人数")
    exact = models.BooleanField("准确", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "人群人数"
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_size_once_a_day")]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.day}: {self.members}"
