"""What is for sale: a category tree, brands, products with their pictures and SKUs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from apps.base.fields import FenField, PublicFileField
from apps.pictures.fields import PictureField


class CategoryQuerySet(models.QuerySet["Category"]):
    """Questions about the tree."""

    def shown(self) -> CategoryQuerySet:
        """Those that shoppers see: neither the category nor anything above it is hidden."""
        own_path: ExpressionWrapper = ExpressionWrapper(OuterRef("path"), output_field=models.CharField())
        hidden = Category.objects.filter(visible=False).alias(of=own_path)
        return self.filter(~Exists(hidden.filter(of__startswith=F("path"))))


class Category(models.Model):
    """A node of the tree. ``path`` holds the ids from the root, ``/3/17/``: descendants share its prefix."""

    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="上级类目",
        db_index=False,
    )
    name = models.CharField("名称", max_length=30)
    icon = PictureField("图标", upload_to="categories/", blank=True)
    position = models.PositiveIntegerField("排序", default=0)
    visible = models.BooleanField("显示", default=True)
    path = models.CharField("路径", max_length=120, editable=False, default="", db_index=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商品类目"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["parent", "name"],
                nulls_distinct=False,
                name="category_name_once_per_parent",
                violation_error_message="同一级已有同名类目",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """1 for a root, 2 for its children, … (0 before the services have placed it)."""
        return max(self.path.count("/") - 1, 0)


class Brand(models.Model):
    """Who made it."""

    name = models.CharField("品牌", max_length=40, unique=True)
    logo = PictureField("标志", upload_to="brands/", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "品牌"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class GuaranteeLabel(models.Model):
    """A promise shown with a product: 7 天无理由, 48 小时发货, 正品保证."""

    name = models.CharField("保障", max_length=20, unique=True)
    explanation = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "服务保障"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Returns(models.TextChoices):
    """Whether a product goes back within seven days without a reason; if not, the law's exception, as shoppers read it.

    《消费者权益保护法》第二十五条: the first four exceptions hold by themselves, the last only where the shopper confirmed
    it with the purchase.
    """

    SEVEN_DAYS = "SEVEN_DAYS", "支持七天无理由退货"
    CUSTOM_MADE = "CUSTOM_MADE", "定作商品，不支持七天无理由退货"
    FRESH = "FRESH", "鲜活易腐商品，不支持七天无理由退货"
    DIGITAL = "DIGITAL", "在线下载或拆封后的数字化商品，不支持七天无理由退货"
    PRESS = "PRESS", "报纸、期刊，不支持七天无理由退货"
    CONFIRMED = "CONFIRMED", "按商品性质不宜退货，购买时确认后不支持七天无理由退货"


class FreightInsurance(models.TextChoices):
    """Whether an insurer pays for sending back (退货运费险), and who pays the insurer, as shoppers read it before buying."""

    NONE = "NONE", "无运费险"
    MERCHANT = "MERCHANT", "商家赠送退货运费险"
    SHOPPER = "SHOPPER", "可自费购买退货运费险"


# 第二十五条第一款: from the day on which the goods were received.
NO_REASON_DAYS: Final = 7


class ProductQuerySet(models.QuerySet["Product"]):
    """Questions about the shelf."""

    def on_sale_at(self, at: datetime, *, early: timedelta = timedelta(0)) -> ProductQuerySet:
        """Those on sale at an instant: switched on, and inside their window ``[sale_starts_at, sale_ends_at)``.

        For whoever is let in ``early`` the window begins by so much earlier; it ends for all at once.
        """
        return self.begun_and_not_over(begun=at + early, at=at)

    def begun_and_not_over(self, *, begun: datetime, at: datetime) -> ProductQuerySet:
        """Those switched on whose window begins at ``begun`` or before, and ends after ``at``."""
        has_begun = Q(sale_starts_at__isnull=True) | Q(sale_starts_at__lte=begun)
        not_over = Q(sale_ends_at__isnull=True) | Q(sale_ends_at__gt=at)
        return self.filter(has_begun, not_over, on_sale=True)


class Product(models.Model):
    """A thing on the shelf; what is bought is one of its SKUs."""

    class Role(models.TextChoices):
        TRAFFIC = "TRAFFIC", "引流款"
        PROFIT = "PROFIT", "利润款"
        IMAGE = "IMAGE", "形象款"

    title = models.CharField("标题", max_length=80)
    subtitle = models.CharField("副标题", max_length=120, blank=True)
    category = models.ForeignKey(Category, on_delete=models.PROTECT, verbose_name="类目")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, verbose_name="品牌")
    role = models.CharField("商品定位", max_length=10, choices=Role.choices, default=Role.PROFIT)
    cover = PictureField("主图", upload_to="products/")
    video = PublicFileField(
        "视频", upload_to="videos/", blank=True, validators=[FileExtensionValidator(["mp4", "mov", "m4v"])]
    )
    detail_html = models.TextField("图文详情", blank=True)
    attributes = models.JSONField(
        "商品参数", default=list, blank=True, help_text='[{"name": "材质", "value": "陶瓷"}]'
    )
    returns = models.CharField(
        "七天无理由",
        max_length=12,
        choices=Returns.choices,
        default=Returns.SEVEN_DAYS,
        db_default=Returns.SEVEN_DAYS,
        help_text="法律允许的例外才可选择不支持（《消费者权益保护法》第二十五条）；最后一项须买家下单时确认才生效",
    )
    freight_insurance = models.CharField(
        "退货运费险",
        max_length=10,
        choices=FreightInsurance.choices,
        default=FreightInsurance.NONE,
        db_default=FreightInsurance.NONE,
        help_text="下单前展示并记入订单；保单在保险公司或微信商户平台办理，商城只作记录，不代收保费",
    )
    guarantees = models.ManyToManyField(GuaranteeLabel, blank=True, verbose_name="服务保障")
    # [{"name": "颜色", "values": ["白", "青"]}], at most three; a SKU names one value of each.
    options = models.JSONField("规格", default=list, blank=True)
    min_quantity = models.PositiveIntegerField("起购数量", default=1)
    max_quantity = models.PositiveIntegerField("每单限购", null=True, blank=True)
    quantity_step = models.PositiveIntegerField("购买倍数", default=1)
    on_sale = models.BooleanField("上架", default=False)
    # What orders are wrapped in (fulfillment.PackingOption): it has a SKU so that stock, cost and lines work as of
    # goods, and is never one of the shelf.
    packing = models.BooleanField("包装", default=False, db_default=False, editable=False)
    sale_starts_at = models.DateTimeField("定时上架", null=True, blank=True)
    sale_ends_at = models.DateTimeField("定时下架", null=True, blank=True)
    # Kept by services, so that lists need no joins: lowest price of the live SKUs, units of paid orders.
    price_fen = FenField("最低价（分）", default=0, editable=False)
    market_price_fen = FenField("划线价（分）", null=True, editable=False)
    sold_count = models.PositiveIntegerField("销量", default=0, editable=False)
    search_words = models.TextField("检索词", blank=True, editable=False)
    created_at = models.DateTimeField("创建时间", default=timezone.now, editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        permissions = [("price_product", "改价")]
        verbose_name = verbose_name_plural = "商品"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(min_quantity__gte=1)
                & Q(quantity_step__gte=1)
                & (Q(max_quantity__isnull=True) | Q(max_quantity__gte=F("min_quantity"))),
                name="product_purchase_limits_possible",
            ),
            models.CheckConstraint(
                condition=Q(sale_starts_at__isnull=True)
                | Q(sale_ends_at__isnull=True)
                | Q(sale_ends_at__gt=F("sale_starts_at")),
                name="product_sale_window_forward",
            ),
            models.CheckConstraint(
                condition=Q(packing=False) | Q(on_sale=False), name="product_packing_never_on_sale"
            ),
        ]
        indexes = [
            GinIndex(fields=["search_words"], opclasses=["gin_trgm_ops"], name="product_search_words"),
            models.Index(fields=["price_fen", "id"], condition=Q(on_sale=True), name="product_by_price"),
            models.Index(
                F("sold_count").desc(), F("id").desc(), condition=Q(on_sale=True), name="product_by_sales"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ProductImage(models.Model):
    """A further picture of a product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images", verbose_name="商品")
    image = PictureField("图片", upload_to="products/")
    position = models.PositiveIntegerField("排序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "商品图片"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.product_id} #{self.position}"


class Sku(models.Model):
    """What is counted, priced and bought: one combination of a product's options."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="skus", verbose_name="商品", db_index=False
    )
    code = models.CharField("商家编码", max_length=40, unique=True)
    # {"颜色": "白", "尺寸": "大"}: one value for each option of the product.
    option_values = models.JSONField("规格值", default=dict, blank=True)
    price_fen = FenField("售价（分）")
    market_price_fen = FenField("划线价（分）", null=True, blank=True)
    cost_fen = FenField("成本（分）", null=True, blank=True)
    weight_g = models.PositiveIntegerField("重量（克）", default=0)
    image = PictureField("图片", upload_to="skus/", blank=True)
    enabled = models.BooleanField("启用", default=True)
    # Delivered as card keys (apps/cards): nothing of it lies on a shelf or travels. Set before anything rests on the SKU.
    virtual = models.BooleanField("虚拟商品（卡密）", default=False, db_default=False, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "SKU"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "option_values"],
                name="sku_options_once_per_product",
                violation_error_message="同一商品的规格组合不能重复",
            ),
            models.CheckConstraint(condition=Q(price_fen__gte=0), name="sku_price_not_negative"),
            models.CheckConstraint(
                condition=Q(market_price_fen__isnull=True) | Q(market_price_fen__gte=F("price_fen")),
                name="sku_market_price_not_below_price",
                violation_error_message="划线价不能低于售价",
            ),
        ]

    def __str__(self) -> str:
        said = " / ".join(map(str, self.option_values.values()))
        return f"{self.code}（{said}）" if said else self.code


class ScopedToGoods(models.Model):
    """A row that is for some goods only, or for all: a promotion, a coupon. ``scopes`` reads and writes it."""

    class Scope(models.TextChoices):
        ALL = "ALL", "全部商品"
        PRODUCTS = "PRODUCTS", "指定商品"
        SKUS = "SKUS", "指定规格"
        CATEGORIES = "CATEGORIES", "指定类目"
        BRANDS = "BRANDS", "指定品牌"

    scope = models.CharField("适用范围", max_length=12, choices=Scope.choices, default=Scope.ALL)
    products = models.ManyToManyField(Product, blank=True, verbose_name="商品")
    skus = models.ManyToManyField(Sku, blank=True, verbose_name="规格")
    categories = models.ManyToManyField(Category, blank=True, verbose_name="类目")
    brands = models.ManyToManyField(Brand, blank=True, verbose_name="品牌")

    class Meta:
        abstract = True
