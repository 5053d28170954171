"""商家转账 (2025): one row per number of the merchant, from ACCEPTED over the user's confirmation to SUCCESS or FAIL."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from apps.wechat.sandbox import crypto, notifies
from apps.wechat.sandbox.store import Transfer
from apps.wechat.sandbox.transactions import (
    PayRefused,
    as_params,
    body_of,
    notify_url_field,
    text_field,
    wrong,
)
from apps.wechat.sandbox.wire import Json, Request, Response, Route, as_json
from apps.wechat.sandbox.world import beijing, digits, rfc3339

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

OUT_BILL_NO = re.compile(r"[0-9A-Za-z]{1,32}")
CONFIRM_WITHIN_S: Final = 24 * 3600
NAME_FROM_FEN: Final = 200_000
NO_NAME_BELOW_FEN: Final = 30
LEAST_FEN: Final = 10
# Scenes with the kinds that must be reported, and the perceptions that they allow.
SCENES: Final[dict[str, tuple[frozenset[str], tuple[str, ...]]]] = {
    "1000": (frozenset({"活动名称", "奖励说明"}), ("活动奖励", "现金奖励")),
    "1005": (frozenset({"岗位类型", "报酬说明"}), ("劳务报酬", "报销款", "企业补贴", "开工利是")),
    "1009": (frozenset({"采购商品名称"}), ("货款",)),
    "1010": (frozenset({"回收商品名称"}), ("二手回收货款",)),
    "1011": (frozenset({"赔付原因"}), ("退款", "商家赔付")),
    "1013": (frozenset({"公益活动名称", "公益活动备案编号"}), ("公益补助金",)),
}
REPEATED_DIFFERENTLY = "单号已存在，但信息不一致"
_ENDED: Final = frozenset({"SUCCESS", "FAIL", "CANCELLED"})
_WAITING: Final = "WAIT_USER_CONFIRM"


class NotConfirmed(Exception):
    """wx.requestMerchantTransfer fails; the text says why."""


def create(world: World, request: Request) -> Response:
    """POST …/transfer-bills: the same number with the same parameters gives the same transfer, and sets it going again."""
    asked = body_of(request)
    row = _asked_for(world, request, asked)
    known = world.store.transfers.get(row.out_bill_no)
    if known is not None:
        known = current(world, known.out_bill_no)
        if known.params != row.params:
            raise PayRefused(400, "INVALID_REQUEST", REPEATED_DIFFERENTLY)
        return as_json(_created(_go_on(world, known)))
    if world.faults.take("transfer_not_enough"):
        raise PayRefused(403, "NOT_ENOUGH", "商户账户余额不足，请充值后使用原商户单号重试")
    world.store.transfers.keep(row)
    if not world.faults.take("transfer_accepted"):
        row = _go_on(world, row)
    return as_json(_created(row))


def _asked_for(world: World, request: Request, asked: Json) -> Transfer:
    """The transfer that a request asks for; PARAM_ERROR names what is wrong with it."""
    out_bill_no = text_field(asked, "out_bill_no", longest=32)
    if OUT_BILL_NO.fullmatch(out_bill_no) is None:
        raise wrong("out_bill_no", "只能由数字、大小写字母组成")
    if asked.get("appid") != world.numbers.appid:
        raise wrong("appid", "与商户号不匹配")
    openid = text_field(asked, "openid", longest=64)
    amount_fen = asked.get("transfer_amount")
    if isinstance(amount_fen, bool) or not isinstance(amount_fen, int) or amount_fen < LEAST_FEN:
        raise wrong("transfer_amount", "应为不低于 10 的整数（分）")
    remark = text_field(asked, "transfer_remark", longest=32)
    notify_url = text_field(asked, "notify_url", longest=256, required=False)
    if notify_url:
        notify_url_field(notify_url)
    _require_report(asked)
    real_name = _real_name(world, request, asked, amount_fen)
    if world.store.shoppers.get(openid) is None:
        raise PayRefused(400, "PARAM_ERROR", "openid 与 appid 不匹配")
    return Transfer(
        out_bill_no=out_bill_no,
        # Sealed anew, a name is another text: WeChat compares what is inside.
        params=as_params({**asked, "user_name": real_name}),
        openid=openid,
        amount_fen=amount_fen,
        remark=remark,
        real_name=real_name,
        notify_url=notify_url,
        transfer_bill_no=f"1330{digits(6)}{beijing(world.now()):%Y%m%d}{digits(22)}",
        made_at=world.now(),
        changed_at=world.now(),
    )


def _require_report(asked: Json) -> None:
    scene = SCENES.get(text_field(asked, "transfer_scene_id", longest=36))
    if scene is None:
        raise PayRefused(403, "NO_AUTH", "商户未开通该转账场景")
    kinds, perceptions = scene
    listed = asked.get("transfer_scene_report_infos")
    told = listed if isinstance(listed, list) else []
    given = [one.get("info_type") for one in told if isinstance(one, dict) and one.get("info_content")]
    if len(given) != len(told) or set(given) != kinds or len(given) != len(kinds):
        raise PayRefused(400, "PARAM_ERROR", "未传入完整且对应的转账场景报备信息")
    if asked.get("user_recv_perception", perceptions[0]) not in perceptions:
        raise wrong("user_recv_perception", "不在该转账场景可选的范围内")


def _real_name(world: World, request: Request, asked: Json, amount_fen: int) -> str:
    sealed = text_field(asked, "user_name", longest=1024, required=False)
    if not sealed:
        if amount_fen >= NAME_FROM_FEN:
            raise wrong("user_name", "转账金额大于等于 2000 元时必填")
        return ""
    if amount_fen < NO_NAME_BELOW_FEN:
        raise wrong("user_name", "转账金额低于 0.3 元时不支持传入")
    if request.headers.get("wechatpay-serial") != world.numbers.public_key_id:
        raise PayRefused(400, "PARAM_ERROR", "Wechatpay-Serial 与加密所用的公钥不符")
    name = crypto.open_secret(world.platform_key, sealed)
    if not name:
        raise PayRefused(400, "PARAM_ERROR", "敏感信息解密失败")
    return name


def _go_on(world: World, row: Transfer) -> Transfer:
    """Put the money aside and wait for the user; what went further than that stays where it is."""
    if row.state not in ("ACCEPTED", "PROCESSING"):
        return row
    package_info = f"mchtransfer{json.dumps({'no': row.out_bill_no, 'key': secrets.token_hex(16)})}"
    return _moved(world, row, state=_WAITING, package_info=package_info)


def _moved(world: World, row: Transfer, **changes: Any) -> Transfer:
    return world.store.transfers.keep(replace(row, changed_at=world.now(), **changes))


def current(world: World, out_bill_no: str) -> Transfer:
    """The transfer as it is now: one that nobody confirmed in 24 hours is closed. 404 NOT_FOUND."""
    row = world.store.transfers.get(out_bill_no)
    if row is None:
        raise PayRefused(404, "NOT_FOUND", "记录不存在")
    if row.state == _WAITING and row.made_at + CONFIRM_WITHIN_S <= world.now():
        return _ended(world, row, state="FAIL", fail_reason="OVERDUE_CLOSE")
    return row


def _ended(world: World, row: Transfer, **changes: Any) -> Transfer:
    ended = _moved(world, row, **changes)
    notifies.announce_transfer(world, ended)
    return ended


def confirm(world: World, *, openid: str, package_info: str) -> Transfer:
    """Let the user confirm what the shop's page offers; the money arrives a moment later. Raises NotConfirmed."""
    found = next((row for row in world.store.transfers if row.package_info == package_info), None)
    if found is None:
        raise NotConfirmed("package 无效")
    row = current(world, found.out_bill_no)
    if row.openid != openid:
        raise NotConfirmed("当前微信用户不是收款用户")
    if row.state != _WAITING:
        raise NotConfirmed("该转账已结束或正在到账")
    if fault := world.faults.take("transfer_fail"):
        return _ended(
            world,
            row,
            state="FAIL",
            fail_reason=fault.text("reason", "REALNAME_ACCOUNT_RECEIVED_QUOTA_EXCEED"),
        )
    row = _moved(world, row, state="TRANSFERING")
    world.timetable.after(world.pace.scaled(world.pace.transfer_s), partial(_arrive, world, row.out_bill_no))
    return row


def _arrive(world: World, out_bill_no: str) -> None:
    with world.lock:
        row = world.store.transfers.get(out_bill_no)
        if row is not None and row.state == "TRANSFERING":
            _ended(world, row, state="SUCCESS")


def lapse(world: World, out_bill_no: str) -> Transfer:
    """Let the time to confirm be over. Raises NotConfirmed for what does not wait for its user."""
    row = world.store.transfers.get(out_bill_no)
    if row is None or row.state != _WAITING:
        raise NotConfirmed("没有等待用户确认的这笔转账")
    return _ended(world, row, state="FAIL", fail_reason="OVERDUE_CLOSE")


def query(world: World, request: Request, out_bill_no: str) -> Response:
    """GET …/out-bill-no/{out_bill_no}: everything but package_info."""
    row = current(world, out_bill_no)
    answer = {
        **_facts(row),
        "mch_id": world.numbers.mchid,
        "appid": world.numbers.appid,
        "transfer_amount": row.amount_fen,
        "transfer_remark": row.remark,
        "openid": row.openid,
        "update_time": rfc3339(row.changed_at),
    }
    return as_json(answer)


def cancel(world: World, request: Request, out_bill_no: str) -> Response:
    """POST …/cancel: what its user has not confirmed is cancelled at once."""
    row = current(world, out_bill_no)
    if row.state in _ENDED or row.state == "TRANSFERING":
        raise PayRefused(400, "INVALID_REQUEST", "当前单据状态不支持撤销")
    row = _ended(world, row, state="CANCELLED", fail_reason="MCH_CANCEL")
    answer = {
        "out_bill_no": row.out_bill_no,
        "transfer_bill_no": row.transfer_bill_no,
        "state": row.state,
        "update_time": rfc3339(row.changed_at),
    }
    return as_json(answer)


def _created(row: Transfer) -> Json:
    answer = _facts(row)
    if row.state == _WAITING:
        answer["package_info"] = row.package_info
    return answer


def _facts(row: Transfer) -> Json:
    answer: Json = {
        "out_bill_no": row.out_bill_no,
        "transfer_bill_no": row.transfer_bill_no,
        "create_time": rfc3339(row.made_at),
        "state": row.state,
    }
    if row.fail_reason:
        answer["fail_reason"] = row.fail_reason
    return answer


ROUTES = [
    Route("POST", "/v3/fund-app/mch-transfer/transfer-bills", create),
    Route("GET", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}", query),
    Route("POST", "/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{out_bill_no}/cancel", cancel),
]
