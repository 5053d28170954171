"""Facts of messages: scenes and templates, what members granted and want, what is to be told and how that went."""

from apps.messaging.models.sending import Card, Dispatch, Grant, GrantEntry, Message, Standing
from apps.messaging.models.wording import Broadcast, BroadcastTarget, Content, Rules, SceneSetting, Template

__all__ = [
    "Broadcast",
    "BroadcastTarget",
    "Card",
    "Content",
    "Dispatch",
    "Grant",
    "GrantEntry",
    "Message",
    "Rules",
    "SceneSetting",
    "Standing",
    "Template",
]
