"""Everything that writes reviews: pictures, writing, WeChat's check, what operators decide, erasure.

Call it as ``reviews.write(...)`` (``from apps.content import services as reviews``). What asks WeChat, or reads a
picture, is called outside a transaction; the others open one. All are safe to repeat.
"""

from apps.content.services.checking import UnknownTrace, check, hold_overdue, judge_picture
from apps.content.services.erasing import erase_of_member
from apps.content.services.moderating import hide, publish, reject, reply, show
from apps.content.services.pictures import upload
from apps.content.services.writing import (
    AlreadyReviewed,
    Draft,
    LineUnknown,
    NotReviewable,
    ReviewOverdue,
    write,
)

__all__ = [
    "AlreadyReviewed",
    "Draft",
    "LineUnknown",
    "NotReviewable",
    "ReviewOverdue",
    "UnknownTrace",
    "check",
    "erase_of_member",
    "hide",
    "hold_overdue",
    "judge_picture",
    "publish",
    "reject",
    "reply",
    "show",
    "upload",
    "write",
]
