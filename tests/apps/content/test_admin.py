"""The operators' pages of reviews: what waits comes first, and the buttons do what the services allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.content.models import Review, ReviewMove, ReviewRules
from apps.pictures import stored
from tests.admin.browser import Browser
from tests.apps.content import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def page() -> Client:
    client = Browser()
    client.force_login(User.objects.create_superuser("店长"))
    return client


@pytest.fixture
def reader() -> Client:
    """Somebody who may look at reviews and no more."""
    operator = User.objects.create_user("客服", is_staff=True)
    operator.user_permissions.add(Permission.objects.get(codename="view_review"))
    client = Browser()
    client.force_login(operator)
    return client


def url(review: Review, button: str = "change") -> str:
    return f"/admin/content/review/{review.pk}/{button}/"


def text(answer: Any) -> str:
    assert answer.status_code in {200, 409}
    return str(answer.content.decode())


def test_what_waits_for_a_person_comes_first_and_is_counted_in_the_sidebar(page: Client) -> None:
    held = make.held(text="请看一看")
    make.published(make.member("小茶"), text="已经发布")
    shown = text(page.get("/admin/content/review/"))
    assert shown.index("请看一看") < shown.index("已经发布")
    only = text(page.get("/admin/content/review/?status__exact=HELD"))
    assert "请看一看" in only and "已经发布" not in only
    assert held.get_status_display() in shown


def test_the_page_shows_order_picture_finding_and_history(page: Client) -> None:
    member = make.member()
    picture = make.picture(member)
    review = make.held(member, pictures=(picture.public_id,))
    shown = text(page.get(url(review)))
    for said in (
        review.line.order.order_no,
        stored.sized(picture.file, stored.Size.PAGE),
        "未检测",
        "转人工审核",
        "微信未在时限内返回检测结果",
    ):
        assert said in shown, said


@pytest.mark.parametrize(
    ("made", "button", "typed", "status"),
    [
        (make.held, "publish", {}, "PUBLISHED"),
        (make.held, "reject", {"reason": "广告"}, "REJECTED"),
        (make.published, "hide", {"reason": "含手机号"}, "HIDDEN"),
    ],
)
def test_each_button_makes_its_move_and_names_the_operator(
    page: Client, made: Callable[[], Review], button: str, typed: dict[str, str], status: str
) -> None:
    review = made()
    assert make.fresh(review).status != status
    text(page.get(url(review, button)))
    assert make.fresh(review).status == review.status  # looking is not doing
    assert page.post(url(review, button), typed).status_code == 302
    assert make.fresh(review).status == status
    last = ReviewMove.objects.filter(review=review).order_by("-id")[0]
    assert (str(last.operator), last.reason) == ("店长", typed.get("reason", ""))


def test_a_reason_is_asked_for_and_what_does_not_fit_is_explained(page: Client) -> None:
    review = make.held()
    missing: Any = page.post(url(review, "reject"), {})
    assert list(missing.context_data["form"].errors) == ["reason"]
    assert "当前状态下不能进行此操作" in text(page.post(url(review, "hide"), {"reason": "x"}))
    assert make.fresh(review).status == "HELD"


def test_only_buttons_that_lead_somewhere_are_shown(page: Client) -> None:
    held, seen = make.held(), make.published(make.member("小茶"))
    assert [
        name
        for name in ("publish", "reject", "hide", "show", "reply")
        if url(held, name) in text(page.get(url(held)))
    ] == [
        "publish",
        "reject",
    ]
    assert [
        name
        for name in ("publish", "reject", "hide", "show", "reply")
        if url(seen, name) in text(page.get(url(seen)))
    ] == [
        "hide",
        "reply",
    ]


def test_a_reply_is_typed_and_shown(page: Client) -> None:
    review = make.published()
    assert page.post(url(review, "reply"), {"text": "谢谢您"}).status_code == 302
    assert "谢谢您" in text(page.get(url(review)))
    assert str(make.fresh(review).replied_by) == "店长"


def test_script_in_a_review_stays_text(page: Client) -> None:
    review = make.held(text="<script>alert(1)</script>")
    for address in ("/admin/content/review/", url(review), url(review, "publish")):
        shown = text(page.get(address))
        assert "<script>alert(1)" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_some_are_published_together_and_only_those_that_wait(page: Client) -> None:
    held, rejected = make.held(), make.held(make.member("小茶"))
    page.post(url(rejected, "reject"), {"reason": "广告"})
    chosen = {"action": "publish_chosen", "_selected_action": [held.pk, rejected.pk]}
    page.post("/admin/content/review/", chosen)
    assert [make.fresh(one).status for one in (held, rejected)] == ["PUBLISHED", "REJECTED"]


def test_whoever_may_only_look_decides_nothing(reader: Client) -> None:
    review = make.held()
    assert url(review, "publish") not in text(reader.get(url(review)))
    assert reader.post(url(review, "publish")).status_code == 403
    assert make.fresh(review).status == "HELD"


def test_there_is_one_row_of_rules(page: Client) -> None:
    made = {"days": "30", "pictures_per_day": "9"}
    assert 'name="days" value="90"' in text(page.get("/admin/content/reviewrules/", follow=True))
    assert page.post("/admin/content/reviewrules/1/change/", made).status_code == 302
    assert page.get("/admin/content/reviewrules/add/").status_code == 403
    assert (ReviewRules.objects.get().days, ReviewRules.objects.get().pk) == (30, 1)
    assert page.post("/admin/content/reviewrules/1/change/", {**made, "days": "0"}).status_code == 200
