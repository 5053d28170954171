"""What shoppers see of the shelf over HTTP: the tree, lists, one product's page, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.catalog import services as catalog
from apps.catalog import shelves
from apps.catalog.models import GuaranteeLabel, Product, ProductImage
from tests.apps.catalog import make
from tests.apps.inventory import make as make_stock
from tests.apps.members import make as make_members

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


def get(path: str, **query: Any) -> Any:
    return Client().get(BASE + path, query)


def listed(**query: Any) -> list[str]:
    answer = get("/products", **query)
    assert answer.status_code == 200, answer.content
    return [row["title"] for row in answer.json()["results"]]


def statements(path: str, **query: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert get(path, **query).status_code == 200
    return len(seen)


def test_the_tree_nests_categories_in_the_shops_order_and_leaves_out_what_is_hidden() -> None:
    tea = make.category("茶叶", position=2)
    make.category("绿茶", parent=tea)
    ware = make.category("茶器", position=1)
    cellar = make.category("库房", visible=False)
    make.category("样品", parent=cellar)
    assert get("/categories").json() == {
        "results": [
            {"id": ware.pk, "name": "茶器", "icon_url": None, "children": []},
            {
                "id": tea.pk,
                "name": "茶叶",
                "icon_url": None,
                "children": [{"id": tea.children.get().pk, "name": "绿茶", "icon_url": None, "children": []}],
            },
        ],
        "next": None,
    }
    assert statements("/categories") == 1


def test_a_row_of_the_list_says_what_the_contract_says() -> None:
    cup = make.product("手工陶瓷茶杯", skus=[make.unsaved_sku(price_fen=3900, market_price_fen=5900)])
    sku = cup.skus.get()
    make_stock.stock(sku, 3)
    (row,) = get("/products").json()["results"]
    assert row == {
        "id": cup.pk,
        "title": "手工陶瓷茶杯",
        "subtitle": "",
        "cover_url": "http://127.0.0.1:8000/media/products/cup.png",
        "price_fen": 3900,
        "market_price_fen": 5900,
        "sold_count": 0,
        "in_stock": True,
        "low_stock": 3,
        "badges": ["新品"],
        "activities": [],
    }


def test_a_product_shows_the_price_of_its_cheapest_enabled_sku_and_is_out_of_stock_without_units() -> None:
    options = [{"name": "颜色", "values": ["白", "青", "墨"]}]
    skus = [
        make.unsaved_sku(price_fen=fen, option_values={"颜色": color}, enabled=color != "墨")
        for fen, color in ((9000, "白"), (8000, "青"), (10, "墨"))
    ]
    make.product("茶杯", options=options, skus=skus)
    (row,) = get("/products").json()["results"]
    assert (row["price_fen"], row["in_stock"]) == (8000, False)


def test_a_category_holds_the_products_of_its_descendants() -> None:
    ware = make.category("茶器")
    cups = make.category("茶杯", parent=ware)
    make.product("建盏", category=cups)
    make.product("茶盘", category=ware)
    make.product("龙井", category=make.category("茶叶"))
    assert set(listed(category=ware.pk)) == {"建盏", "茶盘"}
    assert listed(category=cups.pk) == ["建盏"]


def test_a_moved_category_takes_its_products_along() -> None:
    ware, home = make.category("茶器"), make.category("家居")
    cups = make.category("茶杯", parent=ware)
    make.product("建盏", category=make.category("建窑", parent=cups))
    cups.parent = home
    catalog.save_category(category=cups)
    assert listed(category=ware.pk) == []
    assert listed(category=home.pk) == ["建盏"]


def test_an_unknown_or_hidden_category_is_not_found() -> None:
    hidden = make.category("库房", visible=False)
    below = make.category("样品", parent=hidden)
    make.product("样品杯", category=below)
    for category in (hidden.pk, below.pk, 999_999):
        answer = get("/products", category=category)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_goods_are_sorted_as_asked() -> None:
    make.product("贵", price_fen=300, sold_count=1)
    make.product("贱", price_fen=100, sold_count=2)
    make.product("中", price_fen=200, sold_count=3)
    assert listed(ordering="price") == ["贱", "中", "贵"]
    assert listed(ordering="-price") == ["贵", "中", "贱"]
    assert listed(ordering="sales") == ["中", "贱", "贵"]
    assert listed(ordering="-sold_count") == ["中", "贱", "贵"]
    assert listed(ordering="newest") == ["中", "贱", "贵"]
    assert listed() == ["中", "贱", "贵"]


@pytest.mark.parametrize("ordering", [None, "newest", "price", "-price", "sales"])
def test_a_fixed_statement_finds_the_same_goods_in_the_same_order(ordering: str | None) -> None:
    above, other = make.category("茶"), make.category("器")
    below = make.category("绿茶", parent=above)
    for price_fen, category in ((300, above), (100, below), (200, other), (100, other), (500, below)):
        make.product(category=category, price_fen=price_fen)
    now = timezone.now()
    early = make.product(category=below, sale_starts_at=now + timedelta(minutes=30))
    make.product(category=above, sale_ends_at=now)
    make.product(category=above, on_sale=False)
    for lead in (timedelta(0), timedelta(hours=1)):
        for category_id in (None, above.pk, below.pk, 0):
            shelf = shelves.shelf(at=now, category_id=category_id, ordering=ordering, early=lead)
            rows = list(shelf.products().order_by(*shelf.ordering).values_list(*shelf.columns))
            assert found(shelf) == rows
            assert (early.pk in [row[0] for row in rows]) == bool(lead and category_id != 0)
            for number, row in enumerate(rows, 1):
                told = dict(zip(shelf.columns, row, strict=True))
                place = [told[name.removeprefix("-")] for name in shelf.ordering]
                assert found(shelf, after=place) == rows[number:]


def test_what_hangs_on_its_values_is_planned_as_it_is_asked() -> None:
    make.product("茶杯", price_fen=5), make.product("茶杯", price_fen=3)
    now = timezone.now()
    searched, dear = shelves.shelf(at=now, query="茶"), shelves.shelf(at=now, price_from_fen=4)
    assert [each.named is None for each in (searched, dear)] == [False, True]
    assert not any(each.finding(size=3).fixed for each in (searched, dear))
    assert [len(found(each)) for each in (searched, dear)] == [2, 1]
    assert found(searched)[0][:2] == (Product.objects.get(price_fen=3).pk, 0)
    # As a statement of more rows than a page may have: nobody's usual one.
    assert not shelves.shelf(at=now).finding(size=102).fixed


def found(shelf: shelves.Shelf, after: list[int] | None = None) -> list[tuple[int, ...]]:
    """What the shelf's statement finds; with a page's size, whichever of the two, it is the same."""
    few, many = (shelf.finding(size=size, after=after) for size in (3, 101))
    told = []
    for finding in (few, many):
        assert finding.fixed == (shelf.named is not None and shelf.wanted is None)
        with connection.cursor() as cursor:
            cursor.execute(finding.text, finding.values)
            told.append(cursor.fetchall())
    assert told[0] == (told[1][:3] if shelf.named is None else told[1])
    return told[1]


def test_paging_shows_each_product_once_though_others_arrive_between_pages() -> None:
    for number in range(25):
        make.product(f"杯{number:02}", price_fen=1000)
    first = get("/products", ordering="newest", page_size=10).json()
    make.product("新来的", price_fen=1000)
    second = Client().get(first["next"]).json()
    third = Client().get(second["next"]).json()
    seen = [row["title"] for page in (first, second, third) for row in page["results"]]
    assert seen == [f"杯{number:02}" for number in reversed(range(25))]
    assert third["next"] is None


def test_search_results_page_by_relevance() -> None:
    for number in range(5):
        make.product(f"白瓷茶杯{number}号")
    make.product("茶盘", subtitle="配茶杯", sold_count=99)
    first = get("/products", q="茶杯", page_size=4).json()
    second = Client().get(first["next"]).json()
    assert [row["title"] for row in second["results"]] == ["白瓷茶杯0号", "茶盘"]


def test_the_list_says_whether_goods_have_all_of_a_search_or_most_of_it_on_every_page() -> None:
    make.product("白色毛巾")
    make.product("青瓷茶杯", sold_count=9, skus=[make.unsaved_sku(price_fen=9900)])
    make.product("建盏茶杯", sold_count=3, skus=[make.unsaved_sku(price_fen=1900)])
    first = get("/products", q="白色的茶杯", page_size=1).json()
    second = Client().get(first["next"]).json()
    assert [(page["matched"], page["results"][0]["title"]) for page in (first, second)] == [
        ("most", "青瓷茶杯"),
        ("most", "建盏茶杯"),
    ]
    assert second["next"] is None
    assert listed(q="白色的茶杯", ordering="price") == ["建盏茶杯", "青瓷茶杯"]
    assert get("/products", q="茶杯").json()["matched"] == "all"
    assert get("/products").json()["matched"] == "all"


@pytest.mark.parametrize("query", [{}, {"q": "茶杯"}, {"ordering": "-price"}, {"category": True}])
def test_a_list_takes_as_many_statements_for_100_rows_as_for_10_and_at_most_4(query: dict[str, Any]) -> None:
    cups = make.category()
    query = {**query, "category": cups.pk} if "category" in query else query
    for number in range(100):
        make.product(f"茶杯{number}", category=cups)
    statements("/products", page_size=1)  # what offers and sales rest on is kept from now on
    few, many = (
        statements("/products", page_size=10, **query),
        statements("/products", page_size=100, **query),
    )
    assert few == many
    assert many <= 3  # one more is left for the session of a shopper who is logged in


def test_a_product_page_shows_everything_in_at_most_4_statements() -> None:
    options = [{"name": "颜色", "values": ["月白", "天青"]}]
    skus = [
        make.unsaved_sku(price_fen=16_800, option_values={"颜色": "月白"}, image="skus/white.png"),
        make.unsaved_sku(price_fen=15_800, option_values={"颜色": "天青"}),
    ]
    cup = make.product(
        "茶杯",
        options=options,
        skus=skus,
        brand=make.brand("青禾"),
        attributes=[{"name": "材质", "value": "陶瓷"}],
        detail_html='<p>手作<img src="/media/a.png"></p>',
        max_quantity=5,
    )
    ProductImage.objects.create(product=cup, image="products/b.png", position=2)
    ProductImage.objects.create(product=cup, image="products/a.png", position=1)
    cup.guarantees.add(GuaranteeLabel.objects.create(name="正品保证", explanation="假一赔三"))
    make_stock.stock(skus[0], 7)
    page = get(f"/products/{cup.pk}").json()
    media = "http://127.0.0.1:8000/media/"
    assert page["images"] == [f"{media}products/cup.png", f"{media}products/a.png", f"{media}products/b.png"]
    assert page["images_full"] == page["images"]
    assert page["video_url"] is None
    assert page["detail_html"] == f'<p>手作<img src="{media}a.png"></p>'
    assert page["attributes"] == [{"name": "材质", "value": "陶瓷"}]
    assert page["options"] == options
    assert page["guarantees"] == [{"name": "正品保证", "explanation": "假一赔三"}]
    assert (page["brand"], page["category"]["id"]) == ("青禾", cup.category_id)
    assert (page["min_quantity"], page["max_quantity"], page["quantity_step"]) == (1, 5, 1)
    assert page["skus"] == [
        {
            "id": skus[0].pk,
            "option_values": {"颜色": "月白"},
            "price_fen": 16_800,
            "market_price_fen": None,
            "virtual": False,
            "available": 7,
            "image_url": f"{media}skus/white.png",
        },
        {
            "id": skus[1].pk,
            "option_values": {"颜色": "天青"},
            "price_fen": 15_800,
            "market_price_fen": None,
            "virtual": False,
            "available": 0,
            "image_url": f"{media}products/cup.png",
        },
    ]
    assert (page["price_fen"], page["in_stock"]) == (15_800, True)
    assert statements(f"/products/{cup.pk}") <= 3


def test_a_shopper_who_is_logged_in_costs_one_statement_more_which_makes_4() -> None:
    cup = make.product()
    token = make_members.access_token(make_members.member())
    get("/products", page_size=1)  # what offers and sales rest on is kept from now on
    for path in ("/products", f"/products/{cup.pk}", f"/products?category={cup.category_id}&q=cb"):
        with CaptureQueriesContext(connection) as seen:
            answer = Client().get(BASE + path, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert len(seen) <= 4


def test_cost_and_role_are_nobodys_business() -> None:
    cup = make.product(
        skus=[make.unsaved_sku(price_fen=98_765_433, cost_fen=98_765_432)], role=Product.Role.IMAGE
    )
    for path in ("/products", f"/products/{cup.pk}"):
        text = get(path).content.decode()
        assert "cost" not in text
        assert "98765432" not in text
        assert "IMAGE" not in text


def test_goods_are_shown_from_the_first_instant_of_their_window_until_before_its_end() -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    make.product("在售", sale_starts_at=now - hour, sale_ends_at=now + hour)
    off = [
        make.product("未到", sale_starts_at=now + hour),
        make.product("已过", sale_ends_at=now - timedelta(seconds=1)),
        make.product("下架", on_sale=False),
    ]
    assert listed() == ["在售"]
    for product in off:
        answer = get(f"/products/{product.pk}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


HOSTILE = [
    ({"ordering": "cost_fen"}, "ordering_unknown"),
    ({"ordering": "price; drop table"}, "ordering_unknown"),
    ({"ordering": "\x00"}, "invalid"),
    ({"cursor": "abc"}, "cursor_invalid"),
    ({"cursor": "\x00"}, "invalid"),
    ({"q": "茶" * 10_000}, "query_too_long"),
    ({"q": "茶\x00"}, "invalid"),
    ({"category": "abc"}, "category_invalid"),
    ({"category": "１"}, "category_invalid"),
    ({"category": "-1"}, "category_invalid"),
    ({"category": "1.5"}, "category_invalid"),
    ({"category": "9" * 40}, "category_invalid"),
    ({"category": "1\x00"}, "invalid"),
    ({"page_size": "0"}, "page_size_invalid"),
    ({"page_size": "２０"}, "page_size_invalid"),
    ({"page_size": "101"}, "page_size_invalid"),
]


@pytest.mark.parametrize(("query", "code"), HOSTILE)
def test_what_makes_no_sense_is_refused_in_the_contracts_form(query: dict[str, str], code: str) -> None:
    make.product()
    answer = get("/products", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert set(answer.json()) == {"code", "message", "details", "request_id"}


def test_a_cursor_that_was_changed_or_belongs_to_another_order_is_refused() -> None:
    for _ in range(3):
        make.product()
    following = get("/products", ordering="price", page_size=1).json()["next"]
    cursor = following.split("cursor=")[1].split("&")[0]
    assert get("/products", ordering="newest", cursor=cursor).json()["code"] == "cursor_invalid"
    assert get("/products", ordering="price", cursor=cursor[:-1] + "-").json()["code"] == "cursor_invalid"


@pytest.mark.parametrize("product_id", ["0", "999999", "9" * 30, "abc", "-1", "1.5", "１"])
def test_a_product_that_is_not_there_is_not_found(product_id: str) -> None:
    answer = get(f"/products/{product_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_anybody_may_look_but_a_false_token_is_refused() -> None:
    make.product()
    for path in ("/categories", "/products"):
        answer = Client().get(BASE + path, headers={"authorization": "Bearer nonsense"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
