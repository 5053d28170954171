"""Risk for operators: rewards that wait with their reasons in words, the rules, and what other rules would hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base.admin import ReadOnlyAdmin, ReadOnlyTabular, chip
from apps.base.asking import Done, Preview, operator
from apps.base.choosing import asks_for_chosen, chosen, told
from apps.base.finding import Number
from apps.base.one_row import OneRowAdmin
from apps.base.seeking import Whole
from apps.risk import board, forms
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look, Policy, Reason, Rule, Trace
from apps.risk.scoring import Weighing
from apps.risk.states import Clue, Trait, Verdict

_JUDGE = "risk.judge_look"
_COLOURS = {Verdict.HELD: "warning", Verdict.RELEASED: "success", Verdict.REJECTED: "danger"}


class ReasonInline(ReadOnlyTabular):
    model = Reason
    fields = ["clue", "figure", "weight", "text"]
    readonly_fields = fields


@admin.register(Look)
class LookAdmin(ReadOnlyAdmin):
    """Every reward that was looked at; what is held waits here."""

    list_display = ["at", "what", "title", "member", "other", "score", "standing", "why"]
    list_filter = ["verdict", "reasons__clue", "at"]
    list_select_related = ["member", "other"]
    found_by = (
        Number("member__public_id"),
        Number("other__public_id"),
        Whole("subject", beside={"kind": board.names}),
    )
    search_help_text = "会员编号或奖励编号"
    linked_by = ["member__id__exact", "kind__exact"]
    fields = [
        ("what", "title", "subject"),
        ("member", "other", "at"),
        ("score", "standing"),
        ("judged_at", "judged_by", "note"),
    ]
    readonly_fields = ["what", "standing"]
    inlines = [ReasonInline]
    actions = ["release_chosen", "reject_chosen"]
    actions_detail = ["release", "reject"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Look]:
        return super().get_queryset(request).prefetch_related("reasons")

    def usable(self, row: Look) -> list[str]:
        """Only what is held is judged."""
        return ["release", "reject"] if row.verdict == Verdict.HELD else []

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """No buttons about a kind that others decide about."""
        row = self.get_object(request, str(object_id))
        barred = row is not None and row.kind in _barred(request)
        return [] if barred else super().get_actions_detail(request, object_id)

    @admin.display(description="类型", ordering="kind")
    def what(self, row: Look) -> str:
        return board.kind_of(row.kind).label

    @admin.display(description="结论", ordering="verdict")
    def standing(self, row: Look) -> SafeString:
        return chip(row.get_verdict_display(), _COLOURS.get(Verdict(row.verdict), ""))

    @admin.display(description="原因")
    def why(self, row: Look) -> str:
        return "；".join(reason.text for reason in row.reasons.all() if reason.weight) or "—"

    release_chosen = asks_for_chosen(
        description="放行所选的奖励", permission=_JUDGE, page="risk_look_release_many"
    )
    reject_chosen = asks_for_chosen(
        description="驳回所选的奖励", permission=_JUDGE, page="risk_look_reject_many"
    )

    def get_urls(self) -> list[Any]:
        """The pages that ask about chosen rewards beside the others."""
        view = self.admin_site.admin_view
        return [
            path("release-many/", view(self.release_many), name="risk_look_release_many"),
            path("reject-many/", view(self.reject_many), name="risk_look_reject_many"),
            *super().get_urls(),
        ]

    def release_many(self, request: HttpRequest) -> HttpResponse:
        """Ask, then let each of the chosen rewards go by itself."""

        def release(_: forms.ReleaseForm, ids: list[int]) -> Done:
            outcome = risk.release(
                look_ids=ids, operator=operator(request), barred=_barred(request), at=timezone.now()
            )
            return told(outcome, "放行")

        return self._many(request, forms.ReleaseForm, release)

    def reject_many(self, request: HttpRequest) -> HttpResponse:
        """Ask why, then refuse each of the chosen rewards by itself."""

        def reject(form: forms.RejectForm, ids: list[int]) -> Done:
            reason, by = form.cleaned_data["reason"], operator(request)
            outcome = risk.reject(
                look_ids=ids, reason=reason, operator=by, barred=_barred(request), at=timezone.now()
            )
            return told(outcome, "驳回")

        return self._many(request, forms.RejectForm, reject)

    def _many(self, request: HttpRequest, form_class: Any, act: Any) -> HttpResponse:
        rows = chosen(self.get_queryset(request), request, permission=_JUDGE)
        facts = [
            (f"{row.get_verdict_display()} · {row.score} 分", f"{row.title}：{self.why(row)}") for row in rows
        ]
        return self.ask(
            request,
            form_class,
            lambda form: act(form, [row.pk for row in rows]),
            heading=f"所选的 {len(rows)} 笔奖励",
            facts=facts,
            outside=True,
        )

    @action(description="放行", permissions=["risk.judge_look"], url_path="release", icon="check")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Look = self.row(request, object_id)

        def release(_: forms.ReleaseForm) -> str:
            risk.release(
                look_ids=[row.pk], operator=operator(request), barred=_barred(request), at=timezone.now()
            )
            return "已放行。"

        return self.ask(request, forms.ReleaseForm, release, row=row, heading=row.title, facts=_facts(row))

    @action(description="驳回", permissions=["risk.judge_look"], url_path="reject", icon="close")
    def reject(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Look = self.row(request, object_id)

        def reject(form: forms.RejectForm) -> str:
            reason, by = form.cleaned_data["reason"], operator(request)
            risk.reject(
                look_ids=[row.pk], reason=reason, operator=by, barred=_barred(request), at=timezone.now()
            )
            return "已驳回。"

        return self.ask(request, forms.RejectForm, reject, row=row, heading=row.title, facts=_facts(row))


@admin.register(Rule)
class RuleAdmin(ReadOnlyAdmin):
    """What each clue counts. A change is tried on last month's rewards first."""

    list_display = ["clue", "enabled", "threshold", "weight"]
    fields = [("clue", "enabled"), ("threshold", "weight")]
    readonly_fields = ["weight"]
    actions_detail = ["rewrite"]

    @action(description="修改并试算", permissions=["risk.change_rule"], url_path="rewrite", icon="science")
    def rewrite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Rule = self.row(request, object_id)

        def preview(form: forms.RuleForm) -> Preview:
            typed = form.cleaned_data
            wished = Weighing(typed["enabled"], typed["threshold"], typed["weight"])
            return _replayed(
                {**risk_facts.rules(), Clue(row.clue): wished}, hold_at=risk_facts.policy().hold_at
            )

        def rewrite(form: forms.RuleForm) -> str:
            typed = form.cleaned_data
            row.enabled, row.threshold, row.weight = typed["enabled"], typed["threshold"], typed["weight"]
            risk.save_rule(row)
            return "已保存。"

        now = {"enabled": row.enabled, "threshold": row.threshold, "weight": row.weight}
        return self.ask(
            request, forms.RuleForm, rewrite, row=row, heading=str(row), preview=preview, initial=now
        )


@admin.register(Trace)
class TraceAdmin(ReadOnlyAdmin):
    """By what accounts can be told to be one person's: digests, from which nothing can be read."""

    list_display = ["last_at", "trait", "member", "digest", "first_at"]
    list_filter = ["trait"]
    list_select_related = ["member"]
    found_by = (Number("member__public_id"), Whole("digest", beside={"trait": Trait.values.copy}))
    search_help_text = "会员编号或摘要"
    fields = ["member", "trait", "digest", ("first_at", "last_at")]


@admin.register(Policy)
class PolicyAdmin(OneRowAdmin, ReadOnlyAdmin):
    """From which score on a reward is held. A change is tried on last month's rewards first."""

    fields = ["hold_at"]
    readonly_fields = fields
    actions_detail = ["rewrite"]

    @action(description="修改并试算", permissions=["risk.change_policy"], url_path="rewrite", icon="science")
    def rewrite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: Policy = self.row(request, object_id)

        def preview(form: forms.PolicyForm) -> Preview:
            return _replayed(risk_facts.rules(), hold_at=form.cleaned_data["hold_at"])

        def rewrite(form: forms.PolicyForm) -> str:
            row.hold_at = form.cleaned_data["hold_at"]
            risk.save_policy(row)
            return "已保存。"

        return self.ask(
            request,
            forms.PolicyForm,
            rewrite,
            row=row,
            heading=str(row),
            preview=preview,
            initial={"hold_at": row.hold_at},
        )


def _replayed(rules: Mapping[Clue, Weighing], *, hold_at: int) -> Preview:
    """What these rules would have held of the last month's rewards."""
    found = risk_facts.replay(rules, hold_at=hold_at, at=timezone.now())
    among = [("其中", told) for told in found.among]
    told = f"最近 30 天核实过 {found.looked_at} 笔奖励，当时扣留 {found.before} 笔，按新规则会扣留 {found.held} 笔"
    return Preview(facts=[("试算", told), *among])


def _barred(request: HttpRequest) -> frozenset[str]:
    """The kinds about which whoever asks may not decide, here as on their own pages."""
    by = operator(request)
    return frozenset(kind.name for kind in board.kinds() if kind.right and not by.has_perm(kind.right))


def _facts(row: Look) -> list[tuple[str, Any]]:
    """Why it is held, for whoever decides."""
    reasons = [
        ("原因", f"{reason.text}（{reason.weight} 分）") for reason in row.reasons.all() if reason.weight
    ]
    return [("分数", row.score), *reasons]
