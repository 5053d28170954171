"""Whatever address of the admin is followed, nothing is another one behind it: browsers follow links, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern
from django.urls.resolvers import RegexPattern

from apps.catalog.models import Brand
from apps.coupons.models import CodeBatch
from apps.fulfillment.models import Parcel, Waybill
from apps.members.models import Group
from apps.members.services import erasures
from tests.admin import shop
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db

# What is written down about the follower, by table.
NOTED = {
    "base_auditentry": "who looked at whose personal data",
    "django_session": "when an operator was last seen",
}


def addresses() -> Iterator[tuple[str, type[Model] | None]]:
    """Yield every address of the admin, its parts as ``<name>``, and the model of the page that has it."""
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLPattern) and not isinstance(pattern.pattern, RegexPattern):
            yield f"/admin/{pattern.pattern}", None
    for model, page in admin.site._registry.items():
        here = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        yield from ((f"{here}{pattern.pattern}", model) for pattern in page.get_urls())
        yield f"/admin/{model._meta.app_label}/", None


def filled(address: str, model: type[Model] | None) -> str:
    """An address with ids of rows that there are."""
    row = model._default_manager.order_by("-pk").first() if model else None
    parcel, waybill = Parcel.objects.order_by("-pk")[0], Waybill.objects.order_by("-pk")[0]
    # What stands below an order's page is of that order.
    row = waybill.order if "waybill_no" in address else parcel.order if "parcel_no" in address else row
    values = {
        "object_id": row.pk if row else 1,
        "content_type_id": ContentType.objects.get_for_model(Brand).pk,
        "month": "2026-11",
        "parcel_no": parcel.parcel_no,
        "waybill_no": waybill.waybill_no,
    }
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values.get(part[1], values["object_id"])), address)


def changes() -> dict[str, int]:
    """How many rows this transaction has added, changed or deleted, by table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def _holdings(operator: User) -> None:
    """What the admin's shop lacks: coupons with codes, stored value, points goods, somebody who wants to be forgotten."""
    wallet.credited()
    points.coupon_good()
    batch = CodeBatch.objects.create(
        template=coupons.coupon().template,
        name="线下",
        size=1,
        made=1,
        created_at=shop.NOW,
        operator=operator,
    )
    batch.codes.create(code="ABCD2345")
    erasures.ask(member=members.member(), at=shop.NOW)
    Group.objects.create(name="茶友")


# One after the other they would be the slowest test of the suite.
SHARES = 3


@pytest.mark.parametrize("share", range(SHARES))
def test_no_address_of_the_admin_changes_anything_when_it_is_followed(
    page: Client, manager: User, settings: Any, share: int
) -> None:
    settings.WALLET_ENABLED = True
    shop.fill(1, operator=manager)
    _holdings(manager)
    followed, missing = 0, []
    for address, model in sorted(set(addresses()), key=str)[share::SHARES]:
        before = changes()
        answer = page.get(filled(address, model))
        if answer.streaming:
            assert b"".join(answer)
        after = changes()
        changed = {table for table in after if after[table] != before.get(table, 0)}
        assert (address, changed - set(NOTED)) == (address, set())
        # 400 lacks what it is asked for in its query, 403 is what nobody may, 405 what must be sent.
        assert (address, answer.status_code in (200, 302, 400, 403, 404, 405)) == (address, True)
        followed += 1
        if answer.status_code == 404 and model and not address.endswith("history/"):
            missing.append(address)
    assert followed > 150
    # tests/admin/test_asking.py has jobs that hand out coupons, uses at a till and steps of journeys, which are named in a
    # query; apps/payments/test_endings.py proofs, apps/complaints/test_complaints.py pictures.
    elsewhere = {
        *("issuejob", "storeuse", "proof", "sharer", "picture", "file"),
        *("step", "move-step", "drop-step", "change-step"),
    }
    assert [address for address in missing if not elsewhere & set(address.split("/"))] == []


def test_an_address_that_changes_something_would_be_noticed(db: None) -> None:
    before = changes()
    Brand.objects.create(name="青禾")
    Brand.objects.update(name="山间")
    after = changes()
    # The second is the database's own doing: what is kept of brands is an old one now.
    assert {table: after[table] - before.get(table, 0) for table in after} == {
        "catalog_brand": 2,
        "base_version": 2,
    }
