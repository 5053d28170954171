"""What promoters and members of staff brought in, for operators and for the promoter."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from apps.coupons import selectors as coupon_facts
from apps.coupons import services as coupons
from apps.coupons.models import Coupon, PromoCode, Template
from apps.coupons.services import store_uses
from apps.members.models import Member
from apps.stores.models import Place
from tests.apps.coupons.make import AT, DAY, coupon, paid_order, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def word(code: str, of: Template, **whose: Any) -> PromoCode:
    return PromoCode.objects.create(code=code, template=of, **whose)


def redeemed(code: str, owner: Member | None = None) -> Coupon:
    return coupons.redeem_code(member=owner or make.member(), code=code, at=AT)


def spent(mine: Coupon, *, goods_fen: int) -> str:
    """An order that was paid with the coupon: its price is the goods and 6 yuan of postage."""
    order_no = paid_order(mine.member, goods_fen=goods_fen).order_no
    coupons.hold(order_no=order_no, member_id=mine.member_id, public_ids=[mine.public_id], at=AT)
    coupons.commit(order_no=order_no, at=AT)
    return order_no


def results() -> dict[str, tuple[int, int, int]]:
    rows = coupon_facts.with_results(PromoCode.objects.all())
    return {row.code: (row.redemptions, row.used_count, row.brought_in_fen) for row in rows}  # type: ignore[attr-defined]


def test_a_word_counts_what_was_redeemed_used_and_paid():
    of = template()
    word("WANG2026", of, promoter=make.member("老王"))
    word("STAFF001", of, operator=User.objects.create_user("staff"))
    word("NOBODY00", of, promoter=make.member())
    for goods_fen in (10_000, 5_000):
        spent(redeemed("WANG2026"), goods_fen=goods_fen)
    redeemed("WANG2026")
    at_till = redeemed("STAFF001")
    cashier, shop = User.objects.create_user("cashier"), Place.objects.create(name="门店", kind="SHOP")
    code = store_uses.make_pass(member=at_till.member, coupon_id=str(at_till.public_id), at=AT).code
    use = store_uses.use(operator=cashier, code=code, place_id=shop.pk, goods_fen=6_000, at=AT)
    spent(coupon(of=of), goods_fen=90_000)  # of another way
    assert results() == {
        "WANG2026": (3, 2, 10_600 + 5_600),
        "STAFF001": (1, 1, 5_000),
        "NOBODY00": (0, 0, 0),
    }
    store_uses.undo(use_id=use.pk, operator=cashier, reason="退货", at=AT)
    assert results()["STAFF001"] == (1, 0, 0)


def test_what_went_back_with_its_coupon_does_not_count():
    word("WANG2026", template(), promoter=make.member("老王"))
    order_no = spent(redeemed("WANG2026"), goods_fen=10_000)
    held = redeemed("WANG2026")
    coupons.hold(order_no="SO1", member_id=held.member_id, public_ids=[held.public_id], at=AT)
    assert results() == {"WANG2026": (2, 1, 10_600)}
    coupons.restore(order_no=order_no, at=AT)
    assert results() == {"WANG2026": (2, 0, 0)}


def test_the_operator_reads_it_in_the_list(admin_client: Client):
    word("WANG2026", template(), promoter=make.member("老王"))
    spent(redeemed("WANG2026"), goods_fen=10_000)
    page = admin_client.get("/admin/coupons/promocode/").content.decode()
    assert "¥106.00" in page
    assert admin_client.get("/admin/coupons/promocode/?o=7").status_code == 200
    row = PromoCode.objects.get()
    assert "¥106.00" in admin_client.get(f"/admin/coupons/promocode/{row.pk}/change/").content.decode()


def test_a_promoter_reads_ones_own_words_and_nobody_elses(shopper_of, django_assert_max_num_queries):
    promoter = make.member("老王")
    of = template()
    word("WANG2026", of, promoter=promoter)
    word("OTHER001", of, promoter=make.member())
    spent(redeemed("WANG2026"), goods_fen=10_000)
    redeemed("WANG2026")
    with django_assert_max_num_queries(3):
        body = shopper_of(promoter).call("GET", "/me/promo-codes").json()
    (row,) = body["results"]
    assert (row["code"], row["enabled"], row["redemptions"], row["used"]) == ("WANG2026", True, 2, 1)
    assert row["template"]["worth"] == "满50减10"
    assert "promoter" not in row
    assert shopper_of(make.member()).call("GET", "/me/promo-codes").json() == {"results": [], "next": None}


def test_a_template_that_lives_longer_does_not_change_what_was_counted():
    word("WANG2026", template(valid_from=AT, valid_until=AT + DAY), promoter=make.member())
    spent(redeemed("WANG2026"), goods_fen=5_000)
    coupons.expire_due(at=AT + 2 * DAY)
    assert results() == {"WANG2026": (1, 1, 5_600)}
