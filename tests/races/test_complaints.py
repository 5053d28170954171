"""Two operators at one complaint at once, and WeChat's call beside the sweep: one answer, one row. Real threads."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from apps.complaints.models import Complaint, ComplaintAct
from apps.complaints.services import acting, hearing, keeping
from apps.wechat.pay import complaints as wechat_complaints
from apps.wechat.sandbox.control import Sandbox
from tests.apps.complaints import make
from tests.races.together import all_answers

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def replying(row: Complaint, token: str) -> Callable[[], str]:
    def say() -> str:
        acting.reply(complaint_id=row.pk, text="今天补发", token=token, operator=None, at=timezone.now())
        return "replied"

    return say


def answers(wechat: Sandbox, row: Complaint) -> int:
    history = wechat.complaint(row.complaint_id)["history"]
    return [entry["operate_type"] for entry in history].count("MERCHANT_RESPONSE")


def test_of_operators_who_answer_at_once_one_is_heard(wechat: Sandbox) -> None:
    row = make.complained(wechat)
    wechat.fault("delay", path="/v3/merchant-service/complaints-v2/*/response", delay_s=0.5, times=8)

    outcome = all_answers([replying(row, f"T{number}") for number in range(4)])

    assert outcome == {"replied": 1, "complaint_act_under_way": 3}
    assert answers(wechat, row) == 1
    assert ComplaintAct.objects.count() == 1


def test_wechat_itself_would_take_every_one(wechat: Sandbox) -> None:
    """The control: what holds them back is the shop, which asks nobody's leave here."""
    row = make.complained(wechat)

    def send() -> str:
        wechat_complaints.reply(complaint_id=row.complaint_id, text="今天补发")
        return "replied"

    assert all_answers([send] * 4) == {"replied": 4}
    assert answers(wechat, row) == 4


def test_a_call_and_several_sweeps_at_once_are_one_row(wechat: Sandbox) -> None:
    number = make.at_wechat(wechat)

    def calls() -> str:
        keeping.note(complaint_id=number, at=timezone.now())
        return "noted"

    def sweeps() -> str:
        hearing.poll_due(at=timezone.now())
        return "swept"

    outcome = all_answers([calls, sweeps, calls, sweeps])

    assert outcome == {"noted": 2, "swept": 2}
    hearing.read_due(at=timezone.now())
    assert Complaint.objects.get().text == "杯子碎了"
    assert Complaint.objects.get().steps.count() == 1
