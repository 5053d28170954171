"""Board 8: what can be shared: the API's word, what operators call it, the mini program's page, who knows its things;
and who does something about members who came by a share.

Pages are those of the mini program that the shop is sold with; whoever has others names them here. Codes of a page that
the released version does not have are refused by WeChat (41030, WECHAT_CHECK_PATH).
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.shares.cards import Kind

# Words of the API that have nothing to show yet: 404, where other words are 400.
COMING: Sequence[str] = ("article", "page")

KINDS: Sequence[Kind] = (
    Kind(
        name="product",
        label="商品",
        page="pages/product/index",
        finds="apps.storefront.sharing.product",
        numbered=True,
    ),
    Kind(name="group", label="拼团", page="pages/group/index", finds="apps.groupbuy.sharing.group"),
    Kind(
        name="flash_sale",
        label="秒杀",
        page="pages/flash-sale/index",
        finds="apps.flashsale.sharing.good",
        numbered=True,
    ),
    Kind(name="bargain", label="砍价", page="pages/bargain/index", finds="apps.bargain.sharing.run"),
    Kind(
        name="presale",
        label="预售",
        page="pages/presale/index",
        finds="apps.presale.sharing.presale",
        numbered=True,
    ),
    Kind(name="promoter", label="推客", page="pages/index/index", finds="apps.distribution.sharing.myself"),
    Kind(
        name="referral",
        label="邀请活动",
        page="pages/referral/index",
        finds="apps.referrals.sharing.referral",
        numbered=True,
    ),
    Kind(name="packet", label="立减金", page="pages/packet/index", finds="apps.packets.sharing.packet"),
)

# Called with the share and the member, inside the visit's transaction; they refuse nobody.
LANDINGS: Sequence[str] = (
    "apps.distribution.services.bindings.bind_on_landing",
    "apps.referrals.services.binding.bind_on_landing",
)
