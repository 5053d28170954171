"""Cards of groups that go on telling: one number a group, figures as they change, one end, WeChat away and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from apps.base.transactions import NoTransaction
from apps.members.models import Member
from apps.outbox import services as outbox
from apps.shares import services as shares
from apps.shares.cards import Card, Kind, Progress
from apps.shares.models import LiveCard
from apps.wechat import updatable
from apps.wechat.sandbox.control import Sandbox
from tests.apps.shares import make

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
SECOND = timedelta(seconds=1)

# A board with a kind that gathers: what any room puts there with one line.
GROUPS = (
    Kind(
        name="group",
        label="拼团",
        page="pages/group/index",
        finds="tests.apps.shares.test_live_cards.group",
    ),
)


def group(said: int | str, *, member_id: int, at: Any) -> Card:
    """A group of three that one has joined, or all of them when its number says so."""
    joined = 3 if str(said).endswith("FULL") else 1
    progress = Progress(members=joined, limit=3, begun=joined == 3)
    return Card(subject=str(said), title="春茶三人团", query={"group_no": str(said)}, progress=progress)


def tell(joined: int, *, begun: bool = False, at: Any) -> bool:
    progress = Progress(members=joined, limit=3, begun=begun)
    return shares.tell_progress(kind="group", subject="GB1", progress=progress, at=at)


def test_a_card_gets_its_number_says_who_joins_and_that_it_has_begun(wechat: Sandbox):
    now = timezone.now()
    card = make.card(at=now)
    assert card.activity_id == ""
    outbox.deliver_due(at=now + SECOND)
    card.refresh_from_db()
    (sent,) = wechat.activities()
    assert (card.activity_id, card.due_at, sent["updates"]) == (sent["activity_id"], None, 0)
    assert card.expires_at is not None
    assert timedelta(hours=23) < card.expires_at - now < timedelta(hours=25)
    assert tell(2, at=now + SECOND)
    outbox.deliver_due(at=now + 2 * SECOND)
    (sent,) = wechat.activities()
    assert (sent["state"], sent["parameters"]) == (0, {"member_count": "2", "room_limit": "3"})
    assert tell(3, begun=True, at=now + 3 * SECOND)
    outbox.deliver_due(at=now + 4 * SECOND)
    (sent,) = wechat.activities()
    assert (sent["state"], sent["parameters"]["path"]) == (1, "/pages/group/index?group_no=GB1")
    assert sent["parameters"]["version_type"] == "release"
    card.refresh_from_db()
    assert (card.over, card.due_at) == (True, None)
    assert not tell(3, begun=True, at=now + 5 * SECOND)


def test_what_changes_while_wechat_is_told_is_told_as_well(wechat: Sandbox):
    now = timezone.now()
    card = make.card(at=now)
    shares.send_news(live_card_id=card.pk, at=now)
    for joined in (2, 3, 2):
        tell(joined, at=now + SECOND)
    assert shares.send_due(at=now + 2 * SECOND) == 1
    (sent,) = wechat.activities()
    assert (sent["updates"], sent["parameters"]["member_count"]) == (1, "2")
    assert not tell(2, at=now + 3 * SECOND)
    assert shares.send_due(at=now + 4 * SECOND) == 0


def test_a_group_has_one_card_at_a_time_and_another_after_a_day(wechat: Sandbox):
    now = timezone.now()
    first = make.card(at=now)
    assert make.card(at=now + SECOND).pk == first.pk
    shares.send_due(at=now + SECOND)
    assert make.card(at=now + timedelta(hours=23)).pk == first.pk
    second = make.card(at=now + timedelta(hours=23, minutes=55))
    assert second.pk != first.pk
    first.refresh_from_db()
    assert (first.over, first.due_at) == (True, None)


def test_a_card_that_expired_unheard_is_over_and_wechat_is_not_asked(wechat: Sandbox):
    now = timezone.now()
    card = make.card(at=now)
    shares.send_due(at=now)
    later = now + timedelta(hours=25)
    tell(2, at=later)
    asked = len(wechat.calls())
    assert shares.send_due(at=later) == 1
    card.refresh_from_db()
    assert (card.over, len(wechat.calls())) == (True, asked)


def test_a_card_that_wechat_takes_no_news_for_is_over(wechat: Sandbox):
    now = timezone.now()
    card = make.card(at=now)
    shares.send_due(at=now)
    wechat.fault("errcode", path=updatable.SEND, errcode=47504)
    tell(2, at=now)
    shares.send_due(at=now)
    card.refresh_from_db()
    assert (card.over, card.due_at, "47504" in card.fault) == (True, None, True)


def test_while_wechat_is_away_the_newest_figures_wait(wechat: Sandbox):
    now = timezone.now()
    card = make.card(at=now)
    wechat.fault("errcode", path=updatable.CREATE, errcode=45009)
    assert shares.send_due(at=now) == 1
    card.refresh_from_db()
    assert (card.activity_id, "45009" in card.fault) == ("", True)
    assert card.due_at == now + 2 * SECOND
    tell(2, at=now + SECOND)
    assert shares.send_due(at=now + 2 * SECOND) == 1
    card.refresh_from_db()
    (sent,) = wechat.activities()
    # Whoever sends the card says the first figures with it.
    assert (card.activity_id, card.fault, card.told_members) == (sent["activity_id"], "", 2)


def test_news_of_a_group_that_nobody_has_sent_are_told_to_nobody():
    assert not tell(2, at=make.NOW)
    assert not LiveCard.objects.exists()


def test_what_has_begun_begins_no_card():
    progress = Progress(members=3, limit=3, begun=True)
    assert shares.begin_card(kind="group", subject="GB1", path="/p", progress=progress, at=make.NOW) is None


def test_sharing_a_group_answers_its_card_once_wechat_has_given_the_number(
    shopper_of: Shoppers, wechat: Sandbox, settings: Any
):
    settings.SHARE_KINDS = "tests.apps.shares.test_live_cards.GROUPS"
    leader = shopper_of(make.member())
    asked = {"kind": "group", "id": "GB1"}
    assert leader.call("POST", "/shares", asked).json()["live_card"] is None
    outbox.deliver_due(at=timezone.now())
    told = leader.call("POST", "/shares", asked).json()
    (sent,) = wechat.activities()
    assert told["path"].startswith("/pages/group/index?group_no=GB1&share_token=")
    shown = told["live_card"]
    assert (shown["activity_id"], shown["member_count"], shown["room_limit"]) == (
        sent["activity_id"],
        "1",
        "3",
    )
    friend = shopper_of(make.member()).call("POST", "/shares", asked).json()
    assert friend["live_card"]["activity_id"] == sent["activity_id"]
    assert friend["token"] != told["token"]
    full = leader.call("POST", "/shares", {"kind": "group", "id": "GB1FULL"}).json()
    assert full["live_card"] is None


def test_wechat_is_never_told_inside_a_transaction():
    card = make.card()
    with pytest.raises(NoTransaction), transaction.atomic():
        shares.send_news(live_card_id=card.pk, at=make.NOW)
