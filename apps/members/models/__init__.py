"""The members' tables: who they are, what they hold, what they sent."""

from apps.members.models.groups import Group, Membership
from apps.members.models.members import (
    Address,
    Consent,
    Document,
    ErasureRequest,
    ExportRequest,
    GrowthEntry,
    Level,
    LevelChange,
    Member,
    Session,
    SpentRefresh,
)
from apps.members.models.uploads import Upload

__all__ = [
    "Address",
    "Consent",
    "Document",
    "ErasureRequest",
    "ExportRequest",
    "Group",
    "GrowthEntry",
    "Level",
    "LevelChange",
    "Member",
    "Membership",
    "Session",
    "SpentRefresh",
    "Upload",
]
