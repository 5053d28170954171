"""Board 7: who uses stored pictures. Asked before a file is deleted, and gone through by ``manage.py remake_pictures``.

``tests/architecture/test_pictures.py`` finds the column that is missing here.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.pictures.drawing import MEMBERS, OPERATORS
from apps.pictures.users import InColumn, InHtml, User

USERS: Sequence[User] = (
    InColumn(model="catalog.Category", column="icon", folder="categories", recipe=OPERATORS),
    InColumn(model="catalog.Brand", column="logo", folder="brands", recipe=OPERATORS),
    InColumn(model="storefront.Shop", column="logo", folder="shop", recipe=OPERATORS),
    InColumn(model="catalog.Product", column="cover", folder="products", recipe=OPERATORS),
    InColumn(model="catalog.ProductImage", column="image", folder="products", recipe=OPERATORS),
    InColumn(model="catalog.Sku", column="image", folder="skus", recipe=OPERATORS),
    # Its hidden product and the lines of orders show the same picture.
    InColumn(model="fulfillment.PackingOption", column="image", folder="products", recipe=OPERATORS),
    InColumn(
        model="distribution.Material",
        column="picture",
        folder="materials",
        recipe=OPERATORS,
        marked_by="apps.distribution.selectors.watermark",
    ),
    InHtml(model="catalog.Product", column="detail_html", folder="details", recipe=OPERATORS),
    # What an order showed when it was placed.
    InColumn(
        model="orders.OrderLine",
        column="image",
        folder="products",
        recipe=OPERATORS,
        only=("products/", "skus/", "demo/"),
    ),
    InColumn(model="members.Member", column="avatar_url", folder="avatars", recipe=MEMBERS),
    InColumn(model="content.Picture", column="file", folder="reviews", recipe=MEMBERS),
    InColumn(model="aftersales.AfterSalePicture", column="file", folder="after-sales", recipe=MEMBERS),
    # Says whose a file is; whether anybody needs it, the others know.
    InColumn(model="members.Upload", column="file", folder="reviews", recipe=MEMBERS, is_use=False),
)
