"""An invoice says what was really paid: applying, issuing, what refunds make of it, and who can read its file."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base import private
from apps.base.personal import Person
from apps.invoices import papers, personal
from apps.invoices import selectors as invoice_facts
from apps.invoices import services as invoices
from apps.invoices.models import Invoice, InvoiceRules, InvoiceTitle
from apps.invoices.papers import PaperRefused
from apps.invoices.providers import PaperMissing
from apps.invoices.services import applying, erasing, issuing, titles
from apps.members.models import Member
from apps.messaging.models import Message
from apps.messaging.services import deciding
from apps.outbox import services as outbox
from apps.outbox.models import Announcement
from apps.payments.models import Payment
from apps.payments.states import Origin
from apps.wallet.models import Spending
from mall.errors import NotFound, ShopError
from mall.events import ConsoleRefunded
from mall.lifecycle import MoveRefused
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as aftersales
from tests.apps.fulfillment import make as fulfillment
from tests.apps.invoices import make
from tests.apps.wallet import make as wallets

pytestmark = pytest.mark.django_db
Shoppers = Callable[[Member], Any]
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def private_root(tmp_path: Path, settings: Any) -> Path:
    settings.PRIVATE_ROOT = tmp_path / "private"
    return settings.PRIVATE_ROOT  # type: ignore[no-any-return]


def refused_as(error: type[ShopError], call: Callable[[], object]) -> ShopError:
    with pytest.raises(error) as raised:
        call()
    return raised.value


def follow(order_no: str) -> None:
    """The news of the refund arrive."""
    for _ in range(3):
        outbox.deliver_due(at=make.LATER)


def test_a_title_is_kept_in_one_form_changed_and_deleted_by_its_member_alone(shopper_of: Shoppers) -> None:
    order, _ = make.received()
    shopper, stranger = shopper_of(order.member), shopper_of(fulfillment.paid_order().member)
    spelled = {**make.COMPANY, "tax_no": " ９1350100-m000100y43"}
    kept = shopper.call("POST", "/me/invoice-titles", spelled)
    assert (kept.status_code, kept.json()) == (201, {"id": kept.json()["id"], **make.COMPANY})
    door = f"/me/invoice-titles/{kept.json()['id']}"
    assert shopper.call("GET", "/me/invoice-titles").json() == {"results": [kept.json()], "next": None}
    assert stranger.call("GET", "/me/invoice-titles").json()["results"] == []
    assert stranger.call("PATCH", door, {"name": "茶"}).status_code == 404
    assert stranger.call("DELETE", door).status_code == 404
    assert shopper.call("PATCH", door, {"name": "小茶", "kind": "PERSONAL"}).json()["tax_no"] == ""
    assert shopper.call("DELETE", door).status_code == 204
    assert not InvoiceTitle.objects.exists()


def test_titles_that_no_invoice_can_be_made_out_to_are_refused_by_field(shopper_of: Shoppers) -> None:
    order, _ = make.received()
    shopper = shopper_of(order.member)
    for wrong, field in (
        ({"kind": "SHOP"}, "kind"),
        ({"kind": 7}, "kind"),
        ({"name": "\u200b "}, "name"),
        ({"name": "茶" * 101}, "name"),
        ({"name": 7}, "name"),
        ({"tax_no": ""}, "tax_no"),
        ({"tax_no": "91350100M000100Y4Z"}, "tax_no"),
        ({"tax_no": "110105123456789"}, "tax_no"),
        ({"tax_no": 91350100}, "tax_no"),
        ({"kind": "PERSONAL"}, "tax_no"),
        ({"email": "not an address"}, "email"),
    ):
        answer = shopper.call("POST", "/me/invoice-titles", {**make.COMPANY, **wrong})
        assert (answer.status_code, list(answer.json()["details"])) == (400, [field]), wrong
    for _ in range(titles.MOST):
        make.title(order.member)
    full = shopper.call("POST", "/me/invoice-titles", make.COMPANY)
    assert (full.status_code, full.json()["code"], full.json()["details"]) == (
        *(409, "too_many_invoice_titles"),
        {"most": 20},
    )
    assert InvoiceTitle.objects.count() == titles.MOST


def test_an_order_is_invoiced_once_from_its_receipt_for_thirty_days(shopper_of: Shoppers) -> None:
    order, _ = make.received((1999, 2), at=make.NOW)
    title = make.title(order.member)
    asked = {"member": order.member, "order_no": order.order_no, "title_id": title.pk}
    unsent = fulfillment.paid_order()
    theirs = make.title(unsent.member)
    not_yet = {"member": unsent.member, "order_no": unsent.order_no, "title_id": theirs.pk}
    refused_as(applying.NotReceived, lambda: invoices.apply(**not_yet, at=make.LATER))
    refused_as(
        applying.TitleUnknown, lambda: invoices.apply(**{**asked, "title_id": theirs.pk}, at=make.LATER)
    )
    refused_as(NotFound, lambda: invoices.apply(**{**not_yet, "order_no": order.order_no}, at=make.LATER))
    assert refused_as(
        applying.InvoiceClosed, lambda: invoices.apply(**asked, at=make.NOW + 30 * DAY)
    ).details == {"days": 30}
    rules = invoices.save_rules(InvoiceRules(pk=1, enabled=False))
    refused_as(applying.InvoicesOff, lambda: invoices.apply(**asked, at=make.LATER))
    rules.enabled = True
    invoices.save_rules(rules)

    row = invoices.apply(**asked, at=make.NOW + 30 * DAY - timedelta(seconds=1))

    assert (row.status, row.amount_fen, row.title) == ("APPLIED", order.payable_fen, make.COMPANY)
    assert refused_as(applying.InvoiceExists, lambda: invoices.apply(**asked, at=make.LATER)).details == {
        "invoice_no": row.invoice_no
    }
    titles.change(member=order.member, title_id=title.pk, fields={"name": "另一家"})
    seen = shopper_of(order.member).call("GET", f"/orders/{order.order_no}/invoice").json()
    assert (seen["title"], seen["status"], seen["file_url"]) == (make.COMPANY, "APPLIED", None)


def test_refused_or_reversed_it_can_be_applied_for_anew_and_the_time_begins_again() -> None:
    order, _ = make.received()
    row = make.applied(order, at=make.NOW + 29 * DAY)
    late = make.NOW + 40 * DAY
    refused_as(issuing.ReasonMissing, lambda: invoices.refuse(
        invoice_no=row.invoice_no, reason=" ", operator=fulfillment.operator(), at=late
    ))  # fmt: skip
    invoices.refuse(invoice_no=row.invoice_no, reason="税号有误", operator=fulfillment.operator(), at=late)
    again = make.applied(order, at=late + 29 * DAY)
    assert (make.fresh(row).status, make.fresh(row).reason, again.status) == (
        "REFUSED",
        "税号有误",
        "APPLIED",
    )
    with pytest.raises(MoveRefused):
        make.issued(row)


def test_it_says_what_was_really_paid_without_bonus_and_without_what_went_back(settings: Any) -> None:
    settings.WALLET_ENABLED = True
    account = wallets.funded(3000, 1000)
    cup = apply.counter.goods(2000)
    buyer = (account.member, apply.counter.members.address(account.member))
    order = aftersales.paid(buyer, [(cup, 3)], use_balance=True)
    aftersales.ship(order)
    aftersales.receive(order)
    order = aftersales.fresh(order)
    assert (order.payable_fen, order.balance_fen) == (6000, 4000)
    with CaptureQueriesContext(connection) as asked:
        assert invoice_facts.really_paid_fen(order) == 5000  # 20.00 by WeChat, 30.00 of principal
    assert len(asked) == 2
    aftersales.refund(order, {cup: 1})
    order = aftersales.fresh(order)
    kept_fen = Spending.objects.get().bonus_fen - Spending.objects.get().restored_bonus_fen
    assert invoice_facts.really_paid_fen(order) == 4000 - kept_fen
    # What the merchant console gave back is no refund of the order, and gone all the same.
    Payment.objects.get(order=order).refunds.create(
        refund_no="C1",
        origin=Origin.CONSOLE,
        business_key="c1",
        amount_fen=300,
        reason="商户平台",
        due_at=make.NOW,
        requested_at=make.NOW,
    )
    most_fen = 4000 - kept_fen - 300
    assert invoice_facts.really_paid_fen(order) == most_fen
    # The look that finds what says too much counts as the application does.
    Announcement.objects.all().delete()
    row = make.applied(order)
    assert (row.amount_fen, invoice_facts.unbalanced()) == (most_fen, [])
    Invoice.objects.filter(pk=row.pk).update(asked_fen=most_fen + 1, amount_fen=most_fen + 1)
    (fault,) = invoice_facts.unbalanced()
    assert (fault.number, fault.says, fault.rows) == (row.invoice_no, most_fen + 1, most_fen)
    news = ConsoleRefunded(payment_no=Payment.objects.get(order=order).payment_no, refund_no="C1")
    outbox.publish(news, at=make.LATER)
    assert invoice_facts.unbalanced() == []  # the news are on their way


def test_a_refund_lowers_an_application_and_the_last_one_refuses_it() -> None:
    order, (cup,) = make.received((1999, 2))
    row = make.applied(order)
    aftersales.refund(order, {cup: 1})
    # Before the news have arrived nobody can issue for what is paid no more.
    assert refused_as(issuing.AmountChanged, lambda: make.issued(row)).details == {
        "amount_fen": order.payable_fen - 1999
    }
    follow(order.order_no)
    assert (make.fresh(row).status, make.fresh(row).amount_fen) == ("APPLIED", order.payable_fen - 1999)
    aftersales.refund(order, {cup: 1}, shipping_fen=order.shipping_fen)
    follow(order.order_no)
    assert (make.fresh(row).status, make.fresh(row).reason) == ("REFUSED", "订单已全额退款")
    refused_as(applying.NothingPaid, lambda: make.applied(order))


def test_a_refund_reverses_what_was_issued_and_the_rest_is_invoiced_anew() -> None:
    order, (cup,) = make.received((1999, 2))
    row = make.issued(make.applied(order))
    aftersales.refund(order, {cup: 1})
    follow(order.order_no)
    row = make.fresh(row)
    assert (row.status, row.awaits_red_letter, row.amount_fen) == ("REVERSED", True, order.payable_fen)
    assert list(invoice_facts.waiting_for_red_letter()) == [row]
    red = {"invoice_no": row.invoice_no, "operator": fulfillment.operator(), "at": make.LATER + DAY}
    today = make.LATER.date()
    for number, on in (
        ("12", today),
        (make.NUMBER, today),
        ("1" * 20, today - DAY),
        ("1" * 20, today + 2 * DAY),
    ):
        refused_as(PaperRefused, lambda: invoices.record_red_letter(**red, number=number, on=on))  # noqa: B023
    invoices.record_red_letter(**red, number="1" * 20, on=today)
    refused_as(issuing.NoRedLetterDue, lambda: invoices.record_red_letter(**red, number="2" * 20, on=today))
    assert not invoice_facts.waiting_for_red_letter().exists()
    again = make.applied(order, at=make.LATER + DAY)
    assert again.amount_fen == order.payable_fen - 1999
    assert invoice_facts.of_order(member=order.member, order_no=order.order_no) == again
    assert invoices.follow_refund(order_no=order.order_no, at=make.LATER) is None


def test_what_is_no_invoice_is_refused_by_its_content_and_nothing_is_kept(private_root: Path) -> None:
    order, _ = make.received()
    row = make.applied(order)
    ask = {"invoice_no": row.invoice_no, "amount_fen": row.amount_fen, "operator": fulfillment.operator()}
    for paper, field in (
        (make.paper(b"<html><script>"), "file"),
        (make.paper(b""), "file"),
        (make.paper(make.PDF[:-8]), "file"),
        (make.paper(b"GIF89a" + make.PDF), "file"),
        (make.paper(make.PDF + b" " * (5 * 1024 * 1024)), "file"),
        (make.paper(make.ofd(b"<html/>")), "file"),
        (make.paper(make.ofd()[:-30]), "file"),
        (make.paper(make.ofd().replace(b"OFD.xml", b"OFX.xml")), "file"),
        (make.paper(number="12345"), "number"),
        (make.paper(number="１" * 20), "number"),
        (make.paper(number="12345678"), "code"),
        (make.paper(code="033001900111"), "code"),
        (make.paper(days_ago=-3), "issued_on"),
        (make.paper(days_ago=2), "issued_on"),
    ):
        refusal = refused_as(PaperRefused, lambda: invoices.issue(**ask, paper=paper, at=make.LATER))  # noqa: B023
        assert list(refusal.details) == [field], refusal
    refused_as(PaperMissing, lambda: invoices.issue(**ask, paper=None, at=make.LATER))
    assert make.fresh(row).status == "APPLIED"
    assert not private_root.exists()
    old = make.paper(make.ofd(), number="12345678", code="033001900111")
    assert invoices.issue(**ask, paper=old, at=make.LATER).file_kind == "ofd"
    other = make.applied(make.received()[0])
    asked = {**ask, "invoice_no": other.invoice_no, "amount_fen": other.amount_fen}
    assert list(
        refused_as(PaperRefused, lambda: invoices.issue(**asked, paper=old, at=make.LATER)).details
    ) == ["number"]
    # The second one's file was stored for a row that did not come: a sweep finds it.
    private.forget_unnamed(at=timezone.now() + 2 * DAY)
    assert len(list(private_root.rglob("*.ofd"))) == 1


def test_an_ofd_is_told_by_what_is_in_it_and_never_by_its_name() -> None:
    document = {"Doc_0/Document.xml": b"<Document/>"}
    for good in (
        make.ofd(),
        make.ofd(packed_as=zipfile.ZIP_STORED),
        make.ofd(b"\xef\xbb\xbf" + make.OFD_ROOT),
        make.ofd(make.OFD_ROOT.replace(b"ofd:", b"").replace(b"xmlns:ofd", b"xmlns")),
        make.ofd(make.OFD_ROOT.replace(b">Doc_0", b">/Doc_0")),
        make.ofd(make.OFD_ROOT.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    ):
        assert papers.kind_of(good) == "ofd"
    bomb = make.ofd(parts={**document, "Res/Image.xml": b"0" * (65 * 1024 * 1024)})
    assert len(bomb) < 100_000
    broken = bytearray(make.ofd(packed_as=zipfile.ZIP_STORED, parts={**document, "Res/a.png": b"content"}))
    broken[broken.index(b"content")] ^= 1
    liar = bytearray(make.ofd(parts={**document, "Res/a.png": b"0" * 1000}))
    sizes = liar.rindex(b"PK\x01\x02") + 24
    liar[sizes : sizes + 4] = (7).to_bytes(4, "little")
    for bad in (
        b"PK\x03\x04",
        make.ofd(b"<html><!-- <OFD > --></html>"),
        make.ofd(b"<html><OFD ></OFD></html>"),
        b"<html><script>alert(1)</script>" + make.ofd(),
        make.ofd(parts={"readme.txt": b"hello"}),
        make.ofd(parts={**document, "../../etc/cron.d/x": b"x"}),
        make.ofd(parts={**document, "\\x.exe": b"x"}),
        make.ofd(packed_as=zipfile.ZIP_LZMA),
        make.ofd(packed_as=zipfile.ZIP_BZIP2),
        make.ofd(b'<!DOCTYPE x [<!ENTITY a "b">]>' + make.OFD_ROOT.partition(b"?>")[2]),
        make.ofd(make.OFD_ROOT + b" " * (257 * 1024)),
        make.ofd(make.OFD_ROOT[:-6]),
        bomb,
        bytes(broken),
        bytes(liar),
    ):
        with pytest.raises(PaperRefused):
            papers.kind_of(bad)


def test_the_file_is_saved_by_its_buyers_address_for_a_while_and_by_no_other(shopper_of: Shoppers) -> None:
    order, _ = make.received()
    row = make.issued(make.applied(order))
    door = f"/orders/{order.order_no}/invoice"
    assert shopper_of(fulfillment.paid_order().member).call("GET", door).status_code == 404
    address = shopper_of(order.member).call("GET", door).json()["file_url"]
    path = address[address.index("/invoice-files/") :]
    answer = Client().get(path)
    assert (answer.status_code, b"".join(answer)) == (200, make.PDF)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (
        "application/pdf",
        f'attachment; filename="{row.invoice_no}.pdf"',
    )
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(path[:-1] + ("A" if path[-1] != "A" else "B")).status_code == 404
    assert Client().get("/invoice-files/%00").status_code == 404
    token = invoice_facts.token_of(row, at=make.NOW) or ""
    until = make.NOW + invoice_facts.OPENS_FOR
    assert invoice_facts.opened_by(token, at=until - timedelta(seconds=1)) == row
    refused_as(NotFound, lambda: invoice_facts.opened_by(token, at=until))


def test_the_member_reads_in_the_inbox_what_became_of_it() -> None:
    order, _ = make.received()
    make.issued(make.applied(order))
    deciding.decide_due(at=make.LATER)
    (told,) = Message.objects.filter(scene="invoice", member=order.member)
    assert (told.title, order.order_no in told.text, "可在订单详情中查看" in told.text) == (
        *("发票已开票", True, True),
    )


def test_the_database_refuses_a_second_that_holds_and_the_look_finds_what_says_too_much() -> None:
    order, (cup,) = make.received((1999, 2))
    row = make.applied(order)
    with pytest.raises(IntegrityError, match="invoice_one_live_per_order"), transaction.atomic():
        applying._write(order, make.title(order.member), amount_fen=1, at=make.LATER)
    assert invoice_facts.unbalanced() == []
    aftersales.refund(order, {cup: 1})
    assert invoice_facts.unbalanced() == []  # the news are on their way
    Announcement.objects.all().delete()
    (fault,) = invoice_facts.unbalanced()
    assert (fault.number, fault.says - fault.rows) == (row.invoice_no, 1999)
    invoices.follow_refund(order_no=order.order_no, at=make.LATER)
    assert invoice_facts.unbalanced() == []


def test_who_leaves_takes_titles_and_what_was_refused_and_papers_go_after_ten_years(
    private_root: Path,
) -> None:
    order, _ = make.received()
    who = Person(member_id=order.member_id, openid="o1", public_id=order.member.public_id)
    first = make.applied(order)
    assert [said.numbers for said in personal.still_open(who)] == [(first.invoice_no,)]
    invoices.refuse(
        invoice_no=first.invoice_no, reason="税号有误", operator=fulfillment.operator(), at=make.LATER
    )
    row = make.issued(make.applied(order))
    assert [len(rows) for rows in personal.export(who).values()] == [1, 2]
    for _ in range(2):
        personal.erase(who, at=make.LATER)
    assert (InvoiceTitle.objects.count(), make.fresh(first).name, make.fresh(row).name) == (
        *(0, "", make.COMPANY["name"]),
    )
    kept_until = make.LATER + erasing.ISSUED_KEPT
    assert personal.forget_old(at=kept_until - DAY, limit=10) == 0
    assert (personal.overdue(at=kept_until), personal.forget_old(at=kept_until, limit=10)) == (1, 1)
    row = make.fresh(row)
    assert (row.name, row.tax_no, row.email, bool(row.file), row.number) == ("", "", "", False, make.NUMBER)
    assert list(private_root.rglob("*.pdf")) == []
    assert Invoice.objects.count() == 2
