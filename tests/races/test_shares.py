"""Shares under real threads on PostgreSQL: one token a thing, one code however many ask, one row a visitor."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.catalog.models import Product
from apps.members.models import Member
from apps.outbox.models import Announcement
from apps.shares import services as shares
from apps.shares.models import LiveCard, Share, ShareOrder, Visit
from apps.wechat import codes
from apps.wechat.sandbox.control import Sandbox
from tests.apps.shares import make
from tests.apps.shares.make import NOW
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 20
CODE = "/wxa/getwxacodeunlimit"


def sharing(owner: Member, thing: Product) -> Callable[[], str]:
    return lambda: make.share(owner, thing).token


def test_a_thing_shared_ten_times_at_once_has_one_token():
    thing = make.cup()
    for _ in range(ROUNDS):
        owner = make.member()
        answers = all_answers([sharing(owner, thing)] * 10)
        assert list(answers.values()) == [10]
        share = Share.objects.get(member=owner)
        wanted = Announcement.objects.filter(kind="ShareWanted", payload={"share_id": share.pk})
        assert (list(answers), wanted.count()) == ([share.token], 1)


def drawing(share: Share) -> Callable[[], str]:
    return lambda: "made" if shares.draw(share_id=share.pk, at=NOW) else "left alone"


def test_a_code_is_made_once_when_several_are_at_it_at_once(wechat: Sandbox):
    thing = make.cup()
    for round_ in range(ROUNDS):
        share = make.share(thing=thing)
        assert all_answers([drawing(share)] * 4) == {"made": 1, "left alone": 3}
        share.refresh_from_db()
        assert (share.is_made, len(wechat.calls(CODE))) == (True, round_ + 1)


def test_a_code_is_made_once_while_wechat_takes_its_time(wechat: Sandbox):
    share = make.share()
    wechat.fault("delay", path=CODE, delay_s=1)
    assert all_answers([drawing(share)] * 4) == {"made": 1, "left alone": 3}
    assert len(wechat.calls(CODE)) == 1


def test_without_the_lease_two_workers_ask_wechat_twice(wechat: Sandbox):
    """What the lease closes: both see that there is no code, and both have one made."""
    share = make.share()
    seen = Barrier(2)

    def careless() -> None:
        row = Share.objects.get(pk=share.pk)
        seen.wait(30)
        if not row.code_file:
            codes.unlimited(scene=row.token, page="pages/product/index", check_path=False)
        connection.close()

    threads = [Thread(target=careless) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wechat.calls(CODE)) == 2


def coming(share: Share, mark: str, member: Member | None) -> Callable[[], str]:
    def come() -> str:
        shares.note_visit(token=share.token, visitor_id=mark, member=member, at=NOW)
        return "came"

    return come


def test_a_visitor_who_lands_ten_times_at_once_is_one():
    for _ in range(5):
        share = make.share()
        assert all_answers([coming(share, "v-1", None)] * 10) == {"came": 10}
        visit = Visit.objects.get(share=share)
        assert visit.landings == 10
        Visit.objects.all().delete()


def test_a_registration_is_given_to_one_share_when_two_are_told_at_once():
    for _ in range(ROUNDS):
        friend = make.member(registered_at=NOW)
        calls = [coming(make.share(), "", friend) for _ in range(4)]
        assert all_answers(calls) == {"came": 4}
        assert Visit.objects.filter(member=friend, registered=True).count() == 1


def test_news_of_an_order_twice_at_once_is_one_row():
    share, friend = make.share(), make.member()
    coming(share, "", friend)()

    def order() -> str:
        shares.note_order(order_no="SO1", member_id=friend.pk, placed_at=NOW)
        return "noted"

    assert all_answers([order] * 8) == {"noted": 8}
    assert ShareOrder.objects.count() == 1


def test_a_group_shared_by_many_at_once_has_one_card_and_one_number(wechat: Sandbox):
    for round_ in range(5):
        number = f"GB{round_}"
        answers = all_answers([lambda number=number: str(make.card(number).pk)] * 8)
        assert list(answers.values()) == [8]
        card = LiveCard.objects.get(subject=number)

        def send(card: LiveCard = card) -> str:
            return "told" if shares.send_news(live_card_id=card.pk, at=NOW) else "left alone"

        assert all_answers([send] * 4) == {"told": 1, "left alone": 3}
        assert len(wechat.activities()) == round_ + 1
