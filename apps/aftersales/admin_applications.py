"""Applications after the sale for operators: what burns first, everything about one, and what may be done."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.aftersales import application_forms as forms
from apps.aftersales import application_selectors as application_facts
from apps.aftersales import selectors as refund_facts
from apps.aftersales.admin_insurance import PaymentForm
from apps.aftersales.admin_shown import LineInline, Shown, facts, receiver, standing_of, told
from apps.aftersales.models import AfterSale
from apps.aftersales.services import deciding, insuring, paying_back, returning, sending
from apps.aftersales.states import OPEN, WITH_GOODS, AfterSaleKind, AfterSaleStatus, InsurancePayee
from apps.base.admin import ReadOnlyAdmin, for_chosen
from apps.base.asking import operator
from apps.base.finding import Number
from apps.base.seeking import Whole
from apps.orders.parts import OfOrders
from apps.wallet import selectors as wallet_facts
from mall.errors import ShopError
from mall.money import yuan


class EscalatedFilter(admin.SimpleListFilter):
    """What was brought to the shop's head."""

    title = "升级"
    parameter_name = "escalated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "已升级")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AfterSale]) -> QuerySet[AfterSale]:
        return queryset & application_facts.escalated() if self.value() == "yes" else queryset


class WaitingFilter(admin.SimpleListFilter):
    """What waits for an operator."""

    title = "待办"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "待商家处理")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AfterSale]) -> QuerySet[AfterSale]:
        return queryset & application_facts.waiting_for_operator() if self.value() == "yes" else queryset


@admin.register(AfterSale)
class AfterSaleAdmin(OfOrders, Shown, ReadOnlyAdmin):
    """Applications, those whose clock burns first before the others. Nobody writes them: the buttons call the services."""

    list_display = [
        "after_sale_no",
        "standing",
        "clock",
        "kind",
        "amount",
        "order_shown",
        "reason_label",
        "money",
        "applied_at",
    ]
    list_filter = ["status", "kind", WaitingFilter, EscalatedFilter, "is_instant", "applied_at"]
    list_select_related = ["order", "member", "refund"]
    ordering = [F("deadline_at").asc(nulls_last=True), "-id"]
    found_by = (
        Number("after_sale_no"),
        Number("order__order_no", ends=True),
        Whole("return_tracking_no", ends=True),
    )
    search_help_text = "售后单号、订单号或寄回快递单号"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("after_sale_no", "order_shown", "member"),
                    ("kind", "standing", "clock"),
                    ("reason_label", "text"),
                    ("is_instant", "escalated_at", "applied_at"),
                ]
            },
        ),
        ("金额", {"fields": [("amount", "goods", "freight"), ("money", "refund_shown", "carriage")]}),
        ("审批", {"fields": [("first_approved_by", "approved_by", "approved_at")]}),
        (
            "包裹",
            {
                "fields": [
                    ("return_carrier", "return_tracking_no", "sent_back_at"),
                    ("place", "arrived_at", "inspected_at"),
                    ("new_carrier", "new_tracking_no", "dispatched_at"),
                ]
            },
        ),
        ("经过与留言", {"fields": ["story"]}),
    ]
    readonly_fields = [
        "standing",
        "clock",
        "order_shown",
        "amount",
        "goods",
        "freight",
        "carriage",
        "money",
        "refund_shown",
        "story",
    ]
    inlines = [LineInline]
    actions = ["approve_chosen"]
    actions_detail = [
        "approve",
        "second",
        "refuse",
        "arrive",
        "inspect",
        "dispatch_parcel",
        "renumber_parcel",
        "carriage_back",
        "carriage_paid",
        "record_insurance",
        "answer",
        "escalate",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AfterSale]:
        rows: QuerySet[AfterSale] = super().get_queryset(request)
        return refund_facts.with_money(rows, number="refund__refund_no")

    def usable(self, row: AfterSale) -> list[str]:
        """The buttons that an application's status has a use for."""
        found = []
        if row.status == AfterSaleStatus.APPLIED:
            found = ["second" if row.waits_for_second else "approve", "refuse"]
        elif row.awaits_goods or row.status == AfterSaleStatus.RETURNING:
            found = ["arrive"]
        elif row.status == AfterSaleStatus.RETURNED:
            found = ["inspect"] if row.is_settled else ["inspect", "refuse"]
        elif row.awaits_parcel:
            found = ["dispatch_parcel"]
        if row.dispatched_at is not None:
            found.append("renumber_parcel")
        if row.arrived_at is not None and not row.carriage_fen:
            found.append("carriage_back" if wallet_facts.enabled() else "carriage_paid")
        if row.kind in WITH_GOODS:  # insurers pay long after an application has ended, too
            found.append("record_insurance")
        if row.status in OPEN:
            found += ["answer"] if row.escalated_at else ["answer", "escalate"]
        return found

    @for_chosen(description="同意所选申请（每笔单独判断）", permission="aftersales.approve_aftersale")
    def approve_chosen(self, request: HttpRequest, chosen: QuerySet[AfterSale]) -> None:
        """Say yes to each; what is refused is told with its number, and stops no other."""
        done, handed_on, at = 0, 0, timezone.now()
        for number in chosen.order_by("id").values_list("after_sale_no", flat=True):
            try:
                row = deciding.approve(after_sale_no=number, operator=operator(request), at=at)
            except ShopError as refusal:
                self.message_user(request, f"{number}：{refusal.text}", level=messages.ERROR)
                continue
            done += not row.waits_for_second
            handed_on += row.waits_for_second
        said = f"已同意 {done} 笔" + (f"，{handed_on} 笔等待另一位同事复核" if handed_on else "")
        self.message_user(
            request, f"{said}。", level=messages.SUCCESS if done or handed_on else messages.WARNING
        )

    @action(
        description="同意", permissions=["aftersales.approve_aftersale"], url_path="approve", icon="check"
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._approve(request, object_id, forms.ApproveForm)

    @action(
        description="复核同意",
        permissions=["aftersales.approve_aftersale"],
        url_path="second",
        icon="done_all",
    )
    def second(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._approve(request, object_id, forms.SecondForm)

    def _approve(self, request: HttpRequest, object_id: str, form: Any) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def approve(_: Any) -> str:
            passed = deciding.approve(
                after_sale_no=row.after_sale_no, operator=operator(request), at=timezone.now()
            )
            return "初审已同意，等待另一位同事复核。" if passed.waits_for_second else "已同意申请。"

        return self.ask(
            request, form, approve, row=row, heading=told(row), facts=facts(row), seen=standing_of(row)
        )

    @action(
        description="拒绝",
        permissions=["aftersales.approve_aftersale"],
        url_path="refuse",
        icon="block",
        variant=ActionVariant.DANGER,
    )
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def refuse(filled: forms.RefuseForm) -> str:
            deciding.refuse(
                after_sale_no=row.after_sale_no,
                reason=filled.cleaned_data["reason"],
                drawings=filled.drawings(),
                operator=operator(request),
                at=timezone.now(),
            )
            return "已拒绝申请，买家会看到原因。"

        return self.ask(
            request,
            forms.RefuseForm,
            refuse,
            row=row,
            heading=told(row),
            facts=facts(row),
            seen=standing_of(row),
        )

    @action(
        description="收到退货",
        permissions=["aftersales.inspect_aftersale"],
        url_path="arrive",
        icon="move_to_inbox",
    )
    def arrive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def arrive(filled: forms.ArriveForm) -> str:
            place = filled.cleaned_data["place"]
            returning.arrive(
                after_sale_no=row.after_sale_no,
                place_id=place.pk,
                operator=operator(request),
                at=timezone.now(),
            )
            return f"{place.name}已收到退货，请验收。"

        place = application_facts.return_place(row)
        return self.ask(
            request,
            forms.ArriveForm,
            arrive,
            row=row,
            heading=told(row),
            facts=facts(row),
            initial={"place": place.pk} if place else None,
        )

    @action(
        description="验收",
        permissions=["aftersales.inspect_aftersale"],
        url_path="inspect",
        icon="fact_check",
    )
    def inspect(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)
        lines = list(row.lines.select_related("order_line").order_by("id"))

        def inspect(filled: forms.InspectForm) -> str:
            done = returning.inspect(
                after_sale_no=row.after_sale_no,
                found=filled.found(),
                amount_fen=filled.cleaned_data.get("amount_fen"),
                note=filled.cleaned_data["note"],
                drawings=filled.drawings(),
                operator=operator(request),
                at=timezone.now(),
            )
            if done.status == AfterSaleStatus.REFUSED:
                return "验收完成：全部不接受，申请已拒绝，买家会看到说明。"
            if done.status == AfterSaleStatus.CANCELLED:
                return "验收完成，接受的商品已入库；申请的商品此前已另行退款，售后已关闭。"
            if done.kind == AfterSaleKind.EXCHANGE:
                return "验收完成，商品已入库，请寄出新包裹。"
            return f"验收完成，商品已入库，退款 {yuan(done.amount_fen)} 元。"

        instead = application_facts.had_instead(row, lines)
        form = partial(forms.InspectForm, lines=lines, instead=instead, most_fen=row.amount_fen)
        return self.ask(request, form, inspect, row=row, heading=told(row), seen=standing_of(row))

    @action(
        description="寄出新包裹",
        permissions=["aftersales.inspect_aftersale"],
        url_path="dispatch",
        icon="local_shipping",
    )
    def dispatch_parcel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def send(filled: forms.DispatchForm) -> str:
            sending.dispatch(
                after_sale_no=row.after_sale_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "新包裹已寄出，售后完成。"

        return self.ask(request, forms.DispatchForm, send, row=row, heading=told(row), facts=receiver(row))

    @action(
        description="修改新包裹单号",
        permissions=["aftersales.inspect_aftersale"],
        url_path="renumber",
        icon="edit",
    )
    def renumber_parcel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def renumber(filled: forms.RenumberForm) -> str:
            sending.renumber(
                after_sale_no=row.after_sale_no,
                carrier_code=filled.cleaned_data["carrier"].code,
                tracking_no=filled.cleaned_data["tracking_no"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "新包裹单号已更正。"

        now = {"carrier": row.new_carrier and row.new_carrier.code, "tracking_no": row.new_tracking_no}
        return self.ask(request, forms.RenumberForm, renumber, row=row, heading=told(row), initial=now)

    @action(
        description="补偿退货运费",
        permissions=["aftersales.approve_aftersale"],
        url_path="carriage",
        icon="savings",
    )
    def carriage_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def pay(filled: forms.CarriageForm) -> str:
            paid = paying_back.compensate_carriage(
                after_sale_no=row.after_sale_no,
                amount_fen=filled.cleaned_data["amount_fen"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"退货运费 {yuan(paid.carriage_fen)} 元已补偿到买家的储值余额。"

        form = partial(forms.CarriageForm, most_fen=application_facts.rules().carriage_up_to_fen)
        return self.ask(request, form, pay, row=row, heading=told(row))

    @action(
        description="登记线下补偿运费",
        permissions=["aftersales.approve_aftersale"],
        url_path="carriage-paid",
        icon="savings",
    )
    def carriage_paid(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def note(filled: forms.CarriagePaidForm) -> str:
            paid = paying_back.note_carriage_paid(
                after_sale_no=row.after_sale_no,
                amount_fen=filled.cleaned_data["amount_fen"],
                proof=filled.cleaned_data["proof"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"已登记：退货运费 {yuan(paid.carriage_fen)} 元由商家线下支付，买家会在售后详情中看到。"

        form = partial(forms.CarriagePaidForm, most_fen=application_facts.rules().carriage_up_to_fen)
        return self.ask(request, form, note, row=row, heading=told(row))

    @action(
        description="登记运费险理赔",
        permissions=["aftersales.add_insurancepayment"],
        url_path="insurance",
        icon="shield",
    )
    def record_insurance(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def record(filled: PaymentForm) -> str:
            insuring.record_one(
                after_sale_no=row.after_sale_no,
                claim_no=filled.cleaned_data["claim_no"],
                amount_fen=filled.cleaned_data["amount_fen"],
                payee=InsurancePayee(filled.cleaned_data["payee"]),
                again=filled.cleaned_data["again"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已登记运费险理赔。"

        return self.ask(request, PaymentForm, record, row=row, heading=told(row))

    @action(
        description="回复买家", permissions=["aftersales.change_aftersale"], url_path="answer", icon="chat"
    )
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def answer(filled: forms.AnswerForm) -> str:
            deciding.answer(
                after_sale_no=row.after_sale_no,
                text=filled.cleaned_data["text"],
                drawings=filled.drawings(),
                token=str(filled.cleaned_data["token"]),
                operator=operator(request),
                at=timezone.now(),
            )
            return "已回复买家。"

        return self.ask(request, forms.AnswerForm, answer, row=row, heading=told(row))

    @action(
        description="升级",
        permissions=["aftersales.change_aftersale"],
        url_path="escalate",
        icon="priority_high",
    )
    def escalate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: AfterSale = self.row(request, object_id)

        def escalate(filled: forms.EscalateForm) -> str:
            deciding.escalate(
                after_sale_no=row.after_sale_no,
                note=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已升级，由店长处理。"

        return self.ask(request, forms.EscalateForm, escalate, row=row, heading=told(row))
