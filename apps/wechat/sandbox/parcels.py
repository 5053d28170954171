"""The checks of an upload of 发货信息: every field rule of upload_shipping_info with its own code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from apps.wechat.sandbox.carriers import CARRIERS
from apps.wechat.sandbox.miniprogram import Refused
from apps.wechat.sandbox.wire import Json

EXPRESS = 1
UNIFIED, SPLIT = 1, 2
PARCELS_MOST = 15
UPLOAD_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII)
MASKED = re.compile(r"[\d+\-]*\*{2,}\d{4}", re.ASCII)  # the last 4 digits of a phone number stay visible


@dataclass(frozen=True)
class Upload:
    """What a well-formed upload says."""

    logistics_type: int
    delivery_mode: int
    parcels: list[Json]
    all_delivered: bool
    upload_time: str
    openid: str


def read(asked: Json) -> Upload:
    """Return the upload; raises Refused with the code of the first rule that it breaks."""
    logistics_type, delivery_mode = asked.get("logistics_type"), asked.get("delivery_mode")
    if logistics_type not in (1, 2, 3, 4) or not isinstance(logistics_type, int):
        raise Refused(10060005, "物流类型有误")
    if delivery_mode not in (UNIFIED, SPLIT) or not isinstance(delivery_mode, int):
        raise Refused(268485224, "发货模式有误")
    if delivery_mode == SPLIT and logistics_type != EXPRESS:
        raise Refused(10060006, "仅快递发货支持分拆发货")
    all_delivered = asked.get("is_all_delivered")
    if delivery_mode == SPLIT and not isinstance(all_delivered, bool):
        raise Refused(10060007, "分拆发货必须填写是否已全部发货")
    payer = asked.get("payer")
    return Upload(
        logistics_type=logistics_type,
        delivery_mode=delivery_mode,
        parcels=_parcels(
            asked.get("shipping_list"), logistics_type=logistics_type, delivery_mode=delivery_mode
        ),
        all_delivered=delivery_mode == UNIFIED or all_delivered is True,
        upload_time=_upload_time(asked.get("upload_time")),
        openid=str(payer.get("openid", "")) if isinstance(payer, dict) else "",
    )


def moment(upload_time: str) -> datetime:
    """Return an upload_time that was read as a datetime."""
    return datetime.fromisoformat(upload_time)


def _parcels(listed: object, *, logistics_type: int, delivery_mode: int) -> list[Json]:
    if not isinstance(listed, list) or not all(isinstance(parcel, dict) for parcel in listed):
        raise Refused(47001, "data format error")
    if delivery_mode == UNIFIED and len(listed) != 1:
        raise Refused(268485228, "统一发货时，物流信息列表长度必须为1")
    if not listed:
        raise Refused(47001, "data format error")
    if len(listed) > PARCELS_MOST:
        raise Refused(10060024, "物流信息列表最多15条")
    for parcel in listed:
        _check(parcel, by_express=logistics_type == EXPRESS)
    return listed


def _check(parcel: Json, *, by_express: bool) -> None:
    item_desc = parcel.get("item_desc")
    if not isinstance(item_desc, str) or not item_desc.strip():
        raise Refused(10060008, "商品信息不能为空")
    if len(item_desc) > 120:
        raise Refused(10060009, "商品信息不能超过120个字")
    if by_express:
        _check_waybill(parcel)


def _check_waybill(parcel: Json) -> None:
    tracking_no, company = parcel.get("tracking_no"), parcel.get("express_company")
    if not isinstance(tracking_no, str) or not tracking_no:
        raise Refused(268485226, "物流单号不能为空")
    if not isinstance(company, str) or not company:
        raise Refused(268485227, "物流公司编码不能为空")
    if len(company) > 128:
        raise Refused(10060025, "物流公司编码过长")
    if len(tracking_no) > 128:
        raise Refused(10060026, "物流单号过长")
    if company not in CARRIERS:
        raise Refused(10060014, "参数错误：物流公司编码不存在")
    if company == "SF" and not _has_contact(parcel.get("contact")):
        raise Refused(10060014, "参数错误：顺丰需填写联系方式，且后4位不能打掩码")


def _has_contact(contact: object) -> bool:
    if not isinstance(contact, dict):
        return False
    numbers = (contact.get("receiver_contact"), contact.get("consignor_contact"))
    return any(isinstance(number, str) and MASKED.fullmatch(number) for number in numbers)


def _upload_time(text: object) -> str:
    if not isinstance(text, str) or UPLOAD_TIME.fullmatch(text) is None:
        raise Refused(268485216, "上传时间非法，请按照 RFC 3339 格式填写")
    try:
        moment(text)
    except ValueError as error:
        raise Refused(268485216, "上传时间非法，请按照 RFC 3339 格式填写") from error
    return text
