"""Search: which goods a shopper's words find, and which come first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.catalog import search, shelves
from apps.catalog.models import Category, Product
from tests.apps.catalog import make

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

CUPS = "手工陶瓷茶杯套装"
TRAY = "竹制茶盘"
WHITE_TEA = "福鼎白茶饼 350g"
POT = "紫砂壶"
COTTON = "100%纯棉茶巾"
GONGFU = "功夫茶杯六只装"


def put(title: str, **columns: Any) -> Product:
    """A product on sale in a category without a number in its name, which a search would find."""
    if "category" not in columns:
        columns["category"] = Category.objects.filter(name="百货").first() or make.category("百货")
    return make.product(title, **columns)


@pytest.fixture
def goods(db: None) -> None:
    cups = make.category("杯壶", parent=make.category("茶器"))
    put(CUPS, category=cups, brand=make.brand("青禾"), subtitle="送礼自用")
    put(TRAY, attributes=[{"name": "材质", "value": "楠竹"}])
    put(WHITE_TEA, category=make.category("白茶"))
    put(POT, category=cups, subtitle="配茶杯两只")
    put(COTTON)
    put(GONGFU)


def found(query: str) -> list[str]:
    return seen(query)[1]


def seen(query: str) -> tuple[str, list[str]]:
    """How well the goods match, and their titles, the best first."""
    shelf = shelves.shelf(at=AT, query=query)
    products = list(shelf.products().order_by(*shelf.ordering))
    told = shelf.finding(size=100)
    with connection.cursor() as cursor:
        cursor.execute(told.text, told.values)
        assert [row[0] for row in cursor.fetchall()] == [product.pk for product in products]
    return shelf.matched, [product.title for product in products]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("茶杯", {CUPS, GONGFU, POT}),
        ("chabei", {CUPS, GONGFU, POT}),
        ("CHABEI", {CUPS, GONGFU, POT}),
        ("ｃｈａｂｅｉ", {CUPS, GONGFU, POT}),
        ("cb", {CUPS, GONGFU, POT, WHITE_TEA}),
        ("chab", {CUPS, GONGFU, POT, WHITE_TEA}),
        ("sgtccbtz", {CUPS}),
        ("手工陶瓷茶杯套装", {CUPS}),
        ("陶瓷 茶杯", {CUPS}),
        ("茶杯陶瓷", {CUPS}),
        ("taoci 茶杯", {CUPS}),
        ("瓷茶", {CUPS}),
        ("装", {CUPS, GONGFU}),
        ("茶杯 紫砂", {POT}),
        ("青禾", {CUPS}),
        ("qinghe", {CUPS}),
        ("茶器", {CUPS, POT}),
        ("杯壶", {CUPS, POT}),
        ("楠竹", {TRAY}),
        ("350G", {WHITE_TEA}),
        ("350", {WHITE_TEA}),
        ("白茶", {WHITE_TEA}),
        ("100%", {COTTON}),
        ("%", {COTTON}),
        ("_", set()),
        ("\\", set()),
        ("茶_", {CUPS, TRAY, WHITE_TEA, POT, COTTON, GONGFU}),
        ("' OR 1=1 --", set()),
        ("咖啡机", set()),
        ("🍵", set()),
    ],
)
def test_a_shopper_finds(goods: None, query: str, titles: set[str]) -> None:
    assert set(found(query)) == titles


# What shoppers write, and a title that they mean.
SPELLINGS = [
    ("iphone 15", "Apple iPhone15 Pro 手机壳"),
    ("iphone15", "Apple iPhone 15 Pro 手机壳"),
    ("iphone15pro", "Apple iPhone 15 Pro 手机壳"),
    ("wi-fi", "WiFi 6 路由器"),
    ("wifi", "Wi-Fi 6 路由器"),
    ("wi fi 路由器", "WiFi6 路由器"),
    ("wifi6", "Wi-Fi 6 路由器"),
    ("node.js", "NodeJS 实战"),
    ("nodejs", "Node.js 实战"),
    ("kn 95", "KN95 口罩"),
    ("kn95口罩", "KN 95 口罩"),
    ("256 g", "龙井茶 256g 礼盒"),
    ("256g", "龙井茶 256 G 礼盒"),
    ("52度", "52度酱香型白酒"),
    ("52度", "酱香型白酒 52度 500ml"),
    ("52 度", "52度酱香型白酒"),
    ("茶\u200b杯", "手工茶杯"),
    ("\u202d龙井\u202c", "龙井茶"),
    ("chaoyang", "朝阳花茶"),
    ("zhaoyang", "朝阳花茶"),
    ("luan", "六安瓜片"),
    ("liuan", "六安瓜片"),
    ("龍井", "西湖龙井"),
    ("龙井", "西湖龍井"),
    ("陶瓷茶盃", "手工陶瓷茶杯"),
    ("臺灣烏龍", "台湾乌龙茶"),
    ("頭髮護理", "头发护理精油"),
    ("麵膜", "補水面膜"),
    ("longjing", "西湖龍井"),
    ("白色的茶杯", "白色茶杯"),
    ("妈妈的茶杯", "茶杯 送妈妈"),
    ("新款的 连衣裙", "新款连衣裙"),
    ("1.2L", "玻璃茶壶 1.2 L"),
    ("1.2 l", "玻璃茶壶1.2L大容量"),
    ("１．２Ｌ", "玻璃茶壶 1.2L"),
    ("1.2升", "玻璃茶壶 1.2升"),
    ("500 克", "铁观音 500克"),
    ("500克铁观音", "铁观音 500 克"),
    ("50x30cm", "茶席 50×30cm"),
]


@pytest.mark.parametrize(("query", "title"), SPELLINGS)
def test_a_word_is_found_however_it_is_spelled(db: None, query: str, title: str) -> None:
    put(title)
    put("竹制茶盘")
    assert found(query) == [title]


@pytest.mark.parametrize("query", ["iphone16", "wifi7", "kn90", "512 g", "53度"])
def test_another_number_finds_nothing(db: None, query: str) -> None:
    for _, title in SPELLINGS:
        put(title)
    assert found(query) == []


SHOP = [
    "手工陶瓷茶杯套装", "玻璃茶壶", "白色纯棉毛巾", "大容量化妆包", "碎花连衣裙", "Apple iPhone 15 手机壳 透明",
    "正山小种红茶 250g", "紫砂壶", "小号首饰盒",
]  # fmt: skip
# What shoppers ask with a word too many, and what of SHOP is shown, the nearest first.
ONE_TOO_MANY = [
    ("白色的茶杯", ["手工陶瓷茶杯套装"]),
    ("白色茶杯", ["手工陶瓷茶杯套装"]),
    ("茶杯 白色", ["手工陶瓷茶杯套装"]),
    ("小化妆包", ["大容量化妆包"]),
    ("小化妝包", ["大容量化妆包"]),
    ("新款的连衣裙", ["碎花连衣裙"]),
    ("夏天的连衣裙", ["碎花连衣裙"]),
    ("好看的小茶杯", ["手工陶瓷茶杯套装"]),
    ("红色 iphone 15 手机壳", ["Apple iPhone 15 手机壳 透明"]),
    ("iphone15 pro 手机壳", ["Apple iPhone 15 手机壳 透明"]),
    ("250g 红茶 礼盒装", ["正山小种红茶 250g"]),
    ("纯棉 蓝色 毛巾", ["白色纯棉毛巾"]),
    ("陶瓷茶壶", ["玻璃茶壶"]),
    ("taoci chahu", ["手工陶瓷茶杯套装", "玻璃茶壶"]),
    ("500g 红茶", ["正山小种红茶 250g"]),
    ("红茶 500 g", ["正山小种红茶 250g"]),
    ("红茶500克", ["正山小种红茶 250g"]),
    ("茶杯 xyzzy", ["手工陶瓷茶杯套装"]),
    ("xyzzy 茶杯", ["手工陶瓷茶杯套装"]),
    ("茶杯 abc-def", ["手工陶瓷茶杯套装"]),
    ("茶杯 不存在的词", ["手工陶瓷茶杯套装"]),
    ("茶杯，莫名其妙的东西", ["手工陶瓷茶杯套装"]),
    ("茶杯 塑料", ["手工陶瓷茶杯套装"]),
    ("紫砂壶 foo", ["紫砂壶"]),
    ("青花茶杯 礼物", ["手工陶瓷茶杯套装"]),
]


@pytest.mark.parametrize(("query", "titles"), ONE_TOO_MANY)
def test_with_one_word_too_many_the_goods_that_have_most_of_it_are_shown_and_it_is_said(
    db: None, query: str, titles: list[str]
) -> None:
    for place, title in enumerate(SHOP):
        put(title, sold_count=100 - place)
    assert seen(query) == ("most", titles)


@pytest.mark.parametrize(
    "query",
    [
        "iphone 16 手机壳",
        "iphone16 手机壳",
        "500g 咖啡机",
        "500g",
        "白色咖啡机",
        "白色的咖啡机",
        "新款手表",
        "咖啡机",
        "大容量",
        "的",
    ],
)
def test_another_thing_or_another_number_is_not_most_of_it(db: None, query: str) -> None:
    for title in SHOP:
        if title != "大容量化妆包":
            put(title)
    assert seen(query)[1] == []


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("1.2L", {"玻璃茶壶 1.2L"}),
        ("1.2 L", {"玻璃茶壶 1.2L"}),
        ("1.2", {"玻璃茶壶 1.2L"}),
        ("2L", set()),
        ("400L", set()),
        ("400ml", {"品茗杯"}),
        ("00ml", set()),
        ("50g", set()),
        ("250g", {"西湖龙井 250g"}),
        ("12L", set()),
    ],
)
def test_a_measure_is_one_word_and_never_its_digits(db: None, query: str, titles: set[str]) -> None:
    put("玻璃茶壶 1.2L")
    put("西湖龙井 250g", subtitle="1 级 2 两")
    put("品茗杯", attributes=[{"name": "容量", "value": "400 ml"}])
    put("茶漏 12 只", subtitle="1200ml 以下")
    put("龙泉青瓷 2 只", attributes=[{"name": "容量", "value": "1400ml"}])
    assert set(found(query)) == titles


def test_a_word_that_is_cut_into_many_pieces_does_not_outvote_the_right_one(db: None) -> None:
    cups = [put(title).title for title in ("手工茶杯", "青瓷茶杯", "白瓷茶杯", "玻璃茶杯 送词典")]
    how, titles = seen("茶杯 不存在的词")
    assert (how, set(titles)) == ("most", set(cups))


def test_goods_with_all_of_it_are_shown_alone(db: None) -> None:
    put("白色茶杯")
    put("青瓷茶杯", sold_count=900)
    assert seen("白色的茶杯") == ("all", ["白色茶杯"])
    assert seen("茶杯") == ("all", ["青瓷茶杯", "白色茶杯"])
    assert seen("") == ("all", ["青瓷茶杯", "白色茶杯"])


def test_whatever_lacks_least_comes_first(db: None) -> None:
    put("白色茶杯", sold_count=1)
    put("手工茶杯", sold_count=2)
    put("青瓷茶杯", sold_count=900)
    assert seen("白色的手工茶杯") == ("most", ["手工茶杯", "白色茶杯"])


@pytest.mark.parametrize(
    "text", ["手工陶瓷茶杯套装", "小化妆包", "新款的连衣裙", "龍井綠茶禮盒", "iPhone15 手机壳"]
)
def test_a_question_is_cut_as_the_title_is(db: None, text: str) -> None:
    product = put(text)
    words = set(Product.objects.get(pk=product.pk).search_words.split())
    assert {word for run in search._runs(text) for word in search._cut(run)} <= words
    assert seen(text) == ("all", [text])


def test_search_words_of_before_are_derived_again(db: None) -> None:
    cup = put("Wi-Fi 6 路由器")
    Product.objects.update(search_words=" wi fi ")
    call_command("refresh_search")
    assert found("wifi6") == [cup.title]


def test_a_whole_word_of_the_title_comes_before_a_part_and_a_part_before_other_texts(db: None) -> None:
    put("煮茶器", subtitle="tea maker", sold_count=900)
    put("steam 蒸茶壶", sold_count=90)
    put("红茶 tea 礼盒", sold_count=9)
    assert found("tea") == ["红茶 tea 礼盒", "steam 蒸茶壶", "煮茶器"]


def test_a_measure_of_the_title_comes_before_one_of_other_texts(db: None) -> None:
    put("电热水壶", attributes=[{"name": "容量", "value": "1.2L"}], sold_count=900)
    put("玻璃茶壶 1.2 L", sold_count=1)
    assert seen("1.2l") == ("all", ["玻璃茶壶 1.2 L", "电热水壶"])


def test_among_equal_matches_what_sells_more_comes_first(db: None) -> None:
    put("白瓷茶杯", sold_count=3)
    put("青瓷茶杯", sold_count=9)
    assert found("茶杯") == ["青瓷茶杯", "白瓷茶杯"]


def test_a_blank_search_is_no_search(goods: None) -> None:
    assert len(found("   ")) == 6


def test_a_search_has_at_most_64_characters() -> None:
    assert search.understood("茶" * 64) is not None
    with pytest.raises(search.QueryTooLong):
        search.understood("茶" * 65)


@pytest.mark.parametrize("query", ["茶\x00杯", "茶\ud800杯"])
def test_a_search_holds_only_characters_that_texts_have(query: str) -> None:
    with pytest.raises(search.QueryUnreadable):
        search.understood(query)


def test_renaming_a_category_changes_what_its_products_are_found_by(db: None) -> None:
    from apps.catalog import services as catalog

    cups = make.category("杯壶", parent=make.category("茶器"))
    put(CUPS, category=cups)
    assert found("器皿") == []
    parent = cups.parent
    assert parent is not None
    parent.name = "器皿"
    catalog.save_category(category=parent)
    assert found("器皿") == [CUPS]
    assert found("茶器") == []
