"""Product detail HTML: what an operator pasted becomes what a shopper's page may show, and what was left out is said."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.conf import settings

from apps.catalog import pasting, styles
from apps.catalog.pasting import Take
from apps.pictures import stored

# What WeChat's rich-text shows of HTML.
_TAGS: Final = {
    *("p", "div", "span", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "q", "img", "a"),
    *("strong", "b", "em", "i", "u", "s", "del", "ins", "mark", "small", "big", "sub", "sup", "code", "pre"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "colgroup", "col"),
    *("thead", "tbody", "tfoot", "tr", "th", "td", "ruby", "rt"),
    *("section", "article", "aside", "header", "footer", "nav", "figure", "figcaption", "abbr", "cite"),
}
_ATTRIBUTES: Final = {
    "*": {"style"},
    "img": {"src", "alt", "width", "height"},
    "a": {"href", "title"},
    "td": {"colspan", "rowspan", "width", "height"},
    "th": {"colspan", "rowspan", "width", "height"},
    "col": {"span", "width"},
    "table": {"width"},
    "ol": {"start"},
}


class Cleaned(NamedTuple):
    """A detail page as it is kept, and a sentence for each sort of thing that was left out, with its lines."""

    html: str
    remarks: list[str]


def cleaned(html: str, *, take: Take | None = None) -> Cleaned:
    """Return ``html`` with nothing in it but text, its looks, links and pictures (nh3, i.e. ammonia), and what went.

    What can be completed is: pictures that a page loads late, addresses without a scheme, tags and attributes of old
    editors. Scripts, event handlers, forms, frames, places and foreign backgrounds are dropped; addresses of
    this shop (``/media/…``) stay relative. ``take`` keeps the bytes of a picture that was pasted whole and returns
    its address; without it such pictures are dropped. Cleaning twice gives the same.
    """
    import nh3  # -- 1.5 MB, where a page is saved

    completed, remarks = pasting.completed(html, known=_TAGS, take=take)
    safe = nh3.clean(
        completed,
        tags=_TAGS,
        clean_content_tags=set(pasting.NEVER_SHOWN),
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    return Cleaned(safe.replace("\x00", ""), remarks)


def sanitised(html: str) -> str:
    """Return what ``cleaned`` keeps, for whoever has nobody to tell what went."""
    return cleaned(html).html


def for_shoppers(html: str) -> str:
    """Return sanitised HTML with this shop's pictures under their full address, as a mini program needs them."""
    here = settings.MEDIA_URL
    return html.replace(f'src="{here}', f'src="{stored.absolute(here)}') if here.startswith("/") else html


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    """The last word about looks is here, whatever the page before was taken for."""
    return (styles.harmless(value).css or None) if attribute == "style" else value
