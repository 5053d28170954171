"""What operators type of a pre-sale, and on the pages on which its goods arrive and its reports go to WeChat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.base.asking import AskForm, OnceForm
from apps.base.forms import LinesField, YuanField
from apps.campaigns.forms import COMMON, CampaignForm, CombinesField
from apps.presale import inputs
from apps.presale import services as presales
from apps.presale.drafts import PresaleDraft
from apps.presale.models import Presale
from apps.stores.models import Place

STAGES: Final = ("deposit_fen", "deposit_worth_fen", "balance_from", "balance_until", "deposit_refundable")


class PresaleForm(CampaignForm):
    """One pre-sale."""

    campaigns = presales.CAMPAIGNS
    called: ClassVar[Mapping[str, str]] = {"skus": "plan"}

    plan = LinesField(
        label="商品与计划",
        widget=UnfoldAdminTextareaWidget,
        help_text="每个规格一行：商家编码：预售价，计划数量，例如 TEA-01：269.00，200；须为同一商品的规格",
    )
    deposit_fen = YuanField(label="每件定金（元）", required=False, min_value=1, help_text="全款预售请留空")
    deposit_worth_fen = YuanField(
        label="定金抵扣（元）",
        required=False,
        min_value=1,
        help_text="每件定金在总价中抵多少，例如定金 20 抵 50；留空表示不膨胀",
    )
    combines = CombinesField()

    class Meta:
        model = Presale
        fields = [*COMMON, *STAGES, "ships_by"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["plan"] = inputs.write_goods(presales.CAMPAIGNS.draft_of(self.instance).goods)

    def drafted(self, typed: dict[str, Any]) -> PresaleDraft:
        """The draft, with the goods of these lines."""
        try:
            goods = inputs.read_goods(typed.pop("plan"))
        except forms.ValidationError as unreadable:
            raise forms.ValidationError({"plan": unreadable}) from unreadable
        draft = PresaleDraft(row_id=self.instance.pk, goods=goods, **typed)
        # The row takes what the draft makes of what was left empty, or the model would refuse it.
        self.cleaned_data["ships_by"] = draft.columns()["ships_by"]
        return draft

    def _post_clean(self) -> None:
        """Nothing: the service holds the draft against columns and constraints, and writes it."""


class ArriveForm(OnceForm):
    """Goods that came, into which place."""

    title = "到货"
    explanation = (
        "到货的商品先配给已付款的预售订单（按下单先后），其余进入可售库存。配齐的订单才能发货；"
        "还没配到的订单在以后入库时自动配货。"
    )

    place = forms.ModelChoiceField(
        label="仓库", queryset=Place.objects.all(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    units = LinesField(
        label="到货数量",
        required=False,
        widget=UnfoldAdminTextareaWidget,
        help_text="每个规格一行：商家编码：数量，例如 TEA-01：200；已入库的不要再填，留空则用现有库存配货",
    )

    def clean_units(self) -> dict[int, int]:
        """Units by SKU id."""
        return inputs.read_arrived(self.cleaned_data["units"])


class ReportAgainForm(AskForm):
    """A question before a report is sent once more."""

    title = "重新报备"
    explanation = "将再次向微信报备此笔付款的发货时间。"
