"""Which shops are near, whether they are open, and what lies there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.stores import areas, geo, hours
from mall.errors import ShopError
from tests.apps.pickup import make

pytestmark = pytest.mark.django_db


def test_shops_come_nearest_first_and_those_without_the_goods_last(anyone: Any) -> None:
    near, far = make.shop("近", north=0.01), make.shop("远", north=0.02, city="嘉兴市")
    make.shop("不自提", north=0.001, picks_up=False)
    cup = make.goods(far, 3)

    def told(query: str) -> list[tuple[Any, ...]]:
        rows = anyone.call("GET", f"/places?{query}").json()["results"]
        return [(row["name"], row["distance_m"], row["available"]) for row in rows]

    here = f"lat={make.LAT}&lng={make.LNG}"
    assert told(here) == [("近", 1112, None), ("远", 2224, None)]
    assert told(f"{here}&sku_id={cup.pk}") == [("远", 2224, 3), ("近", 1112, 0)]
    assert told("city=杭州市") == told("city=杭州") == [("近", None, None)]
    (row, _) = anyone.call("GET", f"/places?{here}").json()["results"]
    assert row["hours"] == make.DAILY and row["address"] == near.address
    # The statement and the language reckon alike.
    assert geo.distance_m(geo.Point(make.LAT, make.LNG), geo.Point(near.latitude, near.longitude)) == 1112


@pytest.mark.parametrize(
    ("query", "field"),
    [("lat=1", "lng"), ("lat=91&lng=1", "lat"), ("lng=x&lat=1", "lng"), ("sku_id=0", "sku_id")],
)
def test_a_question_that_cannot_be_read_is_refused_at_its_field(anyone: Any, query: str, field: str) -> None:
    answer = anyone.call("GET", f"/places?{query}")
    assert answer.status_code == 400
    assert list(answer.json()["details"]) == [field]


def test_hours_are_read_as_operators_type_them() -> None:
    rows = hours.read("周一至周五 9:00-21:00\n周六、周日 10:00-22:00")
    assert rows == [
        {"days": [1, 2, 3, 4, 5], "from": "09:00", "until": "21:00"},
        {"days": [6, 7], "from": "10:00", "until": "22:00"},
    ]
    assert hours.read(hours.told(rows)) == rows
    monday_nine = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert hours.is_open(rows, at=monday_nine)
    assert not hours.is_open(rows, at=monday_nine.replace(hour=13))
    assert hours.read("每天 00:00-24:00")[0]["days"] == [1, 2, 3, 4, 5, 6, 7]
    for wrong in ("周八 09:00-21:00", "每天 21:00-09:00", "每天 9点", "每天 09:00-24:30"):
        with pytest.raises(ShopError):
            hours.read(wrong)


def test_an_area_is_read_and_holds_what_lies_inside() -> None:
    corners = areas.read("120.14,30.24\n120.16，30.24\n120.15,30.26")
    area = [geo.Point(lat, lng) for lng, lat in corners]
    assert geo.is_inside(geo.Point(30.245, 120.15), area)
    assert not geo.is_inside(geo.Point(30.255, 120.159), area)
    assert areas.read(areas.told(corners)) == corners
    for wrong in ("120.14,30.24", "30", "200,30\n1,1\n2,2"):
        with pytest.raises(ShopError):
            areas.read(wrong)
