"""Surveys: what an operator asks, and what members answered, once each."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from apps.members.models import Level, Member

MOST_OPTIONS = 20
LONGEST_OPTION = 50
MOST_TEXT = 500


class Survey(models.Model):
    """Questions to all members, or to those of some levels, in ``[starts_at, ends_at)``.

    Once it was answered its questions stand still: a trigger refuses any change of them.
    """

    title = models.CharField("标题", max_length=40)
    introduction = models.CharField("说明", max_length=500, blank=True)
    levels = models.ManyToManyField(Level, blank=True, verbose_name="面向等级", help_text="不选表示所有会员")
    starts_at = models.DateTimeField("开始时间")
    ends_at = models.DateTimeField("结束时间")
    enabled = models.BooleanField("启用", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "问卷"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="survey_window_forward")
        ]
        indexes = [models.Index(fields=["ends_at"], condition=Q(enabled=True), name="survey_enabled_until")]

    def __str__(self) -> str:
        return self.title


class Question(models.Model):
    """One question. ``options`` are the texts to choose from; an answer names them by their place, 1 the first."""

    class Kind(models.TextChoices):
        SINGLE = "SINGLE", "单选"
        SEVERAL = "SEVERAL", "多选"
        RATING = "RATING", "评分（1–5）"
        TEXT = "TEXT", "文字"

    survey = models.ForeignKey(
        Survey, on_delete=models.CASCADE, related_name="questions", verbose_name="问卷"
    )
    position = models.PositiveSmallIntegerField("排序", default=0)
    kind = models.CharField("题型", max_length=10, choices=Kind.choices)
    text = models.CharField("问题", max_length=100)
    options = models.JSONField("选项", default=list, blank=True)
    required = models.BooleanField("必答", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "问题"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["SINGLE", "SEVERAL"]) | Q(options=[]), name="question_options_to_choose"
            )
        ]

    def __str__(self) -> str:
        return self.text


class Response(models.Model):
    """A member answered a survey: once, and for good, unless they take their consent back."""

    survey = models.ForeignKey(
        Survey, on_delete=models.PROTECT, related_name="responses", verbose_name="问卷", db_index=False
    )
    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="+", verbose_name="会员", db_index=False
    )
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = verbose_name_plural = "答卷"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "survey"], name="response_once_per_member_and_survey")
        ]
        indexes = [models.Index(fields=["survey", "id"], name="response_of_survey")]

    def __str__(self) -> str:
        return f"答卷 {self.pk}"


class Answer(models.Model):
    """What a response says to one question; a question that was left out has none."""

    response = models.ForeignKey(
        Response, on_delete=models.CASCADE, related_name="answers", verbose_name="答卷"
    )
    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="answers", verbose_name="问题", db_index=False
    )
    # Places of the options, 1 the first, each once and in order.
    choices = ArrayField(models.PositiveSmallIntegerField(), default=list, verbose_name="所选项")
    rating = models.PositiveSmallIntegerField("评分", null=True)
    text = models.CharField("文字", max_length=MOST_TEXT, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "答案"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "response"], name="answer_once_per_question_and_response"
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__gte=1, rating__lte=5), name="answer_rated_1_to_5"
            ),
            models.CheckConstraint(
                condition=(~Q(choices=[]) & Q(rating__isnull=True, text=""))
                | Q(choices=[], rating__isnull=False, text="")
                | (Q(choices=[], rating__isnull=True) & ~Q(text="")),
                name="answer_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return self.text or str(self.rating or self.choices)
