"""The operators' forms of promotions and member prices: they explain themselves and refuse what makes no sense."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.base.forms import YuanField
from apps.catalog.models import Sku
from apps.promotions import inputs, terms
from apps.promotions.models import LevelPrice, Promotion
from apps.promotions.terms import Terms
from mall import money
from mall.errors import ShopError

# The figures that each kind uses; a form empties the others, so that a row never says more than its offer.
FIGURES = {
    Promotion.Kind.STEPPED: {"steps", "by_pieces"},
    Promotion.Kind.PERCENT: {"off_bp", "cap_fen"},
    Promotion.Kind.FREE_POSTAGE: {"threshold_fen", "regions"},
}
EMPTY: dict[str, Any] = {
    "steps": [],
    "by_pieces": False,
    "off_bp": None,
    "cap_fen": None,
    "threshold_fen": None,
    "regions": [],
}
SCOPES = {
    "products": Promotion.Scope.PRODUCTS,
    "categories": Promotion.Scope.CATEGORIES,
    "brands": Promotion.Scope.BRANDS,
}


class PromotionForm(forms.ModelForm):
    """One promotion. What it refuses it refuses with the sentence of the offer that it would have become."""

    steps = forms.CharField(
        label="满减阶梯",
        required=False,
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="每档写成「门槛-优惠」，用逗号隔开，单位为元：「100-15，199-30」表示满100减15，满199减30，"
        "只享受达到的最高一档。按件数时门槛为件数：「3-20」表示满3件减20元",
    )
    off_bp = inputs.DiscountField(label="折扣", required=False, help_text="8.5 表示八五折，即减 15%")
    cap_fen = YuanField(label="最多减（元）", required=False, help_text="留空表示不封顶")
    threshold_fen = YuanField(label="包邮门槛（元）", required=False, help_text="填 0 表示不限金额包邮")
    regions = inputs.RegionsField(
        label="包邮地区",
        required=False,
        help_text="与收货地址一致的全称，用逗号隔开，例如「浙江省，上海市」；留空表示全国",
    )

    class Meta:
        model = Promotion
        fields = [
            "kind",
            "label",
            "enabled",
            "starts_at",
            "ends_at",
            "scope",
            "products",
            "categories",
            "brands",
            "by_pieces",
            "steps",
            "off_bp",
            "cap_fen",
            "threshold_fen",
            "regions",
            "combines",
        ]
        help_texts = {
            "starts_at": "从这一刻起生效",
            "ends_at": "到这一刻为止，这一刻已不再生效",
            "combines": "关闭后，参加此活动的商品不再享受会员价、优惠券等其他减价；包邮不受影响",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["steps"] = inputs.write_steps(self.instance.steps, by_pieces=self.instance.by_pieces)

    def clean(self) -> dict[str, Any]:
        """Empty what the kind and the scope do not use, then build the offer and show why where it refuses."""
        typed = self.cleaned_data
        starts_at, ends_at = typed.get("starts_at"), typed.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "结束时间必须晚于开始时间")
        kind, scope = typed.get("kind"), typed.get("scope")
        if kind not in FIGURES or scope is None:
            return typed
        for name in EMPTY.keys() - FIGURES[kind]:
            typed[name] = EMPTY[name]
            self.errors.pop(name, None)
        if kind == Promotion.Kind.STEPPED and "steps" in typed:
            try:
                typed["steps"] = inputs.read_steps(typed["steps"], by_pieces=typed["by_pieces"])
            except forms.ValidationError as unreadable:
                self.add_error("steps", unreadable)
        for name, meant in SCOPES.items():
            if scope != meant and name in typed:
                typed[name] = typed[name].none()
        if not self.errors:
            self._refuse_senseless(typed)
        return typed

    def _refuse_senseless(self, typed: dict[str, Any]) -> None:
        """Say why this could not be explained to a buyer, in the words of the offer itself."""
        if typed["kind"] == Promotion.Kind.FREE_POSTAGE:
            if typed["scope"] != Promotion.Scope.ALL:
                self.add_error("scope", "满额包邮针对整单运费，适用范围请选择「全部商品」")
            if typed["threshold_fen"] is None:
                self.add_error("threshold_fen", "请填写包邮门槛，不限金额请填 0")
        if self.errors:
            return
        try:
            terms.offer(
                Terms(
                    ref="typed",
                    product_ids=[product.pk for product in typed["products"]],
                    category_ids=[category.pk for category in typed["categories"]],
                    brand_ids=[brand.pk for brand in typed["brands"]],
                    **{name: typed[name] for name in ("kind", "label", "scope", "combines", *EMPTY)},
                ),
                at=typed["starts_at"],
            )
        except ShopError as refusal:
            self.add_error(None, refusal.text)


class LevelPriceForm(forms.ModelForm):
    """A level's own price of one SKU, which is found by its code."""

    sku = forms.ModelChoiceField(
        label="商家编码",
        queryset=Sku.objects.select_related("product"),
        to_field_name="code",
        widget=UnfoldAdminTextInputWidget,
        error_messages={"invalid_choice": "没有这个商家编码的 SKU"},
    )
    price_fen = YuanField(label="会员价（元）", help_text="必须低于售价")

    class Meta:
        model = LevelPrice
        fields = ["level", "sku", "price_fen"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["sku"] = self.instance.sku

    def clean(self) -> dict[str, Any]:
        """A member price that is no advantage is a mistake."""
        typed = self.cleaned_data
        sku, price_fen = typed.get("sku"), typed.get("price_fen")
        if sku and price_fen is not None and price_fen >= sku.price_fen:
            self.add_error("price_fen", f"会员价必须低于售价 ¥{money.yuan(sku.price_fen)}")
        return typed
