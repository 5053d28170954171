"""What a shop's counter types: a code and where it stands; what is asked before an order is put ready or sent."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from django import forms
from django.db.models import Q
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.base.asking import AskForm
from apps.base.forms import TextField
from apps.pickup.states import OPEN
from apps.stores.models import Place


class HandOverForm(AskForm):
    """A code, and the shop in which it is shown."""

    title = "核销取货"
    explanation = "先查看商品，核对无误后确认交付。一个取货码只能用一次。"

    code = TextField(
        label="取货码",
        max_length=400,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autofocus": True, "autocomplete": "off", "inputmode": "text", "enterkeyhint": "go"}
        ),
        help_text="输入买家出示的 8 位数字，或用扫码枪扫描二维码；也可以直接用手机相机扫码打开本页",
    )
    place = forms.ModelChoiceField(
        label="门店",
        # One that takes no more orders still hands over those that it has.
        queryset=Place.objects.filter(
            Q(picks_up=True) | Q(pickup__status__in=OPEN), kind=Place.Kind.SHOP
        ).distinct(),
        widget=UnfoldAdminSelectWidget,
        empty_label=None,
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, mine: Collection[int] | None = None, **kwargs: Any) -> None:
        """Offer the operator's own shops; ``mine`` is None for who works at all."""
        super().__init__(*args, **kwargs)
        if mine is not None:
            place = cast(forms.ModelChoiceField, self.fields["place"])
            place.queryset = place.queryset.filter(pk__in=mine)  # type: ignore[union-attr]


class ReadyForm(AskForm):
    """A question before an order lies ready."""

    title = "备货完成"
    explanation = "确认商品已在门店备好：订单变为「待自提」，买家会收到取货通知，并同步微信发货信息。"


class LeaveForm(AskForm):
    """Who brings an order, before the rider leaves."""

    title = "开始配送"
    explanation = "确认骑手已取走全部商品：订单变为「配送中」，买家会收到通知，并同步微信发货信息。"

    rider = TextField(
        label="配送员",
        required=False,
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text="可不填，姓名或工号，记入订单历史，买家可见",
    )


class ArriveForm(AskForm):
    """A question before a delivery is over."""

    title = "确认送达"
    explanation = "确认商品已交给买家：订单完成。"
