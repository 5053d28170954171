"""Plans: what cannot be meant is refused by its step, drafts are changed step by step, ready ones wait to be finished."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apps.journeys import flow, plans, ready, wording
from apps.journeys import selectors as journey_facts
from apps.journeys import services as journeys
from apps.journeys.models import Journey, JourneyVersion
from mall.errors import ShopError
from tests.apps.audiences import make as crowd
from tests.apps.coupons import make as coupons
from tests.apps.journeys import make
from tests.apps.journeys.make import AT, DAY, branch, give, message, wait

DEEP = give()
for _ in range(6):
    DEEP = branch("ordered", yes=[DEEP])
EVENT = {"is": "event", "event": "OrderPaid"}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"trigger": None}, "进入条件：请选择类型"),
        ({"trigger": {"is": "event", "event": "Explosion"}}, "进入条件「发生事件」：请选择「事件」"),
        ({"trigger": {"is": "dormant", "days": 0, "clock": "10:00"}}, "进入条件「多天未下单」：「距最近付款」超出范围"),
        ({"trigger": {"is": "birthday", "days": 1, "clock": "25:00"}}, "「每天几点」应为 00:00 至 23:59 之间的时间"),
        ({"trigger": {"is": "calendar", "at": "明天"}}, "进入条件「指定日期」：请填写「时间」"),
        ({"trigger": {"is": "repurchase", "cycles": [{"product": 1}], "clock": "10:00"}}, "「商品周期」格式有误"),
        ({"steps": []}, "至少要有一步发消息"),
        ({"steps": "x"}, "步骤格式有误"),
        ({"steps": [wait(60)]}, "至少要有一步发消息"),
        ({"steps": [give(), {"is": "explode"}]}, "第 2 步：请选择类型"),
        ({"steps": [give(), wait(0)]}, "第 2 步「等待」：「等待时长」超出范围"),
        ({"steps": [wait(60), message("")]}, "第 2 步「发消息」：请填写「标题」"),
        ({"steps": [message("长" * 41)]}, "第 1 步「发消息」：「标题」最多 40 个字"),
        ({"steps": [give(True)]}, "第 1 步「送积分」：「积分」应为整数"),
        ({"steps": [give(100_001)]}, "第 1 步「送积分」：「积分」超出范围"),
        ({"steps": [{**give(), "sql": "x"}]}, "第 1 步「送积分」：有不认识的内容"),
        ({"steps": [{"is": "coupon"}]}, "第 1 步「发优惠券」：请选择「优惠券」"),
        ({"steps": [branch("ordered"), give()]}, "第 1 步「判断」：「是」和「否」至少要有一边有步骤"),
        ({"steps": [branch("tree", yes=[give()])]}, "第 1 步「判断」：请至少添加一个条件"),
        ({"steps": [branch("segment", yes=[give()])]}, "第 1 步「判断」：请选择「人群」"),
        ({"steps": [branch("tree", tree={"op": "all", "of": [{"is": "spent"}]}, yes=[give()])]}, "第 1 个条件「消费金额」"),
        ({"steps": [DEEP]}, "判断最多嵌套 4 层"),
        ({"steps": [give()] * 41}, "超过 40 步"),
        ({"steps": [branch("ordered", yes=[give()] * 30), *[give()] * 30]}, "最多 40 步，现在有 61 步"),
        ({"again_days": -1}, "「再次进入」应为 0 至 3650 天"),
        ({"exits": ["sold"]}, "「退出条件」的选项有误"),
        ({"exits": ["left_segment"]}, "只能用于「进入人群」的旅程"),
    ],
)  # fmt: skip
def test_what_nobody_can_mean_is_refused_and_says_where(changed: dict[str, Any], fault: str) -> None:
    with pytest.raises(flow.FlowRefused) as refused:
        flow.read({**make.plan(EVENT, give()), **changed})
    assert fault in "；".join(one.text for one in refused.value.faults)


@pytest.mark.parametrize("given", [None, [], "x", 7, {"is": 1}, {"steps": {}}, {"steps": [[]], "exits": {}}])
def test_whatever_is_given_for_a_plan_is_refused_and_nothing_falls_over(given: Any) -> None:
    with pytest.raises(flow.FlowRefused):
        flow.read(given)


def test_steps_are_numbered_as_they_are_read_and_both_ways_go_on_behind_a_branch() -> None:
    inner = branch("opened", no=[give()])
    found = flow.read(make.plan(EVENT, branch("ordered", yes=[give(), wait(5)], no=[inner]), message()))
    ways = [(p.number, p.depth, p.side, p.then, p.yes, p.no) for p in found.placed()]
    assert ways == [
        (1, 0, "", 6, 2, 4),
        (2, 1, "yes", 3, 0, 0),
        (3, 1, "yes", 6, 0, 0),
        (4, 1, "no", 6, 6, 5),
        (5, 2, "no", 6, 0, 0),
        (6, 0, "", 0, 0, 0),
    ]
    assert flow.read(flow.as_json(found)) == found


def test_a_draft_is_changed_step_by_step_and_never_in_place() -> None:
    plan = make.plan(EVENT, give(1), branch("ordered", yes=[give(2)]), give(3))
    kept = repr(plan)
    told = lambda found: [(line.number, line.side, line.step.get("points")) for line in plans.lines(found)]  # noqa: E731
    added, number = plans.put(plan, place="2n", step=give(9))
    assert (number, told(added)) == (4, [(1, "", 1), (2, "", None), (3, "yes", 2), (4, "no", 9), (5, "", 3)])
    assert plans.put(plan, place="0", step=give(9))[1] == 1
    assert plans.put(plan, place="3", step=give(9))[1] == 4
    assert told(plans.move(plan, number=2, up=True)) == [(1, "", None), (2, "yes", 2), (3, "", 1), (4, "", 3)]
    assert told(plans.drop(plan, number=2)) == [(1, "", 1), (2, "", 3)]
    changed = plans.change(plan, number=2, step={"is": "branch", "when": "opened"})
    assert (plans.step_of(changed, 2)["when"], told(changed)) == ("opened", told(plan))
    for wrong in ("9", "1y", "x", "", "-1"):
        with pytest.raises(plans.PlaceUnknown):
            plans.put(plan, place=wrong, step=give())
    for call in (plans.move, plans.drop):
        with pytest.raises(plans.PlaceUnknown):
            call(plan, number=9, **({"up": True} if call is plans.move else {}))
    with pytest.raises(plans.PlaceUnknown):
        plans.move(plan, number=3, up=False)
    assert repr(plan) == kept


@pytest.mark.django_db
def test_who_changed_a_draft_in_between_is_noticed() -> None:
    row = make.draft(EVENT, give())
    for revision, expected in ((0, 2), (1, 3)):
        number = journeys.add_step(
            journey_id=row.pk, revision=revision, place=str(expected - 1), kind="wait", at=AT
        )
        assert number == expected
    with pytest.raises(journeys.PlanChanged):
        journeys.drop_step(journey_id=row.pk, revision=1, number=1, at=AT)
    with pytest.raises(flow.FlowRefused):
        journeys.change_step(journey_id=row.pk, revision=2, number=2, step=wait(0), at=AT)
    journeys.end(journey_id=row.pk, at=AT)
    row.refresh_from_db()
    with pytest.raises(journeys.JourneyOver):
        journeys.drop_step(journey_id=row.pk, revision=row.revision, number=1, at=AT)


@pytest.mark.django_db
def test_a_plan_that_names_what_is_not_there_is_not_started() -> None:
    ruled = crowd.tag("规则", rule=crowd.segment({"is": "ordered", "low": 1}))
    draft = coupons.template("草稿券")
    type(draft).objects.update(status="DRAFT")
    row = make.draft(
        {"is": "calendar", "at": (AT - DAY).isoformat()},
        {"is": "coupon", "template": draft.pk},
        {"is": "tag", "tag": ruled.pk},
        {"is": "tag", "tag": 99},
        message("{price} 元"),
    )
    with pytest.raises(flow.FlowRefused) as refused:
        journeys.start(journey_id=row.pk, operator=None, at=AT)
    told = [fault.text for fault in refused.value.faults]
    assert told[:4] == [
        "标签「规则」由规则自动更新，不能手工打上",
        "标签 #99 已不存在",
        "优惠券「草稿券」未发布或已停发",
        "进入条件「指定日期」：时间已过",
    ]
    assert told[4].startswith("第 4 步「发消息」：")
    assert not JourneyVersion.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": ""}, "code"),
        ({"code": "a b/c"}, "code"),
        ({"title": ""}, "title"),
        ({"holdout_percent": 51}, "holdout_percent"),
        ({"measure_days": 0}, "measure_days"),
    ],
)
def test_a_journey_is_called_something_and_has_figures_that_mean_something(changed: Any, field: str) -> None:
    with pytest.raises(journeys.JourneyRefused) as refused:
        journeys.save(Journey(**{"code": "a", "title": "甲", **changed}), at=AT)
    assert field in refused.value.details


@pytest.mark.django_db
def test_the_arms_stand_still_once_it_runs() -> None:
    row = make.live(EVENT, give(), holdout=10)
    for changed in ({"code": "other"}, {"holdout_percent": 20}):
        other = Journey.objects.get(pk=row.pk)
        for name, value in changed.items():
            setattr(other, name, value)
        with pytest.raises(journeys.JourneyRefused):
            journeys.save(other, at=AT)
    made = journeys.copy(journey_id=row.pk, code="again", title="再来", at=AT)
    assert (made.status, made.plan) == ("DRAFT", row.plan)


@pytest.mark.django_db
def test_six_ready_ones_wait_for_what_only_the_shop_can_choose() -> None:
    crowd.segment({"is": "rfm", "standings": ["CHURNING"]}, name="流失预警")
    for one in ready.READY:
        row = journeys.make_ready(name=one.code, at=AT)
        lines = plans.lines(row.plan)
        assert all(wording.told_raw(line.step, names={}) != "请补充内容" for line in lines)
        if one.code == "cart":
            journeys.start(journey_id=row.pk, operator=None, at=AT)
            continue
        with pytest.raises(flow.FlowRefused) as refused:
            journeys.start(journey_id=row.pk, operator=None, at=AT)
        told = [fault.text for fault in refused.value.faults]
        assert all(
            "请选择「优惠券」" in text or "请选择「人群」" in text or "请填写「商品周期」" in text
            for text in told
        )
    assert Journey.objects.count() == 6
    with pytest.raises(ShopError):
        journeys.make_ready(name="cart", at=AT)


@pytest.mark.django_db
def test_a_ready_one_that_the_shop_has_is_made_again_under_the_free_code_that_its_page_proposes(
    admin_client: Client,
) -> None:
    address = "/admin/journeys/journey/ready/"
    for code in ("cart", "cart-2"):
        journeys.make_ready(name="cart", code=code, at=AT)
    form = admin_client.get(address).context["form"]
    assert "（cart-3）" in dict(form.fields["name"].choices)["cart"]
    typed = {"name": "cart", "code": "", "proposed": json.dumps(form["proposed"].initial)}
    assert admin_client.post(address, typed).status_code == 302
    assert Journey.objects.latest("pk").code == "cart-3"
    # The same page once more: one draft is enough.
    assert admin_client.post(address, typed).status_code == 409
    for proposed in ("7", "{", '{"cart": 7}', '{"cart": {"a": 1}}', ""):
        answer = admin_client.post(address, {**typed, "proposed": proposed, "code": "cart"})
        assert answer.status_code in (200, 409)
    assert Journey.objects.count() == 3


@pytest.mark.django_db
def test_a_code_in_use_is_refused_in_plain_words_and_a_copy_proposes_another(admin_client: Client) -> None:
    row = journeys.make_ready(name="cart", at=AT)
    address = "/admin/journeys/journey/ready/"
    answer = admin_client.post(address, {"name": "birthday", "code": "cart"})
    assert answer.context["form"].errors["code"] == ["已有相同编码的营销旅程，请换一个。"]
    assert (
        admin_client.get(f"/admin/journeys/journey/{row.pk}/copy/").context["form"]["code"].value()
        == "cart-2"
    )
    assert journey_facts.free_codes(["x" * 40]) == {"x" * 40: "x" * 40}
    row = journeys.copy(journey_id=row.pk, code="x" * 40, title="再来", at=AT)
    assert journey_facts.free_codes([row.code]) == {row.code: f"{'x' * 34}-2"}
