"""Whatever is asked of the shop, allowed by the published document or not, the answer is one that the document names."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.carts import services as carts
from apps.carts.models import CartItem
from apps.members.services import consents
from apps.wechat.sandbox.control import Sandbox
from tests.api.any_request import Machine
from tests.apps.checkout import make as counter
from tests.apps.coupons import make as coupons
from tests.apps.members import make as members
from tests.apps.points import make as points
from tests.apps.support import make as surveys
from tests.apps.wallet import make as wallet

pytestmark = pytest.mark.django_db

# So that several processes share the operations.
SHARES = 4


class World:
    """A member who has one of everything, their token, and the machine that knows the ids of it all."""

    def __init__(self, document: dict[str, Any], wechat: Sandbox) -> None:
        now = timezone.now()
        soon = now + timedelta(hours=1)
        members.level("普通会员", rank=1)
        members.privacy("1.0")
        member, address = counter.buyer(openid=wechat.login("小茶").openid)
        consents.give(member=member, document="privacy", version="1.0", at=now)
        sku = counter.goods(5000, units=50)
        carts.put(member=member, sku_id=sku.pk, quantity=1, selected=True, at=now)
        points.points.earn(member_id=member.pk, amount=100, cause="start", at=now)
        template = coupons.template("满500减10", threshold_fen=50_000)
        pack = wallet.pack(starts_at=now - timedelta(hours=1), ends_at=soon)
        ids = {
            "product_id": sku.product_id,
            "address_id": address.pk,
            "item_id": CartItem.objects.get().pk,
            "order_no": counter.order(member, address, [(sku, 1)], at=now).order_no,
            "template_id": template.pk,
            "coupon_id": coupons.coupon(member, of=template).pk,
            "survey_id": surveys.survey(starts_at=now - timedelta(days=1), ends_at=soon).pk,
            "good_id": points.coupon_good(100).pk,
            "document": "privacy",
            "recharge_no": wallet.placed(member, pack, at=now).recharge_no,
        }
        self.machine = Machine(document, ids)
        self.headers = {"Authorization": f"Bearer {members.access_token(member)}"}


@pytest.fixture
def world(document: dict[str, Any], wechat: Sandbox, settings: Any) -> World:
    settings.WALLET_ENABLED = True
    return World(document, wechat)


@pytest.mark.parametrize("share", range(SHARES))
def test_any_request_of_a_member_is_answered_as_documented(world: World, share: int) -> None:
    machine = world.machine
    for operation in machine.operations()[share::SHARES]:
        for case in machine.cases(operation):
            machine.send(case, world.headers)
    assert machine.complaints == []
    assert machine.sent > 300


def test_any_request_of_somebody_who_is_not_logged_in_is_answered_as_documented(world: World) -> None:
    machine, let_in = world.machine, set()
    for operation in machine.operations():
        case = next(machine.cases(operation))
        if machine.send(case, {}).status_code != 401:
            let_in.add(operation.label)
    assert machine.complaints == []
    secured = {
        f"{method} {path}"
        for method, path, told in machine.contract.operations()
        if {} not in told.get("security", [{}])
    }
    assert let_in & secured == set()


def test_the_requests_are_the_same_in_every_run(document: dict[str, Any], world: World) -> None:
    made = []
    for machine in (world.machine, Machine(document, {})):
        (operation,) = [one for one in machine.operations() if one.label == "POST /api/v1/orders"]
        made.append([repr((case.query, case.headers, case.body)) for case in machine.cases(operation)])
    assert (made[0], len(made[0]) > 100) == (made[1], True)


def complaints(document: dict[str, Any], world: World, label: str) -> list[str]:
    """What is wrong with the answers to all requests of one operation, going by a document."""
    machine = Machine(document, world.machine.ids)
    (operation,) = [one for one in machine.operations() if one.label == label]
    for case in machine.cases(operation):
        machine.send(case, world.headers)
    return machine.complaints


def test_a_document_that_is_wrong_is_noticed(document: dict[str, Any], world: World) -> None:
    listed, shown = "/api/v1/coupons", "/api/v1/products/{product_id}"
    assert complaints(document, world, f"GET {listed}") == []

    for bound, figure in (("maximum", 101), ("maximum", 99), ("minimum", 2)):
        wrong = deepcopy(document)
        (size,) = [one for one in wrong["paths"][listed]["get"]["parameters"] if one["name"] == "page_size"]
        size["schema"][bound] = figure
        assert complaints(wrong, world, f"GET {listed}") != []

    wrong = deepcopy(document)
    wrong["components"]["schemas"]["Product"]["properties"]["title"] = {"type": "integer"}
    assert complaints(wrong, world, f"GET {shown}") != []

    wrong = deepcopy(document)
    refusal = wrong["paths"][shown]["get"]["responses"]["404"]["content"]["application/json"]["schema"]
    refusal["allOf"][1]["properties"]["code"]["enum"] = ["no_such_product"]
    assert complaints(wrong, world, f"GET {shown}") != []
