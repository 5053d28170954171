"""The page of recharges for operators: where the money is, what the account got, and what may go back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.base import fault_words
from apps.base.admin import ReadOnlyAdmin, chip, link, yuan_column
from apps.base.asking import AskForm, operator
from apps.base.finding import Name, Number, Phone
from apps.checkout import bills, closing, recharging
from apps.fulfillment.admin import UPLOAD_COLOURS
from apps.fulfillment.models import ShippingUpload
from apps.fulfillment.services import uploads
from apps.fulfillment.states import UploadStatus
from apps.orders.states import Actor
from apps.payments import selectors as payment_facts
from apps.payments.admin import PAYMENT_COLOURS, REFUND_COLOURS
from apps.payments.models import Refund
from apps.wallet import selectors as wallet_facts
from apps.wallet.admin import SaysWhetherOn
from apps.wallet.forms import CloseRechargeForm, RechargeRefundForm, UploadAgainForm
from apps.wallet.models import Account, Recharge
from apps.wallet.states import RechargeStatus
from mall.money import changed, priced, yuan

_COLOURS: dict[str, str] = {
    RechargeStatus.UNPAID: "warning",
    RechargeStatus.PAID: "success",
    RechargeStatus.PARTLY_REFUNDED: "info",
}


class WaitingFilter(admin.SimpleListFilter):
    """Recharges that wait for a person: a refund that did not get through, or an upload that WeChat refused."""

    title = "待人工处理"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "退款或发货信息上传失败")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Recharge]) -> QuerySet[Recharge]:
        if self.value() != "1":
            return queryset
        number = OuterRef("recharge_no")
        stuck = payment_facts.stuck().filter(payment__bill_kind=bills.RECHARGE.name, payment__bill_no=number)
        refused = ShippingUpload.objects.filter(**_bill(number), status=UploadStatus.FAILED)
        return queryset.filter(Q(Exists(stuck)) | Q(Exists(refused)))


@admin.register(Recharge)
class RechargeAdmin(SaysWhetherOn, ReadOnlyAdmin):
    """Recharges that members placed in the mini program, newest first. The buttons call services."""

    principal = yuan_column("principal_fen", "充值金额")
    bonus = yuan_column("bonus_fen", "赠送金额")
    refunded_principal = yuan_column("refunded_principal_fen", "已退本金")
    refunded_bonus = yuan_column("refunded_bonus_fen", "已收回赠送金")
    list_display = [
        "recharge_no",
        "state",
        "member",
        "title",
        "principal",
        "bonus",
        "refunded_principal",
        "created_at",
        "paid_at",
    ]
    list_filter = ["status", WaitingFilter, "created_at", "paid_at"]
    list_select_related = ["member"]
    found_by = (
        Number("recharge_no"),
        Number("member__public_id"),
        Name("member__nickname"),
        Phone("member__phone"),
    )
    search_help_text = "按充值单号、会员编号、昵称、完整手机号或手机号后四位查找"
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("recharge_no", "state", "customer"),
                    ("created_at", "paid_at", "expires_at"),
                    ("closed_at", "refunded_at"),
                ]
            },
        ),
        (
            "金额",
            {
                "fields": [
                    ("title", "principal", "bonus"),
                    ("refunded_principal", "refunded_bonus", "refundable"),
                ]
            },
        ),
        ("资金与流水", {"fields": ["paid_with", "given_back", "booked", "uploaded"]}),
    ]
    readonly_fields = [
        "state",
        "customer",
        "principal",
        "bonus",
        "refunded_principal",
        "refunded_bonus",
        "refundable",
        "paid_with",
        "given_back",
        "booked",
        "uploaded",
    ]
    actions_detail = ["refund", "close", "upload_again"]

    def usable(self, row: Recharge) -> frozenset[str]:
        """The buttons that make sense in a recharge's status."""
        return _usable(row)

    @admin.display(description="状态", ordering="status")
    def state(self, row: Recharge) -> SafeString:
        return chip(row.get_status_display(), _COLOURS.get(row.status, ""))

    @admin.display(description="会员")
    def customer(self, row: Recharge) -> SafeString:
        account = Account.objects.filter(member_id=row.member_id).first()
        member = link(reverse("admin:members_member_change", args=[row.member_id]), str(row.member))
        if account is None:
            return member
        page = reverse("admin:wallet_account_change", args=[account.pk])
        return format_html("{}（{}）", member, link(page, "储值账户"))

    @admin.display(description="目前最多可退")
    def refundable(self, row: Recharge) -> str:
        most = wallet_facts.refundable(row, Account.objects.filter(member_id=row.member_id).first())
        if not most.principal_fen:
            return "—"
        return f"{priced(most.principal_fen)}，同时收回赠送金 {priced(most.bonus_fen)}"

    @admin.display(description="支付")
    def paid_with(self, row: Recharge) -> SafeString | str:
        rows = (
            (
                link(reverse("admin:payments_payment_change", args=[payment.pk]), payment.payment_no),
                chip(payment.get_status_display(), PAYMENT_COLOURS.get(payment.status, "")),
                priced(payment.captured_fen or payment.amount_fen),
                payment.get_surplus_reason_display(),
            )
            for payment in payment_facts.of_bill(**_bill(row.recharge_no))
        )
        return _lines("{} {} {} {}", rows)

    @admin.display(description="退款")
    def given_back(self, row: Recharge) -> SafeString | str:
        rows = (
            (
                link(reverse("admin:payments_refund_change", args=[refund.pk]), refund.refund_no),
                chip(refund.get_status_display(), REFUND_COLOURS.get(refund.status, "")),
                priced(refund.amount_fen),
                refund.reason,
                fault_words.told(refund.last_error),
            )
            for refund in Refund.objects.filter(payment__in=payment_facts.of_bill(**_bill(row.recharge_no)))
        )
        return _lines("{} {} {} {} {}", rows)

    @admin.display(description="储值流水")
    def booked(self, row: Recharge) -> SafeString | str:
        rows = (
            (
                localize(timezone.localtime(entry.at)),
                entry.get_kind_display(),
                _signed(entry.principal_change_fen),
                _signed(entry.bonus_change_fen),
                entry.reason,
                f"（{entry.operator}）" if entry.operator else "",
            )
            for entry in wallet_facts.entries_of_recharge(row).select_related("operator")
        )
        return _lines("{} {} 本金 {}，赠送金 {} {}{}", rows)

    @admin.display(description="微信发货信息")
    def uploaded(self, row: Recharge) -> SafeString | str:
        upload = ShippingUpload.objects.filter(**_bill(row.recharge_no)).first()
        if upload is None:
            return "—"
        told = chip(upload.get_status_display(), UPLOAD_COLOURS.get(upload.status, ""))
        return format_html("{} {}", told, fault_words.told(upload.last_error))

    @action(
        description="退款",
        url_path="refund",
        permissions=["wallet.refund_recharge"],
        icon="undo",
        variant=ActionVariant.DANGER,
    )
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        recharge: Recharge = self.row(request, object_id)
        most = wallet_facts.refundable(recharge, Account.objects.filter(member_id=recharge.member_id).first())

        def give_back(form: Any) -> str:
            typed = form.cleaned_data
            refund = recharging.refund(
                recharge_no=recharge.recharge_no,
                principal_fen=typed["principal_fen"],
                cause=str(typed["token"]),
                reason=typed["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"退款 {refund.refund_no} 已提交：{yuan(refund.amount_fen)} 元将原路退回。"

        now = f"目前最多可退 {priced(most.principal_fen)}，同时收回赠送金 {priced(most.bonus_fen)}"
        return self._act(
            request,
            recharge,
            RechargeRefundForm,
            give_back,
            heading=now,
            initial={"principal_fen": most.principal_fen},
        )

    @action(description="关闭", url_path="close", permissions=["wallet.change_recharge"], icon="cancel")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        recharge: Recharge = self.row(request, object_id)

        def give_up(_: Any) -> str:
            by = bills.By(actor=Actor.OPERATOR, why="商家关闭", operator=operator(request))
            closed = closing.give_up(
                kind=bills.RECHARGE, bill_no=recharge.recharge_no, by=by, at=timezone.now()
            )
            if not closed:
                raise recharging.RechargeNotCancellable("只有待付款的充值单可以关闭")
            return "充值单已关闭。"

        return self._act(request, recharge, CloseRechargeForm, give_up, outside=True)

    @action(
        description="重新上传发货信息",
        url_path="upload",
        permissions=["wallet.change_recharge"],
        icon="cloud_upload",
    )
    def upload_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        recharge: Recharge = self.row(request, object_id)

        def ask(_: Any) -> str:
            uploads.ask_again(**_bill(recharge.recharge_no), at=timezone.now())
            return "已排队，稍后自动上传。"

        return self._act(request, recharge, UploadAgainForm, ask)

    def _act(
        self,
        request: HttpRequest,
        recharge: Recharge,
        form_class: type[AskForm],
        carry_out: Any,
        *,
        heading: str = "",
        initial: dict[str, Any] | None = None,
        outside: bool = False,
    ) -> HttpResponse:
        """Ask about a recharge: which one it is stands above; what closes it at WeChat is outside a transaction."""
        about = f"{recharge.recharge_no} · {recharge.title} · {recharge.member}"
        heading = f"{about} · {heading}" if heading else about
        return self.ask(
            request, form_class, carry_out, row=recharge, heading=heading, initial=initial, outside=outside
        )


def _usable(recharge: Recharge) -> frozenset[str]:
    """Return the names of the buttons that make sense in a recharge's status: at most one query."""
    if recharge.status == RechargeStatus.UNPAID:
        return frozenset({"close"})
    if recharge.status not in {RechargeStatus.PAID, RechargeStatus.PARTLY_REFUNDED}:
        return frozenset()
    failed = ShippingUpload.objects.filter(**_bill(recharge.recharge_no), status=UploadStatus.FAILED)
    return frozenset({"refund", "upload_again"} if failed.exists() else {"refund"})


def _bill(recharge_no: Any) -> dict[str, Any]:
    """The recharge's bill, as payments and uploads know it; the number may be an expression."""
    return {"bill_kind": bills.RECHARGE.name, "bill_no": recharge_no}


def _lines(form: str, rows: Any) -> SafeString | str:
    return format_html_join(mark_safe("<br>"), form, rows) or "—"


def _signed(fen: int) -> str:
    return changed(fen) if fen else "—"
