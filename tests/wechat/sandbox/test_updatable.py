"""Updatable messages as the sandbox plays them: an id for a day, figures while members join, one end, WeChat's codes."""

from __future__ import annotations

import pytest

from apps.wechat.sandbox.control import Sandbox
from tests.wechat.sandbox.merchant import Json, Merchant

CREATE = "/cgi-bin/message/wxopen/activityid/create"
SEND = "/cgi-bin/message/wxopen/updatablemsg/send"


def news(activity_id: str, state: int, **parameters: str) -> Json:
    listed = [{"name": name, "value": value} for name, value in parameters.items()]
    return {
        "activity_id": activity_id,
        "target_state": state,
        "template_info": {"parameter_list": listed},
    }


def test_a_card_tells_who_joins_until_it_has_begun(sandbox: Sandbox, merchant: Merchant) -> None:
    made = merchant.get(CREATE).json()
    assert made["errcode"] == 0
    first = news(made["activity_id"], 0, member_count="2", room_limit="3")
    assert merchant.post(SEND, first).json()["errcode"] == 0
    end = news(made["activity_id"], 1, path="pages/group/index?group_no=G1", version_type="release")
    assert merchant.post(SEND, end).json()["errcode"] == 0
    assert merchant.post(SEND, first).json()["errcode"] == 47502
    assert merchant.post(SEND, end).json()["errcode"] == 47502
    (card,) = sandbox.activities()
    assert (card["state"], card["updates"], card["parameters"]["member_count"]) == (1, 2, "2")


def test_a_card_lives_for_a_day(sandbox: Sandbox, merchant: Merchant) -> None:
    made = merchant.get(CREATE).json()
    said = news(made["activity_id"], 0, member_count="1", room_limit="3")
    sandbox.put_clock_ahead(86_300)
    fresh = merchant.token(force_refresh=True)["access_token"]
    assert merchant.post(SEND, said, token=fresh).json()["errcode"] == 0
    sandbox.put_clock_ahead(86_500)
    assert merchant.post(SEND, said, token=fresh).json()["errcode"] == 47504


@pytest.mark.parametrize(
    ("said", "errcode"),
    [
        (news("unknown", 0, member_count="1", room_limit="3"), 47501),
        ({"state": 2, "member_count": "1", "room_limit": "3"}, 47502),
        ({"state": 0, "member_count": "1"}, 47001),
        ({"state": 1, "path": "pages/a", "version_type": "beta"}, 47503),
        ({"state": 1, "path": "pages/a"}, 47001),
    ],
)
def test_a_wrong_word_to_a_card_is_refused(merchant: Merchant, said: Json, errcode: int) -> None:
    activity_id = merchant.get(CREATE).json()["activity_id"]
    whole = said if "template_info" in said else news(activity_id, said.pop("state"), **said)
    assert merchant.post(SEND, whole).json()["errcode"] == errcode


def test_figures_are_strings(merchant: Merchant) -> None:
    activity_id = merchant.get(CREATE).json()["activity_id"]
    said = news(activity_id, 0, member_count="1", room_limit="3")
    said["template_info"]["parameter_list"][0]["value"] = 1
    assert merchant.post(SEND, said).json()["errcode"] == 47001


def test_no_card_without_a_token(merchant: Merchant) -> None:
    assert merchant.get(CREATE, token="").json()["errcode"] == 41001
