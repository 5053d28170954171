"""Mass issue: one coupon for each of up to millions of members, in chunks that a killed worker cannot double."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F, QuerySet

from apps.base import transactions
from apps.coupons.models import Coupon, IssueJob, IssueTarget, Template
from apps.coupons.services import issuing
from apps.coupons.states import CouponStatus, JobStatus, TemplateStatus
from apps.members.models import Group, Level, Member
from apps.members.services import groups
from mall.errors import Fault, Faulty, Invalid, NotFound, ShopError

CHUNK: Final = 10_000

# The chunk's members, one coupon for each of them that has none of this job yet, and how far we came: one
# statement. ``cause`` names the job, so that the unique key (member, template, cause) refuses a second one.
_ISSUE: Final = """
    WITH chunk AS (
        SELECT member.id FROM members_member AS member {narrowed}
         WHERE member.id > %(cursor)s AND member.id <= %(last)s AND member.disabled_at IS NULL
         ORDER BY member.id LIMIT %(limit)s
    ), given AS (
        INSERT INTO coupons_coupon (public_id, member_id, template_id, status, valid_from, valid_until,
                                    order_no, way, cause, gift_of, issued_at)
        SELECT gen_random_uuid(), chunk.id, %(template)s, %(status)s, %(valid_from)s, %(valid_until)s,
               '', %(way)s, %(cause)s, '', %(at)s
          FROM chunk
            ON CONFLICT (member_id, template_id, cause) DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT max(id) FROM chunk), (SELECT count(*) FROM chunk), (SELECT count(*) FROM given)
"""
_NARROWED: Final = {
    IssueJob.Audience.ALL: "",
    IssueJob.Audience.LEVEL: "JOIN (SELECT %(level)s::bigint AS id) AS level ON level.id = member.level_id",
    IssueJob.Audience.LIST: "JOIN coupons_issuetarget AS target"
    " ON target.member_id = member.id AND target.job_id = %(job)s",
    # Those of the beginning: who joins while it runs is not meant.
    IssueJob.Audience.GROUP: "JOIN members_membership AS membership ON membership.member_id = member.id"
    " AND membership.group_id = %(group)s AND membership.added_at <= %(begun)s",
}


class IssueJobOrdered(ShopError):
    """The same page was sent twice at the same moment; the other one was first."""

    code = "issue_job_ordered"
    message = "已开始发放，请勿重复提交"


class IssueRefused(Faulty):
    """Nobody could tell who is meant; ``faults`` say at which field, and why."""

    code = "issue_refused"


class _Step(NamedTuple):
    """What one chunk did: the last member, how many members there were, how many got a coupon."""

    last: int | None
    reached: int
    issued: int


def start(
    *,
    template_id: int,
    audience: str,
    reason: str,
    at: datetime,
    operator: User | None,
    level_id: int | None = None,
    group_id: int | None = None,
    member_numbers: Iterable[str] = (),
    member_ids: Iterable[Sequence[int]] = (),
    token: str = "",
) -> IssueJob:
    """Order one coupon for each member that is meant; a sweep issues them.

    A ``token`` is the page that was sent: the same one again returns its mass issue.
    ``member_numbers`` are public ids for the audience LIST, read as a stream; blank ones are passed over, unknown ones
    counted. ``member_ids`` are those whom a room above means, batch by batch, for LIST as well. Members who register or
    join the group later, and those disabled, are not meant.
    Raises IssueRefused, Invalid where nobody is meant, NotIssued (a template that is not live, or whose coupons would
    be over), NotFound.
    """
    if token and (before := IssueJob.objects.filter(token=token).first()):
        return before
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    check_audience(audience=audience, level_id=level_id, group_id=group_id)
    if template.status != TemplateStatus.LIVE:
        raise issuing.NotIssued
    issuing.window(template, at=at)
    with transactions.refine({"issue_job_once_per_page": IssueJobOrdered}):
        newest = Member.objects.order_by("-id").values_list("id", flat=True).first()
        job = IssueJob.objects.create(
            template=template,
            audience=audience,
            level_id=level_id,
            group_id=group_id,
            reason=reason,
            last_member_id=newest or 0,
            total=0,
            operator=operator,
            created_at=at,
            token=token,
        )
        if audience == IssueJob.Audience.LIST:
            job.unknown = _list(job, member_numbers)
            for some in member_ids:
                _target(job, some)
        job.total = _meant(job).count()
        if not job.total:
            transaction.set_rollback(True)
            raise Invalid("没有符合条件的会员", details={"unknown": job.unknown})
        job.save(update_fields=["total", "unknown"])
    return job


def check_audience(
    *, audience: str, level_id: int | None = None, group_id: int | None = None, listed: bool = True
) -> None:
    """Refuse what does not say who is meant: a level for LEVEL, a group for GROUP, numbers (``listed``) for LIST.

    Raises IssueRefused; NotFound for a level or group that is not there.
    """
    faults = [] if audience in IssueJob.Audience.values else [Fault("audience", "请选择发放对象")]
    if (audience == IssueJob.Audience.LEVEL) != (level_id is not None):
        faults.append(Fault("level", "请选择会员等级"))
    if (audience == IssueJob.Audience.GROUP) != (group_id is not None):
        faults.append(Fault("group", "请选择会员分组"))
    if audience == IssueJob.Audience.LIST and not listed:
        faults.append(Fault("numbers", "请填写会员编号或上传文件"))
    if faults:
        raise IssueRefused(faults)
    if level_id is not None and not Level.objects.filter(pk=level_id).exists():
        raise NotFound
    if group_id is not None and not Group.objects.filter(pk=group_id).exists():
        raise NotFound


def count(
    *, audience: str, level_id: int | None, group_id: int | None, member_numbers: Iterable[str]
) -> tuple[int, int]:
    """How many members ``start`` would mean now, and how many numbers on the list nobody has; nothing is written."""
    members = Member.objects.filter(disabled_at__isnull=True)
    if level_id is not None:
        return members.filter(level_id=level_id).count(), 0
    if group_id is not None:
        return members.filter(memberships__group_id=group_id).count(), 0
    if audience == IssueJob.Audience.ALL:
        return members.count(), 0
    meant: set[int] = set()
    unknown = 0
    for some in groups.by_thousands(member_numbers):
        known = dict(Member.objects.filter(public_id__in=some).values_list("public_id", "pk"))
        unknown += len(some - known.keys())
        meant |= set(members.filter(pk__in=known.values()).values_list("pk", flat=True))
    return len(meant), unknown


@transaction.atomic
def advance(*, job_id: int, at: datetime, limit: int = CHUNK) -> bool:
    """Issue to the next members of a running job; return whether more are waiting.

    One transaction with the cursor: what a killed worker had not finished is done again, nothing else. A job
    that another worker is at is left to it.
    """
    job = (
        IssueJob.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("template")
        .filter(pk=job_id, status=JobStatus.RUNNING)
        .first()
    )
    if job is None:
        return False
    try:
        with transaction.atomic():
            step = _issue(job, at=at, limit=limit)
            issuing.take_quota(template_id=job.template_id, number=step.issued)
    except issuing.NotIssued:
        return _finish(job, JobStatus.STOPPED, at=at)
    except issuing.SoldOut:
        return _issue_the_rest(job, at=at, limit=limit)
    return _write_down(job, step, at=at)


def advance_due(*, at: datetime, chunks: int = 100) -> int:
    """Advance the running jobs, the oldest first, by at most so many chunks; return how many were done.

    ``chunks`` keeps a sweep well below the time limit of a task; the next one goes on.
    """
    done = 0
    running = IssueJob.objects.filter(status=JobStatus.RUNNING).order_by("id").values_list("pk", flat=True)
    for job_id in list(running):
        more = True
        while more and done < chunks:
            more = advance(job_id=job_id, at=at)
            done += 1
    return done


@transaction.atomic
def stop(*, job_id: int, at: datetime) -> None:
    """End a running job where it is; what was issued stays. Stopping a job that is over changes nothing."""
    IssueJob.objects.filter(pk=job_id, status=JobStatus.RUNNING).update(
        status=JobStatus.STOPPED, finished_at=at
    )


def _issue(job: IssueJob, *, at: datetime, limit: int) -> _Step:
    valid_from, valid_until = issuing.window(job.template, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            _ISSUE.format(narrowed=_NARROWED[IssueJob.Audience(job.audience)]),
            {
                "cursor": job.cursor,
                "last": job.last_member_id,
                "limit": limit,
                "level": job.level_id,
                "group": job.group_id,
                "begun": job.created_at,
                "job": job.pk,
                "template": job.template_id,
                "status": CouponStatus.AVAILABLE,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "way": Coupon.Way.JOB,
                "cause": f"job:{job.pk}",
                "at": at,
            },
        )
        return _Step(*cursor.fetchone())


def _issue_the_rest(job: IssueJob, *, at: datetime, limit: int) -> bool:
    """The quota is smaller than a chunk: issue what is left of it, then end the job short."""
    template = Template.objects.select_for_update(no_key=True).get(pk=job.template_id)
    left = (template.quota or 0) - template.issued
    if left <= 0:
        return _finish(job, JobStatus.SHORT, at=at)
    step = _issue(job, at=at, limit=min(left, limit))
    issuing.take_quota(template_id=job.template_id, number=step.issued)
    return _write_down(job, step, at=at)


def _write_down(job: IssueJob, step: _Step, *, at: datetime) -> bool:
    if step.last is None:
        return _finish(job, JobStatus.DONE, at=at)
    IssueJob.objects.filter(pk=job.pk).update(
        cursor=step.last, reached=F("reached") + step.reached, issued=F("issued") + step.issued
    )
    return True


def _finish(job: IssueJob, status: JobStatus, *, at: datetime) -> bool:
    IssueJob.objects.filter(pk=job.pk).update(status=status, finished_at=at)
    return False


def _meant(job: IssueJob) -> QuerySet[Member]:
    members = Member.objects.filter(pk__lte=job.last_member_id, disabled_at__isnull=True)
    if job.level_id is not None:
        return members.filter(level_id=job.level_id)
    if job.group_id is not None:
        return members.filter(memberships__group_id=job.group_id, memberships__added_at__lte=job.created_at)
    if job.audience == IssueJob.Audience.LIST:
        return members.filter(issuetarget__job=job)
    return members


def _list(job: IssueJob, member_numbers: Iterable[str]) -> int:
    """Write down who is on the list; return how many numbers nobody has."""
    unknown = 0
    for some in groups.by_thousands(member_numbers):
        known = dict(Member.objects.filter(public_id__in=some).values_list("public_id", "pk"))
        unknown += len(some - known.keys())
        _target(job, known.values())
    return unknown


def _target(job: IssueJob, member_ids: Collection[int]) -> None:
    IssueTarget.objects.bulk_create(
        [IssueTarget(job=job, member_id=member_id) for member_id in member_ids], ignore_conflicts=True
    )
