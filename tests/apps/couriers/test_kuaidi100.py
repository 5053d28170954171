"""Kuaidi100 is asked as its documents say, and each of its answers means what the shop may do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.couriers import errors as courier_errors
from apps.couriers import kuaidi100
from apps.couriers import services as couriers
from apps.couriers.kuaidi100 import Account, Node, Way
from tests.wechat.client import scripted
from tests.wechat.client.scripted import Reply, Script

# From its documents: the answer of the real-time query.
TOLD = {
    "message": "ok",
    "state": "0",
    "status": "200",
    "condition": "F00",
    "ischeck": "0",
    "com": "yuantong",
    "nu": "V030344422",
    "data": [
        {
            "context": "上海分拨中心/装件入车扫描 ",
            "time": "2012-08-28 16:33:19",
            "ftime": "2012-08-28 16:33:19",
            "areaName": "上海市",
        },
        {"context": "上海分拨中心/下车扫描 ", "time": "2012-08-27 23:22:42", "ftime": "2012-08-27 23:22:42"},
        {"context": "没有时间", "time": "", "ftime": ""},
        {"context": "", "time": "2012-08-27 23:22:42"},
        "no line",
    ],
}


@pytest.fixture
def service(settings: Any) -> Iterator[Script]:
    """Kuaidi100, saying what the test tells it to."""
    with scripted.serving() as script:
        settings.KUAIDI100_CUSTOMER, settings.KUAIDI100_KEY = "32DC29F1FAB93B19", "iHTgyVlj8081"
        settings.KUAIDI100_BASE = script.base
        yield script


def ask() -> Way:
    return couriers.way_of(carrier_id="YTO", tracking_no="V030344422", phone="138 0000 1234")


def says(script: Script, answer: Any, *, status: int = 200) -> None:
    script.say(Reply(json.dumps(answer).encode(), status=status))


def test_a_question_is_signed_over_exactly_what_is_sent_and_tells_four_digits_of_the_phone(
    service: Script,
) -> None:
    says(service, TOLD)
    ask()
    sent = {name: values[0] for name, values in parse_qs(service.heard[-1].body.decode()).items()}
    assert json.loads(sent["param"]) == {
        "com": "yuantong",
        "num": "V030344422",
        "phone": "1234",
        "resultv2": "1",
    }
    assert sent["customer"] == "32DC29F1FAB93B19"
    # printf '%s' "$param$key$customer" | md5sum, in capitals
    account = Account("32DC29F1FAB93B19", "iHTgyVlj8081")
    assert sent["sign"] == kuaidi100.signature(account, sent["param"])
    assert kuaidi100.signature(account, '{"com":"yuantong","num":"V030344422"}') == SIGNED


# Reckoned by coreutils' md5sum over {"com":"yuantong","num":"V030344422"} + key + customer.
SIGNED = "C1A2A4176FACC7F00B0545359A24A1CF"


def test_a_way_is_read_line_by_line_in_beijing_time_without_what_says_nothing(service: Script) -> None:
    says(service, TOLD)
    assert ask() == Way(
        state="0",
        nodes=(
            Node(datetime(2012, 8, 28, 8, 33, 19, tzinfo=UTC), "上海分拨中心/装件入车扫描", "上海市"),
            Node(datetime(2012, 8, 27, 15, 22, 42, tzinfo=UTC), "上海分拨中心/下车扫描"),
        ),
    )


def test_each_refusal_means_what_can_be_done_about_it(service: Script) -> None:
    meant: dict[str, type[Exception] | None] = {
        "500": None,
        "400": courier_errors.CourierRefused,
        "408": courier_errors.CourierRefused,
        "501": courier_errors.CourierBusy,
        "502": courier_errors.CourierBusy,
        "503": courier_errors.CourierMisconfigured,
        "601": courier_errors.CourierMisconfigured,
    }
    for code, error in meant.items():
        says(service, {"result": False, "returnCode": code, "message": "单号13800001234有误"})
        if error is None:
            assert ask() == Way()
            continue
        with pytest.raises(error) as refused:
            ask()
        assert "13800001234" not in str(refused.value)
    for odd in ([], {"data": "none"}, {"status": "200"}, {"returnCode": "x" * 40}):
        says(service, odd)
        with pytest.raises(courier_errors.CourierUnavailable):
            ask()
    says(service, {}, status=502)
    with pytest.raises(courier_errors.CourierBadAnswer):
        ask()


def test_nobody_is_asked_without_an_account_or_about_a_carrier_it_does_not_know(
    service: Script, settings: Any
) -> None:
    assert couriers.knows(carrier_id="SF", tracking_no="SF1")
    assert not couriers.knows(carrier_id="LB", tracking_no="LB1")
    assert not couriers.knows(carrier_id="SF", tracking_no="S" * 33)
    settings.KUAIDI100_KEY = ""
    assert not couriers.knows(carrier_id="SF", tracking_no="SF1")
