"""Packing options as operators keep them: each with a hidden product and SKU that follow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import transaction

from apps.base import judging
from apps.catalog import services as catalog
from apps.catalog.models import Category, Product, Returns, Sku
from apps.fulfillment.models import PackingOption
from mall.errors import Fault, Faulty

# Where their products stand: a category that no shopper is shown.
CATEGORY: Final = "包装服务"
# The following columns are filled in here.
_OWN: Final = ("sku",)


class PackingRefused(Faulty):
    """A packing that cannot be: without a name, or with that of another; ``faults`` say at which field, and why."""

    code = "packing_refused"


def check(option: PackingOption) -> None:
    """Raise PackingRefused, with each fault at its field, for an option that cannot be saved so."""
    judging.refuse(PackingRefused, option, _faults(option), exclude=_OWN)


def save(option: PackingOption) -> PackingOption:
    """Save a new or changed option; its product and SKU are called, priced and shown as it is.

    Orders that were placed keep what was frozen with them. Raises PackingRefused.
    """
    check(option)
    with transaction.atomic():
        if option.sku_id is None:
            option.sku = _hidden()
        option.save()
        sku = Sku.objects.select_related("product").get(pk=option.sku_id)
        product = sku.product
        product.title, product.subtitle, product.cover = option.name, option.text, option.image.name
        sku.price_fen, sku.cost_fen = option.price_fen, option.cost_fen
        catalog.save_product(product=product, skus=[sku])
    return option


def _hidden() -> Sku:
    """A SKU of a product that no shopper is ever shown: it waits to be called by its option."""
    product = Product(category=_category(), title=CATEGORY, packing=True, returns=Returns.CUSTOM_MADE)
    catalog.save_product(product=product)
    sku = Sku(product=product, code=f"BZ-{product.pk}", price_fen=0)
    catalog.save_product(product=product, skus=[sku])
    return sku


def _category() -> Category:
    found = Category.objects.filter(parent=None, name=CATEGORY).first()
    return found or catalog.save_category(category=Category(name=CATEGORY, visible=False))


def _faults(option: PackingOption) -> Iterator[Fault]:
    if option.price_fen < 0:
        yield Fault("price_fen", "价格不能为负数")
    if option.cost_fen is not None and option.cost_fen < 0:
        yield Fault("cost_fen", "成本不能为负数")
