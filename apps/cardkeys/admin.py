"""Card keys for operators: brought in, found, taken out; a secret is seen by who may look, one at a time."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.base import audit
from apps.base.admin import ReadOnlyAdmin, chip
from apps.base.asking import Done, operator
from apps.base.seeking import Part, Whole
from apps.cardkeys import forms
from apps.cardkeys import selectors as card_facts
from apps.cardkeys import services as cardkeys
from apps.cardkeys.models import CardBatch, CardKey
from apps.cardkeys.states import CardStatus

COLOURS: dict[str, str] = {
    CardStatus.AVAILABLE: "info",
    CardStatus.SOLD: "success",
    CardStatus.REVOKED: "warning",
    CardStatus.VOID: "danger",
}


@admin.register(CardKey)
class CardKeyAdmin(ReadOnlyAdmin):
    """Which cards there are and what became of them; their secrets are on no page."""

    list_display = ["number", "code", "goods", "state", "order_no", "sold_at", "batch"]
    list_filter = ["status"]
    list_select_related = ["sku__product", "batch"]
    found_by = (
        Whole("order_no"),
        Part("sku__code"),
        Part("batch__batch_no"),
        Whole("number", beside={"sku": card_facts.skus_with_cards}),
    )
    search_help_text = "按卡号、订单号、商家编码或批次号查找"
    fields = ["number", "sku", "goods", "state", "order_no", "batch", "sold_at", "ended_at"]
    readonly_fields = ["goods", "state"]
    linked_by = ["batch"]
    actions_list = ["bring_in"]
    actions_detail = ["reveal", "void"]

    @admin.display(description="商家编码", ordering="sku__code")
    def code(self, row: CardKey) -> str:
        return row.sku.code

    @admin.display(description="商品", ordering="sku__product__title")
    def goods(self, row: CardKey) -> str:
        values = " ".join(str(value) for value in row.sku.option_values.values())
        return f"{row.sku.product.title} {values}".strip()

    @admin.display(description="状态", ordering="status")
    def state(self, row: CardKey) -> SafeString:
        return chip(row.get_status_display(), COLOURS.get(row.status, ""))

    def usable(self, row: CardKey) -> Collection[str]:
        """A card that is sold is not taken out; a secret that was erased with its buyer is not there."""
        named = ["reveal"] if row.sealed else []
        return [*named, "void"] if row.status == CardStatus.AVAILABLE else named

    @action(
        description="导入卡密",
        url_path="import",
        permissions=["cardkeys.add_cardkey"],
        icon="upload_file",
    )
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Take in a file: all of it or nothing."""

        def take_in(filled: forms.ImportForm) -> Done:
            done = cardkeys.bring_in(rows=filled.rows(), operator=operator(request), at=timezone.now())
            return Done(f"已导入 {done.new} 张卡密并入库，{done.known} 行此前已导入。", about=done.batch)

        return self.ask(request, forms.ImportForm, take_in)

    @action(
        description="查看卡密",
        url_path="reveal",
        permissions=["cardkeys.reveal_cardkey"],
        icon="visibility",
    )
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show one secret on a page that no cache and no cookie keeps, and note who looked."""
        row: CardKey = self.row(request, object_id)
        audit.record(
            operator=operator(request), action="查看卡密", subject=row.number, row=row, at=timezone.now()
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"卡密 · {row.number}",
            "facts": [("卡号", row.number), ("卡密", card_facts.secret_of(row))],
            "back": self.page_of(row),
            "back_label": "返回卡密",
            "opts": self.opts,
        }
        response = TemplateResponse(request, "admin/reveal.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response

    @action(
        description="作废",
        url_path="void",
        permissions=["cardkeys.change_cardkey"],
        icon="block",
    )
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: CardKey = self.row(request, object_id)

        def take_out(filled: forms.VoidForm) -> str:
            cardkeys.void(
                card_ids=[row.pk],
                reason=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return "已作废，库存减少 1。"

        return self.ask(request, forms.VoidForm, take_out, row=row, heading=row.number)


@admin.register(CardBatch)
class CardBatchAdmin(ReadOnlyAdmin):
    """Files of cards as they came."""

    list_display = ["batch_no", "size", "operator", "at"]
    search_fields = ["batch_no"]
    fields = ["batch_no", "size", "operator", "at"]
    actions_detail = ["void_rest"]

    @action(
        description="作废未售卡密",
        url_path="void",
        permissions=["cardkeys.change_cardkey"],
        icon="block",
    )
    def void_rest(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row: CardBatch = self.row(request, object_id)

        def take_out(filled: forms.VoidBatchForm) -> str:
            number = cardkeys.void(
                card_ids=list(row.cards.values_list("pk", flat=True)),
                reason=filled.cleaned_data["reason"],
                operator=operator(request),
                at=timezone.now(),
            )
            return f"已作废 {number} 张，库存同时减少。"

        return self.ask(request, forms.VoidBatchForm, take_out, row=row, heading=row.batch_no)
