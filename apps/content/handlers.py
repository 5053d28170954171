"""What reviews do about news."""

from __future__ import annotations

from datetime import datetime, timedelta

from apps import outbox
from apps.content import services as reviews
from apps.members.models import Document
from apps.wechat import security
from apps.wechat import selectors as wechat_facts
from apps.wechat.errors import WechatUnavailable
from mall import events

# A verdict may overtake the answer that names its trace; after so long nobody will name it any more.
_OVERTAKEN_FOR_S = 600
_SOON = timedelta(seconds=5)


@outbox.outside_transaction
def check_on_review_written(event: events.ReviewWritten, *, at: datetime) -> None:
    """Ask WeChat about a review; comes back with the outbox's back-off while WeChat is away."""
    try:
        reviews.check(review_id=event.review_id, at=at)
    except WechatUnavailable as trouble:
        raise outbox.TryLater(str(trouble)) from trouble


def judge_picture_on_wechat_pushed(event: events.WechatPushed, *, at: datetime) -> None:
    """Keep what WeChat found in a picture."""
    if event.kind != security.PICTURE_EVENT:
        return
    said = wechat_facts.push_content(message_key=event.message_key)
    try:
        reviews.judge_picture(message=said, at=at)
    except reviews.UnknownTrace as unknown:
        created = str(said.get("CreateTime", ""))
        if created.isdigit() and at.timestamp() - int(created) < _OVERTAKEN_FOR_S:
            raise outbox.TryLater("a picture that is not known yet", after=_SOON) from unknown


def erase_on_consent_withdrawn(event: events.ConsentWithdrawn, *, at: datetime) -> None:
    """Delete what the member wrote and showed under the privacy document."""
    if event.document == Document.Kind.PRIVACY:
        reviews.erase_of_member(member_id=event.member_id, at=at)
