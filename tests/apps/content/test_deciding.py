"""What operators decide, what points come of it, what others see, and what is gone when consent is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from apps.content import handlers
from apps.content import selectors as review_facts
from apps.content import services as reviews
from apps.content.models import Picture, Review, ReviewMove
from apps.content.services.moderating import ReasonMissing, ReplyInvalid, ReplyRefused
from apps.members import handlers as members
from apps.members.models import Member
from apps.members.services import consents
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.points import handlers as points_handlers
from apps.points import selectors as point_facts
from apps.points.models import Account
from mall import events
from mall.lifecycle import MoveRefused
from tests.apps.content import make
from tests.apps.content.make import NOW
from tests.apps.points import make as points

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def published_news() -> list[dict[str, Any]]:
    return list(Announcement.objects.filter(kind="ReviewPublished").values_list("payload", flat=True))


def reward(review: Review) -> None:
    for payload in published_news():
        if payload["review_id"] == review.pk:
            points_handlers.reward_on_review_published(events.ReviewPublished(**payload), at=NOW)


def balance(member: Member) -> int:
    assert point_facts.unbalanced() == []
    return Account.objects.get(member=member).balance


def test_points_and_growth_come_with_publication_once_whatever_the_rating() -> None:
    points.interaction("REVIEW", 20, growth=5)
    review = make.published(rating=1)
    reward(review)
    reward(review)
    assert balance(review.member) == 20
    assert Member.objects.get(pk=review.member_id).growth == 5


def test_a_review_that_is_hidden_and_shown_again_is_no_news_and_keeps_its_points() -> None:
    points.interaction("REVIEW", 20)
    review = make.published()
    reward(review)
    reviews.hide(review_id=review.pk, reason="含手机号", operator=None, at=NOW)
    assert (make.fresh(review).status, make.fresh(review).reason) == ("HIDDEN", "含手机号")
    reviews.show(review_id=review.pk, operator=None, at=NOW)
    assert (make.fresh(review).status, make.fresh(review).reason) == ("PUBLISHED", "")
    assert len(published_news()) == 1
    assert balance(review.member) == 20


def test_nothing_is_given_for_what_was_rejected() -> None:
    review = make.held()
    reviews.reject(review_id=review.pk, reason="广告", operator=None, at=NOW)
    assert (make.fresh(review).status, published_news()) == ("REJECTED", [])
    with pytest.raises(MoveRefused):
        reviews.publish(review_id=review.pk, operator=None, at=NOW)


def test_what_is_kept_from_everybody_is_kept_with_a_reason() -> None:
    review = make.held()
    for reason in ("", "  ", "字" * 101):
        with pytest.raises(ReasonMissing):
            reviews.reject(review_id=review.pk, reason=reason, operator=None, at=NOW)
    assert make.fresh(review).status == "HELD"


def test_each_move_is_written_down_and_stays() -> None:
    review = make.published()
    moves = ReviewMove.objects.filter(review=review)
    assert list(moves.values_list("move", "from_status", "to_status")) == [
        ("hold", "WAITING", "HELD"),
        ("publish", "HELD", "PUBLISHED"),
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        moves.delete()


def test_the_merchant_replies_to_what_was_published_and_may_reword_it() -> None:
    review = make.published()
    reviews.reply(review_id=review.pk, text=" 谢谢 ", operator=None, at=NOW)
    reviews.reply(review_id=review.pk, text="谢谢您", operator=None, at=NOW)
    assert (make.fresh(review).reply, make.fresh(review).replied_at) == ("谢谢您", NOW)
    for text in ("", "字" * 501):
        with pytest.raises(ReplyInvalid):
            reviews.reply(review_id=review.pk, text=text, operator=None, at=NOW)
    with pytest.raises(ReplyRefused):
        reviews.reply(review_id=make.held(make.member("小茶")).pk, text="谢谢", operator=None, at=NOW)


def test_the_summary_counts_what_is_published_and_rounds_to_tenths() -> None:
    member = make.member()
    seen = [make.published(member, rating=rating) for rating in (5, 5, 4, 3)]
    make.held(member, rating=1)
    Review.objects.update(product=seen[0].product)
    counted = review_facts.summary(product_id=seen[0].product_id)
    assert (counted.count, counted.average_tenths, counted.good_bp) == (4, 43, 7500)  # 17 / 4 = 4.25
    assert counted.by_rating == {5: 2, 4: 1, 3: 1, 2: 0, 1: 0}
    nothing = review_facts.summary(product_id=0)
    assert (nothing.count, nothing.average_tenths, nothing.good_bp) == (0, None, None)


@pytest.mark.parametrize(
    ("nickname", "anonymous", "shown"),
    [
        ("林小满", False, "林***满"),
        ("林小", False, "林***"),
        ("林", False, "林***"),
        ("", False, "微信用户"),
        ("林小满", True, "匿名用户"),
    ],
)
def test_nobody_is_shown_by_their_whole_name(nickname: str, anonymous: bool, shown: str) -> None:
    review = make.published(make.member(nickname), anonymous=anonymous)
    assert review_facts.shown_name(review) == shown


def test_taking_consent_back_erases_words_pictures_and_files() -> None:
    member, other = make.member(), make.published(make.member("小茶"))
    used, unused = make.picture(member), make.picture(member)
    review = make.published(member, pictures=(used.public_id,))
    reviews.reply(review_id=review.pk, text="谢谢林小满", operator=None, at=NOW)
    assert default_storage.exists(used.file)
    consents.withdraw(member=member, document="privacy", at=NOW)
    outbox.sort_mail(at=NOW)
    (payload,) = Announcement.objects.filter(kind="ConsentWithdrawn").values_list("payload", flat=True)
    for _ in range(2):  # the news may come twice
        handlers.erase_on_consent_withdrawn(events.ConsentWithdrawn(**payload), at=NOW)
        members.erase_pictures_on_consent_withdrawn(events.ConsentWithdrawn(**payload), at=NOW)
    gone = make.fresh(review)
    assert (gone.status, gone.text, gone.reply, gone.picture_count) == ("ERASED", "", "", 0)
    assert Picture.objects.filter(member=member).count() == 0
    assert not default_storage.exists(used.file) and not default_storage.exists(unused.file)
    assert make.fresh(other).status == "PUBLISHED"
    assert review_facts.of_member(member=member).count() == 0
    assert review_facts.of_product(product_id=review.product_id).count() == 0


def test_taking_back_what_was_never_given_is_no_news() -> None:
    consents.withdraw(member=points.member(), document="privacy", at=NOW)
    assert Announcement.objects.count() == 0


def test_a_line_whose_review_was_erased_is_not_reviewed_again() -> None:
    review = make.published()
    reviews.erase_of_member(member_id=review.member_id, at=NOW)
    with pytest.raises(reviews.AlreadyReviewed):
        reviews.write(
            member=review.member,
            order_no=review.line.order.order_no,
            drafts=[make.draft(review.line.order)],
            at=NOW,
        )


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"rating": 6}, "review_rated_1_to_5"),
        ({"picture_count": 10}, "review_pictures_within_9"),
        ({"status": "HIDDEN", "published_at": None}, "review_published_at_when_seen"),
        ({"reply": "谢谢"}, "review_replied_at_exactly_with_reply"),
        ({"status": "ERASED"}, "review_erased_says_nothing"),
    ],
)
def test_the_database_refuses_what_no_service_writes(columns: dict[str, Any], constraint: str) -> None:
    review = make.written()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Review.objects.filter(pk=review.pk).update(**columns)
    assert connection.is_usable()
