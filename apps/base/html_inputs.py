"""What a browser would send of a form that stands on a page, input by input."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

_NO_VALUES = frozenset({"submit", "button", "reset", "image"})
# The rest of a tag: what stands in quotes is no end of it.
_REST = r"""(?:[^"'>]++|"[^"]*+"|'[^']*+')*+>"""
# Tags that say nothing of inputs, nine of ten: to take them out first costs a third of reading them. What is left to the
# reader is passed over whole, so that nothing in it is taken for a tag: comments, scripts, what is typed, the inputs' tags.
_LEFT = (
    rf"<!--.*?-->|<(?P<raw>script|style|textarea)\b.*?</(?P=raw)\b|</?(?:form|input|select|option)\b{_REST}"
)
_SILENT = re.compile(rf"(?P<left>{_LEFT})|</?[a-z]{_REST}", re.IGNORECASE | re.DOTALL)


class Input(NamedTuple):
    """An input of a form: whether it would be sent as it stands, with what value, and how people read that."""

    name: str
    value: str
    read: str
    sent: bool = True


def inputs_of(page: str, *, form: str) -> list[Input]:
    """Return the inputs of the form with this id, in their order; an unticked box is there and not sent."""
    reader = _Reader(form)
    reader.feed(_SILENT.sub(r"\g<left>", _around(form, page)))
    reader.close()
    return reader.found


def _around(form: str, page: str) -> str:
    """The form alone, where it is found at once: most of a page is not it, and reading costs more than drawing did."""
    begins = re.search(rf'<form\b[^<>]*\bid="{re.escape(form)}"', page)
    ends = page.find("</form>", begins.end()) if begins else -1
    return page[begins.start() : ends] if begins and ends > 0 else page


class _Reader(HTMLParser):
    """Reads inputs, text areas and selections inside one form."""

    def __init__(self, form: str) -> None:
        super().__init__(convert_charrefs=True)
        self._form, self._inside = form, False
        self.found: list[Input] = []
        # The text area or selection that is open: its name, the options of the selection, what was read since.
        self._name, self._multiple, self._text = "", False, ""
        self._options: list[tuple[str, bool, str]] = []
        self._option: tuple[str | None, bool] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self._inside = told.get("id") == self._form
        if not self._inside:
            return
        if tag == "option":
            self._end_option()
            self._option, self._text = (told.get("value"), "selected" in told), ""
            return
        name = told.get("name") or ""
        if not name or "disabled" in told:
            return
        if tag == "input":
            self._input(name, told)
        elif tag in {"select", "textarea"}:
            self._name, self._multiple, self._text, self._options = name, "multiple" in told, "", []

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        if not self._inside:
            return
        if tag == "option":
            self._end_option()
        elif tag == "textarea" and self._name:
            # A browser leaves out the line end that begins a text area.
            text = self._text.replace("\r\n", "\n").removeprefix("\n")
            self.found.append(Input(self._name, text, text))
            self._name = ""
        elif tag == "select" and self._name:
            self._end_option()
            self._select()
            self._name = ""

    def _input(self, name: str, told: dict[str, str | None]) -> None:
        kind = (told.get("type") or "text").lower()
        value = told.get("value") or ""
        if kind in _NO_VALUES:
            return
        if kind == "file":
            self.found.append(Input(name, "", "", sent=False))
        elif kind in {"checkbox", "radio"}:
            value = value if told.get("value") is not None else "on"
            self.found.append(Input(name, value, "是" if value == "on" else value, sent="checked" in told))
        else:
            self.found.append(Input(name, value, value))

    def _end_option(self) -> None:
        if self._option is not None:
            value, chosen = self._option
            text = self._text.strip()
            self._options.append((text if value is None else value, chosen, text))
            self._option = None

    def _select(self) -> None:
        chosen = [(value, text) for value, is_chosen, text in self._options if is_chosen]
        if not chosen and self._options and not self._multiple:
            chosen = [(self._options[0][0], self._options[0][2])]
        self.found += [Input(self._name, value, text) for value, text in chosen]
        if not chosen:
            self.found.append(Input(self._name, "", "", sent=False))
