"""A worker at a mass issue that may be killed: ``python -m tests.races.issue JOB`` goes on with it in small chunks."""

from __future__ import annotations

import sys

import django


def main() -> None:
    django.setup()
    from django.utils import timezone

    from apps.coupons.services import jobs as issues

    while issues.advance(job_id=int(sys.argv[1]), at=timezone.now(), limit=20):
        pass


if __name__ == "__main__":
    main()
