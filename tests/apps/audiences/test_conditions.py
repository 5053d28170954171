"""Conditions are read strictly: what nobody could mean is refused with the condition and its field named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audiences import conditions, wording
from apps.audiences.conditions import Both, ConditionsRefused

SPENT = {"is": "spent", "low_fen": 10_000, "days": 30}


def _tree(*parts: Any, op: str = "all") -> dict[str, Any]:
    return {"op": op, "of": list(parts)}


def _refused(given: Any) -> list[str]:
    with pytest.raises(ConditionsRefused) as refusal:
        conditions.read(given)
    assert {fault.field for fault in refusal.value.faults} == {"tree"}
    return [fault.text for fault in refusal.value.faults]


def test_a_tree_comes_back_from_json_as_it_went() -> None:
    said = _tree(
        SPENT,
        {"is": "area", "where": "address", "areas": ["浙江", "宁波市"], "not": True},
        _tree({"is": "level", "levels": [3, 1, 3]}, {"is": "birthday", "months": ["2", "0"]}, op="any"),
    )
    tree = conditions.read(said)
    again = conditions.as_json(tree)
    assert conditions.read(again) == tree
    # In its one form: regions by their names, rows rising and once, months as in the year.
    assert again["of"][1]["areas"] == ["浙江省", "宁波市"]
    assert again["of"][2]["of"][0]["levels"] == [1, 3]
    assert again["of"][2]["of"][1]["months"] == ["0", "2"]


def test_conditions_are_said_as_an_operator_would() -> None:
    tree = conditions.read(
        _tree(SPENT, {"is": "tag", "tags": [7], "not": True}, _tree({"is": "cart", "hours": 24}, op="any"))
    )
    names = {"tags": {7: "茶会"}}
    assert wording.sentence(tree, names=names) == (
        "消费金额：至少 100.00 元，最近 30 天，且不满足〔会员标签：茶会〕，且购物车未结算：已放了至少 24 小时"
    )
    assert wording.lines(tree, names={})[2] == (1, "不满足〔会员标签：（已删除 #7）〕")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"is": "spent"}, "第 1 个条件「消费金额」：「至少」和「至多」请至少填一个"),
        ({"is": "spent", "low_fen": 2, "high_fen": 1}, "第 1 个条件「消费金额」：「至少」不能高于「至多」"),
        ({"is": "spent", "low_fen": "1"}, "第 1 个条件「消费金额」：「至少」应为整数"),
        ({"is": "spent", "low_fen": True}, "第 1 个条件「消费金额」：「至少」应为整数"),
        ({"is": "spent", "low_fen": -1}, "第 1 个条件「消费金额」：「至少」超出范围"),
        (
            {"is": "spent", "low_fen": 1, "days": 0},
            "第 1 个条件「消费金额」：「最近天数（不填为全部）」超出范围",
        ),
        ({"is": "spent", "low_fen": 1, "sql": "1=1"}, "第 1 个条件「消费金额」：有不认识的内容"),
        ({"is": "tag", "tags": []}, "第 1 个条件「会员标签」：请至少选择一个「标签」"),
        ({"is": "tag", "tags": ["1"]}, "第 1 个条件「会员标签」：「标签」的选项有误"),
        ({"is": "tag", "tags": list(range(1, 52))}, "第 1 个条件「会员标签」：「标签」最多选 50 个"),
        ({"is": "tag", "tags": [2**63]}, "第 1 个条件「会员标签」：「标签」的选项有误"),
        ({"is": "area", "where": "mars", "areas": ["浙江"]}, "第 1 个条件「地区」：请选择「依据」"),
        ({"is": "area", "where": "order", "areas": ["西湖区"]}, "「省市」"),
        ({"is": "rfm", "standings": ["BEST"]}, "第 1 个条件「客户分层（RFM）」：「分层」没有 1 个所选的选项"),
        ({"is": "cart"}, "第 1 个条件「购物车未结算」：请填写「已放了至少」"),
        ({"is": "delete"}, "第 1 个条件：没有这种条件"),
        ({"is": ["spent"]}, "第 1 个条件：没有这种条件"),
        ({"is": "spent", "low_fen": 1, "not": "yes"}, "「取反」应为是或否"),
        ("spent", "条件格式有误，请重新编辑"),
        (_tree(), "每个条件组至少要有一个条件"),
        ({"op": "xor", "of": [SPENT]}, "条件组格式有误，请重新编辑"),
    ],
)
def test_what_nobody_could_mean_is_refused_by_name(part: Any, said: str) -> None:
    (text,) = _refused(_tree(part))
    assert said in text


def test_all_faults_are_told_at_once() -> None:
    assert len(_refused(_tree({"is": "spent"}, {"is": "tag", "tags": []}, {"is": "nothing"}))) == 3


def test_the_outermost_must_be_a_group_of_conditions() -> None:
    assert _refused(SPENT) == ["最外层应为「同时满足」或「满足任一」"]


def test_forty_conditions_are_enough() -> None:
    assert len(list(conditions.conditions_of(conditions.read(_tree(*[_tree(*[SPENT] * 20)] * 2))))) == 40
    assert _refused(_tree(*[_tree(*[SPENT] * 20)] * 2, SPENT)) == ["最多 40 个条件，现在有 41 个"]
    assert _refused(_tree(*[SPENT] * 41)) == ["最多 40 个条件，一组中就有 41 个"]


def test_forty_conditions_one_in_the_other_are_refused() -> None:
    nested: Any = SPENT
    for _ in range(40):
        nested = _tree(nested)
    assert _refused(nested) == ["条件最多嵌套 4 层"]
    assert isinstance(conditions.read(_tree(_tree(_tree(_tree(SPENT))))), Both)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["all", "spent", "tag"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["op", "of", "is", "not", "tags", "low_fen", "x"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(_JSON)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_json_comes_is_read_or_refused(given: Any) -> None:
    try:
        tree = conditions.read(given)
    except ConditionsRefused:
        return
    assert conditions.read(conditions.as_json(tree)) == tree
