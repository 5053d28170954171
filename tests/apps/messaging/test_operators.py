"""What operators set: templates fetched from WeChat and held against scenes, scenes reworded, rules; refused where wrong."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.test import Client

from apps.messaging import selectors as message_facts
from apps.messaging.models import Content, Message, Rules, SceneSetting, Template
from apps.messaging.services import inbox, ruling, templates
from apps.wechat.sandbox.control import Sandbox
from tests.apps.messaging import make
from tests.apps.messaging.make import DAY, NOW

pytestmark = pytest.mark.django_db


def scene(**columns: Any) -> SceneSetting:
    setting = make.the_setting("order_paid")
    for name, value in columns.items():
        setattr(setting, name, value)
    return setting


def refused(**columns: Any) -> dict[str, Any]:
    with pytest.raises(ruling.SceneRefused) as caught:
        ruling.save_scene(scene(**columns))
    return dict(caught.value.details)


def test_the_accounts_templates_are_fetched_with_their_keywords(wechat: Sandbox) -> None:
    found = templates.fetch(at=NOW)
    assert found.there == found.new == len(wechat.templates()) > 0
    row = Template.objects.get(template_id=wechat.template_id(make.TITLE))
    assert row.title == make.TITLE
    assert {"订单编号", "支付金额"} <= {word["label"] for word in row.keywords}
    assert templates.fetch(at=NOW + DAY).new == 0


def test_a_template_that_wechat_has_no_more_is_marked_and_comes_back(wechat: Sandbox) -> None:
    gone = make.template("T-gone")
    assert templates.fetch(at=NOW).missing == [str(gone)]
    gone.refresh_from_db()
    assert gone.missing_since == NOW
    templates.fetch(at=NOW + DAY)
    gone.refresh_from_db()
    assert gone.missing_since == NOW


def test_a_scene_is_reworded_within_its_template_and_read_as_reworded() -> None:
    found = make.template(keys=("thing1", "amount2"))
    ruling.save_scene(
        scene(template=found, fields={"thing1": "{goods}", "amount2": "{amount}"}, title="收到您的付款")
    )
    shown = ruling.preview(make.the_setting("order_paid"))
    assert shown == {
        "title": "收到您的付款",
        "text": "订单 SO1 已支付 ¥128.00。",
        "page": "pages/order/detail?order_no=SO1",
        "thing1": "春茶",
        "amount2": "¥128.00",
    }
    owner = make.member()
    make.write(owner, make.is_true())
    make.tell()
    assert make.the_message(owner).title == "收到您的付款"


@pytest.mark.parametrize(
    ("fields", "keyword"),
    [
        ({"thing1": "二十五个字二十五个字二十五个字二十五个字二十五个字", "amount2": "{amount}"}, "thing1"),
        ({"thing1": "{goods}", "amount2": "{goods}"}, "amount2"),
        ({"thing1": "{goods}"}, "amount2"),
        ({"thing1": "{goods}", "amount2": "{amount}", "thing9": "x"}, "thing9"),
        ({"thing1": "{nobody}", "amount2": "{amount}"}, "thing1"),
        ({"thing1": "", "amount2": "{amount}"}, "thing1"),
        ({"thing1": 7, "amount2": "{amount}"}, "thing1"),
    ],
)
def test_what_wechat_would_refuse_is_refused_with_the_keyword_named(
    fields: dict[str, Any], keyword: str
) -> None:
    found = make.template(keys=("thing1", "amount2"))
    assert list(refused(template=found, fields=fields)) == [f"fields.{keyword}"]


def test_a_template_of_cards_is_none_for_messages(wechat: Sandbox) -> None:
    templates.fetch(at=NOW)
    card = Template.objects.filter(keywords=[])[0]
    assert "template" in refused(template=card, fields={})


def test_an_emoji_in_a_name_is_refused() -> None:
    found = make.template(keys=("name1",))
    assert "fields.name1" in refused(template=found, fields={"name1": "小茶😀"})


def test_a_fact_that_may_be_long_is_no_reason_to_refuse_its_place() -> None:
    found = make.template(keys=("thing1",))
    ruling.save_scene(scene(template=found, fields={"thing1": "您买的 {goods} 已支付，马上为您发"}))


def test_texts_name_facts_of_their_scene_only() -> None:
    assert set(refused(title="{nobody}", text="{order_no.x}")) == {"title", "text"}


def test_texts_without_a_template_and_sms_without_a_provider_are_refused() -> None:
    assert "template" in refused(fields={"thing1": "x"})
    assert "by_sms" in refused(by_sms=True, sms_template="S1")
    assert "sms_values" in refused(sms_values="nobody")


def test_a_template_that_changed_at_wechat_is_told_of_at_its_scene_and_on_its_own_page(
    admin_client: Client,
) -> None:
    found = make.template(keys=("thing1",))
    ruling.save_scene(scene(template=found, fields={"thing1": "{goods}"}))
    assert message_facts.unfit_scenes() == {}
    page = f"/admin/messaging/template/{found.pk}/change/"
    assert "缺少内容" not in admin_client.get(page).content.decode()
    found.keywords = [*found.keywords, {"key": "time3", "label": "支付时间", "choices": []}]
    found.save()
    assert list(message_facts.unfit_scenes()) == ["order_paid"]
    assert "模板关键词 time3（支付时间）缺少内容" in admin_client.get(page).content.decode()


@pytest.mark.parametrize("key", ["thing", "nothing1", "", 7])
def test_a_template_has_keywords_of_wechats_types(key: Any) -> None:
    with pytest.raises(templates.TemplateRefused):
        templates.save(Template(template_id="T", keywords=[{"key": key, "label": ""}]))


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"per_day": 6, "per_week": 5}, "per_week"),
        ({"keep_days": 1}, "keep_days"),
        ({"per_day": 101}, "per_day"),
    ],
)
def test_rules_that_no_shop_can_mean_are_refused(columns: dict[str, Any], field: str) -> None:
    with pytest.raises(ruling.RulesRefused) as caught:
        ruling.save_rules(Rules(**columns))
    assert field in caught.value.details


def test_there_is_one_row_of_rules() -> None:
    ruling.save_rules(Rules(quiet_from=time(22)))
    ruling.save_rules(Rules(quiet_from=time(23)))
    assert [row.quiet_from for row in Rules.objects.all()] == [time(23)]


def test_scenes_that_are_new_on_the_board_get_their_rows() -> None:
    SceneSetting.objects.all().delete()
    make.the_setting("order_paid")
    assert ruling.complete_scenes() == 3
    assert ruling.complete_scenes() == 0


def test_a_text_of_operators_is_judged_by_its_template() -> None:
    found = make.template(keys=("thing1",))
    with pytest.raises(ruling.ContentRefused) as caught:
        ruling.save_content(Content(title="上新", text="好茶", template=found, fields={}), at=NOW)
    assert list(caught.value.details) == ["fields.thing1"]


def test_the_inbox_forgets_in_time_and_the_occasion_stays_used() -> None:
    owner = make.member()
    make.write(owner, make.is_true("SO1"))
    make.tell()

    assert inbox.forget_old(at=NOW + 180 * DAY) == 0
    assert inbox.forget_old(at=NOW + 180 * DAY + DAY) == 1

    message = make.the_message(owner)
    assert (message.title, message.text, message.page) == ("", "", "")
    assert message_facts.inbox(member_id=owner.pk).count() == 0
    assert not make.write(owner, "SO1", at=NOW + 200 * DAY)
    assert Message.objects.count() == 1


def test_messages_are_found_by_the_order_whatever_number_of_its_own_they_are_about(
    admin_client: Client,
) -> None:
    owner = make.member()
    make.write(owner, make.is_true("SO1"))
    make.write(owner, make.is_true("PA1"), scene="back_in_stock", order_no="SO1")
    make.write(owner, make.is_true("PA2"), scene="back_in_stock", order_no="SO2")

    def found(typed: str) -> set[str]:
        page = admin_client.get("/admin/messaging/message/", {"q": typed})
        return {row.subject for row in page.context["cl"].result_list}

    assert (found("SO1"), found("PA2"), found("SO3")) == ({"SO1", "PA1"}, {"PA2"}, set())
