"""What the demo shop has on offer: one promotion of each kind, a member day, a festival to come, a points mall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from apps.base import days
from apps.catalog.models import Category, Product, Sku
from apps.coupons.models import Template
from apps.coupons.services import templates
from apps.points.models import PointsGood
from apps.promotions import services as promotions
from apps.promotions.models import Campaign, MemberDay, Promotion

Kind = Promotion.Kind
# Kind, what buyers read, its goods (a category's name, or codes of SKUs), its figures. The two for all goods
# come first: the demo's first order meets them.
_FOR_ALL: Final[tuple[tuple[Kind, str, dict[str, Any]], ...]] = (
    (Kind.STEPPED, "冬日茶会满减", {"steps": [[10_000, 1_500], [19_900, 3_000]]}),
    (Kind.FREE_POSTAGE, "满99元包邮", {"threshold_fen": 9_900}),
)
_FOR_A_CATEGORY: Final[tuple[tuple[Kind, str, str, dict[str, Any]], ...]] = (
    (Kind.PERCENT, "香薰九折", "香薰", {"off_bp": 1_000, "cap_fen": 3_000}),
    (Kind.N_FOR_M, "花草茶任选2件88元", "花草茶", {"pieces": 2, "price_fen": 8_800}),
    (Kind.SECOND_HALF, "乌龙茶第二件半价", "乌龙茶", {"off_bp": 5_000}),
)
_FLOWER_POT, _TOWEL, _KETTLE, _WHITE_TEA, _PUER = (
    "HM-HUAQI-1",
    "HM-CHAJIN-1",
    "KT-TILIANG-1",
    "WT-SHOUMEI-1",
    "PE-SHU-1",
)
_YEAR: Final = timedelta(days=365)


@transaction.atomic
def start(*, at: datetime) -> None:
    """Start all offers, from this morning for a year; the festival begins in a week and is shown from now on."""
    today, _ = days.day_window(days.shop_day(at))
    for kind, label, figures in _FOR_ALL:
        _start(kind, label, at=today, **figures)
    for kind, label, category, figures in _FOR_A_CATEGORY:
        _start(kind, label, at=today, category_ids=_categories(category), **figures)
    _start(
        Kind.FIXED,
        "一枝瓶尝鲜价",
        at=today,
        product_ids=_products(_FLOWER_POT),
        off_fen=1_000,
        limits={"per_member": 2, "total": 500},
    )
    _start_with_parts(at=today)
    _start(
        Kind.STEP_PRICE,
        "熟普前20件7折",
        at=today,
        product_ids=_products(_PUER),
        steps=[[20, 3_000]],
        rise_bp=1_000,
        rise_hours=1,
    )
    _member_day(at=today)
    _festival(at=at)
    _draft(at=today)


@transaction.atomic
def open_points_mall(*, at: datetime) -> None:
    """A coupon for points, and a towel for points and a little money."""
    template = templates.create(
        name="积分兑换5元券", kind=Template.Kind.NO_THRESHOLD, off_fen=500, valid_days=30
    )
    window = {"starts_at": at, "ends_at": at + _YEAR}
    PointsGood.objects.create(
        kind=PointsGood.Kind.COUPON,
        title="5元无门槛券",
        coupon_template_id=template.pk,
        points=500,
        quota=1_000,
        per_member=2,
        **window,
    )
    for sku in Sku.objects.filter(code=_TOWEL):
        PointsGood.objects.create(
            kind=PointsGood.Kind.SKU,
            title="纯棉茶巾三条装",
            sku=sku,
            points=300,
            money_fen=500,
            quota=100,
            per_member=1,
            position=1,
            **window,
        )


def _start(kind: Kind, label: str, *, at: datetime, **terms: Any) -> None:
    promotions.start(kind=kind, label=label, starts_at=at, ends_at=at + _YEAR, **terms)


def _start_with_parts(*, at: datetime) -> None:
    """The gift and the bundle, which name SKUs."""
    ids = dict(Sku.objects.filter(code__in=[_TOWEL, _KETTLE, _WHITE_TEA]).values_list("code", "pk"))
    _start(
        Kind.GIFT,
        "礼盒赠茶巾",
        at=at,
        category_ids=_categories("礼盒"),
        parts=[(9_900, ids[_TOWEL], 1), (29_800, ids[_TOWEL], 2)],
    )
    _start(
        Kind.BUNDLE,
        "围炉煮茶套餐",
        at=at,
        price_fen=46_800,
        parts=[(0, ids[_KETTLE], 1), (0, ids[_WHITE_TEA], 1)],
    )


def _member_day(*, at: datetime) -> None:
    """Each Friday points count twice, and white tea is cheaper."""
    friday = MemberDay.objects.create(name="周五会员日", weekdays=[5], points_bp=20_000)
    _start(
        Kind.PERCENT,
        "会员日白茶88折",
        at=at,
        category_ids=_categories("白茶"),
        off_bp=1_200,
        member_day=friday,
    )


def _festival(*, at: datetime) -> None:
    """Shown from now on with its hours, sold from in a week for two weeks."""
    begins, _ = days.day_window(days.shop_day(at) + timedelta(days=7))
    ends = begins + timedelta(days=14)
    festival = Campaign.objects.create(name="迎新茶器节", preheat_at=at, starts_at=begins, ends_at=ends)
    promotions.start(
        kind=Kind.STEPPED,
        label="茶器节满300减60",
        starts_at=begins,
        ends_at=ends,
        campaign=festival,
        category_ids=_categories("茶器"),
        steps=[[30_000, 6_000]],
    )


def _draft(*, at: datetime) -> None:
    """A campaign of a month ahead that is switched off, to try on past orders (活动模拟)."""
    promotions.start(
        kind=Kind.STEPPED,
        label="年货节满减（草稿，可模拟）",
        starts_at=at + timedelta(days=30),
        ends_at=at + timedelta(days=45),
        enabled=False,
        steps=[[19_900, 4_000], [29_900, 8_000]],
        limits={"per_member": 2},
        excludes=["POINTS"],
    )


def _categories(name: str) -> Sequence[int]:
    return list(Category.objects.filter(name=name).values_list("pk", flat=True))


def _products(code: str) -> Sequence[int]:
    return list(Product.objects.filter(skus__code=code).values_list("pk", flat=True))
