"""What a member brings is told with who calls, and is the same as if both were asked for by themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.checkout import brought
from apps.checkout.brought import Brought
from apps.members.models import Address, Member, Session
from mall.errors import NotFound
from tests.apps.checkout import make
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


def quote(shopper: Any, address: Address | None = None, **more: Any) -> Any:
    """The answer to a choice of one cup."""
    cup = make.goods(10_000)
    where = {} if address is None else {"address_id": address.pk}
    return shopper.call(
        "POST", "/checkout/quote", {"items": [{"sku_id": cup.pk, "quantity": 1}], **where, **more}
    )


def asked(seen: CaptureQueriesContext) -> list[tuple[bool, bool]]:
    """Of the statements that ask for sessions or wallets: which of both."""
    both = [("members_session" in query["sql"], "FROM coupons_coupon" in query["sql"]) for query in seen]
    return [one for one in both if any(one)]


@pytest.mark.parametrize("sent", [True, False])
def test_who_calls_and_what_they_bring_is_one_statement(shopper_of: Shoppers, sent: bool) -> None:
    make.freight(800)
    member, address = make.buyer()
    coupon = coupons.coupon(member, at=timezone.now())
    shopper = shopper_of(member)
    quote(shopper)
    with CaptureQueriesContext(connection) as seen:
        told = quote(shopper, address if sent else None).json()
    assert told["coupon_id"] == str(coupon.public_id)
    assert told["shipping_known"] is sent
    assert asked(seen) == [(True, True)]


def test_what_the_door_was_told_is_what_is_read_without_it(
    shopper_of: Shoppers, met: list[Member], monkeypatch: pytest.MonkeyPatch
) -> None:
    member, address = make.buyer()
    for _ in range(3):
        coupons.coupon(member, at=timezone.now())
    taken: list[Brought] = []
    real = brought.read
    monkeypatch.setattr(brought, "read", lambda **asked: taken.append(real(**asked)) or taken[-1])
    make.freight(800)
    assert quote(shopper_of(member), address).status_code == 200
    (by_door,) = taken
    anew = real(member=Member.objects.get(pk=member.pk), address_id=address.pk, at=timezone.now())
    assert by_door == anew
    assert by_door.address is not None and anew.address is not None
    names = [field.attname for field in Address._meta.concrete_fields]
    assert [getattr(by_door.address, name) for name in names] == [
        getattr(anew.address, name) for name in names
    ]
    assert [type(coupon) for coupon in by_door.coupons] == [type(coupon) for coupon in anew.coupons]
    assert len(met) == 1


def test_somebody_else_s_address_is_not_found_and_the_coupons_of_others_are_not_brought(
    shopper_of: Shoppers,
) -> None:
    member, _ = make.buyer()
    other, theirs = make.buyer()
    coupons.coupon(other, at=timezone.now())
    make.freight(800)
    assert quote(shopper_of(member), theirs).status_code == 404
    assert quote(shopper_of(member)).json()["coupons"] == {"usable": [], "unusable": []}


def test_it_is_used_once_and_only_for_what_was_named_just_now(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    other = members.address(member)
    coupons.coupon(member, at=timezone.now())
    at = timezone.now()

    def at_the_door(moment: Any = at) -> Member:
        known = Member.objects.get(pk=member.pk)
        known.__dict__["said_at_the_door"] = brought._Said(moment, address.pk, None, (None,))
        return known

    first = at_the_door()
    with pytest.raises(NotFound):
        brought.read(member=first, address_id=address.pk, at=at)
    assert brought.read(member=first, address_id=address.pk, at=at).address == address
    assert brought.read(member=at_the_door(), address_id=other.pk, at=at).address == other
    assert brought.read(member=at_the_door(), address_id=None, at=at).coupons == []
    late = at_the_door(at - timedelta(seconds=2))
    assert len(brought.read(member=late, address_id=address.pk, at=at).coupons) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[1]",
        b"{",
        b'{"address_id": "7"}',
        b'{"address_id": true}',
        b'{"address_id": -1}',
        b'{"address_id": 99999999999999999999}',
        b'{"address_id": 1, "address_id": 2}',
        b"\xff\xfe",
        b'{"remark": "' + b"a" * 9_000 + b'"}',
    ],
)
def test_a_body_that_names_no_address_is_judged_by_who_judged_it_before(
    shopper_of: Shoppers, anyone: Any, body: bytes
) -> None:
    for shopper, status in ((shopper_of(members.member()), 400), (anyone, 401)):
        answer = shopper.generic("POST", "/api/v1/checkout/quote", body, content_type="application/json")
        assert answer.status_code == status, answer.content


class Gone(BytesIO):
    """A body whose sender's network went away."""

    def read(self, *_: Any) -> bytes:
        raise OSError("reset by peer")


def test_a_body_that_never_comes_is_a_bad_request_and_of_nobody_at_all_no_body_is_asked(
    shopper_of: Shoppers, anyone: Any
) -> None:
    cut_off: dict[str, Any] = {"wsgi.input": Gone(), "CONTENT_LENGTH": "500"}
    for path in ("checkout/quote", "orders", "cart/items"):
        told: dict[str, Any] = {"content_type": "application/json", **cut_off}
        shopper = shopper_of(members.member())
        answer = shopper.generic("POST", f"/api/v1/{path}", b"x", headers={"Idempotency-Key": "k"}, **told)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        nobody = anyone.generic(
            "POST", f"/api/v1/{path}", b"x", headers={"Authorization": "Bearer nonsense"}, **told
        )
        assert (nobody.status_code, nobody.json()["code"]) == (401, "token_invalid")


def test_a_body_in_chunks_is_told_to_say_its_length(shopper_of: Shoppers) -> None:
    shopper = shopper_of(members.member())
    answer = shopper.generic("POST", "/api/v1/checkout/quote", b"", headers={"Transfer-Encoding": "chunked"})
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


def test_nobody_s_token_is_asked_for_once(anyone: Any) -> None:
    anyone.credentials(HTTP_AUTHORIZATION="Bearer nobodys")
    with CaptureQueriesContext(connection) as seen:
        assert quote(anyone).status_code == 401
    assert len(asked(seen)) == 1


def test_a_session_that_has_ended_or_a_member_who_is_disabled_is_refused(shopper_of: Shoppers) -> None:
    member, address = make.buyer()
    shopper = shopper_of(member)
    Session.objects.filter(member=member).update(revoked_at=timezone.now())
    assert quote(shopper, address).status_code == 401
    again = shopper_of(member)
    Member.objects.filter(pk=member.pk).update(disabled_at=timezone.now())
    assert quote(again, address).status_code == 401
