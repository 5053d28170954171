"""What operators type of flash sales: a session with its goods, a plan with the goods of each of its sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.base.forms import YuanField, show_refusal, shown
from apps.campaigns.forms import CombinesField
from apps.catalog.sku_codes import SkuCodeField
from apps.flashsale import services as flashsale
from apps.flashsale.models import Good, Plan, PlanGood, Session
from apps.flashsale.services.planning import WEEKDAYS
from apps.flashsale.services.saving import ONCE
from mall.errors import Faulty, ShopError


class SessionForm(forms.ModelForm):
    """A session; its window and extras are judged here, its goods beside it."""

    combines = CombinesField()

    class Meta:
        model = Session
        fields = ["title", "code", "preheat_at", "starts_at", "ends_at", "group", "combines"]

    def clean(self) -> dict[str, Any]:
        """Have the service judge window and extras, at their fields; the goods judge the whole."""
        typed = super().clean() or {}
        if not self.errors:
            try:
                flashsale.check_window(
                    starts_at=typed["starts_at"],
                    ends_at=typed["ends_at"],
                    preheat_at=typed["preheat_at"],
                    combines=typed["combines"],
                )
            except flashsale.SessionRefused as refusal:
                show_refusal(self, refusal)
        return typed


class GoodForm(forms.ModelForm):
    """One SKU of a session."""

    sku = SkuCodeField()
    price_fen = YuanField(label="秒杀价（元）", min_value=1)

    class Meta:
        model = Good
        fields = ["sku", "price_fen", "quota", "limit_per_member"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["sku"] = self.instance.sku
            # Orders name the good by its id: another SKU is another good.
            self.fields["sku"].disabled = True


class _EachOnce(forms.BaseInlineFormSet):
    """Goods in rows, each SKU in one of them."""

    def get_unique_error_message(self, unique_check: Sequence[str]) -> str:
        return ONCE

    def get_form_error(self) -> str:
        return ONCE


class GoodFormSet(_EachOnce):
    """The goods of a session. The service judges session and goods as a whole, and the page says why it refuses."""

    draft: flashsale.SessionDraft

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance.starts_at is None or self.instance.ends_at is None:
            return
        if self.instance.ends_at <= self.instance.starts_at:
            return  # the session's own form says so
        self.draft = self._draft()
        try:
            flashsale.CAMPAIGNS.try_out(self.draft, at=timezone.now())
        except Faulty as refusal:
            raise ValidationError([shown(refusal, fault) for fault in refusal.faults]) from refusal
        except ShopError as refusal:
            raise ValidationError(refusal.text) from refusal

    def _draft(self) -> flashsale.SessionDraft:
        row = self.instance
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("sku") and not form.cleaned_data.get("DELETE")
        ]
        return flashsale.SessionDraft(
            row_id=row.pk,
            code=row.code,
            title=row.title,
            preheat_at=row.preheat_at,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            combines=row.combines,
            group_id=row.group_id,
            goods=[
                flashsale.GoodDraft(
                    sku_id=typed["sku"].pk,
                    price_fen=typed["price_fen"],
                    quota=typed["quota"],
                    limit_per_member=typed["limit_per_member"],
                )
                for typed in kept
            ],
        )


class PlanForm(forms.ModelForm):
    """A plan."""

    combines = CombinesField()
    weekdays = forms.TypedMultipleChoiceField(
        label="星期",
        required=False,
        coerce=int,
        choices=list(WEEKDAYS.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="不勾选表示每天",
    )

    class Meta:
        model = Plan
        fields = [
            "title",
            "code",
            "weekdays",
            "starts",
            "minutes",
            "preheat_minutes",
            "from_day",
            "until_day",
            "ahead_days",
            "group",
            "combines",
            "enabled",
        ]


class PlanGoodForm(forms.ModelForm):
    """One SKU of each session."""

    sku = SkuCodeField()
    price_fen = YuanField(label="秒杀价（元）", min_value=1)

    class Meta:
        model = PlanGood
        fields = ["sku", "price_fen", "quota", "limit_per_member"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["sku"] = self.instance.sku


class PlanGoodFormSet(_EachOnce):
    """The goods of a plan: there are some, and their prices make sense today."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("sku") and not form.cleaned_data.get("DELETE")
        ]
        try:
            flashsale.check_plan_goods([_draft_of(typed) for typed in kept])
        except flashsale.PlanRefused as refusal:
            raise ValidationError([shown(refusal, fault) for fault in refusal.faults]) from refusal


def _draft_of(typed: dict[str, Any]) -> flashsale.GoodDraft:
    return flashsale.GoodDraft(
        sku_id=typed["sku"].pk,
        price_fen=typed["price_fen"],
        quota=typed["quota"],
        limit_per_member=typed["limit_per_member"],
    )
