"""The audiences' tables: tags and who bears them, how members stand as customers, and segments with their versions."""

from apps.audiences.models.segments import (
    Segment,
    SegmentSize,
    SegmentVersion,
    Tag,
    TagMark,
    VersionTag,
)
from apps.audiences.models.standings import Reckoning, Rfm, RfmRules

__all__ = [
    "Reckoning",
    "Rfm",
    "RfmRules",
    "Segment",
    "SegmentSize",
    "SegmentVersion",
    "Tag",
    "TagMark",
    "VersionTag",
]
