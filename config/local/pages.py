"""A web page as a person sees it: links by their address, and the fields of its form with what they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form that posts: its fields as served, and the choices of its selects by their labels."""

    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)

    def choice(self, name: str, label: str) -> str | None:
        """Return the value of the first choice of the select ``name`` whose label holds ``label``."""
        offered = self.choices.get(name, {})
        return next((value for shown, value in offered.items() if label in shown and value), None)


class Page(HTMLParser):
    """Reads a page: ``links``, ``forms`` (those with method post) and ``text``."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.text = ""
        self._form: Form | None = None
        self._select = ""
        self._option: str | None = None
        self._silent = False
        self.feed(source)

    def form_with(self, name: str) -> Form | None:
        """Return the form that has a field of this name."""
        return next((form for form in self.forms if name in form.fields or name in form.choices), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._silent = self._silent or tag in {"script", "style"}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        elif tag == "form":
            self._form = Form()
            if found.get("method", "get").lower() == "post":
                self.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag in {"script", "style"}:
            self._silent = False
        elif tag == "option":
            self._option = None

    def handle_data(self, data: str) -> None:
        if self._option is not None and self._form is not None:
            self._form.choices[self._select][data.strip()] = self._option
        elif not self._silent and data.strip():
            self.text += data.strip() + "\n"

    def _field(self, form: Form, tag: str, found: dict[str, str]) -> None:
        name = found.get("name", "")
        if tag == "select" and name:
            self._select = name
            form.choices[name] = {}
        elif tag == "option" and self._select:
            self._option = found.get("value", "")
            if "selected" in found:
                form.fields[self._select] = self._option
        elif tag == "input" and name and found.get("type") not in {"submit", "button", "checkbox", "radio"}:
            form.fields[name] = found.get("value", "")
        elif tag == "textarea" and name:
            form.fields[name] = ""
