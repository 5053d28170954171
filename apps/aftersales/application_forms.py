"""What the buttons of applications ask of operators: yes or no, what came, how much, a parcel, words and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.aftersales.models import MOST_CHARACTERS, AfterSaleLine, AfterSaleReason, AfterSaleRules
from apps.aftersales.services import ruling
from apps.aftersales.services.returning import Found
from apps.base import held
from apps.base.asking import AskForm, OnceForm, ReasonForm
from apps.base.forms import LinesField, RuledForm, TextField, YuanField
from apps.catalog.models import Sku
from apps.fulfillment.ship_form import ParcelForm
from apps.members.models import Level
from apps.pictures.child import Drawing
from apps.pictures.fields import PictureFormField, drawn_of
from apps.stores.models import Place
from mall.money import yuan

_PICTURES = ("picture_1", "picture_2", "picture_3")


def _picture(label: str) -> Any:
    return held.kept(
        PictureFormField(
            label=label,
            required=False,
            widget=UnfoldAdminFileFieldWidget,
            help_text="JPG、PNG 或 WebP，5 MB 以内；买家可见",
        )
    )


class _ShowingForm(AskForm):
    """A form with up to three pictures for the shopper."""

    picture_1 = _picture("图片 1")
    picture_2 = _picture("图片 2")
    picture_3 = _picture("图片 3")

    def drawings(self) -> list[Drawing]:
        """What was chosen, drawn anew."""
        chosen = (self.cleaned_data.get(name) for name in _PICTURES)
        return [drawn_of(file) for file in chosen if file]


class ApproveForm(AskForm):
    """Say yes."""

    title = "同意申请"
    explanation = "仅退款：款项立即原路退回；退货、换货：请买家寄回；换货、补发：锁定新商品的库存。"


class SecondForm(AskForm):
    """Say yes as the second person."""

    title = "复核同意"
    explanation = "初审与复核须为两位同事。同意后立即按申请办理。"


class RefuseForm(_ShowingForm):
    """Say no, and why."""

    title = "拒绝申请"
    explanation = "买家会看到原因和图片，并可重新申请。收到的退货不会入库，请联系买家退回。"

    reason = TextField(label="拒绝原因", max_length=200, widget=UnfoldAdminTextInputWidget)
    field_order = ["reason", *_PICTURES]


class ArriveForm(AskForm):
    """Goods came in."""

    title = "确认收到退货"
    explanation = "只登记收到包裹，不退款也不入库；接着请验收。"

    place = forms.ModelChoiceField(
        label="收货地点",
        queryset=Place.objects.all(),
        widget=UnfoldAdminSelectWidget,
        empty_label="请选择",
        error_messages={"required": "请选择收货地点"},
    )


class InspectForm(_ShowingForm):
    """What was found of each line, and how much goes back."""

    title = "验收"
    explanation = (
        "填写接受的件数，其中损坏不能再售的填入报损。接受的件入收货地点的库存（报损除外），"
        "退货随即退款，换货等待寄出新包裹。接受件数都填 0 表示全部不接受：须填写说明，申请被拒绝，商品不入库。"
    )

    note = TextField(
        label="说明",
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="买家可见，例如为何只接受一部分；全部不接受时必填",
    )

    def __init__(
        self,
        *args: Any,
        lines: Sequence[AfterSaleLine],
        instead: Mapping[int, Sku],
        most_fen: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._lines = lines
        for line in lines:
            goods = f"{line.order_line.title} {line.order_line.option_text}".strip()
            if line.order_line_id in instead:
                goods += f"（已换为 {instead[line.order_line_id]}）"
            self.fields[f"accepted_{line.order_line_id}"] = forms.IntegerField(
                label=f"{goods} · 接受件数",
                min_value=0,
                max_value=line.quantity,
                initial=line.quantity,
                widget=UnfoldAdminIntegerFieldWidget,
                help_text=f"申请 {line.quantity} 件"
                + (f"，其中 {line.gone} 件已另行退款，只验收入库" if line.gone else ""),
                error_messages={"max_value": f"最多 {line.quantity} 件"},
            )
            self.fields[f"damaged_{line.order_line_id}"] = forms.IntegerField(
                label=f"{goods} · 其中报损",
                required=False,
                min_value=0,
                max_value=line.quantity,
                widget=UnfoldAdminIntegerFieldWidget,
                error_messages={"max_value": f"最多 {line.quantity} 件"},
            )
        if most_fen:
            self.fields["amount_fen"] = YuanField(
                label="退款金额（元）",
                required=False,
                max_value=most_fen,
                help_text=f"留空则按接受的件数退；申请金额 {yuan(most_fen)} 元",
            )
        last = ("note", *_PICTURES)
        self.order_fields([*(name for name in self.fields if name not in last), *last])

    def found(self) -> Mapping[int, Found]:
        """What was found, by order line id."""
        typed = self.cleaned_data
        return {
            line.order_line_id: Found(
                accepted=typed[f"accepted_{line.order_line_id}"],
                damaged=typed.get(f"damaged_{line.order_line_id}") or 0,
            )
            for line in self._lines
        }


class DispatchForm(ParcelForm):
    """The parcel with new goods."""

    title = "寄出新包裹"
    explanation = "换货或补发的商品随即出库，买家看到快递单号，售后完成。不产生任何费用。"


class RenumberForm(ParcelForm):
    """The new parcel's number, put right."""

    title = "修改新包裹单号"
    explanation = "只更正快递公司和单号，买家随即看到新的单号；商品和库存不变。"


class CarriageForm(AskForm):
    """What the shop pays back of the shopper's postage."""

    title = "补偿退货运费"
    explanation = "买家垫付的退货运费补偿到储值余额，每笔售后一次。"

    def __init__(self, *args: Any, most_fen: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount_fen"] = YuanField(
            label="补偿金额（元）", max_value=most_fen, help_text=f"最多 {yuan(most_fen)} 元（售后规则）"
        )


class CarriagePaidForm(CarriageForm):
    """What the shop paid by hand, and how."""

    title = "登记线下补偿运费"
    explanation = (
        "储值功能未开启时，买家垫付的退货运费由商家线下支付；付款后在此登记，每笔售后一次，会计凭证据此入账。"
    )

    proof = TextField(
        label="付款凭证",
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
        help_text="转账单号与日期等；请勿填写完整银行卡号",
        error_messages={"required": "请填写付款凭证"},
    )


class AnswerForm(_ShowingForm, OnceForm):
    """Something to say to the shopper."""

    title = "回复买家"
    explanation = "买家在售后详情中看到，并收到售后进度消息（未读时一天内只提醒一次）。"

    text = LinesField(
        label="内容",
        max_length=MOST_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    field_order = ["text", *_PICTURES]


class EscalateForm(ReasonForm):
    """Bring it to the shop's head."""

    title = "升级处理"
    explanation = "升级后由店长决定；买家看不到。"


class RulesForm(RuledForm):
    """The rules, with amounts in yuan."""

    service_up_to_fen = YuanField(label="客服审批上限（元）", help_text="超过的由财务或店长审批")
    second_person_above_fen = YuanField(
        label="双人复核起点（元）", help_text="超过此金额须两位同事先后同意，逾期也不会自动同意"
    )
    carriage_up_to_fen = YuanField(label="退货运费补偿上限（元）", help_text="每笔售后")
    instant_up_to_fen = YuanField(label="极速退款单笔上限（元）")
    instant_level = forms.ModelChoiceField(
        label="极速退款起始等级",
        queryset=Level.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="关闭极速退款",
        help_text="此等级及以上的会员，未发货订单的退款立即通过",
    )
    return_place = forms.ModelChoiceField(
        label="退货收货地点",
        queryset=Place.objects.all(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label="发货优先的地点",
        help_text="买家寄回到哪里；请在该地点填写地址和电话",
    )
    silence_approves = forms.BooleanField(
        label="逾期未处理自动同意", required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = AfterSaleRules
        fields = [
            *("apply_days", "answer_hours", "silence_approves", "send_back_days", "arrive_days"),
            *("inspect_hours", "dispatch_hours", "money_hours", "service_up_to_fen"),
            *("second_person_above_fen", "carriage_up_to_fen", "instant_level", "instant_up_to_fen"),
            *("instant_per_day", "return_place"),
        ]

    def check(self, row: AfterSaleRules) -> None:
        ruling.check_rules(row)


class ReasonRowForm(RuledForm):
    """A reason that shoppers choose."""

    class Meta:
        model = AfterSaleReason
        fields = ["kind", "code", "label", "is_no_reason", "position", "enabled"]

    def check(self, row: AfterSaleReason) -> None:
        ruling.check_reason(row)
