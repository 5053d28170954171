"""Managing templates: WeChat's samples are read, its codes mean what they say, the sandbox agrees."""

from __future__ import annotations

import json

import pytest

from apps.wechat import errors as wechat_errors
from apps.wechat import templates
from apps.wechat.sandbox.control import Sandbox
from tests.wechat.client.scripted import Reply, Script
from tests.wechat.client.words import token, told

# As WeChat's page of getTemplateList prints it.
SAMPLE = [
    {
        "priTmplId": "9Aw5ZV1j9xdWTFEkqCpZ7mIBbSC34khK55OtzUPl0rU",
        "title": "报名结果通知",
        "content": "会议时间:{{date2.DATA}}\n会议地点:{{thing1.DATA}}\n",
        "example": "会议时间:2016年8月8日\n会议地点:TIT会议室\n",
        "type": 2,
    },
    {
        "priTmplId": "cy_DfOZL7lypxHh3ja3DyAUbn1GYQRGwezuy5LBTFME",
        "title": "洗衣机故障提醒",
        "content": "完成时间:{{time1.DATA}}\n所在位置:{{enum_string2.DATA}}\n提示说明:{{enum_string3.DATA}}\n",
        "example": "完成时间:2021年10月21日 12:00:00\n所在位置:客厅\n提示说明:设备发生故障\n",
        "keywordEnumValueList": [
            {"keywordCode": "enum_string2.DATA", "enumValueList": ["客厅", "餐厅"]},
            {"keywordCode": "enum_string3", "enumValueList": ["设备发生故障"]},
        ],
        "type": 3,
    },
]


def test_the_account_s_templates_are_read_out_of_wechat_s_text(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, data=[*SAMPLE, {"title": "no id"}, "odd"]))

    meeting, washer = templates.owned()

    assert (meeting.template_id, meeting.kind) == (SAMPLE[0]["priTmplId"], templates.Kind.ONE_TIME)
    assert meeting.keywords == (
        templates.Keyword("date2", "date", "会议时间", "2016年8月8日"),
        templates.Keyword("thing1", "thing", "会议地点", "TIT会议室"),
    )
    assert washer.keywords[0].example == "2021年10月21日 12:00:00"
    assert washer.keywords[1:] == (
        templates.Keyword("enum_string2", "enum_string", "所在位置", "客厅", ("客厅", "餐厅")),
        templates.Keyword("enum_string3", "enum_string", "提示说明", "设备发生故障", ("设备发生故障",)),
    )


def test_a_template_whose_text_says_nothing_has_no_keywords(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, data=[{"priTmplId": "T", "content": "{{x}}\n{{thing.DATA}}"}]))

    assert templates.owned() == (templates.Template("T", "", 0, (), "{{x}}\n{{thing.DATA}}", ""),)


def test_a_template_is_asked_for_as_wechat_documents_it(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, priTmplId="T1"), told(errcode=0))

    assert templates.add(tid="1001", kids=[3, 1], scene="付款后") == "T1"
    templates.delete(template_id="T1")

    added, deleted = wechat.heard[1:]
    assert json.loads(added.body) == {"tid": "1001", "kidList": [3, 1], "sceneDesc": "付款后"}
    assert (json.loads(deleted.body), wechat.paths()[1:]) == (
        {"priTmplId": "T1"},
        [templates.ADD, templates.DELETE],
    )


def test_the_library_is_asked_by_get_with_its_numbers(wechat: Script) -> None:
    row = {"tid": 99, "title": "付款成功通知", "type": 2, "categoryId": "616"}
    keyword = {"kid": 1, "name": "物品名称", "example": "名称", "rule": "thing"}
    wechat.say(
        token("t"),
        told(errcode=0, data=[{"id": 616, "name": "公交"}]),
        told(errcode=0, count=55, data=[row]),
        told(errcode=0, count=1, data=[keyword]),
    )

    assert templates.categories() == (templates.Category(616, "公交"),)
    page = templates.titles(category_ids=[616, 617], start=30)
    assert page == templates.Titles(55, (templates.Title("99", "付款成功通知", 2, "616"),))
    assert templates.keywords(tid="99") == (templates.PublicKeyword(1, "物品名称", "名称", "thing"),)
    assert [one.method for one in wechat.heard[1:]] == ["GET"] * 3
    assert wechat.heard[2].query == {"ids": "616,617", "start": "30", "limit": "30", "access_token": "t"}
    assert wechat.heard[3].query == {"tid": "99", "access_token": "t"}


@pytest.mark.parametrize(
    ("errcode", "error"),
    [
        (200011, templates.TemplateBanned),
        (200012, templates.TemplateLimit),
        (200013, templates.TemplateBanned),
        (200014, templates.TemplateInvalid),
        (200020, templates.TemplateInvalid),
        (200021, templates.TemplateInvalid),
        (200022, templates.TemplateExists),
        (200100, templates.WrongAccount),
        (20001, wechat_errors.TemplateUnknown),
        (44002, wechat_errors.WechatRefused),
    ],
)
def test_each_refusal_is_of_its_own_kind(
    wechat: Script, errcode: int, error: type[wechat_errors.WechatRefused]
) -> None:
    wechat.say(token(), told(errcode=errcode, errmsg="no"))

    with pytest.raises(wechat_errors.WechatRefused) as caught:
        templates.add(tid="1", kids=[1, 2], scene="")

    assert (type(caught.value), caught.value.errcode) == (error, errcode)


@pytest.mark.parametrize(
    "reply", [told(errcode=0), told(errcode=0, priTmplId=""), told(errcode=0, priTmplId=5)]
)
def test_a_template_without_an_id_may_have_been_added_all_the_same(wechat: Script, reply: Reply) -> None:
    wechat.say(token(), reply)

    with pytest.raises(wechat_errors.WechatBadAnswer) as caught:
        templates.add(tid="1", kids=[1, 2], scene="")

    assert caught.value.effect_unknown


def test_a_list_that_is_none_is_a_bad_gateway(wechat: Script) -> None:
    wechat.say(token(), told(errcode=0, data={}))

    with pytest.raises(wechat_errors.WechatBadAnswer):
        templates.owned()


def test_the_sandbox_s_account_is_managed(sandbox: Sandbox) -> None:
    category = templates.categories()[0]
    page = templates.titles(category_ids=[category.id], limit=5)
    title = page.titles[0]
    words = templates.keywords(tid=title.tid)

    made = templates.add(tid=title.tid, kids=[words[1].kid, words[0].kid], scene="付款后")
    with pytest.raises(templates.TemplateExists):
        templates.add(tid=title.tid, kids=[words[0].kid, words[1].kid], scene="付款后")

    own = {one.template_id: one for one in templates.owned()}[made]
    assert (own.title, [word.name for word in own.keywords]) == (title.name, [words[1].name, words[0].name])
    assert [word.kind for word in own.keywords] == [words[1].rule, words[0].rule]
    templates.delete(template_id=made)
    with pytest.raises(wechat_errors.TemplateUnknown):
        templates.delete(template_id=made)
    assert page.count > len(page.titles) == 5
