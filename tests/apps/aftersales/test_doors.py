"""The doors of applications: what shoppers are answered, what is another's, and what no picture may be."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.aftersales.models import AfterSale
from apps.aftersales.services import deciding, erasing
from apps.base import personal
from apps.members.models import Member, Upload
from apps.members.services import consents, uploads
from apps.orders.models import Order
from tests.apps.aftersales import apply, make
from tests.apps.checkout import make as counter
from tests.apps.content import make as content
from tests.apps.members import make as members

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def ask(order: Order, **more: Any) -> dict[str, Any]:
    lines = [{"line_id": line.pk, "quantity": line.quantity} for line in order.lines.order_by("id")]
    return {"kind": "REFUND", "lines": lines, "reason": "CHANGED_MIND", "text": "", "picture_ids": [], **more}


def bought_now(*wanted: tuple[int, int]) -> Order:
    """An order of today, paid."""
    buyer = counter.buyer()
    skus = [(counter.goods(price_fen), units) for price_fen, units in wanted]
    return make.paid(buyer, skus)


def upload(shopper: Any, content_of: bytes, *, purpose: str = "after_sale", name: str = "a.jpg") -> Any:
    file = BytesIO(content_of)
    file.name = name
    return shopper.post("/api/v1/me/pictures", {"file": file, "purpose": purpose}, format="multipart")


def agreed(member: Member) -> Member:
    members.privacy("1.0")
    consents.give(member=member, document="privacy", version="1.0", at=timezone.now())
    return member


def test_an_application_is_answered_with_its_words_and_what_the_preview_promised(
    shopper_of: Shoppers,
) -> None:
    order = bought_now((1999, 1), (500, 3))
    apply.reasons()
    shopper = shopper_of(order.member)
    path = f"/orders/{order.order_no}/after-sales"

    seen = shopper.call("POST", f"{path}/preview", ask(order)).json()
    assert (seen["amount_fen"], seen["goods_fen"], seen["freight_fen"]) == (3499, 3499, 0)
    assert [line["amount_fen"] for line in seen["lines"]] == [1999, 1500]
    assert (seen["points_back"], seen["coupons_back"]) == (0, 0)
    assert not AfterSale.objects.exists()

    made = shopper.call("POST", path, ask(order, text="不想要了"), idempotency_key="k")
    assert made.status_code == 201
    told = made.json()
    assert {"after_sale_no", "status", "amount_fen", "deadline_at", "history"} <= set(told)
    assert (told["status"], told["amount_fen"], told["money"]) == ("APPLIED", 3499, None)
    (first,) = told["history"]
    assert (first["by"], first["move"], first["text"], first["picture_urls"]) == (
        "member",
        "apply",
        "不想要了",
        [],
    )
    again = shopper.call("POST", path, ask(order, text="不想要了"), idempotency_key="k")
    assert again.json()["after_sale_no"] == told["after_sale_no"]
    other = shopper.call("POST", path, ask(order, text="别的"), idempotency_key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    second = shopper.call("POST", path, ask(order), idempotency_key="k2")
    assert (second.status_code, second.json()["code"]) == (409, "after_sale_exists")
    assert second.json()["details"]["after_sale_no"] == told["after_sale_no"]


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"amount_fen": 3500}, 400, "amount_too_high"),
        ({"kind": "RETURN", "reason": "QUALITY"}, 409, "after_sale_not_sent"),
        ({"reason": "SIZE"}, 400, "after_sale_reason_unknown"),
        ({"lines": [{"line_id": 1, "quantity": 1}]}, 400, "line_unknown"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_its_code_in_preview_and_application(
    shopper_of: Shoppers, more: dict[str, Any], status: int, code: str
) -> None:
    order = bought_now((1999, 1), (500, 3))
    apply.reasons()
    shopper = shopper_of(order.member)
    path = f"/orders/{order.order_no}/after-sales"
    for said in (
        shopper.call("POST", f"{path}/preview", ask(order, **more)),
        shopper.call("POST", path, ask(order, **more), idempotency_key="k"),
    ):
        assert (said.status_code, said.json()["code"]) == (status, code)
    assert not AfterSale.objects.exists()


def test_without_a_key_nothing_is_made(shopper_of: Shoppers) -> None:
    order = bought_now((1999, 1))
    apply.reasons()
    said = shopper_of(order.member).call("POST", f"/orders/{order.order_no}/after-sales", ask(order))
    assert (said.status_code, said.json()["code"]) == (400, "idempotency_key_required")


def test_what_is_anothers_is_not_there(shopper_of: Shoppers) -> None:
    order = bought_now((1999, 1))
    row = apply.applied(order, {order.lines.get().sku: 1})
    stranger = shopper_of(members.member())
    door = f"/after-sales/{row.after_sale_no}"
    for method, path, body in (
        ("GET", door, None),
        ("POST", f"{door}/cancel", None),
        ("POST", f"{door}/return-parcel", {"carrier": "顺丰", "tracking_no": "SF1234567890"}),
        ("POST", f"{door}/messages", {"text": "在吗"}),
        ("POST", f"/orders/{order.order_no}/after-sales/preview", ask(order)),
    ):
        assert (path, stranger.call(method, path, body).status_code) == (path, 404)
    said = stranger.call("POST", f"/orders/{order.order_no}/after-sales", ask(order), idempotency_key="k")
    assert said.status_code == 404
    assert stranger.call("GET", "/me/after-sales").json()["results"] == []
    assert apply.fresh(row).status == "APPLIED"


def test_pictures_of_ones_own_go_with_an_application_and_with_messages_once(shopper_of: Shoppers) -> None:
    order = bought_now((1999, 1))
    apply.reasons()
    shopper = shopper_of(agreed(order.member))
    first, second, review = (
        upload(shopper, content.photo(), purpose=purpose).json()["id"]
        for purpose in ("after_sale", "after_sale", "review")
    )
    path = f"/orders/{order.order_no}/after-sales"
    # One sent for a review is for a review.
    wrong = shopper.call("POST", path, ask(order, picture_ids=[review]), idempotency_key="k")
    assert wrong.status_code == 404
    made = shopper.call("POST", path, ask(order, picture_ids=[first]), idempotency_key="k").json()
    assert len(made["picture_urls"]) == 1
    door = f"/after-sales/{made['after_sale_no']}/messages"
    said = shopper.call("POST", door, {"text": "", "picture_ids": [second]})
    assert [len(row["picture_urls"]) for row in said.json()["history"]] == [1, 1]
    assert shopper.call("POST", door, {"text": "再发一次", "picture_ids": [first]}).status_code == 404


def test_a_picture_that_nothing_took_is_gone_after_a_day_and_one_that_was_taken_stays(
    shopper_of: Shoppers,
) -> None:
    order = bought_now((1999, 1))
    apply.reasons()
    shopper = shopper_of(agreed(order.member))
    taken, left = (upload(shopper, content.photo(640 + n, 480)).json()["id"] for n in range(2))
    path = f"/orders/{order.order_no}/after-sales"
    shopper.call("POST", path, ask(order, picture_ids=[taken]), idempotency_key="k")
    assert uploads.forget_unused(at=timezone.now() + uploads.KEEP_UNUSED) == 1
    assert set(Upload.objects.values_list("public_id", flat=True)) == {taken}
    assert left != taken


def test_what_a_dispute_rests_on_outlives_its_member_for_its_time_and_not_longer(
    shopper_of: Shoppers,
) -> None:
    order = bought_now((1999, 1))
    apply.reasons()
    shopper = shopper_of(agreed(order.member))
    shown, unused = (upload(shopper, content.photo(640 + n, 480)).json()["id"] for n in range(2))
    files = dict(Upload.objects.values_list("public_id", "file"))
    path = f"/orders/{order.order_no}/after-sales"
    made = shopper.call("POST", path, ask(order, picture_ids=[shown]), idempotency_key="k").json()
    shopper.call("POST", f"/after-sales/{made['after_sale_no']}/cancel")
    for room in personal.board():
        room.erase(order.member.person, at=timezone.now())
    assert not Upload.objects.exists()
    lying = {name: default_storage.exists(file) for name, file in files.items()}
    assert lying == {shown: True, unused: False}
    over = timezone.now() + erasing.KEPT
    assert erasing.empty(erasing.of_old(at=over), limit=10) == 1
    assert not default_storage.exists(files[shown])


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.jpg", b"<!doctype html><html><script>alert(1)</script></html>"),
        ("a.jpg", b"\xff\xd8\xff" + b"\x00" * 400),
    ],
    ids=["svg with a script", "html called jpg", "half a jpg"],
)
def test_what_is_no_picture_is_refused_whatever_it_is_called(
    shopper_of: Shoppers, name: str, sent: bytes
) -> None:
    shopper = shopper_of(agreed(members.member()))
    assert upload(shopper, sent, name=name).status_code == 400
    assert not Upload.objects.exclude(file="").exists()


def test_a_picture_of_200_megabytes_is_refused_before_it_is_read(shopper_of: Shoppers) -> None:
    shopper = shopper_of(agreed(members.member()))
    answer = shopper.generic(
        "POST",
        "/api/v1/me/pictures",
        b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(200 * 1024 * 1024),
    )
    assert (answer.status_code, Upload.objects.count()) == (413, 0)


def test_operators_words_and_pictures_are_shown_and_what_they_do_among_themselves_is_not(
    shopper_of: Shoppers,
) -> None:
    order = bought_now((1999, 1))
    row = apply.applied(order, {order.lines.get().sku: 1})
    who = apply.head()
    deciding.escalate(
        after_sale_no=row.after_sale_no, note="内部：买家情绪激动", operator=who, at=apply.LATER
    )
    deciding.answer(after_sale_no=row.after_sale_no, text="马上处理", token="t", operator=who, at=apply.LATER)
    seen = shopper_of(order.member).call("GET", f"/after-sales/{row.after_sale_no}")
    assert [(one["by"], one["move"], one["text"]) for one in seen.json()["history"]][1:] == [
        ("operator", "message", "马上处理")
    ]
    assert "内部" not in seen.content.decode()


def test_ten_applications_are_listed_in_as_many_statements_as_two(shopper_of: Shoppers) -> None:
    buyer = counter.buyer()
    cup = counter.goods(1999)

    def apply_for_one() -> None:
        order = make.paid(buyer, [(cup, 1)])
        apply.approve(apply.applied(order, {cup: 1}))

    def statements() -> int:
        shopper.call("GET", "/me/after-sales")
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert shopper.call("GET", "/me/after-sales").status_code == 200
        return len(asked)

    shopper = shopper_of(buyer[0])
    apply_for_one()
    apply_for_one()
    few = statements()
    for _ in range(8):
        apply_for_one()
    assert statements() == few


def test_whether_goods_go_back_is_shown_before_buying_and_kept_with_what_was_confirmed(
    shopper_of: Shoppers,
) -> None:
    buyer = counter.buyer()
    counter.freight(0)
    mask = counter.goods(1999)
    mask.product.returns = "CONFIRMED"
    mask.product.save(update_fields=["returns"])
    shopper = shopper_of(buyer[0])
    seen = shopper.call("GET", f"/products/{mask.product_id}").json()["returns"]
    assert (seen["days"], seen["needs_confirmation"]) == (0, True)
    choice = {"items": [{"sku_id": mask.pk, "quantity": 1}], "address_id": buyer[1].pk}
    (item,) = shopper.call("POST", "/checkout/quote", choice).json()["items"]
    assert item["returns"] == seen
    for confirms in (False, True):
        order = shopper.call(
            "POST",
            "/orders",
            {**choice, "expected_payable_fen": 1999, "confirms_no_return": confirms},
            idempotency_key=f"k{confirms}",
        ).json()
        assert order["items"][0]["returns"] == {
            "code": "CONFIRMED",
            "text": seen["text"],
            "confirmed": confirms,
        }
