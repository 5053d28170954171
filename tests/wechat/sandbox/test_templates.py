"""Template management as the sandbox plays it: a library, an account's own templates, and WeChat's codes."""

from __future__ import annotations

import pytest
import requests

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.merchant import Json, Merchant

PREFIX = "/wxaapi/newtmpl"


def ask(merchant: Merchant, path: str, **query: str) -> Json:
    params = {"access_token": merchant.token()["access_token"], **query}
    return dict(requests.get(f"{merchant.base_url}{PREFIX}/{path}", params=params, timeout=10).json())


def test_the_account_has_templates_whose_ids_outlive_a_reset(sandbox: Sandbox, merchant: Merchant) -> None:
    listed = ask(merchant, "gettemplate")["data"]
    shipped = next(row for row in listed if row["title"] == "订单发货提醒")
    assert shipped["content"] == (
        "订单号:{{character_string1.DATA}}\n商品名称:{{thing2.DATA}}\n快递公司:{{thing3.DATA}}\n"
        "快递单号:{{character_string4.DATA}}\n发货时间:{{time5.DATA}}\n"
    )
    assert (shipped["type"], len(shipped["priTmplId"])) == (2, 43)
    enums = [row["keywordEnumValueList"] for row in listed if "keywordEnumValueList" in row]
    assert enums == [[{"keywordCode": "enum_string4", "enumValueList": ["仅退款", "退货退款", "换货"]}]]
    sandbox.reset()
    assert ask(merchant, "gettemplate")["data"] == listed


def test_the_library_is_read_by_category_a_page_at_a_time(sandbox: Sandbox, merchant: Merchant) -> None:
    ids = ",".join(str(row["id"]) for row in ask(merchant, "getcategory")["data"])
    first = ask(merchant, "getpubtemplatetitles", ids=ids, start="0", limit="20")
    rest = ask(merchant, "getpubtemplatetitles", ids=ids, start="20", limit="20")
    assert first["count"] == len(first["data"]) + len(rest["data"])
    tid = str(first["data"][0]["tid"])
    words = ask(merchant, "getpubtemplatekeywords", tid=tid)
    assert (words["count"], words["data"][0]["rule"]) == (5, "character_string")


@pytest.mark.parametrize(
    ("path", "query", "errcode"),
    [
        ("getpubtemplatetitles", {"start": "0", "limit": "1"}, 200018),
        ("getpubtemplatetitles", {"ids": "1", "start": "0", "limit": "1"}, 200019),
        ("getpubtemplatetitles", {"ids": "670,x", "start": "0", "limit": "1"}, 200019),
        ("getpubtemplatetitles", {"ids": "670", "start": "-1", "limit": "1"}, 200016),
        ("getpubtemplatetitles", {"ids": "670", "start": "0", "limit": "31"}, 200017),
        ("getpubtemplatekeywords", {}, 200002),
        ("getpubtemplatekeywords", {"tid": "1"}, 200014),
    ],
)
def test_a_wrong_question_has_its_code(
    sandbox: Sandbox, merchant: Merchant, path: str, query: dict[str, str], errcode: int
) -> None:
    assert ask(merchant, path, **query)["errcode"] == errcode


def test_a_template_is_added_once_and_deleted_once(sandbox: Sandbox, merchant: Merchant) -> None:
    asked = {"tid": "1001", "kidList": [3, 1], "sceneDesc": "付款后"}
    made = merchant.post(f"{PREFIX}/addtemplate", asked).json()
    assert made["errcode"] == 0
    again = merchant.post(f"{PREFIX}/addtemplate", asked | {"kidList": [1, 3]}).json()
    assert again["errcode"] == 200022
    added = next(row for row in ask(merchant, "gettemplate")["data"] if row["priTmplId"] == made["priTmplId"])
    assert added["content"] == "支付金额:{{amount3.DATA}}\n订单编号:{{character_string1.DATA}}\n"
    gone = {"priTmplId": made["priTmplId"]}
    assert [merchant.post(f"{PREFIX}/deltemplate", gone).json()["errcode"] for _ in range(2)] == [0, 20001]
    assert merchant.post(f"{PREFIX}/deltemplate", {}).json()["errcode"] == 20002


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"tid": "1"}, 200014),
        ({"tid": []}, 200014),
        ({"kidList": [1]}, 200020),
        ({"kidList": [1, 1]}, 200020),
        ({"kidList": [1, 9]}, 200020),
        ({"kidList": "12"}, 200020),
        ({"sceneDesc": "长" * 16}, 200021),
    ],
)
def test_a_wrong_template_is_not_added(
    sandbox: Sandbox, merchant: Merchant, changed: Json, errcode: int
) -> None:
    asked = {"tid": "1001", "kidList": [1, 2], "sceneDesc": "付款后"} | changed
    assert merchant.post(f"{PREFIX}/addtemplate", asked).json()["errcode"] == errcode


def test_an_account_has_only_so_many_templates(sandbox: Sandbox, merchant: Merchant) -> None:
    pairs = [(first, second) for first in range(1, 14) for second in range(first + 1, 14)]
    codes = [
        merchant.post(
            f"{PREFIX}/addtemplate", {"tid": "1900", "kidList": list(pair), "sceneDesc": ""}
        ).json()["errcode"]
        for pair in pairs[: 51 - len(sandbox.templates())]
    ]
    assert codes == [0] * (len(codes) - 1) + [200012]


def test_a_card_s_template_has_no_keywords_and_sends_no_messages(
    sandbox: Sandbox, merchant: Merchant
) -> None:
    made = merchant.post(f"{PREFIX}/addtemplate", {"tid": 10000002, "kidList": [], "sceneDesc": ""}).json()
    assert made["priTmplId"] == sandbox.template_id("购物（自提）服务动态")
    openid = sandbox.login("小明").openid
    asked = {"touser": openid, "template_id": made["priTmplId"], "data": {"thing1": {"value": "x"}}}
    assert merchant.post("/cgi-bin/message/subscribe/send", asked).json()["errcode"] == 40037
