"""Everything that writes audiences: ``audiences.put(...)``, by ``from apps.audiences import services as audiences``."""

from apps.audiences.services.issuing import issue_coupons
from apps.audiences.services.keeping import keep_up
from apps.audiences.services.reckoning import reckon_due
from apps.audiences.services.ruling import RulesRefused, check_rules, save_rules
from apps.audiences.services.segments import (
    SegmentNotUsable,
    SegmentRefused,
    SegmentUsed,
    archive,
    check,
    keep_in_group,
    leave_group,
    look_over,
    restore,
    save,
    usable,
)
from apps.audiences.services.tags import (
    TagNotByHand,
    TagRefused,
    archive_tag,
    check_tag,
    put,
    put_on_numbers,
    restore_tag,
    save_tag,
    take_off,
    take_off_numbers,
)

__all__ = [
    "RulesRefused",
    "SegmentNotUsable",
    "SegmentRefused",
    "SegmentUsed",
    "TagNotByHand",
    "TagRefused",
    "archive",
    "archive_tag",
    "check",
    "check_rules",
    "check_tag",
    "issue_coupons",
    "keep_in_group",
    "keep_up",
    "leave_group",
    "look_over",
    "put",
    "put_on_numbers",
    "reckon_due",
    "restore",
    "restore_tag",
    "save",
    "save_rules",
    "save_tag",
    "take_off",
    "take_off_numbers",
    "usable",
]
