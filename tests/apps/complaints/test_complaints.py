"""Complaints are heard of once, read as WeChat says, answered once, and never left without a clock."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.complaints import forms, personal
from apps.complaints import selectors as complaint_facts
from apps.complaints.models import Complaint, ComplaintAct, ComplaintStep
from apps.complaints.services import acting, hearing, keeping
from apps.payments.models import Notification, Refund
from apps.wechat.errors import WechatUnavailable
from apps.wechat.pay import complaints as wechat_complaints
from apps.wechat.sandbox.control import Sandbox
from tests.apps.complaints import make
from tests.apps.complaints.make import AT, HOUR
from tests.apps.fulfillment import make as fulfillment
from tests.apps.payments import make as payments

pytestmark = pytest.mark.django_db

DOOR = "/wechat/complaints/notify"


def sent(
    number: str, *, notify_id: str = "N1", event: str = "COMPLAINT.CREATE"
) -> tuple[bytes, dict[str, str]]:
    content = {"complaint_id": number, "action_type": "CREATE_COMPLAINT"}
    return payments.notify(content, event=event, notify_id=notify_id, at=timezone.now())


def knock(client: Client, body: bytes, headers: dict[str, str]) -> int:
    return client.post(DOOR, body, content_type="application/json", headers=headers).status_code


def test_a_call_makes_one_row_however_often_it_comes_and_asking_makes_no_other(
    client: Client, wechat: Sandbox
) -> None:
    number = make.at_wechat(wechat, pictures=1)

    assert [knock(client, *sent(number)) for _ in range(2)] == [204, 204]
    waiting = Complaint.objects.get()
    assert (waiting.complaint_id, waiting.text, waiting.read_at) == (number, "", None)
    assert waiting.answer_by is not None
    assert hearing.poll_due(at=timezone.now()) == 1

    row = Complaint.objects.get()
    order = row.payment.order if row.payment is not None else None
    assert (row.text, row.status, row.amount_fen) == ("杯子碎了", "PENDING", 6800)
    assert order is not None
    assert row.member_id == order.member_id
    assert row.answer_by == row.opened_at + timedelta(hours=24)
    assert len(row.pictures) == 1
    assert Notification.objects.filter(event_type="COMPLAINT.CREATE", handled_at__isnull=False).count() == 1
    # A late one of the same complaint asks again, and changes nothing.
    assert knock(client, *sent(number, notify_id="N2", event="COMPLAINT.STATE_CHANGE")) == 204
    assert hearing.read_due(at=timezone.now()) == 1
    assert Complaint.objects.values_list("text", "status", "answer_by").get() == (
        row.text,
        row.status,
        row.answer_by,
    )


def test_what_nobody_signed_or_names_nothing_is_refused_and_kept_nowhere(client: Client) -> None:
    body, headers = sent("2002018000")

    assert knock(client, body.replace(b"COMPLAINT", b"COMPLAINS"), headers) == 400
    assert knock(client, body, {**headers, "Wechatpay-Timestamp": "1"}) == 400
    assert knock(client, b"{}", {}) == 400
    assert not Notification.objects.exists()
    assert knock(client, *sent("../../refund")) >= 400
    assert not Complaint.objects.exists()


def test_a_lost_call_is_made_good_by_asking_and_nothing_changed_is_not_read_again(wechat: Sandbox) -> None:
    make.complained(wechat)
    assert hearing.poll_due(at=timezone.now()) == 0

    wechat.complain_again(Complaint.objects.get().complaint_id, "请尽快")
    assert hearing.poll_due(at=timezone.now()) == 1
    assert Complaint.objects.get().has_news
    assert list(ComplaintStep.objects.values_list("text", flat=True)) == ["杯子碎了", "请尽快"]


def test_what_wechat_told_of_is_read_also_where_its_list_fails(wechat: Sandbox) -> None:
    number = make.at_wechat(wechat)
    keeping.note(complaint_id=number, at=timezone.now())
    wechat.fault("timeout_before", path="/v3/merchant-service/complaints-v2", times=9)

    with pytest.raises(WechatUnavailable):
        hearing.poll_due(at=timezone.now())

    assert Complaint.objects.get().text == "杯子碎了"


def test_nobody_is_asked_where_the_shop_has_no_such_api(wechat: Sandbox, settings: Any) -> None:
    settings.WECHATPAY_COMPLAINTS = False
    make.at_wechat(wechat)
    assert hearing.poll_due(at=timezone.now()) == 0
    assert wechat.calls("/v3/merchant-service") == []


def test_who_waits_has_a_clock_and_who_was_answered_has_none() -> None:
    of = make.told()
    asked = make.entry("1", "USER_CREATE_COMPLAINT", "杯子碎了")
    row = make.kept(of, asked)
    assert row.answer_by == AT + 24 * HOUR
    assert list(complaint_facts.overdue(at=AT + 24 * HOUR)) == [row]
    assert list(complaint_facts.overdue(at=AT + 23 * HOUR)) == []

    answer = make.entry("2", "MERCHANT_RESPONSE", "今天补发", at=AT + HOUR)
    in_hand = make.told(complaint_id=of.complaint_id, state="PROCESSING")
    row = make.kept(in_hand, asked, answer, at=AT + 2 * HOUR)
    assert (row.answer_by, row.answered_at) == (None, AT + HOUR)

    more = make.entry("3", "USER_RESPONSE", "还没收到", at=AT + 30 * HOUR)
    again = make.told(complaint_id=of.complaint_id, state="PROCESSING", has_news=True)
    row = make.kept(again, more, answer, asked, at=AT + 31 * HOUR)
    assert row.answer_by == AT + 54 * HOUR

    over = make.told(complaint_id=of.complaint_id, state="PROCESSED")
    row = make.kept(over, asked, answer, more, at=AT + 40 * HOUR)
    assert (row.answer_by, row.completed_at, row.ask_at) == (None, AT + 40 * HOUR, None)
    row = make.kept(again, at=AT + 50 * HOUR)
    assert (row.status, row.completed_at) == ("PROCESSING", None)
    assert row.steps.count() == 3
    assert row.answered_at == AT + HOUR


def test_strange_words_of_wechat_leave_the_row_whole() -> None:
    of = make.told(
        state="FROZEN", problem_type="NEW_KIND", text="坏\x00了\u202e", phone="短", pictures=("x" * 900,)
    )
    row = make.kept(of)
    assert (row.status, row.problem_type, row.text) == ("PENDING", "OTHERS", "坏了")
    assert (row.phone_shown, row.pictures, row.payment) == ("", [], None)


def test_the_database_holds_pending_to_its_clock() -> None:
    row = make.kept(make.told())
    with pytest.raises(IntegrityError), transaction.atomic():
        Complaint.objects.filter(pk=row.pk).update(answer_by=None)


def test_an_answer_reaches_the_shopper_once_and_stops_the_clock(wechat: Sandbox) -> None:
    row, now = make.complained(wechat), timezone.now()

    for _ in range(2):
        acting.reply(complaint_id=row.pk, text=" 今天补发\u200b ", token="T1", operator=None, at=now)

    row.refresh_from_db()
    assert (row.status, row.answer_by, row.answered_at) == ("PROCESSING", None, now)
    history = wechat.complaint(row.complaint_id)["history"]
    assert [entry["operate_details"] for entry in history] == ["杯子碎了", "今天补发"]
    hearing.poll_due(at=timezone.now())
    act = ComplaintAct.objects.get()
    assert (act.status, act.log_id) == ("SENT", history[1]["log_id"])

    acting.complete(complaint_id=row.pk, token="T2", operator=None, at=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.completed_at is not None) == ("PROCESSED", True)
    assert wechat.complaint(row.complaint_id)["state"] == "PROCESSED"
    with pytest.raises(acting.NotNow):
        acting.reply(complaint_id=row.pk, text="再见", token="T3", operator=None, at=timezone.now())


def test_what_cannot_be_said_is_not_sent(wechat: Sandbox) -> None:
    row, now = make.complained(wechat), timezone.now()

    for text in ("", " \u200b", "字" * 201):
        with pytest.raises(acting.WordsRefused):
            acting.reply(complaint_id=row.pk, text=text, token="T1", operator=None, at=now)
    with pytest.raises(acting.NotNow):
        acting.complete(complaint_id=row.pk, token="T1", operator=None, at=now)  # nobody has answered
    with pytest.raises(acting.NotNow):
        acting.approve_refund(complaint_id=row.pk, within_days=0, token="T1", operator=None, at=now)
    with pytest.raises(acting.DaysRefused):
        acting.approve_refund(complaint_id=row.pk, within_days=31, token="T1", operator=None, at=now)
    assert not ComplaintAct.objects.exists()

    wechat.fault("complaint_words")
    with pytest.raises(acting.NotTaken, match="敏感"):
        acting.reply(complaint_id=row.pk, text="违禁词", token="T1", operator=None, at=now)
    row.refresh_from_db()
    assert row.answer_by is not None
    # The same page, mended, is another act.
    acting.reply(complaint_id=row.pk, text="今天补发", token="T1", operator=None, at=now)
    assert list(ComplaintAct.objects.values_list("status", flat=True)) == ["FAILED", "SENT"]


@pytest.mark.parametrize("arrived", [True, False])
def test_an_answer_without_an_answer_is_looked_for_and_never_sent_twice(
    wechat: Sandbox, arrived: bool
) -> None:
    row, now = make.complained(wechat), timezone.now()
    path = "/v3/merchant-service/complaints-v2/*/response"
    wechat.fault("timeout_after_commit" if arrived else "timeout_before", path=path)

    with pytest.raises(acting.OutcomeUnknown):
        acting.reply(complaint_id=row.pk, text="今天补发", token="T1", operator=None, at=now)
    with pytest.raises(acting.ActUnderWay):
        acting.reply(complaint_id=row.pk, text="今天补发", token="T2", operator=None, at=now)
    hearing.read_due(at=now)
    assert ComplaintAct.objects.get().status == ("SENT" if arrived else "UNKNOWN")

    hearing.read_due(at=now + timedelta(minutes=4))
    assert ComplaintAct.objects.get().status == ("SENT" if arrived else "FAILED")
    said = [entry["operate_type"] for entry in wechat.complaint(row.complaint_id)["history"]]
    assert said.count("MERCHANT_RESPONSE") == arrived
    row.refresh_from_db()
    assert (row.answer_by is None) == arrived


def test_a_process_that_died_between_asking_and_knowing_leaves_nothing_for_ever(
    wechat: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, now = make.complained(wechat), timezone.now()

    class Killed(BaseException):
        pass

    def die(**_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(wechat_complaints, "reply", die)
        acting.reply(complaint_id=row.pk, text="今天补发", token="T1", operator=None, at=now)
    assert ComplaintAct.objects.get().status == "SENDING"

    hearing.poll_due(at=now + timedelta(minutes=4))

    assert ComplaintAct.objects.get().status == "FAILED"
    acting.reply(complaint_id=row.pk, text="今天补发", token="T1", operator=None, at=now)


def test_what_was_read_before_the_shop_spoke_does_not_take_its_word_back(wechat: Sandbox) -> None:
    row, now = make.complained(wechat), timezone.now()
    before = wechat_complaints.detail(complaint_id=row.complaint_id)
    acting.reply(complaint_id=row.pk, text="今天补发", token="T1", operator=None, at=now)

    after = make.kept(before, at=now, acts=0)

    assert (after.status, after.answer_by, after.ask_at) == ("PROCESSING", None, now)


def test_a_refund_is_approved_or_rejected_once(wechat: Sandbox) -> None:
    row, now = make.complained(wechat, "想退款", problem_type="REFUND"), timezone.now()
    assert row.wanted_fen == 6800

    acting.approve_refund(complaint_id=row.pk, within_days=0, token="T1", operator=None, at=now)
    with pytest.raises(acting.NotNow):
        acting.reject_refund(complaint_id=row.pk, reason="已寄出", token="T2", operator=None, at=now)
    assert Complaint.objects.get().status == "PROCESSING"

    number = wechat.complain(row.payment.payment_no if row.payment else "", "也想退款", problem_type="REFUND")
    hearing.poll_due(at=timezone.now())
    other = Complaint.objects.get(complaint_id=number)
    assert other.times == 2
    acting.reject_refund(complaint_id=other.pk, reason="已寄出", token="T3", operator=None, at=now)
    assert Complaint.objects.get(pk=other.pk).status == "PROCESSED"


def test_one_that_wechat_does_not_know_is_left_and_one_that_it_does_not_answer_waits(wechat: Sandbox) -> None:
    gone = make.kept(make.told())
    Complaint.objects.update(ask_at=AT)
    hearing.read_due(at=AT)
    assert Complaint.objects.get(pk=gone.pk).ask_at is None

    Complaint.objects.update(ask_at=AT)
    wechat.fault("timeout_before", path="/v3/merchant-service/*", times=9)
    hearing.read_due(at=AT)
    assert Complaint.objects.values_list("ask_at", flat=True).get() > AT


def test_words_are_emptied_three_years_after_the_end_and_given_out_before() -> None:
    order = fulfillment.paid_order()
    payment = order.payments.get()
    of = make.told(payment, state="PROCESSED")
    make.kept(of, make.entry("1", "USER_CREATE_COMPLAINT", "杯子碎了"))
    person = personal.Person(member_id=order.member_id, openid="", public_id="")
    assert json.dumps(personal.export(person), default=str, ensure_ascii=False).count("杯子碎了") == 2
    assert personal.still_open(person) == []

    assert personal.forget_old(at=AT + timedelta(days=1095), limit=10) == 0
    assert personal.forget_old(at=AT + timedelta(days=1097), limit=10) == 1

    assert personal.overdue(at=AT + timedelta(days=1097)) == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM complaints_complaint WHERE text <> '' OR phone_shown <> ''")
        assert cursor.fetchone() == (0,)


def test_a_refund_that_was_promised_and_not_made_is_told_of_before_the_complaint_is_over() -> None:
    attempt = payments.attempt(payments.order(price_fen=1200))
    of = make.told(attempt, problem_type="REFUND", wanted_fen=1200, state="PROCESSING")
    asked = make.entry("1", "USER_CREATE_COMPLAINT", "杯子碎了")
    row = make.kept(of, asked)
    assert not complaint_facts.owes_refund(row)
    row = make.kept(of, asked, make.entry("2", "MERCHANT_APPROVE_REFUND", at=AT + HOUR), at=AT + HOUR)
    assert complaint_facts.owes_refund(row)
    typed = {"token": str(uuid4())}
    form = forms.CompleteForm(typed, owing=True)
    assert form.errors["anyway"] == ["已同意的退款还没有办理，请先到订单页退款；确实要完结请勾选"]
    assert forms.CompleteForm({**typed, "anyway": "on"}, owing=True).is_valid()
    assert forms.CompleteForm(typed, owing=False).is_valid()

    def back(fen: int, status: str) -> None:
        refund = {"payment": attempt, "amount_fen": fen, "reason": "杯子碎了", "requested_at": AT + HOUR}
        Refund.objects.create(
            refund_no=f"RF{fen}", business_key=f"k{fen}", status=status, due_at=AT, **refund
        )

    back(1000, "REQUESTED")
    back(201, "FAILED")
    assert complaint_facts.owes_refund(row)
    back(200, "REQUESTED")
    assert not complaint_facts.owes_refund(row)
