"""Groups of members, and who is in them."""

from __future__ import annotations

from django.db import models

from apps.base import numbers
from apps.members.models.members import Member


class Group(models.Model):
    """Members whom operators put together by hand, such as those of a tea club.

    ``code`` is its name in files of campaigns. Every group has one: a session for a group that no file could name would
    be written as one for everybody.
    """

    code = models.CharField(
        "编码",
        max_length=40,
        blank=True,
        default=numbers.code,
        unique=True,
        help_text="在活动文件中的名字，留空则自动编号",
    )
    name = models.CharField("名称", max_length=30, unique=True)
    note = models.CharField("说明", max_length=200, blank=True, help_text="只有操作员看得到")

    class Meta:
        verbose_name = verbose_name_plural = "会员分组"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A member is in a group, and since when. Written by services/groups.py only, which marks the member as well."""

    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="memberships",
        db_index=False,
        verbose_name="会员分组",
    )
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="memberships", verbose_name="会员"
    )
    added_at = models.DateTimeField("加入时间")

    class Meta:
        verbose_name = verbose_name_plural = "分组会员"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["group", "member"], name="membership_once_per_group")]

    def __str__(self) -> str:
        return f"{self.group_id}: {self.member_id}"
