"""The operators' form of a promotion: one form for every kind, which explains itself and refuses what makes no sense."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextareaWidget

from apps.base import days
from apps.base.forms import LinesField, PercentField, RegionsField, YuanField
from apps.catalog.models import Sku
from apps.promotions import inputs, member_days, sense, terms, wording
from apps.promotions import services as promotions
from apps.promotions.models import MemberDay, PriceFloor, Promotion
from apps.promotions.terms import Part, Terms
from mall.errors import ShopError

Kind = Promotion.Kind

# The figures that each kind uses; a form empties the others, so that a row never says more than its offer.
# Typed here and kept elsewhere: the ladder in ``steps``, gifts and bundles in rows of their own.
FIGURES: Final[dict[str, set[str]]] = {
    Kind.STEPPED: {"steps", "by_pieces"},
    Kind.PERCENT: {"off_bp", "cap_fen"},
    Kind.FIXED: {"off_fen", "price_fen", "cap_fen"},
    Kind.GIFT: {"gifts", "by_pieces"},
    Kind.BUNDLE: {"bundle", "price_fen"},
    Kind.N_FOR_M: {"pieces", "price_fen"},
    Kind.SECOND_HALF: {"off_bp", "same_sku"},
    Kind.STEP_PRICE: {"ladder", "rise_bp", "rise_hours"},
    Kind.FREE_POSTAGE: {"threshold_fen", "regions"},
}
EMPTY: Final[dict[str, Any]] = {
    "steps": [],
    "by_pieces": False,
    "ladder": [],
    "gifts": [],
    "bundle": {},
    "off_bp": None,
    "off_fen": None,
    "price_fen": None,
    "pieces": None,
    "same_sku": True,
    "rise_bp": None,
    "rise_hours": None,
    "cap_fen": None,
    "threshold_fen": None,
    "regions": [],
}
SCOPES: Final = {
    "products": Promotion.Scope.PRODUCTS,
    "categories": Promotion.Scope.CATEGORIES,
    "brands": Promotion.Scope.BRANDS,
}
WHOLE_ORDER: Final = {
    Kind.FREE_POSTAGE: "满额包邮针对整单运费，适用范围请选择「全部商品」",
    Kind.BUNDLE: "套餐的商品由套餐本身决定，适用范围请选择「全部商品」",
}


# Each limit that lies within another.
_WITHIN: Final = (
    ("limit_per_day", "limit_total"),
    ("limit_per_member", "limit_total"),
    ("limit_per_member_day", "limit_per_day"),
    ("limit_per_member_day", "limit_per_member"),
    ("limit_per_member_day", "limit_total"),
)


def _lines() -> UnfoldAdminTextareaWidget:
    return UnfoldAdminTextareaWidget(attrs={"rows": 2})


class PromotionForm(forms.ModelForm):
    """One promotion. What it refuses it refuses with the sentence of the offer that it would have become.

    ``warnings`` are what the price floor has to say of a promotion that may be saved all the same.
    """

    steps = LinesField(
        label="满减阶梯",
        required=False,
        max_length=500,
        widget=_lines(),
        help_text="每档写成「门槛-优惠」，用逗号隔开，单位为元：「100-15，199-30」表示满100减15，满199减30，"
        "只享受达到的最高一档。按件数时门槛为件数：「3-20」表示满3件减20元",
    )
    ladder = LinesField(
        label="阶梯价",
        required=False,
        max_length=500,
        widget=_lines(),
        help_text="每档写成「件数-折扣」：「100-5，200-7」表示前100件五折，之后到第200件七折。售满后恢复原价或按小时涨价",
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
    off_bp = inputs.DiscountField(
        label="折扣", required=False, help_text="8.5 表示八五折，即减 15%；第二件半价填 5"
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
            "scope",
            "products",
            "categories",
            "brands",
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
            "limit_total": "留空表示不限；只有实际减价的订单才计次，取消订单会退回次数",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.warnings: list[str] = []
        self.parts: list[Part] = []
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

    def clean(self) -> dict[str, Any]:
        """Empty what the kind and the scope do not use, then build the offer and show why where it refuses."""
        typed = self.cleaned_data
        self._check_window(typed)
        self._check_limits(typed)
        kind, scope = typed.get("kind"), typed.get("scope")
        if kind not in FIGURES or scope is None:
            return typed
        if not typed.get("combines"):
            typed["excludes"] = []
        for name in EMPTY.keys() - FIGURES[kind]:
            typed[name] = EMPTY[name]
            self.errors.pop(name, None)
        self._read(typed, kind)
        for name, meant in SCOPES.items():
            if scope != meant and name in typed:
                typed[name] = typed[name].none()
        if not self.errors:
            self._refuse_senseless(typed)
        return typed

    def _check_window(self, typed: dict[str, Any]) -> None:
        starts_at, ends_at = typed.get("starts_at"), typed.get("ends_at")
        if not starts_at or not ends_at:
            return
        if ends_at <= starts_at:
            self.add_error("ends_at", "结束时间必须晚于开始时间")
            return
        campaign = typed.get("campaign")
        if campaign and not (campaign.starts_at <= starts_at and ends_at <= campaign.ends_at):
            self.add_error("campaign", f"促销时间必须在节日活动「{campaign.name}」的时间之内")

        if member_day := typed.get("member_day"):
            self._check_member_day(member_day, starts_at, ends_at)

    def _check_member_day(self, member_day: MemberDay, starts_at: datetime, ends_at: datetime) -> None:
        """Refuse a window without any of the days that the promotion keeps to."""
        day, last = days.shop_day(starts_at), days.shop_day(ends_at - timedelta(microseconds=1))
        # Member days are days of a week or a month: each of them comes within two months.
        last = min(last, day + timedelta(days=62))
        while day <= last:
            if member_days.falls_on(member_day, day):
                return
            day += timedelta(days=1)
        why = f"是{member_days.sentence(member_day)}" if member_day.enabled else "已停用"
        self.add_error("member_day", f"「{member_day.name}」{why}，促销时间内没有这样的日子")

    def _check_limits(self, typed: dict[str, Any]) -> None:
        """Refuse a part that is larger than the whole it is part of: it would never be reached."""
        for part, whole in _WITHIN:
            most, within = typed.get(part), typed.get(whole)
            if most is not None and within is not None and most > within:
                names = [self._meta.model._meta.get_field(name).verbose_name for name in (part, whole)]
                self.add_error(part, f"{names[0]}不能超过{names[1]}（{within}）")

    def _read(self, typed: dict[str, Any], kind: str) -> None:
        """Read what was typed as text: steps, ladder, gifts or bundle."""
        readers = {
            Kind.STEPPED: ("steps", lambda text: inputs.read_steps(text, by_pieces=typed["by_pieces"])),
            Kind.STEP_PRICE: ("ladder", inputs.read_ladder),
            Kind.GIFT: ("gifts", lambda text: inputs.read_gifts(text, by_pieces=typed["by_pieces"])),
            Kind.BUNDLE: ("bundle", inputs.read_goods),
        }
        if kind not in readers:
            return
        name, read = readers[Kind(kind)]
        try:
            typed[name] = read(typed.get(name, ""))
            if kind == Kind.STEP_PRICE:
                typed["steps"] = typed["ladder"]
            self.parts = self._parts(typed)
        except forms.ValidationError as unreadable:
            self.add_error(name, unreadable)

    def _parts(self, typed: dict[str, Any]) -> list[Part]:
        """The SKUs behind the codes of gifts or a bundle: one statement. Raises ValidationError."""
        wanted = [*typed["gifts"], *([(0, typed["bundle"])] if typed["bundle"] else [])]
        codes = {code for _, goods in wanted for code in goods}
        skus = {sku.code: sku for sku in Sku.objects.filter(code__in=codes).select_related("product")}
        if missing := "」「".join(sorted(codes - skus.keys())):
            raise forms.ValidationError(f"没有商家编码为「{missing}」的商品")
        return [
            Part(at_least, skus[code].pk, skus[code].product.title, quantity)
            for at_least, goods in wanted
            for code, quantity in goods.items()
        ]

    def _refuse_senseless(self, typed: dict[str, Any]) -> None:
        """Say why this could not be explained to a buyer, in the words of the offer itself."""
        kind = typed["kind"]
        if kind in WHOLE_ORDER and typed["scope"] != Promotion.Scope.ALL:
            self.add_error("scope", WHOLE_ORDER[kind])
        if kind == Kind.FREE_POSTAGE and typed["threshold_fen"] is None:
            self.add_error("threshold_fen", "请填写包邮门槛，不限金额请填 0")
        if self.errors:
            return
        figures = {name: typed[name] for name in terms.FIGURES}
        offered = Terms(
            ref="typed",
            product_ids=[product.pk for product in typed["products"]],
            category_ids=[category.pk for category in typed["categories"]],
            brand_ids=[brand.pk for brand in typed["brands"]],
            parts=self.parts,
            **figures,
        )
        at = typed["starts_at"]
        try:
            terms.offer(offered, at=at)
        except ShopError as refusal:
            self.add_error(None, refusal.text)
            return
        for reason in sense.objections(offered, promotions.wares(offered)):
            self.add_error(None, reason)
        if not self.errors:
            self._ask_the_floor(offered, at=at)

    def _ask_the_floor(self, offered: Terms, *, at: Any) -> None:
        """Refuse, or keep as warnings, what the promotion could take below the price floor."""
        breaches = promotions.breaches(offered, at=at)
        if not breaches:
            return
        shown = [breach.sentence for breach in breaches[:5]]
        more = f"等 {len(breaches)} 种" if len(breaches) > len(shown) else ""
        said = f"最不利的订单中{'；'.join(shown)}{more}"
        if promotions.present_floor().mode == PriceFloor.Mode.REFUSE:
            self.add_error(None, f"会突破价格底线：{said}")
        else:
            self.warnings.append(f"注意价格底线：{said}")
