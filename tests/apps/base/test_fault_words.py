"""What was kept of an error is read in Chinese, with its code for support."""

from __future__ import annotations

import pytest

from apps.base import fault_words, faults
from apps.wechat import errors as wechat_errors


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("", ""),
        ("微信正在生成账单", "微信正在生成账单"),
        (
            "wechat_unavailable: connection broke, effect unknown",
            "微信服务暂时不可用，请稍后重试（wechat_unavailable: connection broke, effect unknown）",
        ),
        ("PARAM_ERROR 银行卡号有误", "银行卡号有误（PARAM_ERROR）"),
        ("NOT_ENOUGH", "商户账户余额不足（NOT_ENOUGH）"),
        ("47003 data.thing1.value invalid", "微信拒绝了请求（47003 data.thing1.value invalid）"),
        ("SOMETHING_NEW", "微信拒绝了请求（SOMETHING_NEW）"),
        ("KeyError: 'name'", "程序出错（KeyError: 'name'）"),
        ("IntegrityError [23505 orders_order]", "程序出错（IntegrityError [23505 orders_order]）"),
        ("buyer called: wants a card", "buyer called: wants a card"),
        ("SF1234567890", "SF1234567890"),
    ],
)
def test_an_error_is_told_in_chinese_with_its_code(kept: str, told: str) -> None:
    assert fault_words.told(kept) == told


def test_what_a_job_kept_of_wechats_refusal_is_told_by_its_class() -> None:
    kept = faults.wording(wechat_errors.PayRequestInvalid("PARAM_ERROR", "bill_date"))
    assert fault_words.told(kept) == f"微信支付不接受这次请求（{kept}）"
