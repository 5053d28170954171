"""What stands behind the question mark and is no text is refused for all calls and pages alike."""

from __future__ import annotations

from urllib import parse

import pytest
from django.test import Client

from apps.base import queries
from tests.conftest import Shopper

NO_TEXT = ["%00", "a%00b", "%ff", "%ED%A0%80", "%E8%8C", "\xff"]


@pytest.mark.parametrize("said", NO_TEXT)
def test_a_field_that_is_no_text_is_named(said: str) -> None:
    assert queries.unreadable(f"page_size=2&city={said}") == ["city"]
    assert queries.unreadable(f"a+b%5B{said}=1&page_size=2") == [parse.unquote_plus(f"a b[{said}")]


@pytest.mark.parametrize(
    "query", ["", "city=杭州".encode().decode("latin-1"), "q=%E8%8C%B6+%EF%BF%BD&x", "q=100%", "q=%zz&&=%25"]
)
def test_every_text_is_heard(query: str) -> None:
    assert queries.unreadable(query) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/places?city={}", "/products?q={}", "/shop?unknown={}", "/orders?status={}"]
)
def test_a_call_whose_query_is_no_text_is_400_with_the_name_of_the_field(anyone: Shopper, path: str) -> None:
    name = path.partition("?")[2].partition("=")[0]
    for said in ("%00", "%ff"):
        answer = anyone.call("GET", path.format(said))
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert answer.json()["details"] == {name: ["包含不支持的字符"]}


@pytest.mark.django_db
def test_a_list_of_the_admin_that_is_filtered_by_no_text_is_a_page_with_400(admin_client: Client) -> None:
    assert admin_client.get("/admin/orders/order/?status__exact=PAID").status_code == 200
    answer = admin_client.get("/admin/orders/order/?status__exact=%00")
    assert (answer.status_code, "请求有误" in answer.content.decode()) == (400, True)


@pytest.mark.django_db
def test_wechats_doors_judge_their_query_themselves(client: Client) -> None:
    answer = client.get("/wechat/push?signature=%ff&nonce=%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "FAIL")
