"""Sending: by a granted template, once, and what WeChat answers decides what becomes of it."""

from __future__ import annotations

import pytest

from apps.messaging.states import Channel, DispatchStatus, Reason
from apps.wechat.sandbox.control import Sandbox
from tests.apps.messaging import make

pytestmark = pytest.mark.django_db
SEND = "/cgi-bin/message/subscribe/send"


def test_a_granted_message_goes_by_wechat_and_uses_the_grant(wechat: Sandbox) -> None:
    owner, found = make.subscribed(wechat)
    make.is_true("SO1")
    make.write(owner)

    make.tell_and_send()

    way = make.the_way(owner)
    assert (way.channel, way.status, way.tries) == (Channel.SUBSCRIPTION, DispatchStatus.SENT, 1)
    assert len(wechat.messages()) == 1
    assert make.balance(owner, found) == 0
    assert make.the_message(owner).channel == Channel.SUBSCRIPTION


def test_without_a_grant_only_the_inbox_has_it(wechat: Sandbox) -> None:
    owner = make.member()
    make.told_by(make.template())
    make.is_true("SO1")
    make.write(owner)

    make.tell_and_send()

    assert make.the_message(owner).reason == Reason.NO_GRANT
    assert wechat.calls(SEND) == []
