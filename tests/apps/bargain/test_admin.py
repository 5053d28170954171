"""The operators' page of bargains: it says the rule in a sentence and prices start, way and floor as the counter would."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.apps.bargain import make
from tests.apps.checkout import make as counter

pytestmark = pytest.mark.django_db


def shown(page: Client, row_id: int) -> str:
    return page.get(f"/admin/bargain/bargain/{row_id}/change/").content.decode()


def test_a_page_prices_the_start_half_the_way_and_the_floor(admin_client: Client) -> None:
    counter.promotion(label="满150减20", steps=[[150_00, 20_00]])
    row = make.bargain(floor_fen=99_00, helpers=4)
    page = shown(admin_client, row.pk)
    assert "¥199.00 起砍，4 位好友砍到 ¥99.00；" in page
    for told in (
        "起砍价（0 人帮砍）：原价 ¥199.00，无优惠，实付 ¥199.00",
        "2 人帮砍后（平均）：原价 ¥199.00，砍价 -¥50.00，实付 ¥149.00",
        "底价（4 人帮砍）：原价 ¥199.00，砍价 -¥100.00，实付 ¥99.00；不同享：满150减20",
    ):
        assert told in page


def test_what_is_sold_at_its_floor_only_is_priced_there_only(admin_client: Client) -> None:
    row = make.bargain(floor_fen=99_00, helpers=4, buy_at_any_price=False)
    page = shown(admin_client, row.pk)
    assert "底价（4 人帮砍）：原价 ¥199.00，砍价 -¥100.00，实付 ¥99.00" in page
    assert "起砍价" not in page


def test_a_page_tells_of_its_runs_and_leads_to_them(admin_client: Client) -> None:
    row = make.bargain(helpers=4)
    make.helped(make.run(row), times=2)
    page = shown(admin_client, row.pk)
    assert f'发起 1，下单 0，帮砍 2 人次 <a href="/admin/bargain/run/?bargain__id__exact={row.pk}"' in page
