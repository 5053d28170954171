"""Coupons for operators: templates with their buttons, coupons to read, promoters' words."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from apps.base.admin import KeptAdmin, ReadOnlyAdmin, ReadOnlyTabular
from apps.base.asking import Preview, operator
from apps.base.finding import Number
from apps.base.seeking import Whole
from apps.catalog import scopes
from apps.coupons import admin_progress, admin_store, forms, wording
from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, CouponMove, PromoCode, Template
from apps.coupons.services import codes, promo_codes, templates
from apps.coupons.services import jobs as issues
from apps.coupons.states import TemplateStatus
from mall.money import priced

__all__ = ["CouponAdmin", "PromoCodeAdmin", "TemplateAdmin", "admin_progress", "admin_store"]


@admin.register(Template)
class TemplateAdmin(KeptAdmin):
    """What coupons say. They are stopped, never deleted: members hold their coupons."""

    form = forms.TemplateForm
    list_display = ["name", "worth", "status", "given", "validity", "occasion", "visible"]
    list_filter = ["status", "kind", "occasion", "visible"]
    search_fields = ["name"]
    autocomplete_fields = [*scopes.NAMING]
    readonly_fields = ["worth", "status", "issued"]
    actions_detail = ["publish", "stop", "issue", "make_codes"]
    fieldsets = [
        (None, {"fields": ["name", "worth", "status", "note"]}),
        ("面值", {"fields": ["kind", "threshold_fen", "off_fen", "off_bp", "cap_fen", "combines"]}),
        ("适用范围", {"fields": ["scope", *scopes.NAMING, "channel"]}),
        ("有效期（二选一）", {"fields": ["valid_from", "valid_until", "valid_days"]}),
        ("发放", {"fields": ["quota", "issued", "occasion", "gift_from_fen"]}),
        ("领取", {"fields": ["visible", "per_member", "claim_from", "claim_until", "levels", "groups"]}),
    ]
    conditional_fields = {
        "threshold_fen": "kind != 'NO_THRESHOLD'",
        "off_fen": "kind != 'PERCENT'",
        "off_bp": "kind == 'PERCENT'",
        "cap_fen": "kind == 'PERCENT'",
        **scopes.SHOWN_WHEN,
        "channel": "kind != 'FREIGHT'",
        "gift_from_fen": "occasion == 'ORDER_GIFT'",
    }

    def usable(self, row: Template) -> list[str]:
        """A draft is published; what is live is stopped and given out; what was stopped may go live again."""
        live = row.status == TemplateStatus.LIVE
        return ["stop", "issue", "make_codes"] if live else ["publish"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What coupons are worth stands still once one was issued."""
        frozen = forms.FROZEN if obj is not None and obj.issued else ()
        return [*self.readonly_fields, *frozen]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The service writes the row and all that belongs to it."""
        saved = templates.save(form.draft, operator=operator(request), at=timezone.now())
        obj.pk, obj._state.adding = saved.pk, False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: goods, levels and groups are written with the row."""

    @admin.display(description="面值")
    def worth(self, row: Template) -> str:
        return wording.worth(row) if row.pk else "保存后显示"

    @admin.display(description="有效期")
    def validity(self, row: Template) -> str:
        return wording.validity(row)

    @admin.display(description="已发放", ordering="issued")
    def given(self, row: Template) -> str:
        return f"{row.issued:,} / {row.quota:,}" if row.quota is not None else f"{row.issued:,}"

    @action(
        description="上线", permissions=["coupons.change_template"], url_path="publish", icon="play_arrow"
    )
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def publish(form: forms.PublishForm) -> str:
            templates.publish(template_id=row.pk)
            return "已上线"

        return self.ask(request, forms.PublishForm, publish, row=row, heading=self._subject(row))

    @action(description="停发", permissions=["coupons.change_template"], url_path="stop", icon="stop")
    def stop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def stop(form: forms.StopForm) -> str:
            templates.stop(template_id=row.pk)
            return "已停发，会员手中的券仍可使用"

        return self.ask(request, forms.StopForm, stop, row=row, heading=self._subject(row))

    @action(description="批量发放", permissions=["coupons.issue_template"], url_path="issue", icon="send")
    def issue(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def start(form: forms.IssueForm) -> str:
            job = issues.start(
                template_id=row.pk,
                audience=form.cleaned_data["audience"],
                level_id=form.level_id(),
                group_id=form.group_id(),
                member_numbers=form.member_numbers(),
                reason=form.cleaned_data["reason"],
                token=form.cleaned_data["token"].hex,
                operator=operator(request),
                at=timezone.now(),
            )
            unknown = f"，{job.unknown} 个编号无法识别" if job.unknown else ""
            return f"已开始发放，共 {job.total} 人{unknown}"

        def preview(form: forms.IssueForm) -> Preview:
            total, unknown = issues.count(
                audience=form.cleaned_data["audience"],
                level_id=form.level_id(),
                group_id=form.group_id(),
                member_numbers=form.member_numbers(),
            )
            facts = [
                ("优惠券", self._subject(row)),
                ("发放对象", form.meant()),
                ("人数", f"{total:,} 人，每人一张"),
                ("发放原因", form.cleaned_data["reason"]),
            ]
            if unknown:
                facts.insert(3, ("无法识别的编号", f"{unknown:,} 个，不发放"))
            return Preview(facts=facts)

        return self.ask(
            request,
            forms.IssueForm,
            start,
            row=row,
            heading=self._subject(row),
            preview=preview,
            then=reverse("admin:coupons_issuejob_changelist"),
        )

    @action(
        description="生成兑换码",
        permissions=["coupons.issue_template"],
        url_path="make-codes",
        icon="qr_code_2",
    )
    def make_codes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def order(form: forms.BatchForm) -> str:
            typed = form.cleaned_data | {"token": form.cleaned_data["token"].hex}
            at = timezone.now()
            codes.create_batch(template_id=row.pk, operator=operator(request), at=at, **typed)
            return "已开始生成"

        then = reverse("admin:coupons_codebatch_changelist")
        return self.ask(request, forms.BatchForm, order, row=row, heading=self._subject(row), then=then)

    def _subject(self, row: Template) -> str:
        return f"{row.name}（{wording.worth(row)}）· 已发放 {self.given(row)}"


class MoveInline(ReadOnlyTabular):
    """What happened to a coupon since its issue."""

    model = CouponMove
    fields = ["at", "move", "from_status", "to_status", "order_no", "operator", "note"]
    ordering = ["id"]


@admin.register(Coupon)
class CouponAdmin(ReadOnlyAdmin):
    """The coupons that members hold."""

    list_display = [
        "public_id",
        "template",
        "worth",
        "member",
        "status",
        "valid_until",
        "way",
        "order_no",
        "promo",
    ]
    list_filter = ["status", "way"]
    list_select_related = ["template", "member", "promo"]
    found_by = (Number("member__public_id"), Whole("order_no"), Number("promo__code"))
    search_help_text = "按会员编号、使用单号（订单或门店核销）或推广码查找"
    linked_by = ["member__id__exact"]
    fields = [
        *("public_id", "template", "worth", "member", "status", "valid_from", "valid_until", "order_no"),
        *("way", "cause", "gift_of", "promo", "recalled_at", "issued_at"),
    ]
    readonly_fields = ["worth"]
    inlines = [MoveInline]
    actions_list = ["compensate"]
    actions_detail = ["revoke"]

    @action(
        description="补偿发券",
        permissions=["coupons.compensate_coupon"],
        url_path="compensate",
        icon="volunteer_activism",
    )
    def compensate(self, request: HttpRequest) -> HttpResponse:
        """Reached from the list, and from an order or a member, which it then knows (``?member=…&order_no=…``)."""

        def give(form: forms.CompensateForm) -> str:
            typed = form.cleaned_data
            coupon, given = coupons.compensate(
                member=typed["member"],
                template_id=typed["template"].pk,
                order_no=typed["order_no"].strip(),
                reason=typed["reason"],
                token=typed["token"].hex,
                most_fen=coupon_facts.most_to_compensate(operator=operator(request)),
                operator=operator(request),
                at=timezone.now(),
            )
            what = f"会员 {typed['member'].public_id} 一张「{coupon.template.name}」"
            return f"已补偿{what}" if given else f"此前已补偿过{what}，没有重复发放"

        return self.ask(
            request,
            forms.CompensateForm,
            give,
            initial={name: request.GET.get(name, "") for name in ("member", "order_no")},
        )

    @admin.display(description="面值")
    def worth(self, row: Coupon) -> str:
        return wording.worth(row.says)

    @action(description="收回", permissions=["coupons.change_coupon"], url_path="revoke", icon="undo")
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.row(request, object_id)

        def revoke(form: forms.RevokeForm) -> str:
            note, at = form.cleaned_data["reason"], timezone.now()
            coupons.revoke(coupon_id=row.pk, operator=operator(request), note=note, at=at)
            return "已收回"

        subject = f"{row.template.name} · 会员 {row.member.public_id}"
        return self.ask(request, forms.RevokeForm, revoke, row=row, heading=subject)


@admin.register(PromoCode)
class PromoCodeAdmin(KeptAdmin):
    """Promoters' words and what they brought in."""

    form = forms.PromoCodeForm
    saves = staticmethod(promo_codes.save)
    list_display = [
        *("code", "template", "promoter", "operator", "redemptions", "used", "brought_in", "enabled"),
    ]
    list_filter = ["enabled"]
    list_select_related = ["template", "promoter", "operator"]
    found_by = (Number("code"), Number("promoter__public_id"))
    search_help_text = "推广码或会员编号"
    fields = ["code", "template", "promoter", "operator", "enabled", "redemptions", "used", "brought_in"]
    readonly_fields = ["redemptions", "used", "brought_in"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromoCode]:
        return coupon_facts.with_results(super().get_queryset(request))

    @admin.display(description="已使用", ordering="used_count")
    def used(self, row: PromoCode) -> str:
        """How many of its coupons were used, in orders and in shops."""
        return f"{row.used_count:,}" if row.pk else "—"  # type: ignore[attr-defined]

    @admin.display(description="带来实付", ordering="brought_in_fen")
    def brought_in(self, row: PromoCode) -> str:
        """What was paid where they were used."""
        return priced(row.brought_in_fen) if row.pk else "—"  # type: ignore[attr-defined]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whose redemptions are counted does not change any more."""
        whose = ["code", "template", "promoter", "operator"] if obj is not None and obj.redemptions else []
        return [*self.readonly_fields, *whose]
