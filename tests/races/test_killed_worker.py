"""Workers that are really killed (SIGKILL) in the middle of a mass issue: everybody has one coupon in the end."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from apps.base import numbers
from apps.coupons.models import Coupon, IssueJob
from apps.coupons.services import jobs as issues
from apps.members.models import Member
from tests.apps.coupons.make import template
from tests.journeys.programs import ROOT, on_the_tests_database

MEMBERS = 4_000


def _await(reached: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.005)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_killed_in_the_middle_of_an_issue_give_nobody_a_second_coupon_and_the_next_one_ends_it():
    at = timezone.now()
    Member.objects.bulk_create(
        Member(public_id=word, openid=word, registered_at=at)
        for word in (numbers.word(16) for _ in range(MEMBERS))
    )
    of = template()
    job = issues.start(template_id=of.pk, audience="ALL", reason="周年庆", operator=None, at=at)
    came_to = [0]
    for _ in range(2):
        command = [sys.executable, "-m", "tests.races.issue", str(job.pk)]
        process = subprocess.Popen(command, cwd=ROOT, env=on_the_tests_database())
        try:
            _await(lambda: IssueJob.objects.get(pk=job.pk).issued > came_to[-1] + 200)
        finally:
            process.kill()
            assert process.wait(5) == -9
        job.refresh_from_db()
        # In the middle: what the job counts is what members have, and more are waiting.
        assert (job.status, job.issued) == ("RUNNING", Coupon.objects.count())
        assert came_to[-1] < job.issued < MEMBERS
        came_to.append(job.issued)

    def finished() -> bool:
        issues.advance_due(at=at)  # the killed one's lock goes with its connection, a moment later
        return not IssueJob.objects.filter(status="RUNNING").exists()

    _await(finished)
    job.refresh_from_db()
    of.refresh_from_db()
    assert (job.status, job.reached, job.issued, of.issued) == ("DONE", MEMBERS, MEMBERS, MEMBERS)
    assert Coupon.objects.count() == Coupon.objects.values("member").distinct().count() == MEMBERS
