"""How a message reads: title and text of the inbox, the page it leads to, the values of a template's keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from apps.messaging import wording
from apps.messaging.board import Facts, Scene
from apps.messaging.models import Message, SceneSetting, Template

_LONGEST_TITLE: Final = 80
_LONGEST_TEXT: Final = 600
_LONGEST_PAGE: Final = 300


def put_in_words(message: Message, *, scene: Scene, setting: SceneSetting, facts: Facts) -> None:
    """Set title, text and page of a message, as operators worded them or as the board does."""
    values = wording.texts_of(scene.names, facts.values)
    if message.content is not None:
        title, text, page = message.content.title, message.content.text, message.content.page
    else:
        title, text = setting.title or scene.inbox_title, setting.text or scene.inbox_text
        page = scene.page
    message.title = wording.filled(title, values)[:_LONGEST_TITLE]
    message.text = wording.filled(text, values)[:_LONGEST_TEXT]
    message.page = wording.filled(page, values)[:_LONGEST_PAGE]


def keywords(texts: Mapping[str, str], *, scene: Scene, facts: Facts) -> dict[str, str]:
    """Each keyword's value, fitted to what its type takes."""
    values = wording.texts_of(scene.names, facts.values)
    return {keyword: wording.fitted(keyword, text, values) for keyword, text in texts.items()}


def unfit(values: Mapping[str, str], template: Template) -> Iterator[wording.Unfit]:
    """The keywords that WeChat would refuse, and those of the template that say nothing."""
    known = {str(word["key"]): word for word in template.keywords}
    for keyword, value in values.items():
        told = wording.fault_of(keyword, value, choices=known.get(keyword, {}).get("choices") or ())
        if told is not None:
            yield wording.Unfit(keyword, told)
    for keyword in known:
        if keyword not in values:
            yield wording.Unfit(keyword, "模板需要此项")


def sms_values(said: str, *, scene: Scene, facts: Facts) -> dict[str, str]:
    """The values of an SMS template's blanks, in its order, by the blanks' names.

    ``said`` is what operators wrote, ``code=order_no,amount``: a blank and the fact in it, or a fact that the blank is
    named like.
    """
    values = wording.texts_of(scene.names, facts.values)
    return {blank: values[name] for blank, name in wording.blanks(said)}
