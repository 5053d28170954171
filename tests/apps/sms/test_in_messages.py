"""A message that goes by SMS: what the scene tells reaches each provider's blanks in their order and by their names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.messaging.models import SceneSetting
from apps.messaging.services import ruling
from apps.messaging.states import DispatchStatus
from tests.apps.messaging import make
from tests.apps.sms.providers import BLANKS, TEMPLATE, Providers

pytestmark = pytest.mark.django_db
# The template says the order's number second; the scene names it first.
VALUES = f"{BLANKS[0]}=goods,{BLANKS[1]}=order_no"


@pytest.fixture(autouse=True)
def _own_board(settings: object) -> Iterator[None]:
    settings.MESSAGE_SCENES = "tests.apps.messaging.make.SCENES"  # type: ignore[attr-defined]
    make.TRUTH.clear()
    yield


def test_the_scene_s_facts_stand_in_the_template_s_blanks(providers: Providers, provider: str) -> None:
    SceneSetting.objects.update_or_create(
        scene="order_paid", defaults={"by_sms": True, "sms_template": TEMPLATE, "sms_values": VALUES}
    )
    providers.now = make.NOW
    owner = make.member(phone="13812345678")
    make.write(owner, make.is_true("SO1", goods="春茶"))

    make.tell_and_send()

    assert make.the_way(owner).status == DispatchStatus.SENT
    (sent,) = providers.sent
    # Tencent counts the blanks, Aliyun names them; the provider refuses what its template does not have.
    assert (sent["phone"], sent["values"]) == ("+8613812345678", ["春茶", "SO1"])


def test_a_blank_that_is_named_twice_is_refused_as_one_of_the_two_would_get_lost(settings: object) -> None:
    settings.SMS_PROVIDER = "tencent"  # type: ignore[attr-defined]
    setting = SceneSetting(scene="order_paid", by_sms=True, sms_template=TEMPLATE, sms_values="amount,amount")
    with pytest.raises(ruling.SceneRefused) as refused:
        ruling.save_scene(setting)
    assert [fault.field for fault in refused.value.faults] == ["sms_values"]
    setting.sms_values = "1=amount,2=amount"
    assert ruling.save_scene(setting).pk
