"""Buttons that ask before they act: a page that says what will happen, one call of a service, and what came of it.

Following a link never changes anything: the page is shown, and only sending it acts. A refusal is shown on the
same page with what was typed; nothing is half done. Sending a page twice must be safe: either the service refuses
or repeats itself by the row's state, or the form is a ``OnceForm`` whose token the service keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from unfold.admin import ModelAdmin
from unfold.dataclasses import UnfoldAction
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base import audit, held
from apps.base.forms import TextField, show_refusal
from mall.errors import ShopError

# What the page itself sends beside the form's own fields.
_OURS: Final = {"csrfmiddlewaretoken", "step", "seen"}
_STALE: Final = "您打开页面后内容已变化，请核对后再确认"


class AskForm(forms.Form):
    """What such a page asks; as it stands, only to be sure. ``title`` is also what the button says."""

    title = ""
    explanation = ""

    @property
    def confirming(self) -> str:
        """What the button that acts says, which some titles say themselves."""
        return self.title if self.title.startswith("确认") else f"确认{self.title}"


class ReasonForm(AskForm):
    """Why it is done."""

    # The reason is kept where it can be forgotten (apps/<room>/personal.py): the audit log, which stays, does not quote it.
    reason_is_personal = False

    reason = TextField(label="原因", max_length=100, widget=UnfoldAdminTextInputWidget)


class OnceForm(AskForm):
    """A page that acts once however often it is sent: the service keeps its ``token`` with what it wrote."""

    token = forms.UUIDField(
        widget=forms.HiddenInput,
        initial=uuid4,
        error_messages=dict.fromkeys(("required", "invalid"), "页面已失效，请返回后重新打开"),
    )


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What sending the form would do, to be checked before it is confirmed.

    ``seen`` is the fingerprint of it, sent back in the form's field of that name: whether it still holds only the
    service can tell, under its lock. ``context`` is what a template of its own shows beside the ``facts``.
    """

    facts: Sequence[tuple[str, Any]] = ()
    seen: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)


class Done(NamedTuple):
    """What came of it: told as a success, perhaps with a warning, and another page to go to."""

    told: str
    then: str = ""
    warning: str = ""
    # The row that was made or found by what was typed, where the page is not about a row.
    about: Model | None = None


def rehearsed(
    book: Callable[[], Any],
    *,
    stands: Callable[[], Sequence[tuple[str, str]]],
    change: str,
    reason: str,
) -> Preview:
    """What a correction by hand would make of what it is about: booked by its own service and rolled back at once, so
    that the page says what will be, and not what somebody thinks that the service does.

    ``stands`` reads (label, text) from the database, before and after; the labels are those of a noun. Only for a
    service that does nothing but write rows. Raises what the service refuses.
    """
    with transaction.atomic():
        before = stands()
        book()
        after = stands()
        transaction.set_rollback(True)
    facts = [("本次调整", change)]
    for (label, was), (_, will) in zip(before, after, strict=True):
        facts += [(f"目前{label}", was), (f"调整后{label}", will)]
    return Preview(facts=[*facts, ("原因", reason)])


def operator(request: HttpRequest) -> Any:
    """The operator who asks; the permission check before every action leaves nobody else here."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


class Asking(ModelAdmin):
    """An admin whose buttons ask."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row of a page, which is read once where the page is only looked at: its buttons ask for it, too."""
        if request.method != "GET":
            return super().get_object(request, object_id, from_field)
        read: dict[tuple[Any, ...], Any] = vars(request).setdefault("rows_read", {})
        key = (type(self), object_id, from_field)
        if key not in read:
            read[key] = super().get_object(request, object_id, from_field)
        return read[key]

    def row(self, request: HttpRequest, object_id: str) -> Any:
        """The row that a button belongs to. Raises Http404."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return row

    def page_of(self, row: Model) -> str:
        """The address of the row's own page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])

    def list_page(self) -> str:
        """The address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def usable(self, row: Any) -> Collection[str] | None:
        """The names of the buttons that a row's status has a use for; None for all. The services decide all the same."""
        return None

    def get_actions_detail(self, request: HttpRequest, object_id: int) -> list[UnfoldAction]:
        """The buttons on a row's page: those that the operator may press and that lead somewhere."""
        buttons: list[UnfoldAction] = super().get_actions_detail(request, object_id)
        row = self.get_object(request, str(object_id)) if buttons else None
        usable = self.usable(row) if row is not None else None
        if usable is None:
            return buttons
        names = {f"{self.opts.app_label}_{self.opts.model_name}_{name}" for name in usable}
        return [button for button in buttons if button.action_name in names]

    def ask(
        self,
        request: HttpRequest,
        form_class: Callable[..., Any],
        act: Callable[[Any], str | Done],
        *,
        row: Model | None = None,
        heading: str = "",
        facts: Sequence[tuple[str, Any]] = (),
        seen: str = "",
        preview: Callable[[Any], Preview] | None = None,
        initial: Mapping[str, Any] | None = None,
        back: str = "",
        then: str = "",
        audit_as: tuple[str, str] | None = None,
        outside: bool = False,
        template: str = "admin/asking.html",
        context: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the page; when it is sent, ``act`` and say what it returns, or why the service refuses.

        ``heading`` says what it is about and how that stands, ``facts`` are (label, text) to read before. What
        stands in ``seen`` must not have changed between looking and sending. With a ``preview`` the page asks
        twice: what was typed, then whether that was meant. ``back`` is where to go instead (by default the row's
        page or the list), ``then`` where to go afterwards.

        Who did it is written down with the result and with what changed of the row, in one transaction with the
        act; where that calls WeChat it is ``outside`` of one, and written down afterwards. ``audit_as`` (action,
        subject) says what the log calls it, by default the form's title and the row's number.

        A page whose fields are wrong answers 200 as every form of the admin does; one that the service refused,
        or that is stale, 409. The page may show addresses and money, so nobody keeps it.
        """
        asked = _Asked(self, request, form_class, initial)
        back = back or (self.page_of(row) if row is not None else self.list_page())
        audited = self._audited(request, asked, act, row=row, called=audit_as, outside=outside)
        done = asked.run(audited, seen=seen, preview=preview)
        if done is not None:
            self.message_user(request, done.told, level=messages.SUCCESS)
            if done.warning:
                self.message_user(request, done.warning, level=messages.WARNING)
            return redirect(done.then or then or back)
        found = asked.preview
        shown = {
            **self.admin_site.each_context(request),
            "title": asked.form.title,
            "form": asked.form,
            "heading": heading,
            "facts": found.facts if found else facts,
            "seen": found.seen if found else seen,
            "asks_twice": preview is not None,
            "preview": found,
            "problem": asked.problem,
            "typed": asked.typed() if found else (),
            "back": back,
            "opts": self.opts,
            **(context or {}),
            **(found.context if found else {}),
        }
        response = TemplateResponse(request, template, shown, status=asked.status)
        patch_cache_control(response, no_store=True, private=True)
        return response

    def _audited(
        self,
        request: HttpRequest,
        asked: _Asked,
        act: Callable[[Any], str | Done],
        *,
        row: Model | None,
        called: tuple[str, str] | None,
        outside: bool,
    ) -> Callable[[Any], Done]:
        """Have an act write down what it did, as it does it."""

        def acted(form: Any) -> Done:
            action, subject = called or (asked.form.title, "" if row is not None else self.opts.verbose_name)
            with (
                nullcontext() if outside else transaction.atomic(),
                audit.watching(operator=operator(request), action=action, subject=subject, row=row) as watch,
            ):
                before = audit.values_of([row]).get(row.pk, {}) if row is not None else {}
                result = act(form)
                done = Done(result) if isinstance(result, str) else result
                if row is None and done.about is not None:
                    watch.about(done.about)
                audit.close(
                    watch,
                    told=done.told + _why(form),
                    at=timezone.now(),
                    changes=audit.between(row, before) if row is not None else (),
                    once=str(form.cleaned_data.get("token") or ""),
                )
            return done

        return acted


def _why(form: Any) -> str:
    """The reason that was given, where one was asked for and the log may keep it."""
    if getattr(form, "reason_is_personal", False):
        return ""
    reason = str(form.cleaned_data.get("reason") or "").strip()
    return f" 原因：{reason}" if reason else ""


class _Asked:
    """One request to such a page: its form, and how far it has come."""

    def __init__(
        self,
        page: ModelAdmin,
        request: HttpRequest,
        form_class: Callable[..., Any],
        initial: Mapping[str, Any] | None,
    ) -> None:
        self.request = request
        self.sent = request.method == "POST"
        known = {"initial": dict(initial)} if initial else {}
        self.form = form_class(request.POST, request.FILES, **known) if self.sent else form_class(**known)
        self.preview: Preview | None = None
        self.problem = ""
        self.status = 200

    def run(
        self, act: Callable[[Any], Done], *, seen: str, preview: Callable[[Any], Preview] | None
    ) -> Done | None:
        """Do it, if it was sent, is right, and is confirmed; None while the page is to be shown."""
        step = self.request.POST.get("step", "")
        if not self.sent or not self.form.is_valid():
            if step == "edit":
                self.form.errors.clear()
            return None
        if step == "edit":
            return None
        try:
            if preview is not None and (step != "confirm" or self._unseen()):
                self.preview = preview(self.form)
                return None
            if seen and self.request.POST.get("seen", "") != seen:
                self.problem, self.status = _STALE, 409
                return None
            return act(self.form)
        except ShopError as refusal:
            show_refusal(self.form, refusal)
            self.preview, self.status = None, 409
            return None

    def _unseen(self) -> bool:
        """Whether the form must say what was seen and does not: nobody can have confirmed it."""
        return "seen" in self.form.fields and not self.form.cleaned_data["seen"]

    def typed(self) -> list[tuple[str, str]]:
        """What was filled in, for the hidden fields of the page that asks to confirm."""
        sent = [
            (name, str(value))
            for name, values in self.request.POST.lists()
            if name not in _OURS and not name.endswith("-held")
            for value in values
        ]
        # A browser sends a file once: what was chosen waits under a token.
        return [*sent, *held.tokens(self.form)]
