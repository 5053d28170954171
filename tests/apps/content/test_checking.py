"""What WeChat finds decides: passed is published, doubted is held, forbidden is rejected, unasked is never seen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps import outbox
from apps.base.transactions import NoTransaction
from apps.content import handlers
from apps.content import services as reviews
from apps.content.models import Picture, Review, ReviewMove
from apps.members.models import Member
from apps.outbox.models import Announcement
from apps.pictures import stored
from apps.wechat.errors import WechatUnavailable
from apps.wechat.models import PushMessage
from apps.wechat.sandbox.control import Sandbox
from mall import events
from tests.apps.content import make
from tests.apps.content.make import NOW

pytestmark = pytest.mark.django_db

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def member(wechat: Sandbox) -> Member:
    """小满, who has just opened the mini program."""
    return make.member(openid=wechat.login("林小满").openid)


def checked(review: Review, at: Any = NOW) -> Review:
    reviews.check(review_id=review.pk, at=at)
    return make.fresh(review)


def said(picture: Picture, suggest: str, label: int = 100, **more: Any) -> dict[str, Any]:
    """WeChat's push about a picture."""
    trace = Picture.objects.get(pk=picture.pk).trace_id
    return {
        "Event": "wxa_media_check",
        "CreateTime": int(NOW.timestamp()),
        "trace_id": trace,
        "errcode": 0,
        "result": {"suggest": suggest, "label": label},
        **more,
    }


def pictured(member: Member, count: int = 1) -> tuple[Review, list[Picture]]:
    """A review whose text has passed and whose pictures WeChat is looking at."""
    pictures = [make.picture(member) for _ in range(count)]
    review = make.written(member, pictures=tuple(one.public_id for one in pictures))
    return checked(review), list(review.pictures.all())


@pytest.mark.parametrize(
    ("text", "status", "label"),
    [
        ("杯口不烫手", "PUBLISHED", 100),
        ("想要同款加微信", "HELD", 10001),
        ("比赌博还上瘾", "REJECTED", 20006),
    ],
)
def test_wechats_word_about_a_text_decides(member: Member, text: str, status: str, label: int) -> None:
    review = checked(make.written(member, text=text))
    assert (review.status, review.label, bool(review.trace_id)) == (status, label, True)
    assert (review.published_at == NOW) == (status == "PUBLISHED")
    assert Announcement.objects.filter(kind="ReviewPublished").count() == (status == "PUBLISHED")


def test_stars_alone_need_no_opinion(member: Member, wechat: Sandbox) -> None:
    assert checked(make.written(member, text="")).status == "PUBLISHED"
    assert wechat.calls("/wxa/msg_sec_check") == []


def test_while_wechat_is_away_nothing_is_published_and_the_news_comes_again(
    member: Member, wechat: Sandbox
) -> None:
    review = make.written(member)
    wechat.fault("http_status", path="/wxa/msg_sec_check", status=502)
    with pytest.raises(outbox.TryLater):
        handlers.check_on_review_written(events.ReviewWritten(review_id=review.pk), at=NOW)
    assert make.fresh(review).status == "WAITING"
    handlers.check_on_review_written(events.ReviewWritten(review_id=review.pk), at=NOW)
    assert make.fresh(review).status == "PUBLISHED"


def test_news_that_comes_twice_asks_wechat_once(member: Member, wechat: Sandbox) -> None:
    review = make.written(member)
    assert [checked(review).status, checked(review).status] == ["PUBLISHED", "PUBLISHED"]
    assert len(wechat.calls("/wxa/msg_sec_check")) == 1
    assert ReviewMove.objects.filter(review=review).count() == 1


def test_a_member_who_left_two_hours_ago_is_looked_at_by_a_person(member: Member, wechat: Sandbox) -> None:
    review = make.written(member)
    wechat.put_clock_ahead(2 * 3600 + 60)
    held = checked(review)
    assert (held.status, held.reason) == ("HELD", "会员近两小时未使用小程序，微信无法检测")


def test_any_other_refusal_is_for_a_person_too(member: Member, wechat: Sandbox) -> None:
    wechat.fault("errcode", path="/wxa/msg_sec_check", errcode=40003)
    assert checked(make.written(member)).reason == "微信拒绝检测"


def test_a_review_with_pictures_is_published_when_all_of_them_passed(member: Member) -> None:
    review, (one, two) = pictured(member, 2)
    assert review.status == "WAITING"
    reviews.judge_picture(message=said(one, "pass"), at=NOW)
    assert make.fresh(review).status == "WAITING"
    reviews.judge_picture(message=said(two, "pass"), at=NOW)
    assert make.fresh(review).status == "PUBLISHED"


@pytest.mark.parametrize(("suggest", "status"), [("review", "HELD"), ("risky", "REJECTED")])
def test_one_picture_is_enough_to_stop_a_review(member: Member, suggest: str, status: str) -> None:
    review, (one, two) = pictured(member, 2)
    reviews.judge_picture(message=said(one, suggest, 20002), at=NOW)
    reviews.judge_picture(message=said(two, "pass"), at=NOW)
    assert make.fresh(review).status == status
    assert Picture.objects.get(pk=one.pk).label == 20002


def test_a_risk_that_is_found_late_rejects_what_waits_for_a_person(member: Member) -> None:
    review, (one, two) = pictured(member, 2)
    reviews.judge_picture(message=said(one, "review"), at=NOW)
    reviews.judge_picture(message=said(two, "risky"), at=NOW)
    assert make.fresh(review).status == "REJECTED"


def test_a_picture_that_wechat_could_not_fetch_is_for_a_person(member: Member) -> None:
    review, (one,) = pictured(member)
    message = {"trace_id": said(one, "pass")["trace_id"], "errcode": 4294966288, "errmsg": "download error"}
    reviews.judge_picture(message=message, at=NOW)
    assert make.fresh(review).status == "HELD"


def test_a_push_in_xml_says_the_same_in_texts(member: Member) -> None:
    review, (one,) = pictured(member)
    message = said(one, "risky") | {"errcode": "0", "result": {"suggest": "risky", "label": "20002"}}
    reviews.judge_picture(message=message, at=NOW)
    assert (make.fresh(review).status, Picture.objects.get(pk=one.pk).label) == ("REJECTED", 20002)


def test_without_an_answer_about_pictures_within_30_minutes_a_person_looks(member: Member) -> None:
    review, (one,) = pictured(member)
    assert reviews.hold_overdue(at=NOW + HALF_AN_HOUR - timedelta(seconds=1)) == 0
    assert reviews.hold_overdue(at=NOW + HALF_AN_HOUR) == 1
    assert make.fresh(review).status == "HELD"
    reviews.judge_picture(message=said(one, "pass"), at=NOW + HALF_AN_HOUR)
    assert make.fresh(review).status == "HELD"  # late, but the operator sees it
    assert Picture.objects.get(pk=one.pk).finding == "PASS"


def test_after_a_day_without_wechat_a_person_looks() -> None:
    review = make.written()
    assert reviews.hold_overdue(at=NOW + timedelta(hours=23)) == 0
    assert reviews.hold_overdue(at=NOW + timedelta(hours=24)) == 1
    assert make.fresh(review).status == "HELD"


def test_pictures_of_a_forbidden_text_are_not_even_asked_about(member: Member, wechat: Sandbox) -> None:
    picture = make.picture(member)
    checked(make.written(member, text="毒品", pictures=(picture.public_id,)))
    assert wechat.calls("/wxa/media_check_async") == []


def test_wechat_is_told_where_the_picture_lies(member: Member, wechat: Sandbox, settings: Any) -> None:
    _, (one,) = pictured(member)
    (call,) = wechat.calls("/wxa/media_check_async")
    assert (
        f'"media_url":"{settings.PUBLIC_BASE_URL}/media/{stored.sized(one.file, stored.Size.PAGE)}"'
        in call["request"]
    )


def push(message: dict[str, Any]) -> events.WechatPushed:
    PushMessage.objects.create(message_key="k", kind="wxa_media_check", content=message, received_at=NOW)
    return events.WechatPushed(message_key="k", kind="wxa_media_check")


def test_a_verdict_that_overtakes_its_trace_id_comes_again_and_is_dropped_in_the_end() -> None:
    news = push({"trace_id": "t", "CreateTime": int(NOW.timestamp()), "result": {"suggest": "pass"}})
    with pytest.raises(outbox.TryLater):
        handlers.judge_picture_on_wechat_pushed(news, at=NOW + timedelta(seconds=5))
    handlers.judge_picture_on_wechat_pushed(news, at=NOW + timedelta(minutes=10))


def test_other_pushes_are_none_of_its_business() -> None:
    handlers.judge_picture_on_wechat_pushed(events.WechatPushed(message_key="x", kind="other"), at=NOW)


def test_wechat_is_never_asked_inside_a_transaction() -> None:
    review = make.written()
    with pytest.raises(NoTransaction), transaction.atomic():
        reviews.check(review_id=review.pk, at=NOW)


def test_a_broken_answer_leaves_the_review_waiting(member: Member, wechat: Sandbox) -> None:
    review = make.written(member)
    wechat.fault("garbage", path="/wxa/msg_sec_check")
    with pytest.raises(WechatUnavailable):
        reviews.check(review_id=review.pk, at=NOW)
    assert make.fresh(review).status == "WAITING"
