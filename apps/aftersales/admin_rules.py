"""Rules of applications and the reasons to choose from, for operators."""

from __future__ import annotations

from django.contrib import admin

from apps.aftersales import application_forms as forms
from apps.aftersales.models import AfterSaleReason, AfterSaleRules
from apps.aftersales.services import ruling
from apps.base.admin import KeptAdmin
from apps.base.one_row import OneRowAdmin


@admin.register(AfterSaleReason)
class AfterSaleReasonAdmin(KeptAdmin):
    """The reasons that shoppers choose from; one that is over is switched off."""

    form = forms.ReasonRowForm
    saves = staticmethod(ruling.save_reason)
    list_display = ["label", "kind", "is_no_reason", "position", "enabled"]
    list_filter = ["kind", "enabled"]


@admin.register(AfterSaleRules)
class AfterSaleRulesAdmin(OneRowAdmin):
    """One row of rules."""

    form = forms.RulesForm
    saves = staticmethod(ruling.save_rules)
    fieldsets = [
        ("申请", {"fields": [("apply_days", "answer_hours", "silence_approves")]}),
        ("退货", {"fields": [("send_back_days", "arrive_days", "inspect_hours"), "return_place"]}),
        ("时限", {"fields": [("dispatch_hours", "money_hours")]}),
        (
            "金额",
            {"fields": [("service_up_to_fen", "second_person_above_fen", "carriage_up_to_fen")]},
        ),
        ("极速退款", {"fields": [("instant_level", "instant_up_to_fen", "instant_per_day")]}),
    ]
