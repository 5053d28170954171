"""WeChat Pay knocks: what is answered, what is kept, what is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.checkout import hearing
from apps.orders.models import Order
from apps.payments.models import Notification, Payment
from apps.payments.services import notifications
from tests.apps.payments import make

pytestmark = pytest.mark.django_db

DOOR = "/wechat/pay/notify"


def knock(body: bytes, headers: dict[str, str], *, door: str = DOOR) -> Any:
    return Client(raise_request_exception=False).generic(
        "POST", door, body, content_type="application/json", headers=headers
    )


def status_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).status


def test_a_notification_pays_the_order_and_is_answered_204() -> None:
    order = make.order()
    attempt = make.attempt(order)

    answer = knock(*make.notify(make.resource(attempt)))

    kept = Notification.objects.get()
    assert (answer.status_code, answer.content) == (204, b"")
    assert status_of(order) == "PAID"
    assert (kept.event_type, kept.last_error, kept.due_at) == ("TRANSACTION.SUCCESS", "", None)
    assert kept.handled_at is not None


def test_a_notification_that_pays_an_order_takes_two_statements() -> None:
    body, headers = make.notify(make.resource(make.attempt(make.order())))

    with CaptureQueriesContext(connection) as seen:
        knock(body, headers)

    # The payment behind its order, with the hurry of a call that WeChat makes; the notification, the capture, the order's
    # move with the news, and what the order holds.
    said = [query["sql"] for query in seen]
    assert len([text for text in said if not text.startswith(("SAVEPOINT", "RELEASE"))]) == 2


def test_what_is_kept_does_not_name_the_payer() -> None:
    attempt = make.attempt(make.order())

    knock(*make.notify(make.resource(attempt)))

    assert attempt.order.member.openid not in str(Notification.objects.get().resource)


def test_the_same_notification_five_times_is_kept_once_and_answered_204_each_time() -> None:
    order = make.order()
    body, headers = make.notify(make.resource(make.attempt(order)))

    answers = [knock(body, headers).status_code for _ in range(5)]

    assert answers == [204, 204, 204, 204, 204]
    assert Notification.objects.count() == 1
    assert [move.move for move in order.history.all()] == ["place", "pay"]


def probe() -> tuple[bytes, dict[str, str]]:
    body, headers = make.notify(make.resource(make.attempt(make.order())))
    return body, {**headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]}


def tampered() -> tuple[bytes, dict[str, str]]:
    body, headers = make.notify(make.resource(make.attempt(make.order())))
    return body.replace(b"TRANSACTION.SUCCESS", b"TRANSACTION.SUCCESs"), headers


def old() -> tuple[bytes, dict[str, str]]:
    six_minutes_ago = datetime.now(tz=UTC) - timedelta(minutes=6)
    return make.notify(make.resource(make.attempt(make.order())), at=six_minutes_ago)


def of_an_unknown_serial() -> tuple[bytes, dict[str, str]]:
    body, headers = make.notify(make.resource(make.attempt(make.order())))
    return body, {**headers, "Wechatpay-Serial": "PUB_KEY_ID_0000000000000000000000000000"}


def unsigned() -> tuple[bytes, dict[str, str]]:
    return make.notify(make.resource(make.attempt(make.order())))[0], {}


def sealed_with_another_key() -> tuple[bytes, dict[str, str]]:
    before = settings.WECHATPAY_API_V3_KEY
    settings.WECHATPAY_API_V3_KEY = "0123456789abcdef0123456789abcdef"
    try:
        return make.notify(make.resource(make.attempt(make.order())))
    finally:
        settings.WECHATPAY_API_V3_KEY = before


@pytest.mark.parametrize(
    "fake", [probe, tampered, old, of_an_unknown_serial, unsigned, sealed_with_another_key]
)
def test_what_wechat_did_not_send_is_refused_and_not_kept(fake: Any) -> None:
    answer = knock(*fake())

    assert answer.status_code == 400
    assert answer.json()["code"] == "FAIL"
    assert Notification.objects.count() == 0
    assert Order.objects.get().status == "UNPAID"


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"{}", b"\xff\xfe", b'{"resource": 7}', b"[" * 50_000]
)
def test_signed_nonsense_is_refused(body: bytes) -> None:
    answer = knock(body, make.signed(body, at=datetime.now(tz=UTC)))

    assert (answer.status_code, answer.json()["code"]) == (400, "FAIL")


def test_a_body_of_65_kib_is_not_even_read() -> None:
    assert knock(b"x" * (64 * 1024 + 1), {}).status_code == 413


@pytest.mark.parametrize("door", ["/wechat/pay/notify", "/wechat/refund/notify", "/wechat/transfer/notify"])
def test_a_browser_that_looks_in_is_sent_away(door: str) -> None:
    assert Client().get(door).status_code == 405


@pytest.mark.parametrize(
    ("lie", "status"),
    [
        ({"appid": "wx0000000000000001"}, 400),
        ({"mchid": "1900000001"}, 400),
        ({"currency": "USD"}, 400),
        ({"amount_fen": 1}, 409),
        ({"out_trade_no": "PY260101NOBODY"}, 404),
    ],
)
def test_a_signed_notification_that_does_not_fit_is_kept_as_a_case_and_refused(
    lie: dict[str, Any], status: int
) -> None:
    order = make.order()

    answer = knock(*make.notify(make.resource(make.attempt(order), **lie)))

    kept = Notification.objects.get()
    assert (answer.status_code, answer.json()["code"]) == (status, "FAIL")
    assert status_of(order) == "UNPAID"
    assert kept.handled_at is None
    assert kept.last_error != ""
    assert kept.due_at is not None


def test_news_that_nobody_paid_asks_for_nothing() -> None:
    order = make.order()
    unpaid = make.resource(make.attempt(order), trade_state="PAYERROR", transaction_id="")

    answer = knock(*make.notify(unpaid, event="TRANSACTION.FAIL"))

    assert (answer.status_code, status_of(order)) == (204, "UNPAID")
    assert Notification.objects.get().handled_at is not None


def test_a_refund_that_the_shop_never_made_stays_a_case() -> None:
    content = {
        "mchid": settings.WECHATPAY_MCHID,
        "transaction_id": "4200",
        "out_trade_no": "PY1",
        "refund_id": "5030",
        "out_refund_no": "RF1",
        "refund_status": "SUCCESS",
        "amount": {"total": 1, "refund": 1},
    }

    answer = knock(*make.notify(content, event="REFUND.SUCCESS"), door="/wechat/refund/notify")

    assert (answer.status_code, answer.json()["code"]) == (404, "FAIL")
    assert Notification.objects.get().last_error == "refund_not_found: 退款单不存在"


def test_a_refused_notification_that_comes_again_in_order_is_carried_out() -> None:
    order = make.order()
    attempt = make.attempt(order)
    knock(*make.notify(make.resource(attempt, amount_fen=1), notify_id="N1"))

    answer = knock(*make.notify(make.resource(attempt), notify_id="N1"))

    assert answer.status_code == 204
    assert status_of(order) == "PAID"
    assert Notification.objects.get().resource["amount"]["total"] == 1000


def test_a_transfer_that_the_console_made_is_kept_without_its_user_and_asks_for_nothing() -> None:
    said = {"out_bill_no": "CONSOLE1", "state": "SUCCESS", "openid": "oX", "transfer_amount": 500}
    body, headers = make.notify(said, event="MCHTRANSFER.BILL.FINISHED")

    answer = knock(body, headers, door="/wechat/transfer/notify")

    kept = Notification.objects.get()
    del said["openid"]
    assert (answer.status_code, kept.resource, kept.handled_at is None, kept.due_at) == (
        204,
        said,
        False,
        None,
    )


def test_a_transfer_that_says_nothing_of_its_state_is_kept_and_asked_about_later() -> None:
    body, headers = make.notify({"out_bill_no": "WD1"}, event="MCHTRANSFER.BILL.FINISHED")

    answer = knock(body, headers, door="/wechat/transfer/notify")

    kept = Notification.objects.get()
    assert (answer.status_code, kept.handled_at, kept.due_at is None) == (502, None, False)


def test_what_the_shop_does_nothing_about_is_kept_and_answered_204() -> None:
    body, headers = make.notify({"authorization_id": "1"}, event="MCHTRANSFER.AUTHORIZATION.CLOSED")

    answer = knock(body, headers, door="/wechat/transfer/notify")

    kept = Notification.objects.get()
    assert (answer.status_code, kept.handled_at, kept.due_at) == (204, None, None)


def test_a_notification_that_failed_is_taken_up_again_by_asking_wechat(wechat: Any) -> None:
    order = make.order()
    knock(*make.notify(make.resource(make.attempt(order))))
    Notification.objects.update(handled_at=None, due_at=make.AT)

    assert hearing.retry_notifications(at=make.AT) == 1
    # The sandbox knows nothing of this number: it stays a case, a little later.
    kept = Notification.objects.get()
    assert (kept.handled_at, kept.attempts) == (None, 1)
    assert "ORDER_NOT_EXIST" in kept.last_error
    assert hearing.retry_notifications(at=make.AT) == 0


def test_an_operator_may_have_an_open_notification_taken_up_again_but_not_a_handled_one() -> None:
    attempt = make.attempt(make.order())
    knock(*make.notify(make.resource(attempt)))

    with pytest.raises(notifications.NotificationHandled):
        notifications.take_up_again(notification_id=Notification.objects.get().pk, at=make.AT)


@pytest.mark.django_db(transaction=True)
def test_while_somebody_holds_the_order_wechat_gets_a_no_within_five_seconds_and_a_yes_afterwards() -> None:
    order = make.order()
    body, headers = make.notify(make.resource(make.attempt(order)))
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM orders_order WHERE id = %s FOR UPDATE", [order.pk])
        begun = datetime.now(tz=UTC)
        put_off = knock(body, headers)
        took = datetime.now(tz=UTC) - begun
        other.rollback()
    finally:
        other.close()

    assert (put_off.status_code, put_off.json()["code"]) == (503, "FAIL")
    assert took < timedelta(seconds=4)
    assert Notification.objects.get().handled_at is None
    assert knock(body, headers).status_code == 204
    assert status_of(order) == "PAID"


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_stored_is_never_answered_2xx() -> None:
    order = make.order()
    body, headers = make.notify(make.resource(make.attempt(order)))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments_notification RENAME TO payments_notification_away")
    try:
        answer = knock(body, headers)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE payments_notification_away RENAME TO payments_notification")

    assert answer.status_code == 503
    assert Payment.objects.get().status == "OPEN"
