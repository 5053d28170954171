"""The carriers are WeChat's: refreshed from its list, added and renamed, never removed."""

from __future__ import annotations

import pytest

from apps.fulfillment.models import Carrier
from apps.fulfillment.services import carriers
from apps.wechat.errors import WechatUnavailable
from apps.wechat.sandbox.carriers import CARRIERS
from apps.wechat.sandbox.control import Sandbox
from tests.apps.fulfillment import make

pytestmark = pytest.mark.django_db


def test_wechats_list_is_kept_and_old_names_are_renewed(wechat: Sandbox) -> None:
    Carrier.objects.update_or_create(code="SF", defaults={"name": "旧名", "common": True})
    Carrier.objects.create(code="OWL", name="猫头鹰")

    assert carriers.refresh() == len(CARRIERS)
    assert carriers.refresh() == len(CARRIERS)

    sf = Carrier.objects.get(code="SF")
    assert (sf.name, sf.common) == (CARRIERS["SF"], True)
    assert set(Carrier.objects.values_list("code", flat=True)) == {*CARRIERS, "OWL"}


def test_while_wechat_is_away_the_list_stays(wechat: Sandbox) -> None:
    make.carriers()
    before = Carrier.objects.count()
    wechat.fault("http_status", times=9, path="/cgi-bin/express/*", status=502)

    with pytest.raises(WechatUnavailable):
        carriers.refresh()

    assert Carrier.objects.count() == before
