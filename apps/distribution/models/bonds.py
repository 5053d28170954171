"""Who brought whom: the edge as it stands, and every change of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.distribution.models.promoters import Promoter
from apps.distribution.states import BondCause
from apps.members.models import Member
from apps.shares.models import Share


class Bond(models.Model):
    """A member's inviter: one at most. The database refuses oneself and rings (migration 0001).

    Without ``valid_until`` it holds for ever. Whoever reckons with an order asks the history, not this row.
    """

    member = models.OneToOneField(Member, on_delete=models.PROTECT, related_name="+", verbose_name="客户")
    promoter = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, related_name="bonds", verbose_name="推客", db_index=False
    )
    bound_at = models.DateTimeField("绑定时间")
    valid_until = models.DateTimeField("有效期至", null=True)
    protected_until = models.DateTimeField("保护期至", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "客户绑定"
        ordering = ["-id"]
        indexes = [models.Index(fields=["promoter", "-id"], name="bond_by_promoter")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("bound_at")),
                name="bond_valid_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} ← {self.promoter}"


class BondChange(models.Model):
    """One change of a binding and its cause. Append-only. ``promoter`` is whose the member was from then on."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="客户", db_index=False
    )
    promoter = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="推客"
    )
    before = models.ForeignKey(
        Promoter, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="原推客"
    )
    cause = models.CharField("原因", max_length=8, choices=BondCause.choices)
    share = models.ForeignKey(
        Share, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="分享"
    )
    valid_until = models.DateTimeField("有效期至", null=True)
    note = models.CharField("说明", max_length=100, blank=True)
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="操作人"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "绑定历史"
        ordering = ["-id"]
        indexes = [models.Index(fields=["member", "-id"], name="bond_change_of_member")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cause=BondCause.UNBOUND, promoter__isnull=True)
                | (~Q(cause=BondCause.UNBOUND) & Q(promoter__isnull=False)),
                name="bond_change_to_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member} · {self.get_cause_display()}"
