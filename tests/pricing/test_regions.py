"""Regions: the names of the table, short names, lists as operators type them, and addresses however they are written."""

from __future__ import annotations

from collections import Counter

import pytest

from mall import regions
from mall.regions import Region, RegionUnknown


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("新疆", "新疆维吾尔自治区"),
        ("新疆维吾尔自治区", "新疆维吾尔自治区"),
        ("内蒙古", "内蒙古自治区"),
        ("北京", "北京市"),
        ("北京市/北京市/东城区", "北京市/东城区"),
        ("吉林", "吉林省"),
        ("吉林市", "吉林市"),
        ("海南", "海南省"),
        ("海南州", "海南藏族自治州"),
        ("长沙", "长沙市"),
        ("长沙县", "长沙市/长沙县"),
        ("西安", "西安市"),
        ("喀什", "喀什地区"),
        ("延边", "延边朝鲜族自治州"),
        ("延边州", "延边朝鲜族自治州"),
        ("南京鼓楼", "南京市/鼓楼区"),
        ("江苏省南京市鼓楼区", "南京市/鼓楼区"),
        ("浙江 金华 义乌", "金华市/义乌市"),
        ("浙江-义乌", "金华市/义乌市"),
        ("义乌市", "金华市/义乌市"),
        ("仙桃", "湖北省/仙桃市"),
        ("湖北省/省直辖县级行政区划/仙桃市", "湖北省/仙桃市"),
        ("石河子市", "新疆维吾尔自治区/石河子市"),
        ("重庆市/县/城口县", "重庆市/城口县"),
        ("虎门镇", "东莞市/虎门镇"),
        ("香港", "香港特别行政区"),
        ("九龙", "九龙"),
        ("新界", "新界"),
        ("观塘区", "九龙/观塘区"),
        ("台湾", "台湾省"),
        ("台北", "台北市"),
        ("澳门", "澳门特别行政区"),
        ("成都高新区", "成都市/高新区"),
        ("郑州高新技术产业开发区", "郑州市/高新区"),
        ("郑州市/经济技术开发区", "郑州市/经开区"),
        ("苏州工业园区", "苏州市/工业园区"),
        ("成都天府新区", "成都市/天府新区"),
        ("\u200b新疆\u200b", "新疆维吾尔自治区"),
    ],
)
def test_a_region_is_understood_as_people_call_it(typed: str, name: str) -> None:
    assert regions.find(typed).name == name


@pytest.mark.parametrize(
    ("typed", "proposed"),
    [
        ("新疆省", "「新疆维吾尔自治区」"),
        ("内蒙", "「内蒙古自治区」"),
        ("广西省", "「广西壮族自治区」"),
        ("浙江市", "「浙江省」"),
        ("上海浦冬新区", "「上海市/浦东新区」"),
        ("江浙沪", "「江苏省、浙江省、上海市」"),
        ("鼓楼区", "「南京市/鼓楼区」、「徐州市/鼓楼区」、「福州市/鼓楼区」、「开封市/鼓楼区」"),
        ("朝阳", "「北京市/朝阳区」、「朝阳市」"),
        ("高新区", "「石家庄市/高新区」"),
        ("新竹", "「新竹市」、「新竹县」"),
        ("火星", "请按收货地址中的名称填写"),
        ("省直辖县", "请按收货地址中的名称填写"),
    ],
)
def test_what_no_address_has_is_refused_with_what_may_be_meant(typed: str, proposed: str) -> None:
    with pytest.raises(RegionUnknown) as refused:
        regions.find(typed)
    assert f"「{typed}」" in refused.value.text
    assert proposed in refused.value.text


@pytest.mark.parametrize(
    "typed",
    ["新疆、内蒙古", "新疆，内蒙古", "新疆；内蒙古", "新疆,内蒙古", "新疆;内蒙古", "新疆\n内蒙古", "新疆/内蒙古",
     "新疆 内蒙古", " 新疆、、内蒙古； ", "新疆、内蒙古、新疆维吾尔自治区"],
)  # fmt: skip
def test_a_list_is_read_with_any_sign_between(typed: str) -> None:
    assert regions.read(typed) == ["新疆维吾尔自治区", "内蒙古自治区"]


def test_blanks_and_strokes_lead_from_a_city_to_its_district() -> None:
    assert regions.read("浙江 义乌；南京市/鼓楼区\n江苏省 浙江省") == [
        "金华市/义乌市",
        "南京市/鼓楼区",
        "江苏省",
        "浙江省",
    ]


def test_all_that_is_wrong_in_a_list_is_said_at_once() -> None:
    with pytest.raises(RegionUnknown) as refused:
        regions.read("新疆、内蒙；火星")
    assert refused.value.details == {"regions": ["内蒙", "火星"]}


@pytest.mark.parametrize(
    ("address", "region"),
    [
        (("新疆维吾尔自治区", "乌鲁木齐市", "天山区"), ("新疆维吾尔自治区", "乌鲁木齐市", "天山区")),
        (("新疆", "乌鲁木齐", "天山"), ("新疆维吾尔自治区", "乌鲁木齐市", "天山区")),
        (("北京市", "市辖区", "东城区"), ("北京市", "北京市", "东城区")),
        (("北京市", "", "东城区"), ("北京市", "北京市", "东城区")),
        (("重庆市", "县", "城口县"), ("重庆市", "重庆市", "城口县")),
        (("湖北省", "省直辖县级行政区划", "仙桃市"), ("湖北省", "", "仙桃市")),
        (("湖北省", "仙桃市", ""), ("湖北省", "", "仙桃市")),
        (("湖北省", "仙桃市", "仙桃市"), ("湖北省", "", "仙桃市")),
        (("新疆维吾尔自治区", "自治区直辖县级行政区划", "石河子市"), ("新疆维吾尔自治区", "", "石河子市")),
        (("香港特别行政区", "香港特别行政区", "观塘区"), ("香港特别行政区", "九龙", "观塘区")),
        (("台湾省", "台湾省", "台湾省"), ("台湾省", "", "")),
        (("广东省", "东莞市", ""), ("广东省", "东莞市", "")),
        (("河南省", "郑州市", "郑州高新技术产业开发区"), ("河南省", "郑州市", "高新区")),
        (("浙江省", "杭州市", "下城区"), ("浙江省", "杭州市", "下城区")),  # until 2021: stays as written
        (("海外", "东京", ""), ("海外", "东京", "")),
    ],
)
def test_an_address_is_located_however_it_is_written(
    address: tuple[str, str, str], region: tuple[str, str, str]
) -> None:
    assert regions.locate(*address) == Region(*region)


def test_the_most_specific_name_comes_first_and_short_names_do_too() -> None:
    assert regions.names_of("江苏省", "南京市", "鼓楼区") == (
        "江苏省/南京市/鼓楼区",
        "南京市/鼓楼区",
        "鼓楼区",
        "江苏省/南京市",
        "南京市",
        "南京",
        "江苏省",
        "江苏",
    )


def test_a_short_name_is_not_given_to_the_smaller_of_two() -> None:
    assert "吉林" in regions.names_of("吉林省", "长春市", "")
    assert regions.names_of("吉林省", "吉林市", "").index("吉林") > regions.names_of(
        "吉林省", "吉林市", ""
    ).index("吉林市")
    assert "海南" not in regions.names_of("青海省", "海南藏族自治州", "")


def test_every_region_of_the_table_is_found_by_its_name_and_is_what_its_address_is_called() -> None:
    every = list(regions.every_region())
    assert [name for name, times in Counter(region.name for region in every).items() if times > 1] == []
    assert [region for region in every if regions.find(region.name) != region] == []
    assert [region for region in every if regions.objection(region.name)] == []
    assert len([region for region in every if not region.city and not region.district]) == 34


@pytest.mark.parametrize("kept", ["新疆", "南京市/鼓楼区", "江苏省/南京市", "义乌市", "香港特别行政区"])
def test_names_that_addresses_have_raise_no_objection(kept: str) -> None:
    assert regions.objection(kept) is None


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("新疆；内蒙古", "没有「新疆；内蒙古」这个地区"),
        ("南京鼓楼", "没有收货地址叫「南京鼓楼」，请改为「南京市/鼓楼区」"),
        ("鼓楼区", "「鼓楼区」不止一处"),
        ("新疆省", "是否应为「新疆维吾尔自治区」"),
    ],
)
def test_names_kept_long_ago_that_no_address_has_are_told(kept: str, said: str) -> None:
    assert said in str(regions.objection(kept))


@pytest.mark.parametrize(
    ("typed", "full"), [("新疆", "新疆维吾尔自治区"), ("浙江省", "浙江省"), ("上海", "上海市")]
)
def test_a_province_is_known_by_both_its_names(typed: str, full: str) -> None:
    assert regions.require_province(typed) == full


def test_a_province_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(RegionUnknown, match="是否应为「浙江省」"):
        regions.require_province("淅江省")


def test_every_city_of_the_table_lies_in_its_province_by_each_of_its_names() -> None:
    for region in regions.every_region():
        for name in {region.city, regions.short_name(region.city)} if region.city else {region.province}:
            regions.require_city(region.province, name)
        # County-level cities, and those directly below a province, are given as cities by some pickers.
        if region.district:
            regions.require_city(region.province, region.district)


@pytest.mark.parametrize(
    ("province", "city"),
    [
        ("浙江省", "义乌市"),
        ("浙江", "杭州"),
        ("浙江省", "雄新市"),
        ("北京市", "北京市"),
        ("北京市", "市辖区"),
        ("北京市", "朝阳"),
        ("重庆市", "县"),
        ("湖北省", "省直辖县级行政区划"),
        ("湖北省", "仙桃市"),
        ("湖北省", "恩施州"),
        ("湖北省", "恩施土家族苗族自治州"),
        ("新疆维吾尔自治区", "自治区直辖县级行政区划"),
        ("新疆", "石河子市"),
        ("海南省", "海南"),
        ("青海省", "海南州"),
        ("香港特别行政区", "香港特别行政区"),
        ("台湾省", "台北市"),
        ("吉林省", "吉林市"),
        ("安徽省", "巢湖市"),
        ("四川省", "九龙"),
    ],
)
def test_a_city_is_taken_in_its_province_and_where_it_is_unknown(province: str, city: str) -> None:
    regions.require_city(province, city)


@pytest.mark.parametrize(
    ("province", "city", "right"),
    [
        ("浙江省", "南京市", "江苏省"),
        ("浙江", "南京", "江苏省"),
        ("浙江省", "北京市", "北京市"),
        ("上海市", "杭州市", "浙江省"),
        ("北京市", "朝阳市", "辽宁省"),
        ("湖南省", "恩施州", "湖北省"),
        ("湖南省", "仙桃市", "湖北省"),
        ("甘肃省", "石河子市", "新疆维吾尔自治区"),
        ("广东省", "香港特别行政区", "香港特别行政区"),
        ("福建省", "台北市", "台湾省"),
        ("海南省", "海南藏族自治州", "青海省"),
    ],
)
def test_a_city_of_another_province_is_refused_with_the_right_one(
    province: str, city: str, right: str
) -> None:
    with pytest.raises(RegionUnknown) as refused:
        regions.require_city(province, city)
    assert f"省份是否应为「{right}」" in refused.value.text
