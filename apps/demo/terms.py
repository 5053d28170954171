"""On what terms the demo shop sells: postage, offers, coupons, member levels, packs, the privacy document."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from apps.catalog.models import Sku
from apps.demo import coupons, flash_sales, interactions, levels, offers, packs, telling
from apps.demo.filling import WARES
from apps.demo.telling import Tell, silent
from apps.fulfillment.models import FreightTemplate, FreightZone, ProductFreight
from apps.fulfillment.services import templates
from apps.fulfillment.states import ChargedBy
from apps.members.models import Document, Level
from apps.points.models import PointsGood
from apps.promotions import services as promotions
from apps.promotions.models import LevelPrice, Promotion

_REMOTE = ["新疆维吾尔自治区", "西藏自治区", "青海省", "内蒙古自治区", "宁夏回族自治区", "甘肃省"]
PRIVACY = """茶里茶外隐私保护指引

我们重视您的个人信息。本店仅在提供商品与服务所必需的范围内处理以下信息：

一、微信登录标识（openid）：用于识别您的会员身份。
二、手机号：经您主动授权后获取，用于订单与配送联系。
三、收货人姓名、地址：用于配送您购买的商品，仅提供给承运的快递公司。
四、订单与支付记录：用于履行合同、售后与法定的账簿保存。
五、您主动提交的评价、图片与问卷回答：用于展示评价和改进服务；评价会提交微信检测内容安全。

我们不会出售您的个人信息。您可以随时查询、更正、导出、删除您的信息，或撤回同意；撤回不影响此前已进行的处理。
如有疑问，请通过小程序内的客服与我们联系。
"""


def agree(*, at: datetime, tell: Tell = silent) -> None:
    """Set the terms up where they are missing; what the operator changed since stays."""
    steps: dict[str, Callable[[], object]] = {
        "levels": levels.fill,
        "rewards": interactions.fill,
        "coupons": lambda: coupons.fill(at=at),
        "packs": lambda: packs.fill(at=at),
        "privacy document": lambda: _privacy(at=at),
        "postage": lambda: FreightTemplate.objects.exists() or _postage(),
        "promotions": lambda: Promotion.objects.exists() or offers.start(at=at),
        "points mall": lambda: PointsGood.objects.exists() or offers.open_points_mall(at=at),
        "flash sales": lambda: flash_sales.fill(at=at),
        "prices of levels": lambda: LevelPrice.objects.exists() or _flagship_prices(),
    }
    for name in telling.each(tuple(steps), what="terms", named=str, tell=tell):
        steps[name]()


def _privacy(*, at: datetime) -> None:
    Document.objects.get_or_create(
        kind=Document.Kind.PRIVACY, version="1.0", defaults={"body": PRIVACY, "published_at": at}
    )


@transaction.atomic
def _flagship_prices() -> None:
    """Golden and master members have a price of their own for the shop's flagship."""
    flagship = {sku.pk: sku.price_fen for sku in Sku.objects.filter(code__startswith="CP-TAOZHUANG-")}
    for rank, less_fen in ((3, 2_000), (4, 3_000)):
        prices_fen = {pk: max(price_fen - less_fen, 0) for pk, price_fen in flagship.items()}
        for level in Level.objects.filter(rank=rank):
            promotions.price_for_level(level_id=level.pk, prices_fen=prices_fen)


@transaction.atomic
def _postage() -> None:
    """By piece for most goods, by weight for heavy ones; remote provinces cost more."""
    _template(
        "标准快递（按件）",
        ChargedBy.PIECE,
        is_default=True,
        rest=(1, 800, 1, 200),
        remote=(1, 1_800, 1, 800),
    )
    heavy = _template(
        "重物快递（按重量）",
        ChargedBy.WEIGHT,
        is_default=False,
        rest=(1_000, 1_000, 500, 300),
        remote=(1_000, 2_200, 500, 900),
    )
    codes = [ware.sku_code(0) for ware in WARES if ware.by_weight]
    without = Sku.objects.filter(code__in=codes, product__freight=None).values_list("product_id", flat=True)
    ProductFreight.objects.bulk_create(
        ProductFreight(product_id=product_id, template=heavy) for product_id in without
    )


def _template(
    name: str,
    charged_by: ChargedBy,
    *,
    is_default: bool,
    rest: tuple[int, int, int, int],
    remote: tuple[int, int, int, int],
) -> FreightTemplate:
    """Make a template with two zones: remote provinces, and everywhere else.

    A zone is (first units, their fee in fen, further units, the fee of each further lot in fen).
    """
    return templates.save(
        template=FreightTemplate(name=name, charged_by=charged_by, is_default=is_default),
        zones=[
            FreightZone(
                regions=regions,
                first_units=first,
                first_fee_fen=first_fee_fen,
                next_units=following,
                next_fee_fen=next_fee_fen,
            )
            for regions, (first, first_fee_fen, following, next_fee_fen) in (([], rest), (_REMOTE, remote))
        ],
    )
