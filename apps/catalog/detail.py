"""Product detail HTML: what an operator pasted becomes what a shopper's page may show."""

from __future__ import annotations

import nh3
from django.conf import settings

from apps.catalog import pictures

_TAGS = {
    *("p", "div", "span", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "img", "a"),
    *("strong", "b", "em", "i", "u", "s", "small", "sub", "sup", "ul", "ol", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td", "caption", "section", "figure", "figcaption"),
}
_ATTRIBUTES = {
    "*": {"style"},
    "img": {"src", "alt", "width", "height"},
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# Looks, never places: nothing may be laid over the page around it or fetched from elsewhere.
_STYLES = {
    *("color", "background-color", "font-size", "font-weight", "font-style", "line-height", "letter-spacing"),
    *(
        "text-align",
        "text-decoration",
        "text-indent",
        "width",
        "max-width",
        "height",
        "border",
        "border-radius",
    ),
    *("margin", "margin-top", "margin-bottom", "padding", "padding-top", "padding-bottom", "vertical-align"),
}


def sanitised(html: str) -> str:
    """Return ``html`` with nothing in it but text, its looks, links and pictures (nh3, i.e. ammonia).

    Scripts, event handlers, forms, frames and ``javascript:`` or ``data:`` addresses are dropped; addresses of
    this shop (``/media/…``) stay relative. Cleaning twice gives the same.
    """
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        filter_style_properties=_STYLES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    ).replace("\x00", "")


def for_shoppers(html: str) -> str:
    """Return sanitised HTML with this shop's pictures under their full address, as a mini program needs them."""
    here = settings.MEDIA_URL
    return html.replace(f'src="{here}', f'src="{pictures.absolute(here)}') if here.startswith("/") else html
