"""Card keys in the admin: their secrets are on no page but one, which is a permission and is noted."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.base.models import AuditEntry
from apps.cardkeys import selectors as card_facts
from apps.checkout import virtual
from apps.orders.models import Order
from tests.apps.cardkeys import make
from tests.apps.checkout import make as counter

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


def test_a_secret_is_seen_on_one_page_and_whoever_looked_is_known(page: Client, manager: User) -> None:
    sku = make.goods(cards=2)
    buyer, _ = counter.buyer()
    order = counter.order(buyer, None, [(sku, 1)])
    counter.pay(order)
    row = sku.card_keys.get(order_no=order.order_no)
    secret = card_facts.secret_of(row)
    order_page = f"/admin/orders/order/{Order.objects.get(order_no=order.order_no).pk}/change/"
    for address in (
        "/admin/cardkeys/cardkey/",
        f"/admin/cardkeys/cardkey/{row.pk}/change/",
        f"/admin/cardkeys/cardbatch/{row.batch_id}/change/",
        order_page,
    ):
        shown = page.get(address)
        assert shown.status_code == 200
        assert secret not in shown.content.decode()

    told = page.get(f"/admin/cardkeys/cardkey/{row.pk}/reveal/")
    assert secret in told.content.decode()
    assert "no-store" in told["Cache-Control"]
    noted = AuditEntry.objects.get(action="查看卡密")
    assert (noted.operator, noted.subject) == (manager, row.number)
    assert secret not in str(AuditEntry.objects.values_list("note", "changes"))


def test_who_runs_the_cards_may_not_look_into_them(client: Client) -> None:
    (card,) = make.bring_in(make.goods(cards=0), 1)
    clerk = User.objects.create_user("clerk", password="a long enough word", is_staff=True)
    names = ["view_cardkey", "add_cardkey", "change_cardkey"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(clerk)
    assert client.get(f"/admin/cardkeys/cardkey/{card.pk}/change/").status_code == 200
    assert client.get(f"/admin/cardkeys/cardkey/{card.pk}/reveal/").status_code == 403


def test_an_order_of_card_keys_reads_as_its_buyer_reads_it(page: Client) -> None:
    member, _ = counter.buyer()
    card, cup = make.goods(), counter.goods()
    placed = counter.order(member, None, [(card, 1)])
    counter.pay(placed, at=make.NOW)
    beside = counter.order(*counter.buyer(), [(cup, 1)])
    counter.pay(beside, at=make.NOW)
    for status in ("PAID", "SHIPPED"):
        if status == "SHIPPED":
            virtual.ship_due(at=make.NOW + timedelta(hours=1))
        shown = page.get(f"/admin/orders/order/{placed.pk}/change/").content.decode()
        assert Order.objects.get(pk=placed.pk).status == status
        for wrong in ("快递", "待发货", "待收货", "发货"):
            assert not re.search(rf">\s*{wrong}\s*<", _main(shown)), (status, wrong)
        assert _main(shown).count("已发放") >= 2
        assert "线上发放" in _main(shown)
    listed = {
        kind: {row.pk for row in page.get(LIST, {"delivery_by": kind}).context["cl"].result_list}
        for kind in ("EXPRESS", "ONLINE")
    }
    assert listed == {"EXPRESS": {beside.pk}, "ONLINE": {placed.pk}}


def _main(shown: str) -> str:
    """The order itself, without the sidebar, which names the lists."""
    start = shown.index('id="content')
    return shown[start:]
