"""What WeChat pushed about messages is kept once and read into types when it is handled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import transaction

from apps.wechat import pushed
from apps.wechat import selectors as wechat_facts
from apps.wechat import services as wechat

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_a_kept_push_is_read_as_what_it_says() -> None:
    content = {
        "FromUserName": "oX",
        "CreateTime": "1620973045",
        "MsgType": "event",
        "Event": "subscribe_msg_popup_event",
        "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "0"},
    }
    with transaction.atomic():
        wechat.keep_push(message_key="k", kind=pushed.PROMPT_EVENT, content=content, at=AT)
        wechat.keep_push(message_key="x", kind="wxa_media_check", content={"Event": "wxa_media_check"}, at=AT)

    told = wechat_facts.push_said(message_key="k")

    when = datetime(2021, 5, 14, 6, 17, 25, tzinfo=UTC)
    assert told == pushed.PromptAnswered("oX", when, (pushed.Choice("T1", "accept", "0"),))
    assert wechat_facts.push_said(message_key="x") is None
    assert wechat_facts.push_said(message_key="gone") is None
