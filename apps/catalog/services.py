"""Everything that writes the catalogue: the tree, products and what is derived of them, on and off sale."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Concat, Substr

from apps.base import judging
from apps.catalog import detail, rules, search
from apps.catalog import selectors as catalog_facts
from apps.catalog.models import Brand, Category, GuaranteeLabel, Product, Sku
from mall.errors import Faulty, Invalid, NotFound, ShopError

MAX_DEPTH = 4


class CategoryCycle(Invalid):
    """A category cannot lie inside itself or one of its descendants."""

    code = "category_cycle"
    message = "上级类目不能是它自己或它的下级"


class CategoryTooDeep(Invalid):
    """The tree has at most MAX_DEPTH levels."""

    code = "category_too_deep"
    message = f"类目最多 {MAX_DEPTH} 级"


def save_category(*, category: Category) -> Category:
    """Save a new or changed category and keep the paths of it and of all below it true.

    Moves are taken one after the other (the tree is locked), so that two of them cannot build a circle.
    Raises CategoryCycle, CategoryTooDeep.
    """
    with transaction.atomic():
        paths = dict(Category.objects.select_for_update(no_key=True).order_by("id").values_list("id", "path"))
        above = _checked_place(category, paths)
        before = paths.get(category.pk, "")
        category.save()
        category.path = f"{above}{category.pk}/"
        if category.path != before:
            _move(category, before=before)
        _describe_products_below(category)
    return category


def check_place(*, category: Category) -> None:
    """Refuse a category whose parent would make a circle or too deep a tree, as a form asks before saving.

    Raises CategoryCycle, CategoryTooDeep.
    """
    _checked_place(category, dict(Category.objects.values_list("id", "path")))


def _checked_place(category: Category, paths: Mapping[int, str]) -> str:
    """Return the path above the category. ``paths`` are those of the whole tree."""
    above = paths[category.parent_id] if category.parent_id else "/"
    own = paths.get(category.pk, "")
    if own and above.startswith(own):
        raise CategoryCycle
    below = max((path.count("/") for path in paths.values() if own and path.startswith(own)), default=0)
    if above.count("/") + max(below - own.count("/"), 0) > MAX_DEPTH:
        raise CategoryTooDeep
    return above


def _move(category: Category, *, before: str) -> None:
    Category.objects.filter(pk=category.pk).update(path=category.path)
    if before:
        rest = Substr("path", len(before) + 1)
        moved = Concat(Value(category.path), rest, output_field=CharField())
        Category.objects.filter(path__startswith=before).exclude(pk=category.pk).update(path=moved)


def _describe_products_below(category: Category) -> None:
    """A product is found by the names of its categories: renaming or moving one changes its search words."""
    products = Product.objects.filter(category__path__startswith=category.path).order_by("id")
    _describe(list(products.select_for_update(of=("self",), no_key=True).select_related("category", "brand")))


def save_product(
    *,
    product: Product,
    skus: Sequence[Sku] = (),
    guarantees: Iterable[GuaranteeLabel] | None = None,
) -> Product:
    """Save a new or changed product with these of its SKUs (others stay as they are), all or nothing.

    ``guarantees`` replaces the product's labels unless None. Raises rules.ProductInvalid.
    """
    with transaction.atomic():
        product.detail_html = detail.sanitised(product.detail_html)
        rules.check_product(product)
        given = [sku.pk for sku in skus if sku.pk]
        others = Sku.objects.filter(product_id=product.pk).exclude(pk__in=given) if product.pk else ()
        rules.check_skus(product, [*skus, *others])
        product.save()
        for sku in skus:
            sku.product = product
            sku.save()
        if guarantees is not None:
            product.guarantees.set(guarantees)
        refresh_product(product_id=product.pk)
    product.refresh_from_db()
    return product


class SkuInUse(ShopError):
    """A SKU that stock, orders or carts rest on cannot be deleted, only disabled; details: ``codes``."""

    code = "sku_in_use"
    message = "有库存、订单或购物车记录的 SKU 不能删除，请改为停用"


class SkuHasHistory(ShopError):
    """What is virtual and what travels is settled before stock, orders or carts rest on a SKU; details: ``codes``."""

    code = "sku_has_history"
    message = "有库存、订单或购物车记录的 SKU 不能再改，请新建 SKU"


@transaction.atomic
def set_virtual(*, sku_id: int, virtual: bool) -> Sku:
    """Say that a SKU is delivered as card keys, or is not; said before: as it is.

    Its product must be one of the law's exceptions for digital goods, as shoppers then read it. Raises NotFound,
    SkuHasHistory, rules.ProductInvalid.
    """
    sku = Sku.objects.select_related("product").filter(pk=sku_id).first()
    if sku is None:
        raise NotFound("SKU 不存在")
    Product.objects.select_for_update(no_key=True).get(pk=sku.product_id)
    if sku.virtual == virtual:
        return sku
    if catalog_facts.undeletable([sku_id]):
        raise SkuHasHistory(details={"codes": [sku.code]})
    if virtual:
        rules.check_virtual(sku.product)
    sku.virtual = virtual
    sku.save(update_fields=["virtual"])
    return sku


def save_skus(
    *, product: Product, changes: Sequence[tuple[Sku, Collection[str]]], removed: Collection[int]
) -> None:
    """Save SKUs of a saved product, new ones whole and others in the columns named; delete the ``removed``.

    All or nothing; SKUs that are not named stay. A new SKU without a code gets one. Codes and combinations may
    change places. Rows that share a picture that was just chosen keep one file. Raises rules.ProductInvalid and SkuInUse.
    """
    with transaction.atomic():
        Product.objects.select_for_update(no_key=True).get(pk=product.pk)
        stuck = catalog_facts.undeletable(removed)
        if stuck:
            raise SkuInUse(details={"codes": _codes(stuck)})
        Sku.objects.filter(product=product, pk__in=removed).delete()
        named = [sku.pk for sku, _ in changes if sku.pk]
        rules.check_skus(
            product,
            [*(sku for sku, _ in changes), *Sku.objects.filter(product=product).exclude(pk__in=named)],
        )
        _step_aside(changes)
        _give_codes(product, [sku for sku, _ in changes if not sku.code])
        stored: dict[int, str] = {}
        for sku, columns in changes:
            sku.product = product
            picture: Any = sku.image  # Django marks what is not stored yet, and has no public word for it
            file = picture.file if "image" in columns and picture and not picture._committed else None
            if file is not None and id(file) in stored:
                sku.image = stored[id(file)]
            if sku.pk is None:
                sku.save()
            elif columns:
                sku.save(update_fields=list(columns))
            if file is not None:
                stored[id(file)] = str(sku.image.name)
        refresh_product(product_id=product.pk)


def _step_aside(changes: Sequence[tuple[Sku, Collection[str]]]) -> None:
    """Free the codes and combinations of SKUs that are about to get others: two of them may swap."""
    for sku, columns in changes:
        aside: dict[str, object] = {}
        if sku.pk and "code" in columns:
            aside["code"] = f"~{sku.pk}"
        if sku.pk and "option_values" in columns:
            aside["option_values"] = {"": str(sku.pk)}
        if aside:
            Sku.objects.filter(pk=sku.pk).update(**aside)


def _give_codes(product: Product, skus: Sequence[Sku]) -> None:
    """Give SKUs codes of the product's number and their own, ``P12-1``, past those that are taken."""
    taken = set(Sku.objects.filter(code__startswith=f"P{product.pk}-").values_list("code", flat=True))
    free = (code for number in count(1) if (code := f"P{product.pk}-{number}") not in taken)
    for sku in skus:
        sku.code = next(free)


def _codes(sku_ids: Collection[int]) -> list[str]:
    return list(Sku.objects.filter(pk__in=sku_ids).order_by("id").values_list("code", flat=True))


def refresh_product(*, product_id: int) -> None:
    """Derive again what lists and search rest on: lowest price, its market price, words, clean detail.

    To be called after SKUs or texts of a product were written by other means (the operators' forms).
    """
    with transaction.atomic():
        product = (
            Product.objects.select_for_update(of=("self",), no_key=True)
            .select_related("category", "brand")
            .get(pk=product_id)
        )
        cheapest = (
            Sku.objects.filter(product=product).order_by("-enabled", "price_fen", "id").first()
        )  # a product whose SKUs are all disabled keeps a price to show
        product.price_fen = cheapest.price_fen if cheapest else 0
        product.market_price_fen = cheapest.market_price_fen if cheapest else None
        product.detail_html = detail.sanitised(product.detail_html)
        product.save(update_fields=["price_fen", "market_price_fen", "detail_html"])
        _describe([product])


class BrandRefused(Faulty):
    """A brand that cannot be: without a name, or with that of another."""

    code = "brand_refused"


class GuaranteeRefused(Faulty):
    """A promise that cannot be: without a name, or with that of another."""

    code = "guarantee_refused"


def save_brand(brand: Brand) -> Brand:
    """Save a new or changed brand, and have its products be found by its name. Raises BrandRefused."""
    judging.refuse(BrandRefused, brand)
    with transaction.atomic():
        before = Brand.objects.select_for_update(no_key=True).filter(pk=brand.pk)
        renamed = before.exclude(name=brand.name).exists()
        brand.save()
        if renamed:
            refresh_brand(brand_id=brand.pk)
    return brand


def save_guarantee(label: GuaranteeLabel) -> GuaranteeLabel:
    """Save a new or changed promise. Raises GuaranteeRefused."""
    judging.refuse(GuaranteeRefused, label)
    label.save()
    return label


def write_product(product: Product, *, columns: Collection[str] | None = None) -> Product:
    """Write a new product, or these columns of one: sales are counted by others at the same time. Its SKUs come after."""
    if columns is None:
        product.save()
    else:
        product.save(update_fields=columns)
    return product


def refresh_brand(*, brand_id: int) -> None:
    """Derive the search words of a brand's products again, after it was renamed."""
    with transaction.atomic():
        products = Product.objects.filter(brand_id=brand_id).order_by("id")
        _describe(
            list(products.select_for_update(of=("self",), no_key=True).select_related("category", "brand"))
        )


def refresh_search_words(*, batch: int = 200) -> int:
    """Derive the search words of all products again, a transaction for each batch. Returns how many products there are."""
    done = 0
    last = 0
    while True:
        with transaction.atomic():
            rows = Product.objects.filter(pk__gt=last).order_by("id")
            locked = rows.select_for_update(of=("self",), no_key=True).select_related("category", "brand")
            products = list(locked[:batch])
            if not products:
                return done
            _describe(products)
        last = products[-1].pk
        done += len(products)


def _describe(products: Sequence[Product]) -> None:
    """Write the search words of locked products: title first, then subtitle, brand, categories, parameters."""
    above = {pk for product in products for pk in _ids_in(product.category.path)}
    names = dict(Category.objects.filter(pk__in=above).values_list("id", "name"))
    for product in products:
        others = [
            product.subtitle,
            product.brand.name if product.brand else "",
            *(names[pk] for pk in _ids_in(product.category.path)),
            *(attribute["value"] for attribute in product.attributes),
        ]
        product.search_words = search.words_of(product.title, others)
    Product.objects.bulk_update(products, ["search_words"], batch_size=500)


def _ids_in(path: str) -> list[int]:
    return [int(step) for step in path.strip("/").split("/") if step]


def put_on_sale(*, product_ids: Collection[int]) -> int:
    """Switch products on; their sale window still holds. Returns how many were off before.

    All or none: raises rules.ProductInvalid where one has no enabled SKU, or is what orders are wrapped in.
    """
    with transaction.atomic():
        live = Sku.objects.filter(product=OuterRef("pk"), enabled=True)
        chosen = Product.objects.select_for_update(no_key=True).filter(pk__in=product_ids).order_by("id")
        for product in chosen.filter(~Exists(live))[:1]:
            raise rules.ProductInvalid("on_sale", f"「{product.title}」没有启用的 SKU，不能上架")
        for product in chosen.filter(packing=True)[:1]:
            raise rules.ProductInvalid("on_sale", f"「{product.title}」是包装，不单独出售")
        ids = list(chosen.filter(on_sale=False).values_list("id", flat=True))
        return Product.objects.filter(pk__in=ids).update(on_sale=True)


def take_off_sale(*, product_ids: Collection[int]) -> int:
    """Switch products off: not listed, not sold; orders placed before are unharmed. Returns how many were on."""
    return Product.objects.filter(pk__in=product_ids, on_sale=True).update(on_sale=False)


def count_sold(quantities: Mapping[int, int]) -> None:
    """Add units of paid orders to the products' sales: ``{product_id: units}``.

    Adds each time it is called: the caller sees to calling it once an order. Rows are taken in one order, so
    that two orders of the same goods cannot lock each other out.
    """
    with transaction.atomic():
        for product_id, units in sorted(quantities.items()):
            Product.objects.filter(pk=product_id).update(sold_count=F("sold_count") + units)
