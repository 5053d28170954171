"""Facts of risk: the rules, what was noticed of members, the rewards that were looked at and what counted against each."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps.members.models import Member
from apps.risk.states import Clue, Trait, Verdict


class Policy(models.Model):
    """The one row that says from which score on a reward is held."""

    hold_at = models.PositiveIntegerField(
        "扣留分数",
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
        help_text="命中规则的分数相加，达到此分数的奖励先扣留，等待人工核实；订单不受影响",
    )

    class Meta:
        verbose_name = verbose_name_plural = "扣留标准"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="risk_policy_one_row"),
            models.CheckConstraint(
                condition=Q(hold_at__gte=1, hold_at__lte=1_000), name="risk_policy_holds_something"
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class Rule(models.Model):
    """How much a clue counts, and from which figure on."""

    clue = models.CharField("线索", max_length=16, choices=Clue.choices, unique=True, editable=False)
    enabled = models.BooleanField("启用", default=True)
    threshold = models.PositiveIntegerField(
        "达到多少算命中",
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text="例如「同一设备多个账号」填 3：同一设备有 3 个或更多账号时命中",
    )
    weight = models.PositiveIntegerField(
        "分数", validators=[MaxValueValidator(1_000)], help_text="命中后加多少分"
    )

    class Meta:
        verbose_name = verbose_name_plural = "风险规则"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gte=1, threshold__lte=10_000, weight__lte=1_000),
                name="risk_rule_within_bounds",
            )
        ]

    def __str__(self) -> str:
        return self.get_clue_display()


class Trace(models.Model):
    """A trait that was noticed of a member, as a keyed digest (``apps.base.digests``): who else has it can be asked."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    trait = models.CharField("特征", max_length=8, choices=Trait.choices)
    digest = models.CharField("摘要", max_length=32)
    first_at = models.DateTimeField("首次出现")
    last_at = models.DateTimeField("最近出现")

    class Meta:
        verbose_name = verbose_name_plural = "风险特征"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "trait", "digest"], name="risk_trace_once"),
            models.CheckConstraint(condition=Q(last_at__gte=F("first_at")), name="risk_trace_forward"),
        ]
        indexes = [
            models.Index(fields=["trait", "digest", "member"], name="risk_trace_shared_by"),
            models.Index(fields=["last_at"], name="risk_trace_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.get_trait_display()}"


class Look(models.Model):
    """One reward that was looked at: whose, by whose doing, the score, and what was decided.

    ``kind``, ``subject`` and the two members name the reward in its own room (``config/judging.py``); the room holds it,
    never the order.
    """

    kind = models.CharField("类型", max_length=20)
    subject = models.CharField("业务编号", max_length=40)
    title = models.CharField("奖励", max_length=80)
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="得奖会员", db_index=False
    )
    other = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="相关会员"
    )
    score = models.PositiveIntegerField("分数")
    verdict = models.CharField("结论", max_length=8, choices=Verdict.choices, default=Verdict.CLEAR)
    at = models.DateTimeField("时间")
    judged_at = models.DateTimeField("核实时间", null=True)
    judged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="核实人"
    )
    note = models.CharField("核实说明", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "奖励核实"
        ordering = ["-id"]
        permissions = [("judge_look", "放行或驳回待核实的奖励")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "member", "other"], nulls_distinct=False, name="risk_look_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    verdict__in=[Verdict.RELEASED, Verdict.REJECTED, Verdict.LAPSED], judged_at__isnull=False
                )
                | Q(verdict__in=[Verdict.CLEAR, Verdict.HELD], judged_at__isnull=True),
                name="risk_look_judged_when_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], condition=Q(verdict=Verdict.HELD), name="risk_look_held"),
            models.Index(fields=["at"], name="risk_look_by_time"),
            models.Index(fields=["member", "-id"], name="risk_look_of_member"),
        ]

    def __str__(self) -> str:
        return self.title


class Reason(models.Model):
    """A clue that was found at a look: its figure, and what it counted by the rules of that moment (0: below them)."""

    look = models.ForeignKey(
        Look, on_delete=models.CASCADE, related_name="reasons", verbose_name="奖励核实", db_index=False
    )
    clue = models.CharField("线索", max_length=16, choices=Clue.choices)
    figure = models.PositiveIntegerField("数值")
    weight = models.PositiveIntegerField("计分")
    text = models.CharField("说明", max_length=100)

    class Meta:
        verbose_name = verbose_name_plural = "核实原因"
        ordering = ["look", "-weight", "id"]
        constraints = [
            models.UniqueConstraint(fields=["look", "clue"], name="risk_reason_once"),
            models.CheckConstraint(condition=Q(figure__gte=1), name="risk_reason_of_something"),
        ]

    def __str__(self) -> str:
        return self.text
