"""What was decided of a reward anywhere is decided everywhere; of many, each is judged by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client

from apps.bargain import services as bargains
from apps.bargain.models import Help, Run
from apps.base.models import AuditEntry
from apps.distribution.models import Commission
from apps.distribution.services import holds, looking
from apps.risk import selectors as risk_facts
from apps.risk import services as risk
from apps.risk.models import Look, Trace
from apps.risk.states import Trait
from tests.apps.bargain import make as bargain
from tests.apps.checkout import make as counter
from tests.apps.distribution import make as promotion
from tests.apps.distribution.make import LATER, NOW
from tests.apps.fulfillment.make import operator
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db


def suspected(*, units: int = 1) -> tuple[Look, Commission]:
    """A commission of ¥1.00 a unit by a buyer with the promoter's phone, and the look that it waits for."""
    promotion.set_rules()
    counter.freight(0)
    promoter = promotion.promoter(members.member(phone="13912345678"))
    buyer = counter.buyer(phone="13912345678")
    promotion.bind(buyer[0], promoter)
    order = promotion.paid(buyer, [(counter.goods(1000), units)])
    looking.look(order_no=order.order_no, at=NOW)
    return Look.objects.get(subject=order.order_no), Commission.objects.get(order_no=order.order_no)


def judged(look: Look) -> tuple[str, str]:
    look.refresh_from_db()
    return look.verdict, look.note


def test_what_the_commissions_page_releases_waits_in_the_list_no_more():
    look, row = suspected()
    by = operator()
    holds.release(commission_ids=[row.pk], operator=by, at=LATER)
    assert judged(look) == ("RELEASED", "在佣金页放行")
    assert (look.judged_by, look.judged_at) == (by, LATER)


def test_what_the_commissions_page_rejects_waits_in_the_list_no_more():
    look, row = suspected()
    holds.reject(commission_ids=[row.pk], reason="小号自购", operator=operator(), at=LATER)
    assert judged(look) == ("REJECTED", "小号自购")


def test_a_held_commission_whose_order_goes_back_lapses_and_half_of_it_still_waits():
    look, row = suspected(units=2)
    order = promotion.sale.fresh(row.line.order)
    cup = row.line.sku
    promotion.refund(order, {cup: 1})
    assert judged(look) == ("HELD", "")
    promotion.refund(promotion.sale.fresh(order), {cup: 1})
    assert judged(look) == ("LAPSED", "订单已退款")
    assert look.judged_by is None
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[look.pk], operator=operator(), at=LATER)


def test_of_two_lines_of_an_order_one_still_waits_when_the_other_is_released():
    look, row = suspected()
    second = counter.goods(2000)
    buyer = (row.buyer, members.address(row.buyer, phone="13912345678"))
    order = promotion.paid(buyer, [(row.line.sku, 1), (second, 1)])
    looking.look(order_no=order.order_no, at=NOW)
    lines = list(Commission.objects.filter(order_no=order.order_no).order_by("id"))
    both = Look.objects.get(subject=order.order_no)
    holds.release(commission_ids=[lines[0].pk], operator=operator(), at=LATER)
    assert judged(both)[0] == "HELD"
    holds.release(commission_ids=[lines[1].pk], operator=operator(), at=LATER)
    assert (judged(both)[0], judged(look)[0]) == ("RELEASED", "HELD")


def helped(*, held: int, helpers: int = 10) -> tuple[Run, list[Look]]:
    """A run with a friend's cut and so many helps that wait for a look."""
    bargain.rule("HELP_BURST", 1)
    run = bargain.helped(bargain.run(bargain.bargain(helpers=helpers)), times=held + 1)
    return run, list(Look.objects.filter(subject=run.bargain_no, verdict="HELD").order_by("id"))


def test_helps_that_waited_lapse_when_the_run_is_over():
    _, looks = helped(held=2)
    bargains.lapse_due(at=bargain.NOW + timedelta(days=3))
    assert [judged(each) for each in looks] == [("LAPSED", "砍价已结束")] * 2
    assert not risk_facts.waiting().exists()


def test_the_last_cut_is_released_and_what_waits_beside_it_lapses():
    run, looks = helped(held=2, helpers=2)
    risk.release(look_ids=[looks[0].pk], operator=operator(), at=bargain.NOW)
    assert [judged(each)[0] for each in looks] == ["RELEASED", "LAPSED"]
    run.refresh_from_db()
    assert (run.price_fen, run.helps) == (run.floor_fen, 2)
    assert Help.objects.filter(run=run, held=False, cut=None).count() == 1


def test_of_three_chosen_the_one_that_cannot_cut_is_told_and_the_others_are_released():
    look, row = suspected()
    run, looks = helped(held=2)
    bargains.CAMPAIGNS.pause(run.bargain, at=bargain.NOW)
    other = suspected_again(row)
    outcome = risk.release(look_ids=[look.pk, looks[0].pk, other.pk], operator=operator(), at=bargain.NOW)
    assert outcome == (2, [f"砍价 {run.bargain_no} 的帮砍：砍价已结束"])
    assert [judged(each)[0] for each in (look, looks[0], other)] == ["RELEASED", "HELD", "RELEASED"]
    with pytest.raises(bargains.Closed):
        risk.release(look_ids=[looks[0].pk], operator=operator(), at=bargain.NOW)
    said = AuditEntry.objects.filter(action="放行奖励").values_list("subject", flat=True)
    assert sorted(said) == sorted(f"佣金 {each.title}" for each in (look, other))


def suspected_again(row: Commission) -> Look:
    """Another order of the same buyer."""
    buyer = (row.buyer, members.address(row.buyer, phone="13912345678"))
    order = promotion.paid(buyer, [(row.line.sku, 1)])
    looking.look(order_no=order.order_no, at=NOW)
    return Look.objects.get(subject=order.order_no)


def test_a_help_that_is_judged_through_its_own_page_says_so_when_it_waits_no_more():
    run, looks = helped(held=1)
    given = Help.objects.get(run=run, held=True)
    risk.reject(look_ids=[looks[0].pk], reason="同一人", operator=operator(), at=bargain.NOW)
    with pytest.raises(bargains.NotHeld):
        bargains.release_help(help_id=given.pk, operator=operator(), at=bargain.NOW)
    assert Help.objects.get(pk=given.pk).cut is None


def test_a_look_at_what_its_room_holds_no_more_lapses_instead_of_being_called_released():
    look, row = suspected()
    Commission.objects.filter(pk=row.pk).update(held=False)
    with pytest.raises(risk.NothingToJudge):
        risk.release(look_ids=[look.pk], operator=operator(), at=LATER)
    assert judged(look) == ("LAPSED", "")


def test_a_trait_is_written_again_only_when_it_was_not_seen_for_a_day():
    owner = members.member()
    traits = [(Trait.DEVICE, "0" * 32)]
    seen = []
    for at in (NOW, NOW + timedelta(hours=23), NOW + timedelta(days=1), NOW + timedelta(hours=1)):
        risk.note(member_id=owner.pk, traits=traits, at=at)
        seen.append(Trace.objects.get().last_at - NOW)
    assert seen == [timedelta(0), timedelta(0), timedelta(days=1), timedelta(days=1)]
    assert Trace.objects.get().first_at == NOW


def listed(client: Client, name: str, action: str, *ids: int) -> HttpResponse:
    """The page that asks, reached from the list as a browser reaches it."""
    answer = client.post(
        f"/admin/{name}/", {"action": action, "_selected_action": [str(pk) for pk in ids], "index": 0}
    )
    assert answer.status_code == 302, answer.content
    return client.get(answer["Location"])


def test_chosen_rewards_are_released_by_a_page_that_asks_and_tells_of_each_that_could_not_be(
    admin_client: Client,
):
    look, row = suspected()
    run, looks = helped(held=1)
    bargains.CAMPAIGNS.pause(run.bargain, at=bargain.NOW)
    page = listed(admin_client, "risk/look", "release_chosen", look.pk, looks[0].pk)
    asked = page.content.decode()
    assert "所选的 2 笔奖励" in asked
    assert look.title in asked
    assert judged(look)[0] == "HELD"
    done = admin_client.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], follow=True)
    said = [str(message) for message in done.context["messages"]]
    assert said == ["已放行 1 笔。", f"1 笔未放行：砍价 {run.bargain_no} 的帮砍：砍价已结束"]
    assert [judged(each)[0] for each in (look, looks[0])] == ["RELEASED", "HELD"]
    assert AuditEntry.objects.filter(action="放行奖励", subject=f"佣金 {look.title}").count() == 1
    row.refresh_from_db()
    assert not row.held


@pytest.mark.parametrize(
    ("name", "verdict"), [("risk/look", "REJECTED"), ("distribution/commission", "REJECTED")]
)
def test_chosen_ones_are_rejected_with_a_reason_in_either_list(admin_client: Client, name: str, verdict: str):
    found = [suspected()[1]]
    found.append(Commission.objects.get(order_no=suspected_again(found[0]).subject))
    looks = [Look.objects.get(subject=row.order_no) for row in found]
    ids = [row.pk for row in (looks if name == "risk/look" else found)]
    page = listed(admin_client, name, "reject_chosen", *ids)
    address = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]
    assert "请填写此项" in admin_client.post(address, {"reason": ""}).content.decode()
    assert [judged(each)[0] for each in looks] == ["HELD", "HELD"]
    done = admin_client.post(address, {"reason": "小号自购"}, follow=True)
    assert [str(message) for message in done.context["messages"]] == ["已驳回 2 笔。"]
    assert [judged(each) for each in looks] == [(verdict, "小号自购")] * 2
    assert AuditEntry.objects.filter(action__in=["驳回奖励", "驳回佣金"]).count() == 2
    again = admin_client.post(address, {"reason": "小号自购"})
    assert again.status_code in {302, 409}
    assert Commission.objects.filter(of__isnull=False).count() == 2


def test_who_may_only_look_at_rewards_finds_no_page_that_judges_them(client: Client):
    look, _ = suspected()
    looker = User.objects.create_user("looker", password="x", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_look"))
    client.force_login(looker)
    for page in ("release-many", "reject-many"):
        assert client.get(f"/admin/risk/look/{page}/?ids={look.pk}").status_code == 403


def test_commissions_are_judged_here_by_those_who_judge_them_on_their_own_page_and_by_no_others(
    client: Client,
):
    look, _ = suspected()
    clerk = User.objects.create_user("clerk", password="x", is_staff=True)
    rights = ("view_look", "judge_look", "view_commission")
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client.force_login(clerk)
    page = client.get(f"/admin/risk/look/{look.pk}/change/").content.decode()
    assert "/release/" not in page
    refused = client.post(f"/admin/risk/look/{look.pk}/release/", follow=True).content.decode()
    assert ("例如佣金由财务处理" in refused, judged(look)[0]) == (True, "HELD")
    many = client.post(f"/admin/risk/look/release-many/?ids={look.pk}", follow=True).content.decode()
    assert ("例如佣金由财务处理" in many, judged(look)[0]) == (True, "HELD")
    clerk.user_permissions.add(Permission.objects.get(codename="judge_commission"))
    assert "/release/" in client.get(f"/admin/risk/look/{look.pk}/change/").content.decode()
    client.post(f"/admin/risk/look/{look.pk}/release/", follow=True)
    assert judged(look)[0] == "RELEASED"
