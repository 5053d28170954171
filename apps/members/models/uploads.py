"""What members send: pictures, each for a purpose."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.members.models.members import Member
from apps.pictures.fields import StoredNameField


class Upload(models.Model):
    """A picture that a member sent, for a purpose: asked for, drawn anew, and kept while somebody uses it.

    ``ended_at`` is empty while it is being drawn; a ``file`` that is empty then was refused. ``taken_at``: when a
    review, a profile, … took it; what nobody took is gone after a day.
    """

    class Purpose(models.TextChoices):
        REVIEW = "review", "评价"
        AVATAR = "avatar", "头像"
        AFTER_SALE = "after_sale", "售后"

    public_id = models.CharField("图片编号", max_length=24, unique=True)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices)
    file = StoredNameField("文件", max_length=100, blank=True)
    width = models.PositiveIntegerField("宽", default=0)
    height = models.PositiveIntegerField("高", default=0)
    uploaded_at = models.DateTimeField("上传时间")
    ended_at = models.DateTimeField("处理完成时间", null=True)
    taken_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "会员上传的图片"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(ended_at__isnull=True), name="upload_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True) | ~Q(file=""), name="upload_taken_has_a_file"
            ),
        ]
        indexes = [
            models.Index(fields=["member", "uploaded_at"], name="upload_of_member_by_day"),
            models.Index(
                fields=["uploaded_at", "id"], condition=Q(taken_at__isnull=True), name="upload_untaken_since"
            ),
            models.Index(fields=["file"], condition=~Q(file=""), name="upload_of_file"),
        ]

    def __str__(self) -> str:
        return self.public_id
