"""What coupons hold of people: which coupons a member was given, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from apps.base import personal
from apps.base.personal import Fate, Holding, Person, Room
from apps.coupons.models import Code, CodeTries, Coupon, CouponMove, PromoCode, StorePass, StoreUse

_BOOKS = "对账的流水，只增不改；会员注销后不再指向个人"


def export(person: Person) -> Mapping[str, personal.Table]:
    """Coupons, their history, where they were used, and codes of this member's own."""
    coupons = Coupon.objects.filter(member_id=person.member_id).order_by("id")
    moves = CouponMove.objects.filter(coupon__member_id=person.member_id).order_by("id")
    uses = StoreUse.objects.filter(coupon__member_id=person.member_id).order_by("id")
    codes = Code.objects.filter(redeemed_by_id=person.member_id).order_by("id")
    promoted = PromoCode.objects.filter(promoter_id=person.member_id).order_by("id")
    return {
        "优惠券": personal.table(
            coupons, "public_id", "status", "valid_from", "valid_until", "order_no", "way", "issued_at", "own_off_fen",
            名称="template__name",
        ),
        "优惠券流水": personal.table(
            moves, "move", "to_status", "order_no", "note", "at", 券号="coupon__public_id"
        ),
        "门店核销": personal.table(
            uses, "use_no", "goods_fen", "off_fen", "receipt_no", "at", "undone_at", "undone_why",
            门店="place__name", 券号="coupon__public_id",
        ),
        "兑换码": personal.table(codes, "code", "redeemed_at"),
        "推广码": personal.table(promoted, "code", "redemptions"),
    }  # fmt: skip


def erase(person: Person, *, at: datetime) -> None:
    """Delete the passes that a till would take, and the count of wrong codes; the ledger names nobody any more."""
    StorePass.objects.filter(coupon__member_id=person.member_id).delete()
    CodeTries.objects.filter(member_id=person.member_id).delete()


ROOM = Room(
    name="coupons",
    holdings=(
        Holding(
            model="coupons.Coupon",
            plain=("cause", "gift_of"),
            exported="优惠券",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_BOOKS,
        ),
        Holding(
            model="coupons.CouponMove",
            plain=("move", "note"),
            exported="优惠券流水",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_BOOKS,
        ),
        Holding(
            model="coupons.StoreUse",
            plain=("undone_why",),
            exported="门店核销",
            fate=Fate.NAMELESS,
            kept="与订单相同",
            why=_BOOKS,
        ),
        Holding(
            model="coupons.StorePass",
            plain=("code",),
            not_exported="有效五分钟的出示码",
            fate=Fate.DELETED,
            kept="失效后一小时",
            why="会员要求的服务（PIPL 第十三条第一款第二项）",
        ),
        Holding(
            model="coupons.Code",
            plain=("code",),
            exported="兑换码",
            fate=Fate.NAMELESS,
            kept="与批次相同",
            why=_BOOKS,
        ),
        Holding(
            model="coupons.PromoCode",
            plain=("code",),
            exported="推广码",
            fate=Fate.NAMELESS,
            kept="与优惠券模板相同",
            why=_BOOKS,
        ),
        Holding(
            model="coupons.CodeTries",
            not_exported="防止猜码的计数",
            fate=Fate.DELETED,
            kept="会员注销为止",
            why="保障安全所必需",
        ),
        Holding(
            model="coupons.Tally",
            not_exported="领取次数的合计，明细已导出",
            fate=Fate.NAMELESS,
            kept="与优惠券模板相同",
            why="每人限领的计数；会员注销后不再指向个人",
        ),
        Holding(
            model="coupons.IssueTarget",
            not_exported="批量发放的名单，发放的券已导出",
            fate=Fate.NAMELESS,
            kept="发放结束为止",
            why="会员注销后不再指向个人，也不再发放",
        ),
    ),
    export=export,
    erase=erase,
)
