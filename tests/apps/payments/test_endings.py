"""A refund that WeChat refuses for good gets an end: two people, a proof, and the buyer told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse

from apps.base.models import AuditEntry
from apps.members.models import Member
from apps.orders.models import Order
from apps.outbox.models import Announcement
from apps.payments import selectors as payment_facts
from apps.payments import services as payments
from apps.payments.models import Payment, Refund, RefundEnding
from apps.payments.services import endings, refunds
from apps.wechat.pay import facts
from apps.wechat.sandbox.control import Sandbox
from mall.lifecycle import MoveRefused
from tests.apps.aftersales import make as orders
from tests.apps.checkout import make as counter
from tests.apps.payments import make
from tests.apps.payments.make import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return User.objects.create_superuser("安娜")


@pytest.fixture
def bert() -> User:
    return User.objects.create_superuser("贝特")


@pytest.fixture
def order() -> Order:
    """An order that was refunded whole, whose money WeChat cannot return."""
    buyer, cup = counter.buyer(), counter.goods(1000, units=5)
    made = orders.paid(buyer, [(cup, 1)])
    orders.ship(made)
    orders.refund(made, {cup: 1})
    refund = Refund.objects.get()
    refunds.apply_result(result=facts.refund(make.refunded(refund, status="ABNORMAL")), at=AT)
    return orders.fresh(made)


def number() -> str:
    return Refund.objects.get().refund_no


def asked(by: User, way: str = "PAID_OUTSIDE") -> RefundEnding:
    return endings.ask(refund_no=number(), way=way, proof="微信转账 1000071 11月28日", operator=by, at=AT)


def sees(shopper_of: Callable[[Member], Any], order: Order) -> tuple[str, str, str, int]:
    seen = shopper_of(order.member).call("GET", f"/orders/{order.order_no}").json()
    (refund,) = seen["refunds"]
    return seen["status_text"], refund["status"], refund["status_text"], seen["money_back_fen"]


def test_paid_outside_is_done_for_the_buyer(
    wechat: Sandbox, order: Order, anna: User, bert: User, shopper_of: Any
) -> None:
    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款异常", 0)
    asked(anna)
    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款异常", 0)

    endings.grant(refund_no=number(), operator=bert, at=AT)

    assert sees(shopper_of, order) == ("已退款", "DONE", "商家已线下退款", 1000)
    refund = Refund.objects.get()
    assert (refund.status, refund.settled_at) == ("PAID_OUTSIDE", AT)
    assert Announcement.objects.filter(kind="RefundSettled").count() == 1
    assert (Payment.objects.get().refunded_fen, payment_facts.stuck().count()) == (0, 0)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "申请退款结案",
        "同意退款结案",
    ]
    with pytest.raises(payments.RefundTooMuch):
        payments.request_refund(
            payment_no=Payment.objects.get().payment_no, amount_fen=1, reason="", business_key="x", at=AT
        )


def test_written_back_the_buyer_reads_that_nothing_comes(
    wechat: Sandbox, order: Order, anna: User, bert: User, shopper_of: Any
) -> None:
    asked(anna, "WRITTEN_BACK")

    endings.grant(refund_no=number(), operator=bert, at=AT)

    assert sees(shopper_of, order) == ("退款异常", "FAILED", "退款已取消，如有疑问请联系商家", 0)
    assert Refund.objects.get().status == "WRITTEN_BACK"
    with pytest.raises(MoveRefused):
        refunds.resubmit(refund_no=number(), at=AT)


def test_whoever_asked_cannot_agree(wechat: Sandbox, order: Order, anna: User) -> None:
    ending = asked(anna)

    with pytest.raises(endings.SecondPersonNeeded):
        endings.grant(refund_no=number(), operator=anna, at=AT)
    with pytest.raises(IntegrityError, match="refund_ending_takes_two_people"):
        RefundEnding.objects.filter(pk=ending.pk).update(answered_by=anna, answered_at=AT, granted=True)


def test_one_end_is_asked_at_a_time_with_a_proof(order: Order, anna: User, bert: User) -> None:
    with pytest.raises(endings.ProofMissing):
        endings.ask(refund_no=number(), way="PAID_OUTSIDE", proof="  ", operator=anna, at=AT)
    asked(anna)

    with pytest.raises(endings.EndingAsked):
        asked(bert)


def test_a_no_leaves_the_refund_as_it_was_and_another_end_may_be_asked(
    wechat: Sandbox, order: Order, anna: User, bert: User
) -> None:
    asked(anna)
    endings.refuse(refund_no=number(), operator=bert, at=AT)
    with pytest.raises(endings.EndingGone):
        endings.grant(refund_no=number(), operator=bert, at=AT)

    asked(bert)
    endings.refuse(refund_no=number(), operator=bert, at=AT)  # taken back

    assert Refund.objects.get().status == "FAILED"
    assert list(RefundEnding.objects.values_list("granted", flat=True)) == [False]


def test_a_refund_that_is_under_way_or_taken_up_anew_has_no_end_of_its_own(order: Order, anna: User) -> None:
    first = number()
    refunds.resubmit(refund_no=first, at=AT)
    with pytest.raises(MoveRefused):
        asked(anna)
    refunds.apply_result(result=facts.refund(make.refunded(Refund.objects.get(), status="CLOSED")), at=AT)
    refunds.resubmit(refund_no=first, at=AT)

    with pytest.raises(endings.RefundedAnew):
        endings.ask(refund_no=first, way="PAID_OUTSIDE", proof="转账", operator=anna, at=AT)


def test_what_wechat_has_paid_meanwhile_is_not_paid_again(
    wechat: Sandbox, settings: Any, anna: User, bert: User
) -> None:
    """WeChat refused by mistake, an operator asks for an end; in the meantime the refund is there all the same."""
    from tests.apps.payments.test_refunds import surplus

    refund: Refund = surplus.__wrapped__(wechat, settings)
    refunds.submit_due(at=make.AT.now(tz=AT.tzinfo))
    Refund.objects.filter(pk=refund.pk).update(status="FAILED")
    asked(anna)

    with pytest.raises(endings.StillAtWechat):
        endings.grant(refund_no=refund.refund_no, operator=bert, at=AT)

    assert Refund.objects.get().status != "PAID_OUTSIDE"


def test_the_end_is_asked_and_agreed_on_the_page_of_the_refund(
    wechat: Sandbox, order: Order, anna: User, bert: User
) -> None:
    one, other = Client(), Client()
    one.force_login(anna)
    other.force_login(bert)
    pk = Refund.objects.get().pk
    ask = reverse("admin:payments_refund_ask_ending", args=[pk])
    grant = reverse("admin:payments_refund_grant_ending", args=[pk])

    assert "申请结案" in one.get(ask).content.decode()
    assert one.post(ask, {"way": "PAID_OUTSIDE", "proof": "微信转账 1000071"}).status_code == 302
    seen = str(RefundEnding.objects.get().pk)
    refused = one.post(grant, {"seen": seen})
    shown = other.get(grant).content.decode()

    assert (refused.status_code, "微信转账 1000071" in shown) == (409, True)
    assert other.post(grant, {"seen": seen}).status_code == 302
    assert Refund.objects.get().status == "PAID_OUTSIDE"
    page = other.get(reverse("admin:payments_refund_change", args=[pk])).content.decode()
    assert ("已线下退款" in page, "贝特" in page) == (True, True)


def test_operators_find_the_order_by_where_its_money_is(order: Order, anna: User) -> None:
    client = Client()
    client.force_login(anna)

    def state() -> str:
        return client.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()

    assert "退款异常" in state()
    refunds.resubmit(refund_no=number(), at=AT)
    assert "退款中" in state()


def test_a_no_is_said_on_the_page_of_the_refund(order: Order, anna: User, bert: User) -> None:
    other = Client()
    other.force_login(bert)
    ending = asked(anna)
    refuse = reverse("admin:payments_refund_refuse_ending", args=[Refund.objects.get().pk])

    assert other.post(refuse, {"seen": str(ending.pk)}).status_code == 302
    ending.refresh_from_db()
    assert (ending.granted, ending.answered_by, Refund.objects.get().status) == (False, bert, "FAILED")


PDF = b"%PDF-1.7 a transfer"


@pytest.fixture
def private_root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = tmp_path / "media", tmp_path / "private"
    return tmp_path / "private"


def operator_with(name: str, *rights: str) -> User:
    """Somebody who sees refunds and has these rights about ends."""
    made = User.objects.create_user(name, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(codename__in=["view_refund", *rights]))
    return made


def browser(of: User) -> Client:
    client = Client()
    client.force_login(of)
    return client


def end_page(what: str = "") -> str:
    return f"/admin/payments/refund/{Refund.objects.get().pk}/end/{what}"


def send(by: User, file: SimpleUploadedFile | None, way: str = "PAID_OUTSIDE") -> Any:
    typed = {"way": way, "proof": "微信转账 1000071", "seen": ""}
    return browser(by).post(end_page(), {**typed, **({"proof_file": file} if file else {})})


def test_a_proof_is_kept_in_private_and_seen_by_whoever_may_end_refunds_that_way(
    order: Order, private_root: Path
) -> None:
    clerk = operator_with("财务甲", "end_paid_outside")
    assert send(clerk, SimpleUploadedFile("回单.PDF", PDF, "application/pdf")).status_code == 302
    ending = RefundEnding.objects.get()
    assert (private_root / ending.proof_file.name).read_bytes() == PDF
    assert "回单" not in ending.proof_file.name
    assert not (private_root.parent / "media").exists()

    address = f"/admin/payments/refund/proof/{ending.pk}/"
    other = operator_with("财务乙", "end_paid_outside")
    seen = browser(other).get(address)
    assert (seen.status_code, b"".join(seen), seen["Content-Type"]) == (200, PDF, "application/pdf")
    assert ("no-store" in seen["Cache-Control"], "sandbox" in seen["Content-Security-Policy"]) == (True, True)
    assert AuditEntry.objects.filter(action="查看退款凭证", operator=other).count() == 1

    assert browser(operator_with("冲账", "end_written_back")).get(address).status_code == 403
    assert browser(operator_with("客服")).get(address).status_code == 403
    assert Client().get(address).status_code == 302


def test_what_is_no_proof_is_refused(order: Order, private_root: Path) -> None:
    clerk = operator_with("财务甲", "end_paid_outside")
    for name, content in (
        ("a.exe", PDF),
        ("a.html", b"<script>"),
        ("a.jpg", PDF),
        ("a.pdf", b"GIF89a"),
        ("a.pdf", PDF + b"x" * 5_300_000),
    ):
        refused = send(clerk, SimpleUploadedFile(name, content))
        assert (name, refused.status_code, "凭证文件" in refused.content.decode()) == (name, 200, True)
    assert not RefundEnding.objects.exists()


def test_each_end_has_a_right_of_its_own(order: Order, private_root: Path) -> None:
    outside, back = operator_with("线下", "end_paid_outside"), operator_with("冲账", "end_written_back")
    assert send(outside, None, "WRITTEN_BACK").status_code == 200
    assert not RefundEnding.objects.exists()
    assert send(back, None, "WRITTEN_BACK").status_code == 302
    assert [browser(outside).get(end_page(what)).status_code for what in ("grant/", "refuse/")] == [403, 403]
    assert browser(operator_with("冲账乙", "end_written_back")).get(end_page("grant/")).status_code == 200
    assert browser(operator_with("客服")).get(end_page()).status_code == 403


def test_whoever_asked_cannot_agree_whatever_they_may(order: Order, anna: User) -> None:
    asked(anna)
    with pytest.raises(endings.SecondPersonNeeded):
        endings.grant(refund_no=number(), operator=User.objects.get(pk=anna.pk), at=AT)
    assert Refund.objects.get().status == "FAILED"


def test_a_proof_goes_with_the_asking_that_is_taken_back(
    order: Order, anna: User, private_root: Path
) -> None:
    file = SimpleUploadedFile("a.pdf", PDF)
    endings.ask(refund_no=number(), way="PAID_OUTSIDE", proof="转账", file=file, operator=anna, at=AT)
    endings.refuse(refund_no=number(), operator=anna, at=AT)
    assert list(private_root.rglob("*.pdf")) == []
