"""The operators' form of a promotion: one form for every kind, which explains itself and refuses what makes no sense."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.base.forms import LinesField, PercentField, RegionsField, TenthsField, YuanField, show_refusal
from apps.catalog import scopes, sku_codes
from apps.promotions import drafts, inputs, wording
from apps.promotions import services as promotions
from apps.promotions.drafts import PromotionDraft
from apps.promotions.models import Promotion
from apps.promotions.services import Stock

Kind = Promotion.Kind

# What is typed as text, by kind; all of it becomes ``steps`` or ``parts`` of the draft.
_TEXTS: Final = {Kind.STEPPED: "steps", Kind.STEP_PRICE: "ladder", Kind.GIFT: "gifts", Kind.BUNDLE: "bundle"}
# Every figure that some kind does not use, by the name of its field.
_TYPED: Final = (drafts.EMPTY.keys() - {"parts", "excludes"}) | {*_TEXTS.values()}


def _used(kind: str) -> set[str]:
    """The fields of the figures that a kind uses."""
    return (drafts.FIGURES[kind] - {"steps", "parts"}) | {_TEXTS.get(Kind(kind), "")}


class StepsWidget(UnfoldAdminTextareaWidget):
    """Steps as rows of two figures, drawn by a script of ours over the text that is sent."""

    class Media:
        js = ["promotions/steps.js"]

    def __init__(self, first: str, second: str) -> None:
        super().__init__(attrs={"rows": 2, "data-steps": f"{first}|{second}"})


def _lines() -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": 2})


class PromotionForm(forms.ModelForm):
    """One promotion, translated into a draft; what is wrong with it the service says, and the form shows where.

    ``warnings`` are what the price floor has to say of a promotion that may be saved all the same.
    """

    steps = LinesField(
        label="满减阶梯",
        required=False,
        max_length=500,
        widget=StepsWidget("满", "减"),
        help_text="每行一档，单位为元，只享受达到的最高一档；按件数时门槛为件数。可以粘贴「满100减15，满199减30」",
    )
    ladder = LinesField(
        label="阶梯价",
        required=False,
        max_length=500,
        widget=StepsWidget("前多少件", "几折"),
        help_text="每行一档：前 100 件 5 折，之后到第 200 件 7 折。售满后恢复原价或按小时涨价",
    )
    gifts = LinesField(
        label="赠品阶梯",
        required=False,
        max_length=1000,
        widget=_lines(),
        help_text="每行一档，写成「门槛：商家编码」，多件用逗号隔开：「199：CUP-01，TEA-02×2」。按件数时门槛为件数。"
        "只送达到的最高一档，送完为止",
    )
    bundle = LinesField(
        label="套餐商品",
        required=False,
        max_length=500,
        widget=_lines(),
        help_text="商家编码，多件写成「编码×数量」：「POT-01，CUP-01×4」",
    )
    off_bp = TenthsField(
        label="折扣", taken_off=True, required=False, help_text="8.5 表示八五折，即减 15%；第二件半价填 5"
    )
    off_fen = YuanField(label="每件直降（元）", required=False, help_text="与「价格」只填一项")
    price_fen = YuanField(
        label="价格（元）", required=False, help_text="特价：每件的价格；套餐：整套的价格；N件M元：N 件的总价"
    )
    rise_bp = PercentField(
        label="每次涨（%）", required=False, help_text="原价的百分之几；留空表示售满后恢复原价"
    )
    cap_fen = YuanField(label="最多减（元）", required=False, help_text="留空表示不封顶")
    threshold_fen = YuanField(label="包邮门槛（元）", required=False, help_text="填 0 表示不限金额包邮")
    regions = RegionsField(
        label="包邮地区",
        required=False,
        help_text="用顿号、逗号或换行隔开，例如「浙江、上海、南京市/鼓楼区」；留空表示全国",
    )

    excludes = forms.MultipleChoiceField(
        label="不与这些优惠同享",
        required=False,
        choices=[(lane.name, name) for lane, name in wording.LANES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="参加此活动的商品不再享受所选的优惠；不选表示都可同享。同一类优惠本来就只享一项",
    )

    class Meta:
        model = Promotion
        fields = [
            "kind",
            "label",
            "enabled",
            "starts_at",
            "ends_at",
            "campaign",
            "member_day",
            "group",
            "scope",
            *scopes.NAMING,
            "by_pieces",
            "steps",
            "off_bp",
            "off_fen",
            "price_fen",
            "pieces",
            "same_sku",
            "rise_bp",
            "rise_hours",
            "cap_fen",
            "threshold_fen",
            "regions",
            "combines",
            "excludes",
            "limit_total",
            "limit_per_day",
            "limit_per_member",
            "limit_per_member_day",
        ]
        help_texts = {
            "starts_at": "从这一刻起生效",
            "ends_at": "到这一刻为止，这一刻已不再生效",
            "combines": "关闭后，参加此活动的商品不再享受会员价、优惠券等其他减价；包邮不受影响",
            "member_day": "留空表示活动期间每天生效",
            "group": "留空表示所有会员。人群要先在「同步到会员分组」里建好分组，每晚更新；商品页和列表不展示这样的活动",
            "limit_total": "留空表示不限；只有实际减价的订单才计次，取消订单会退回次数",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []
        self.draft: PromotionDraft | None = None
        self._parts: list[tuple[int, int, int]] = []
        row = self.instance
        if row.pk is None:
            return
        if row.kind == Kind.STEP_PRICE:
            self.initial.update(steps="", ladder=inputs.write_ladder(row.steps))
        else:
            self.initial["steps"] = inputs.write_steps(row.steps, by_pieces=row.by_pieces)
        if row.kind in (Kind.GIFT, Kind.BUNDLE):
            named = row.parts.values_list("at_least", "sku__code", "quantity")
            self.initial.update(inputs.write_parts(list(named), by_pieces=row.by_pieces))

    @property
    def stock(self) -> Stock | None:
        """What tells how many there are of the gifts; here nobody knows."""
        return None

    def clean(self) -> dict[str, Any]:
        """Leave out what the kind does not use, read what was typed as text, and ask the service."""
        typed = self.cleaned_data
        kind = typed.get("kind")
        if kind not in drafts.FIGURES:
            return typed
        if not typed.get("combines"):
            typed["excludes"] = []
        for name in _TYPED - _used(kind):
            typed[name] = drafts.EMPTY.get(name, "")
            self.errors.pop(name, None)
        steps = self._read(typed, Kind(kind))
        # The columns of the row are lists.
        typed["steps"], typed["regions"] = steps, list(typed.get("regions") or ())
        if not self.errors:
            self._ask_the_service(typed, Kind(kind), steps)
        return typed

    def _read(self, typed: dict[str, Any], kind: Kind) -> list[list[int]]:
        """Read what was typed as text: return the steps, keep gifts or a bundle."""
        name = _TEXTS.get(kind, "")
        text = typed.get(name) or ""
        try:
            if kind == Kind.STEPPED:
                return inputs.read_steps(text, by_pieces=bool(typed.get("by_pieces")))
            if kind == Kind.STEP_PRICE:
                return inputs.read_ladder(text)
            if kind == Kind.GIFT:
                self._parts = self._coded(inputs.read_gifts(text, by_pieces=bool(typed.get("by_pieces"))))
            if kind == Kind.BUNDLE:
                self._parts = self._coded([(0, inputs.read_goods(text))])
        except forms.ValidationError as unreadable:
            self.add_error(name, unreadable)
        return []

    def _coded(self, wanted: list[tuple[int, dict[str, int]]]) -> list[tuple[int, int, int]]:
        """The SKUs behind the codes of gifts or a bundle: one statement. Raises ValidationError."""
        ids = sku_codes.ids_of([code for _, goods in wanted for code in goods])
        return [
            (at_least, ids[code], quantity) for at_least, goods in wanted for code, quantity in goods.items()
        ]

    def _ask_the_service(self, typed: dict[str, Any], kind: Kind, steps: list[list[int]]) -> None:
        """Build the draft and show at its fields what the service refuses."""
        apart = {"promotion_id", "goods", "parts", "steps", "campaign_id", "member_day_id", "group_id"}
        campaign, member_day, group = typed["campaign"], typed["member_day"], typed["group"]
        self.draft = PromotionDraft(
            promotion_id=self.instance.pk,
            goods=scopes.chosen(typed["scope"], **{name: typed[name] for name in scopes.NAMING}),
            parts=self._parts,
            steps=steps,
            campaign_id=campaign.pk if campaign else None,
            member_day_id=member_day.pk if member_day else None,
            group_id=group.pk if group else None,
            **{one.name: typed[one.name] for one in fields(PromotionDraft) if one.name not in apart},
        ).fitted()
        try:
            self.warnings = promotions.check(self.draft, stock=self.stock)
        except promotions.PromotionRefused as refusal:
            text = _TEXTS.get(kind, "")
            show_refusal(self, refusal, named={"steps": text, "parts": text})
