"""Puts the demo shop's goods on the shelf: tree, brands, promises, products with pictures, opening stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.core.files.storage import default_storage
from django.db import transaction

from apps.catalog import services as catalog
from apps.catalog.models import Brand, Category, GuaranteeLabel, Product, ProductImage, Sku
from apps.demo import pictures, shops, telling
from apps.demo.homeware import HOMEWARE
from apps.demo.teas import TEAS
from apps.demo.telling import Tell, silent
from apps.demo.wares import BRANDS, GUARANTEES, TREE, Choice, Ware
from apps.inventory import services as inventory
from apps.pictures import stored
from apps.stores.models import Place

WARES: tuple[Ware, ...] = (*HOMEWARE, *TEAS)


def fill(*, at: datetime, tell: Tell = silent) -> int:
    """Put what is missing on the shelf and return how many products that were.

    A product is known by the code of its first SKU and then left as the operator has it. Its pictures are drawn
    again where the files are gone.
    """
    known = set(Sku.objects.values_list("code", flat=True))
    missing = [ware for ware in WARES if ware.sku_code(0) not in known]
    names, icons = draw()
    if not missing:
        return 0
    categories = _tree(icons)
    brands = {name: Brand.objects.get_or_create(name=name)[0] for name in BRANDS}
    labels = {
        name: GuaranteeLabel.objects.get_or_create(name=name, defaults={"explanation": text})[0]
        for name, text in GUARANTEES.items()
    }
    places = _places()
    for ware in telling.each(missing, what="products", named=lambda ware: ware.title, tell=tell):
        _put(ware, names[ware.code], categories[ware.category], brands[ware.brand], labels, places, at=at)
    return len(missing)


def draw(*, tell: Tell = silent) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Store the pictures whose files are missing, which takes seconds and asks no database.

    Return the names of the files: by a product's code, its cover first; and by a root category's name.
    """
    wares = telling.each(WARES, what="pictures", named=lambda ware: ware.title, tell=tell)
    names = {ware.code: _drawn(ware) for ware in wares}
    icons = {root: pictures.drawn(f"categories/{shape}") for root, (shape, _) in TREE.items()}
    return names, icons


def redraw() -> int:
    """Draw all pictures anew into the source tree (``manage.py draw_demo_pictures``); return how many."""
    done = 0
    for shape, _ in TREE.values():
        pictures.draw(f"categories/{shape}", shape=shape, tone="celadon")
        done += 1
    for ware in WARES:
        for turn, shape in enumerate((ware.shape, *ware.further)):
            pictures.draw(_picture_name(ware, turn), shape=shape, tone=ware.tone, turn=turn)
            done += 1
    return done


def _tree(icons: Mapping[str, str]) -> dict[str, Category]:
    found = {category.name: category for category in Category.objects.all()}
    for place, (root, (_, below)) in enumerate(TREE.items()):
        if root not in found:
            top = Category(name=root, position=place, icon=icons[root])
            found[root] = catalog.save_category(category=top)
        for position, name in enumerate(below):
            if name not in found:
                child = Category(name=name, parent=found[root], position=position)
                found[name] = catalog.save_category(category=child)
    return found


def _places() -> tuple[Place, Place]:
    """The warehouse, which sends first, and the shop by the lake, which helps out."""
    warehouse, _ = Place.objects.get_or_create(
        name="杭州总仓",
        defaults={
            "kind": Place.Kind.WAREHOUSE,
            "priority": 0,
            "province": "浙江省",
            "city": "杭州市",
            "district": "余杭区",
            "detail": "良渚街道茶亭路 18 号",
            "phone": "0571-88880018",
        },
    )
    shop, _ = Place.objects.get_or_create(
        name="西湖门店",
        defaults={
            "kind": Place.Kind.SHOP,
            "priority": 10,
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": "龙井路 66 号",
            "phone": "0571-87970066",
            **shops.BY_THE_LAKE,
        },
    )
    return warehouse, shop


def _drawn(ware: Ware) -> list[str]:
    """Store the product's pictures where they are missing; the cover comes first."""
    return [pictures.drawn(_picture_name(ware, turn)) for turn in range(1 + len(ware.further))]


def _picture_name(ware: Ware, turn: int) -> str:
    return f"products/{ware.code.lower()}-{turn}"


@transaction.atomic
def _put(
    ware: Ware,
    names: Sequence[str],
    category: Category,
    brand: Brand,
    labels: Mapping[str, GuaranteeLabel],
    places: tuple[Place, Place],
    *,
    at: datetime,
) -> None:
    """Put one product on the shelf with its stock, all or nothing: a run that was broken off is safe to repeat."""
    cover, *further = names
    product = Product(
        title=ware.title,
        subtitle=ware.subtitle,
        category=category,
        brand=brand,
        role=ware.role,
        cover=cover,
        detail_html=_story(ware, names),
        attributes=[{"name": name, "value": value} for name, value in ware.attributes.items()],
        options=_options(ware),
        min_quantity=ware.min_quantity,
        max_quantity=ware.max_quantity,
        quantity_step=ware.quantity_step,
        returns=ware.returns,
        freight_insurance=ware.freight_insurance,
        on_sale=True,
        created_at=at - timedelta(days=ware.days_old),
    )
    skus = [_sku(ware, number, choice) for number, choice in enumerate(ware.choices)]
    catalog.save_product(product=product, skus=skus, guarantees=[labels[name] for name in ware.guarantees])
    ProductImage.objects.bulk_create(
        ProductImage(product=product, image=name, position=position) for position, name in enumerate(further)
    )
    catalog.count_sold({product.pk: ware.sold})
    for sku, choice in zip(skus, ware.choices, strict=True):
        for place, quantity in zip(places, (choice.stored, choice.in_shop), strict=True):
            if quantity:
                inventory.receive(
                    sku_id=sku.pk,
                    place_id=place.pk,
                    quantity=quantity,
                    business_key=f"demo:{sku.code}",
                    reason="演示店铺期初入库",
                    operator=None,
                    at=at,
                )


def _sku(ware: Ware, number: int, choice: Choice) -> Sku:
    return Sku(
        code=ware.sku_code(number),
        option_values=dict(zip(ware.options, choice.values, strict=True)),
        price_fen=choice.price_fen,
        market_price_fen=choice.market_price_fen,
        cost_fen=choice.cost_fen,
        weight_g=choice.weight_g,
    )


def _options(ware: Ware) -> list[dict[str, object]]:
    """The options with their values, in the order in which the choices name them."""
    return [
        {"name": name, "values": list(dict.fromkeys(choice.values[place] for choice in ware.choices))}
        for place, name in enumerate(ware.options)
    ]


def _story(ware: Ware, names: Sequence[str]) -> str:
    rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in ware.attributes.items())
    addresses = [default_storage.url(stored.sized(name, stored.Size.PAGE)) for name in names]
    shown = "".join(f'<p><img src="{address}" alt="{ware.title}"></p>' for address in addresses)
    return f"<h3>{ware.subtitle}</h3><p>{ware.story}</p>{shown}<table><tbody>{rows}</tbody></table>"
