"""One coupon of a template for each of many members who have reasons of their own: a few statements for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection, transaction

from apps.base import transactions
from apps.coupons.models import Coupon, Template
from apps.coupons.services import issuing
from apps.coupons.states import CouponStatus, TemplateStatus
from mall.errors import NotFound

_ISSUE: Final = """
    INSERT INTO coupons_coupon (public_id, member_id, template_id, status, valid_from, valid_until,
                                order_no, way, cause, gift_of, issued_at)
    SELECT gen_random_uuid(), given.member_id, %(template)s, %(status)s, %(valid_from)s, %(valid_until)s,
           '', %(way)s, given.cause, '', %(at)s
      FROM unnest(%(members)s::bigint[], %(causes)s::text[]) AS given (member_id, cause)
        ON CONFLICT (member_id, template_id, cause) DO NOTHING
"""


class Given(NamedTuple):
    """Whose reason brought a coupon, now or before; and who got none, because the template's quota is used up."""

    have: frozenset[int]
    without: frozenset[int]


def issue_many(*, template_id: int, causes: Mapping[int, str], way: str, at: datetime) -> Given:
    """Give each member, by id, one coupon for their ``cause`` (≤ 60 characters); the same cause gives no second one.

    In the caller's transaction. As ``issuing.issue`` asks for no claim window, level or limit per member, so does this.
    Where the quota is smaller, those with the lower ids get what is left. Raises NotIssued, NotFound, NoTransaction.
    """
    transactions.require()
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    had = set(
        Coupon.objects.filter(
            member_id__in=list(causes), template=template, cause__in=set(causes.values())
        ).values_list("member_id", flat=True)
    )
    wanted = sorted(causes.keys() - had)
    if not wanted:
        return Given(frozenset(had), frozenset())
    if template.status != TemplateStatus.LIVE:
        raise issuing.NotIssued
    try:
        with transaction.atomic():
            _issue(template, {member_id: causes[member_id] for member_id in wanted}, way=way, at=at)
        return Given(frozenset(causes), frozenset())
    except issuing.SoldOut:
        # Locked, so that what is left stays left until the end of the transaction.
        locked = Template.objects.select_for_update(no_key=True).get(pk=template_id)
        left: Sequence[int] = wanted[: max(0, (locked.quota or 0) - locked.issued)]
        if left:
            _issue(locked, {member_id: causes[member_id] for member_id in left}, way=way, at=at)
        return Given(frozenset(had.union(left)), frozenset(wanted) - frozenset(left))


def _issue(template: Template, causes: Mapping[int, str], *, way: str, at: datetime) -> None:
    """Write the coupons, then take them from the quota: the row that everybody wants comes last."""
    valid_from, valid_until = issuing.window(template, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            _ISSUE,
            {
                "template": template.pk,
                "status": CouponStatus.AVAILABLE,
                "valid_from": valid_from,
                "valid_until": valid_until,
                "way": way,
                "at": at,
                "members": list(causes),
                "causes": list(causes.values()),
            },
        )
        issuing.take_quota(template_id=template.pk, number=cursor.rowcount)
