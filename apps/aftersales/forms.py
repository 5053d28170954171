"""What an operator fills in to refund an order: all of it, or units of its lines and postage."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from apps.aftersales import application_selectors as application_facts
from apps.aftersales.planning import Standing, Wish
from apps.base.asking import AskForm, OnceForm
from apps.base.forms import TextField, YuanField
from apps.catalog import sku_codes
from apps.deadlines.forms import DelayForm
from apps.orders.models import OrderLine
from mall.money import priced, yuan


def _reason(initial: str) -> TextField:
    return TextField(
        label="退款原因",
        max_length=80,
        initial=initial,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="买家会在微信退款通知和订单中看到",
        error_messages={"required": "请填写退款原因", "max_length": "退款原因最多 80 字"},
    )


class WholeForm(AskForm):
    """Why the order is refunded: the buyer reads it in WeChat and in the order's history."""

    title = "全额退款"
    explanation = "款项原路退回，库存、优惠券、积分和储值一并退还。"

    reason = _reason("商家全额退款")


class Row(NamedTuple):
    """A line as the page shows it: what was bought, refunded, not sent, sent; and its two fields."""

    line: OrderLine
    paid: str
    to_send: int
    sent: int
    units: Any
    restock: Any
    is_exchanged: bool


class PartForm(OnceForm):
    """So many units of each line, postage, and the reason; with the token that makes it once."""

    title = "退款"
    explanation = (
        "填写本次退款的件数和运费，下一步核对金额后再办理。"
        "未发出的件优先退，自动退回库存，不再发货；每件金额按实付分摊。"
    )

    reason = _reason("")
    # The fingerprint of what was shown before it was confirmed.
    seen = TextField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, standing: Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._standing = standing
        left_fen = standing.shipping_left_fen
        self._exchanged = application_facts.exchanged(standing.lines)
        self.fields["shipping_fen"] = YuanField(
            label="退还运费（元）",
            required=False,
            max_value=left_fen,
            help_text=f"最多可退 {yuan(left_fen)} 元；不退运费填 0 或留空",
        )
        for line in standing.lines:
            refundable = line.quantity - line.refunded
            if not refundable:
                continue
            self.fields[f"units_{line.pk}"] = forms.IntegerField(
                label="本次退款件数",
                required=False,
                min_value=0,
                max_value=refundable,
                widget=UnfoldAdminIntegerFieldWidget(attrs={"min": 0, "max": refundable}),
                error_messages={"max_value": f"最多 {refundable} 件"},
            )
            if refundable > standing.to_send.get(line.pk, 0) and line.pk not in self._exchanged:
                self.fields[f"restock_{line.pk}"] = forms.BooleanField(
                    label="退回商品重新入库", required=False, widget=UnfoldBooleanWidget
                )

    def rows(self) -> Iterator[Row]:
        """The order's lines with their fields, None where a line has none (any more)."""
        for line in self._standing.lines:
            to_send = self._standing.to_send.get(line.pk, 0)
            units, restock = f"units_{line.pk}", f"restock_{line.pk}"
            yield Row(
                line=line,
                paid=priced(line.payable_fen),
                to_send=to_send,
                sent=line.quantity - line.refunded - to_send,
                units=self[units] if units in self.fields else None,
                restock=self[restock] if restock in self.fields else None,
                is_exchanged=line.pk in self._exchanged,
            )

    def wish(self) -> Wish:
        """What was filled in, as the service takes it."""
        typed = self.cleaned_data
        lines = [line.pk for line in self._standing.lines]
        return Wish(
            units={line: typed.get(f"units_{line}") or 0 for line in lines},
            shipping_fen=typed["shipping_fen"] or 0,
            restock=frozenset(line for line in lines if typed.get(f"restock_{line}")),
        )


class PutOffForm(DelayForm):
    """Why an order cannot leave as promised, by when it will, and which other goods its buyer may take instead."""

    def __init__(self, *args: Any, lines: Collection[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in lines:
            called = f"{line.title} {line.option_text}".strip()
            self.fields[f"swap_{line.pk}"] = TextField(
                label=f"换货：{called} × {line.quantity}",
                required=False,
                max_length=400,
                widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
                help_text="可换的商家编码，多个用逗号或空格分隔；须有现货且售价不低于原单价，差价由商家承担；不提供请留空",
            )
        self._lines = [line.pk for line in lines]

    def clean(self) -> dict[str, Any]:
        """Read the codes of each line."""
        typed = super().clean() or {}
        self._offers: list[tuple[int, int]] = []
        for line_id in self._lines:
            name = f"swap_{line_id}"
            codes = list(dict.fromkeys(filter(None, re.split(r"[\s,，、;；]+", str(typed.get(name) or "")))))
            if not codes:
                continue
            try:
                ids = sku_codes.ids_of(codes)
            except forms.ValidationError as unknown:
                self.add_error(name, unknown)
            else:
                self._offers += [(line_id, ids[code]) for code in codes]
        return typed

    def said(self) -> dict[str, Any]:
        """As the service takes it."""
        return {**super().said(), "offers": self._offers}
