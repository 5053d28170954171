"""The demo shop's reviews: some of its first goods, two with pictures, most with a reply, one that waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.core.files.storage import default_storage
from django.db import transaction

from apps.catalog.models import Sku
from apps.content import services as reviews
from apps.content.models import Review
from apps.content.services import moving
from apps.content.states import Finding
from apps.demo import levels, past_orders, telling
from apps.demo.telling import Tell, silent
from apps.members.models import Member


class _Said(NamedTuple):
    """Who said what of which SKU, how many days ago, and what the shop replied."""

    who: int
    sku_code: str
    rating: int
    text: str
    days_ago: int
    reply: str = ""
    pictured: bool = False
    anonymous: bool = False
    held: bool = False


_SHOPPERS: Final = ("林小满", "茶山阿远", "一只椰子", "Mia", "老徐")
_SAID: Final[Sequence[_Said]] = (
    _Said(0, "CP-TAOZHUANG-1", 5, "釉色温润，比图上还好看。送妈妈，她喜欢。", 21, "谢谢您，祝阿姨喝茶开心。", pictured=True),
    _Said(1, "CP-TAOZHUANG-1", 5, "壶嘴断水利落，四只杯子大小很匀。", 17, "谢谢您的细心，常来喝茶。"),
    _Said(2, "CP-TAOZHUANG-1", 4, "杯子很好，盒角压了一下，马上补了一个。", 12, "给您添麻烦了，已加护角。", anonymous=True),
    _Said(3, "CP-TAOZHUANG-1", 3, "颜色偏冷，和我想的不太一样，做工没问题。", 8),
    _Said(4, "CP-JIANZHAN-1", 5, "油滴在太阳下会变色，养了两周更亮了。", 15, "建盏越养越亮，祝您用得顺手。", pictured=True),
    _Said(0, "CP-JIANZHAN-1", 5, "", 10),
    _Said(1, "GW-SANCAI-1", 4, "翻沿不烫手，出汤很顺。青花是手绘的，每只略有不同。", 6),
    _Said(2, "GW-SANCAI-1", 2, "收到有一处小缺釉，已联系换货。", 3, held=True),
)  # fmt: skip


def fill(*, at: datetime, tell: Tell = silent) -> None:
    """Write the reviews where there are none at all; what the operator has stays as it is.

    In the order of time, so that the orders that they are about lie as orders do.
    """
    if Review.objects.exists():
        return
    skus = {sku.code: sku for sku in Sku.objects.select_related("product")}
    shoppers = [
        levels.shopper(name, number=number, at=at - timedelta(days=60))
        for number, name in enumerate(_SHOPPERS, start=1)
    ]
    uploaded = _uploaded(shoppers, skus, at=at)
    past = sorted(_SAID, key=lambda said: said.days_ago, reverse=True)
    with transaction.atomic():
        for said in telling.each(past, what="reviews", named=lambda said: said.sku_code, tell=tell):
            if sku := skus.get(said.sku_code):
                _write(said, sku, shoppers[said.who], uploaded.get(said, ()), at=at)


def _uploaded(
    shoppers: Sequence[Member], skus: Mapping[str, Sku], *, at: datetime
) -> dict[_Said, tuple[str, ...]]:
    """Upload the covers that some reviews show, before anything is written: reading pictures takes time."""
    found: dict[_Said, tuple[str, ...]] = {}
    for said in _SAID:
        if said.pictured and (sku := skus.get(said.sku_code)):
            with default_storage.open(str(sku.product.cover.name)) as cover:
                picture = reviews.upload(
                    member=shoppers[said.who], content=cover.read(), at=at - timedelta(days=said.days_ago)
                )
            found[said] = (picture.public_id,)
    return found


def _write(said: _Said, sku: Sku, member: Member, pictures: tuple[str, ...], *, at: datetime) -> None:
    """Have the goods received, and reviewed a day later; WeChat is not asked about what the shop wrote itself."""
    written_at = at - timedelta(days=said.days_ago)
    order = past_orders.received(member=member, sku_ids=[sku.pk], received_at=written_at - timedelta(days=1))
    draft = reviews.Draft(
        sku_id=sku.pk, rating=said.rating, text=said.text, pictures=pictures, anonymous=said.anonymous
    )
    (review,) = reviews.write(member=member, order_no=order.order_no, drafts=[draft], at=written_at)
    review.finding = Finding.REVIEW if said.held else Finding.PASS
    review.label = 21000 if said.held else 100
    review.pictures.update(finding=Finding.PASS, label=100)
    kept = ("finding", "label")
    if said.held:
        moving.move(review, move="hold", reason="微信建议人工审核", with_columns=kept, at=written_at)
    else:
        moving.move(review, move="pass", with_columns=kept, at=written_at)
    if said.reply:
        replied_at = written_at + timedelta(hours=12)
        reviews.reply(review_id=review.pk, text=said.reply, operator=None, at=replied_at)
