"""Who may review what, when, and how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from apps.content import selectors as review_facts
from apps.content import services as reviews
from apps.content.models import Picture, Review, ReviewRules
from apps.members.services import consents
from apps.orders import services as orders
from apps.orders.models import OrderLine
from apps.orders.states import Actor
from apps.outbox.models import Announcement
from mall.errors import NotFound
from tests.apps.checkout import make as counter
from tests.apps.content import make
from tests.apps.content.make import DAY, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def write(order: Any, *drafts: Any, member: Any = None, at: Any = NOW) -> list[Review]:
    return reviews.write(
        member=member or order.member, order_no=order.order_no, drafts=drafts or [make.draft(order)], at=at
    )


def test_both_lines_of_an_order_are_reviewed_at_once_and_wait_for_wechat() -> None:
    cup, pot = counter.goods(), counter.goods()
    order = make.order(make.member(), cup, pot)
    two = [make.draft(order, sku_id=cup.pk), make.draft(order, sku_id=pot.pk, rating=1, text="")]
    assert [(row.product_id, row.rating, row.status) for row in write(order, *two)] == [
        (cup.product_id, 5, "WAITING"),
        (pot.product_id, 1, "WAITING"),
    ]
    assert Announcement.objects.filter(kind="ReviewWritten").count() == 2


def test_a_line_is_reviewed_once() -> None:
    order = make.order(make.member())
    write(order)
    with pytest.raises(reviews.AlreadyReviewed):
        write(order, make.draft(order, rating=1))
    assert Review.objects.get().rating == 5


def test_one_line_that_cannot_be_reviewed_leaves_the_others_unwritten() -> None:
    order = make.order(make.member())
    with pytest.raises(reviews.LineUnknown):
        write(order, make.draft(order), make.draft(order, sku_id=counter.goods().pk))
    with pytest.raises(reviews.LineUnknown):
        write(order, make.draft(order), make.draft(order))
    assert Review.objects.count() == 0


def test_a_gift_is_not_reviewed() -> None:
    order = make.order(make.member())
    OrderLine.objects.filter(order=order).update(is_gift=True, list_fen=0, payable_fen=0)
    with pytest.raises(reviews.LineUnknown):
        write(order)
    assert review_facts.pending(member=order.member, at=NOW).count() == 0


@pytest.mark.parametrize("until", ["pay", "ship"])
def test_what_was_not_received_is_not_reviewed(until: str) -> None:
    order = make.order(make.member(), until=until)
    with pytest.raises(reviews.NotReviewable):
        write(order)
    assert review_facts.pending(member=order.member, at=NOW).count() == 0


def test_what_was_refunded_is_not_reviewed() -> None:
    order = make.order(make.member())
    with transaction.atomic():
        orders.move(order_no=order.order_no, move="refund", actor=Actor.SYSTEM, at=NOW)
    with pytest.raises(reviews.NotReviewable):
        write(order)


def test_nobody_reviews_anothers_order() -> None:
    order = make.order(make.member())
    with pytest.raises(NotFound):
        write(order, member=make.member("小茶"))


def test_an_order_may_be_reviewed_for_90_days_and_not_a_moment_longer() -> None:
    order = make.order(make.member())
    assert review_facts.pending(member=order.member, at=NOW + 90 * DAY).count() == 0
    with pytest.raises(reviews.ReviewOverdue):
        write(order, at=NOW + 90 * DAY)
    just_before = NOW + 90 * DAY - DAY
    assert review_facts.pending(member=order.member, at=just_before).count() == 1
    assert len(write(order, at=just_before)) == 1


def test_the_operator_says_how_many_days() -> None:
    ReviewRules.objects.create(pk=1, days=7)
    order = make.order(make.member())
    with pytest.raises(reviews.ReviewOverdue):
        write(order, at=NOW + 7 * DAY)


def test_whoever_took_consent_back_writes_nothing_and_shows_nothing() -> None:
    order = make.order(make.member())
    consents.withdraw(member=order.member, document="privacy", at=NOW)
    with pytest.raises(consents.ConsentRequired):
        write(order)
    with pytest.raises(consents.ConsentRequired):
        make.picture(order.member)
    assert (Review.objects.count(), Picture.objects.count()) == (0, 0)


def test_pictures_stand_in_the_order_in_which_they_were_named() -> None:
    member = make.member()
    one, two = make.picture(member), make.picture(member)
    review = make.written(member, pictures=(two.public_id, one.public_id))
    assert [shown.public_id for shown in review.pictures.all()] == [two.public_id, one.public_id]
    assert review.picture_count == 2


def test_a_picture_is_shown_by_whoever_uploaded_it_and_in_one_review() -> None:
    member = make.member()
    other = make.picture(make.member("小茶"))
    with pytest.raises(NotFound):
        make.written(member, pictures=(other.public_id,))
    own = make.picture(member)
    make.written(member, pictures=(own.public_id,))
    with pytest.raises(NotFound):
        make.written(member, pictures=(own.public_id,))
    assert Review.objects.count() == 1


def test_goods_that_were_refunded_to_the_last_unit_are_not_reviewed_the_others_are() -> None:
    order = make.order(make.member(), counter.goods(), counter.goods())
    refunded, kept = order.lines.order_by("id")
    OrderLine.objects.filter(pk=refunded.pk).update(refunded=1)
    assert [line.pk for line in review_facts.pending(member=order.member, at=NOW)] == [kept.pk]
    with pytest.raises(reviews.LineUnknown):
        write(order, make.draft(order, sku_id=refunded.sku_id))
    write(order, make.draft(order, sku_id=kept.sku_id))
    assert Review.objects.get().line == kept


def test_what_was_reviewed_is_pending_no_more() -> None:
    member = make.member()
    order = make.order(member, counter.goods(), counter.goods())
    assert review_facts.pending(member=member, at=NOW).count() == 2
    write(order)
    assert review_facts.pending(member=member, at=NOW).count() == 1
