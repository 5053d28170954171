"""A coupon for each of so many members, as a mass issue gives it: how many a second."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from apps.coupons.models import Template
from apps.coupons.services import jobs as issues
from apps.coupons.services import templates

# Unless told otherwise (``--members``): enough to see the speed, soon enough done.
MEMBERS = 200_000
# The order of the shop: one million members within a minute.
LEAST_A_SECOND = 20_000
_PIECE = 50_000
_MEMBERS = """
    INSERT INTO members_member (public_id, openid, unionid, nickname, avatar_url, phone, growth, registered_at)
    SELECT 'BENCH' || number, 'bench-' || number, '', '', '', '', 0, now()
      FROM generate_series(%s::int, %s::int) AS number
"""


class Speed(NamedTuple):
    """Coupons a second by the clock, and for each second that the database's processor was at work.

    The latter says what a machine can do that others are using, too; None where the database is on another
    machine, or its processor cannot be asked.
    """

    a_second: float
    a_cpu_second: float | None


def speed(members: int = MEMBERS) -> Speed:
    """Make so many members, issue to all of them, and return how fast the issue alone was."""
    with connection.cursor() as cursor:
        for begun in range(0, members, _PIECE):
            cursor.execute(_MEMBERS, [begun + 1, min(begun + _PIECE, members)])
    template = templates.create(
        name="满50减10", kind=Template.Kind.THRESHOLD, threshold_fen=5_000, off_fen=1_000, valid_days=7
    )
    job = issues.start(
        template_id=template.pk, audience="ALL", reason="bench", operator=None, at=timezone.now()
    )
    begun_at, before = time.perf_counter(), worked()
    while issues.advance(job_id=job.pk, at=job.created_at):
        pass
    took = time.perf_counter() - begun_at
    cpu = None if before is None else (worked() or before) - before
    return Speed(job.total / took, job.total / cpu if cpu else None)


def worked() -> float | None:
    """The processor seconds that our connection's own server process has used, None where it is not to be seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # After the name, which stands in brackets: state is field 3, utime and stime are 14 and 15 (proc_pid_stat(5)).
    fields = told.rpartition(")")[2].split()
    if "postgres" not in told.partition(")")[0]:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
