"""消费者投诉 2.0: shoppers complain about paid orders; the merchant answers, completes, says yes or no to refunds."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from apps.wechat.sandbox import crypto, notifies
from apps.wechat.sandbox.store import Complaint, ComplaintAddress, Refund
from apps.wechat.sandbox.transactions import PayRefused, body_of, notify_url_field, text_field, wrong
from apps.wechat.sandbox.wire import Json, Request, Response, Route, as_json
from apps.wechat.sandbox.world import beijing, digits, rfc3339

if TYPE_CHECKING:
    from apps.wechat.sandbox.world import World

ROOT: Final = "/v3/merchant-service"
PROBLEMS: Final = ("REFUND", "SERVICE_NOT_WORK", "OTHERS")
LONGEST: Final = 200
MOST_DAYS: Final = 30
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PICTURE = re.compile(r"sandbox-[0-9]{1,40}\.png", re.ASCII)


class NotComplained(ValueError):
    """An order to complain that cannot be carried out; the text says why."""


def complain(
    world: World,
    *,
    out_trade_no: str,
    text: str,
    problem_type: str = "OTHERS",
    pictures: int = 0,
    phone: str = "",
) -> Complaint:
    """Let the payer complain; the merchant is told where it has said its address. Raises NotComplained."""
    payment = world.store.transactions.get(out_trade_no)
    if payment is None or payment.state not in ("SUCCESS", "REFUND"):
        raise NotComplained("没有这笔已支付的订单")
    if problem_type not in PROBLEMS or not text or not 0 <= pictures <= 9:
        raise NotComplained("投诉内容、问题类型或图片数量有误")
    shopper = world.store.shoppers.get(payment.openid)
    before = [row for row in world.store.complaints if row.out_trade_no == out_trade_no]
    row = Complaint(
        complaint_id=f"2002018{beijing(world.now()):%Y%m%d}{digits(13)}",
        out_trade_no=out_trade_no,
        transaction_id=payment.transaction_id,
        openid=payment.openid,
        amount_fen=payment.amount_fen,
        text=text,
        problem_type=problem_type,
        wanted_fen=payment.amount_fen if problem_type == "REFUND" else 0,
        phone=phone or (shopper.phone if shopper is not None else ""),
        made_at=world.now(),
        times=len(before) + 1,
        pictures=[f"sandbox-{digits(24)}.png" for _ in range(pictures)],
    )
    row = _noted(world, row, who="投诉人", kind="USER_CREATE_COMPLAINT", text=text, pictures=row.pictures)
    notifies.announce_complaint(world, row, action="CREATE_COMPLAINT", event="COMPLAINT.CREATE")
    return row


def say(world: World, *, complaint_id: str, text: str) -> Complaint:
    """Let the payer write once more; what was dealt with is open again. Raises NotComplained."""
    row = world.store.complaints.get(complaint_id)
    if row is None or not text:
        raise NotComplained("没有这笔投诉")
    over = row.state == "PROCESSED"
    row = replace(row, has_news=True, state="PROCESSING" if over else row.state)
    kind, action = (
        ("USER_CONTINUE_COMPLAINT", "CONTINUE_COMPLAINT") if over else ("USER_RESPONSE", "USER_RESPONSE")
    )
    row = _noted(world, row, who="投诉人", kind=kind, text=text)
    notifies.announce_complaint(world, row, action=action)
    return row


def note_refund(world: World, refund: Refund) -> None:
    """A refund arrived: complaints whose refund was approved are dealt with."""
    for row in list(world.store.complaints):
        if row.out_trade_no == refund.out_trade_no and row.approved and row.state != "PROCESSED":
            moved = replace(row, state="PROCESSED", refunded=True)
            moved = _noted(
                world, moved, who="系统", kind="COMPLAINT_REFUND_RECEIVED_SYSTEM_MESSAGE", text="退款到账"
            )
            notifies.announce_complaint(world, moved, action="REFUND_SUCCESS")


def listed(world: World, request: Request) -> Response:
    """GET …/complaints-v2: those made on some days, the newest first."""
    asked = request.query
    since, until = _day(asked, "begin_date"), _day(asked, "end_date")
    if not since <= until < since + timedelta(days=MOST_DAYS):
        raise _bad_query("end_date", "查询日期跨度不超过 30 天")
    limit, offset = _count(asked, "limit", 50, least=1), _count(asked, "offset", 1_000_000)
    rows = [row for row in world.store.complaints if since <= beijing(row.made_at).date() <= until][::-1]
    data = [as_answer(world, request, row) for row in rows[offset : offset + limit]]
    return as_json({"data": data, "limit": limit, "offset": offset, "total_count": len(rows)})


def detail(world: World, request: Request, complaint_id: str) -> Response:
    """GET …/complaints-v2/{complaint_id}."""
    return as_json(as_answer(world, request, _row(world, complaint_id)))


def history(world: World, request: Request, complaint_id: str) -> Response:
    """GET …/negotiation-historys: what was said and done, the newest first."""
    row = _row(world, complaint_id)
    limit, offset = (
        _count(request.query, "limit", 300, least=1),
        _count(request.query, "offset", 1_000_000),
    )
    entries = [
        {**entry, "image_list": [_url(request, name) for name in entry["image_list"]]}
        for entry in row.history[::-1]
    ]
    answer = {"data": entries[offset : offset + limit], "limit": limit, "offset": offset}
    return as_json({**answer, "total_count": len(entries)})


def respond(world: World, request: Request, complaint_id: str) -> Response:
    """POST …/response: the first answer takes the complaint in hand."""
    row, asked = _row(world, complaint_id), _asked_by_merchant(world, request)
    text = text_field(asked, "response_content", longest=LONGEST)
    images = asked.get("response_images", [])
    if not isinstance(images, list) or len(images) > 4:
        raise wrong("response_images", "最多 4 张")
    if world.faults.take("complaint_words"):
        raise PayRefused(400, "PARAM_ERROR", "回复内容包含敏感信息，请修改后重试")
    moved = replace(row, has_news=False, state="PROCESSING" if row.state == "PENDING" else row.state)
    moved = _noted(world, moved, who="商家", kind="MERCHANT_RESPONSE", text=text)
    notifies.announce_complaint(world, moved, action="MERCHANT_RESPONSE")
    return Response(status=204)


def complete(world: World, request: Request, complaint_id: str) -> Response:
    """POST …/complete."""
    row = _row(world, complaint_id)
    _asked_by_merchant(world, request)
    if row.state != "PROCESSING":
        raise PayRefused(400, "INVALID_REQUEST", "当前投诉单状态不支持该操作")
    moved = replace(row, state="PROCESSED", has_news=False)
    moved = _noted(world, moved, who="商家", kind="MERCHANT_CONFIRM_COMPLETE", text="")
    notifies.announce_complaint(world, moved, action="MERCHANT_CONFIRM_COMPLETE")
    return Response(status=204)


def update_refund(world: World, request: Request, complaint_id: str) -> Response:
    """POST …/update-refund-progress: of complaints that ask for a refund, once."""
    row, asked = _row(world, complaint_id), body_of(request)
    if row.problem_type != "REFUND" or row.approved or row.state == "PROCESSED":
        raise PayRefused(400, "INVALID_REQUEST", "当前投诉单不支持更新退款审批结果")
    text_field(asked, "remark", longest=LONGEST, required=False)
    if asked.get("action") == "APPROVE":
        days = asked.get("launch_refund_day")
        if isinstance(days, bool) or not isinstance(days, int) or days < 0:
            raise wrong("launch_refund_day", "应为不小于 0 的整数")
        moved = replace(row, approved=True, has_news=False, state="PROCESSING")
        kind, action, text = (
            "MERCHANT_APPROVE_REFUND",
            "MERCHANT_APPROVE_REFUND",
            f"预计 {days} 个工作日内退款",
        )
    elif asked.get("action") == "REJECT":
        text = text_field(asked, "reject_reason", longest=LONGEST)
        moved = replace(row, has_news=False, state="PROCESSED")
        kind, action = "MERCHANT_REFUSE_RERUND", "MERCHANT_REJECT_REFUND"  # spelt as WeChat spells it
    else:
        raise wrong("action", "应为 APPROVE 或 REJECT")
    moved = _noted(world, moved, who="商家", kind=kind, text=text)
    notifies.announce_complaint(world, moved, action=action)
    return Response(status=204)


def address(world: World, request: Request) -> Response:
    """GET, POST, PUT or DELETE …/complaint-notifications: where the merchant wants to be told."""
    known = world.store.complaint_addresses.get("notify")
    if request.method == "POST" and known is not None:
        raise PayRefused(400, "INVALID_REQUEST", "通知回调地址已存在")
    if request.method != "POST" and known is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "未设置投诉通知回调地址")
    if request.method == "DELETE":
        world.store.complaint_addresses.remove("notify")
        return Response(status=204)
    if request.method in ("POST", "PUT"):
        url = notify_url_field(text_field(body_of(request), "url", longest=255))
        known = world.store.complaint_addresses.keep(ComplaintAddress("notify", url))
    return as_json({"mchid": world.numbers.mchid, "url": known.url if known is not None else ""})


def picture(world: World, request: Request, media_id: str) -> Response:
    """GET …/images/{media_id}: a small grey picture, unsigned as WeChat's are."""
    known = any(media_id in row.pictures for row in world.store.complaints)
    if not known or _PICTURE.fullmatch(media_id) is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "图片不存在")
    return Response(body=_grey(), content_type="image/png")


def as_answer(world: World, request: Request, row: Complaint) -> Json:
    """A complaint as WeChat states it; the phone number is for the merchant's key alone."""
    answer: Json = {
        "complaint_id": row.complaint_id,
        "complaint_time": rfc3339(row.made_at),
        "complaint_detail": row.text,
        "complaint_state": row.state,
        "payer_openid": row.openid,
        "complaint_media_list": [],
        "complaint_order_info": [
            {
                "transaction_id": row.transaction_id,
                "out_trade_no": row.out_trade_no,
                "amount": row.amount_fen,
            }
        ],
        "complaint_full_refunded": row.refunded,
        "incoming_user_response": row.has_news,
        "problem_description": "未收到商品或服务" if row.problem_type == "SERVICE_NOT_WORK" else "商品问题",
        "user_complaint_times": row.times,
        "problem_type": row.problem_type,
        "user_tag_list": [],
        "in_platform_service": False,
        "need_immediate_service": False,
    }
    if row.wanted_fen:
        answer["apply_refund_amount"] = row.wanted_fen
    if row.phone:
        answer["payer_phone"] = crypto.seal_secret(world.merchant_key, row.phone)
    if row.pictures:
        urls = [_url(request, name) for name in row.pictures]
        answer["complaint_media_list"] = [{"media_type": "USER_COMPLAINT_IMAGE", "media_url": urls}]
    return answer


def _noted(
    world: World, row: Complaint, *, who: str, kind: str, text: str, pictures: list[str] | None = None
) -> Complaint:
    entry: dict[str, Any] = {
        "log_id": f"{row.complaint_id}{len(row.history):04d}",
        "operator": who,
        "operate_time": rfc3339(world.now()),
        "operate_type": kind,
        "operate_details": text,
        "image_list": pictures or [],
    }
    return world.store.complaints.keep(replace(row, history=[*row.history, entry]))


def _row(world: World, complaint_id: str) -> Complaint:
    row = world.store.complaints.get(complaint_id)
    if row is None:
        raise PayRefused(404, "RESOURCE_NOT_EXISTS", "投诉单不存在")
    return row


def _asked_by_merchant(world: World, request: Request) -> Json:
    asked = body_of(request)
    if asked.get("complainted_mchid") != world.numbers.mchid:
        raise wrong("complainted_mchid", "与投诉单不匹配")
    return asked


def _url(request: Request, media_id: str) -> str:
    return f"http://{request.headers.get('host', '127.0.0.1')}{ROOT}/images/{media_id}"


def _day(asked: dict[str, str], name: str) -> date:
    try:
        if _DAY.fullmatch(asked.get(name, "")):
            return date.fromisoformat(asked[name])
    except ValueError:
        pass
    raise _bad_query(name, "应为 yyyy-MM-DD")


def _count(asked: dict[str, str], name: str, most: int, *, least: int = 0) -> int:
    value = asked.get(name, str(least and 10))
    if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
        raise _bad_query(name, f"应为 {least} 到 {most} 的整数")
    return int(value)


def _bad_query(name: str, issue: str) -> PayRefused:
    return PayRefused(400, "PARAM_ERROR", f"{name} {issue}", {"field": name, "issue": issue})


def _grey() -> bytes:
    """A PNG of one grey pixel, put together by hand."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x88")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


ROUTES = [
    Route("GET", f"{ROOT}/complaints-v2", listed),
    Route("GET", f"{ROOT}/complaints-v2/{{complaint_id}}", detail),
    Route("GET", f"{ROOT}/complaints-v2/{{complaint_id}}/negotiation-historys", history),
    Route("POST", f"{ROOT}/complaints-v2/{{complaint_id}}/response", respond),
    Route("POST", f"{ROOT}/complaints-v2/{{complaint_id}}/complete", complete),
    Route("POST", f"{ROOT}/complaints-v2/{{complaint_id}}/update-refund-progress", update_refund),
    *(
        Route(method, f"{ROOT}/complaint-notifications", address)
        for method in ("GET", "POST", "PUT", "DELETE")
    ),
    Route("GET", f"{ROOT}/images/{{media_id}}", picture),
]
