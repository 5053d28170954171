"""Mass issue: everyone who is meant gets one, in chunks, whatever happens to the worker."""

from __future__ import annotations

from datetime import datetime

import pytest

from apps.coupons import services as coupons
from apps.coupons.models import Coupon, IssueJob, Template
from apps.coupons.services import jobs as issues
from apps.coupons.services import templates
from apps.members.models import Group, Member
from apps.members.services import groups
from mall.errors import Invalid, NotFound
from tests.apps.coupons.make import AT, DAY, template
from tests.apps.members import make

pytestmark = pytest.mark.django_db


def members(number: int, **fields) -> list[Member]:
    return [make.member(**fields) for _ in range(number)]


def start(of: Template | None = None, audience: str = "ALL", **fields) -> IssueJob:
    return issues.start(
        template_id=(of or template()).pk,
        audience=audience,
        reason="周年庆",
        operator=None,
        at=AT,
        **fields,
    )


def run(job: IssueJob, limit: int = 2) -> int:
    steps = 1
    while issues.advance(job_id=job.pk, at=AT, limit=limit):
        steps += 1
    job.refresh_from_db()
    return steps


def owners() -> set[int]:
    found = list(Coupon.objects.values_list("member_id", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def test_every_member_gets_one_and_the_job_says_how_far_it_is():
    everyone = members(5)
    job = start(of := template())
    issues.advance(job_id=job.pk, at=AT, limit=2)
    job.refresh_from_db()
    assert (job.total, job.reached, job.issued, job.status) == (5, 2, 2, "RUNNING")
    run(job)
    assert (job.reached, job.issued, job.status, job.finished_at) == (5, 5, "DONE", AT)
    assert owners() == {member.pk for member in everyone}
    of.refresh_from_db()
    assert of.issued == 5
    mine = Coupon.objects.filter(way="JOB", valid_from=AT, valid_until=AT + 7 * DAY, status="AVAILABLE")
    assert mine.values("public_id").distinct().count() == 5


def test_a_job_that_starts_over_gives_nobody_a_second_one():
    members(5)
    job = start(of := template())
    issues.advance(job_id=job.pk, at=AT, limit=3)
    IssueJob.objects.update(cursor=0)  # as if the worker had died with only the coupons written
    run(job)
    of.refresh_from_db()
    assert (len(owners()), job.issued, of.issued) == (5, 5, 5)


def test_who_registers_later_or_is_disabled_is_not_meant():
    known = members(2)
    members(1, disabled_at=AT)
    job = start()
    members(1)
    run(job)
    assert owners() == {member.pk for member in known}
    assert job.total == 2


def test_a_level_gets_what_is_meant_for_it():
    gold = make.level("金卡", rank=9)
    meant = members(2, level=gold)
    members(2)
    run(start(audience="LEVEL", level_id=gold.pk))
    assert owners() == {member.pk for member in meant}
    with pytest.raises(Invalid):
        start(audience="LEVEL")
    with pytest.raises(NotFound):
        start(audience="LEVEL", level_id=gold.pk + 1)


def test_a_list_of_numbers_is_taken_as_it_is_with_the_unknown_counted():
    one, two, _ = members(3)
    numbers = [one.public_id, f" {two.public_id}\r\n", "", one.public_id, "NOBODY"]
    job = start(audience="LIST", member_numbers=iter(numbers))
    run(job)
    assert owners() == {one.pk, two.pk}
    assert (job.total, job.unknown) == (2, 1)


def test_a_job_for_nobody_is_refused_and_leaves_nothing():
    with pytest.raises(Invalid):
        start(audience="LIST", member_numbers=["NOBODY"])
    assert not IssueJob.objects.exists()


def test_a_quota_ends_the_job_exactly_there():
    members(5)
    job = start(of := template(quota=3))
    run(job, limit=2)
    of.refresh_from_db()
    assert (job.status, job.issued, of.issued, len(owners())) == ("SHORT", 3, 3, 3)


def test_a_stopped_template_stops_its_job():
    members(3)
    job = start(of := template())
    issues.advance(job_id=job.pk, at=AT, limit=1)
    templates.stop(template_id=of.pk)
    run(job)
    assert (job.status, job.issued, len(owners())) == ("STOPPED", 1, 1)
    with pytest.raises(coupons.NotIssued):
        start(of)


def test_a_job_can_be_stopped_and_stays_stopped():
    members(3)
    job = start()
    issues.advance(job_id=job.pk, at=AT, limit=1)
    for _ in range(2):
        issues.stop(job_id=job.pk, at=AT)
    assert issues.advance_due(at=AT) == 0
    job.refresh_from_db()
    assert (job.status, len(owners())) == ("STOPPED", 1)


def test_the_sweep_finishes_all_jobs_that_run():
    members(3)
    for _ in range(2):
        start()
    assert issues.advance_due(at=AT) == 4
    assert set(IssueJob.objects.values_list("status", "issued")) == {("DONE", 3)}


def test_two_jobs_of_one_template_give_two():
    members(1)
    of = template()
    for _ in range(2):
        run(start(of))
    assert Coupon.objects.count() == 2


def test_a_group_gets_what_is_meant_for_it_as_it_was_at_the_beginning():
    club = Group.objects.create(name="茶友会")
    meant, late, left = members(3), members(1), members(1)
    members(1)

    def put(some: list[Member], at: datetime) -> None:
        groups.add(group_id=club.pk, member_numbers=[one.public_id for one in some], at=at)

    put([*meant, *left], AT)
    job = start(audience="GROUP", group_id=club.pk)
    assert job.total == 4
    put(late, AT + DAY)
    groups.remove(group_id=club.pk, member_numbers=[left[0].public_id])
    run(job, limit=2)
    assert owners() == {member.pk for member in meant}
    assert (job.reached, job.issued, job.status) == (3, 3, "DONE")


def test_a_group_job_names_a_group_and_no_other_job_does():
    club = Group.objects.create(name="茶友会")
    members(1)
    with pytest.raises(Invalid):
        start(audience="GROUP")
    with pytest.raises(Invalid):
        start(audience="ALL", group_id=club.pk)
    with pytest.raises(NotFound):
        start(audience="GROUP", group_id=club.pk + 1)
    with pytest.raises(Invalid):
        start(audience="GROUP", group_id=club.pk)  # nobody is in it
    assert not IssueJob.objects.exists()
