"""The refusal that all doors of activities share: there is no such one, or it is another's."""

from __future__ import annotations

from mall.errors import Kind, ShopError


class ActivityNotFound(ShopError):
    """There is no such activity, nobody has been told of it yet, or it is another's."""

    code = "activity_not_found"
    message = "活动不存在或已结束"
    kind = Kind.NOT_FOUND
