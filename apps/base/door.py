"""The operators' door: who guesses is locked out, who is known is not; a second factor; sessions that end.

Failures are counted by django-axes: for a device that nobody knows by its network address and by the name it tries,
whichever reaches the limit first; for a device from which this operator has logged in before, by name and address
together. So a thousand machines have five tries between them, and none of them locks the owner out of the owner's
own computer. Second factors are kept and checked by django-otp.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final

import structlog
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import get_user_model, logout
from django.contrib.auth.signals import user_login_failed
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp import login as remember_factor
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.base import audit
from apps.base import second_factor as factors
from apps.base.forms import CodeField

log = structlog.get_logger(__name__)

_DEVICE: Final = "known_device"
_DEVICE_AGE: Final = timedelta(days=180)
_SINCE: Final = "logged_in_at"
_SEEN: Final = "seen_at"
_NOTED: Final = timedelta(minutes=1)
# However busy somebody is: a session that was taken along ends within half a day.
_LONGEST: Final = timedelta(hours=12)


def address_of(request: HttpRequest) -> str:
    """The network address of whoever asks, as far as our own proxies vouch for it.

    Of ``X-Forwarded-For`` only the entries that ``TRUSTED_PROXIES`` proxies of ours have added are believed: what
    a client writes stands further left. IPv6 addresses count by their /64, which one household has whole.
    """
    told = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    proxies: int = settings.TRUSTED_PROXIES
    found = told[-min(proxies, len(told))] if proxies and told else request.META.get("REMOTE_ADDR", "")
    try:
        parsed = ip_address(found)
    except ValueError:
        return "0.0.0.0"  # noqa: S104  # nobody binds to it: all whose address is no address count as one
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed if parsed.version == 4 else ip_network(f"{parsed}/64", strict=False).network_address)


def counted_by(request: Any, credentials: dict[str, Any] | None = None) -> list[str | list[str]]:
    """By what failures are counted (``AXES_LOCKOUT_PARAMETERS``)."""
    name = str((credentials or {}).get("username") or getattr(request, "username", "") or "")
    known = isinstance(request, HttpRequest) and _is_known(request, name)
    return [["username", "ip_address"]] if known else ["ip_address", "username"]


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The page for who tried too often: it says nothing of whether the name exists."""
    return render(request, "locked.html", {"minutes": settings.AXES_COOLOFF_TIME.seconds // 60}, status=429)


def _is_known(request: HttpRequest, name: str) -> bool:
    try:
        told = signing.loads(request.COOKIES.get(_DEVICE, ""), salt=_DEVICE, max_age=_DEVICE_AGE)
    except signing.BadSignature:
        return False
    return name.casefold() in {str(one) for one in told}


class LoginForm(AuthenticationForm):
    """Name, password and, where one is set up, the second factor. Successes and failures are in the audit log."""

    code = CodeField(
        label="动态验证码或恢复码",
        required=False,
        max_length=32,
        help_text="启用了两步验证的账号必填",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "text"}),
    )

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "用户名或密码不正确（区分大小写），或该账号不能登录后台",
    }

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except ValidationError:
            self._failed("登录失败")
            raise
        if self.get_user() is not None:
            audit.record(
                operator=self.get_user(),
                action="登录",
                subject=self.get_user().get_username(),
                note=address_of(self.request),
                at=timezone.now(),
            )
        return cleaned

    def confirm_login_allowed(self, user: Any) -> None:
        """Staff only, with their second factor where they have one."""
        super().confirm_login_allowed(user)
        if not factors.has(user):
            return
        code = str(self.cleaned_data.get("code") or "").strip()
        device = factors.check(user, code) if code else None
        if device is None:
            if code:
                user_login_failed.send(
                    sender=__name__, request=self.request, credentials={"username": user.get_username()}
                )
            raise ValidationError(
                "动态验证码或恢复码不正确" if code else "请填写动态验证码或恢复码", code="second_factor"
            )
        user.otp_device = device

    def _failed(self, action: str) -> None:
        """Write a failure down; a name that nobody has is not quoted, it may be a password typed too early."""
        if getattr(self.request, "axes_locked_out", False):
            log.warning("login_locked_out")
            return
        name = str(self.cleaned_data.get("username") or "")
        user = get_user_model()._default_manager.filter(username=name).first()
        audit.record(
            operator=user,
            action=action,
            subject=name if user is not None else "未知用户名",
            note=address_of(self.request),
            at=timezone.now(),
        )
        log.warning("login_failed")


class DoorMiddleware:
    """Behind the door: sessions end, second factors are asked for, and the device of who came in is remembered."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return self._get_response(request)
        refused = self._refuse(request)
        if refused is not None:
            return _told_of_loss(request, refused)
        was_nobody = not request.user.is_authenticated
        response: HttpResponse = self._get_response(request)
        if was_nobody and request.user.is_authenticated:
            request.session[_SINCE] = timezone.now().timestamp()
            _remember(request, response)
        return _told_of_loss(request, response)

    def _refuse(self, request: HttpRequest) -> HttpResponse | None:
        user: Any = request.user
        if not user.is_authenticated:
            return None
        now = timezone.now().timestamp()
        since = request.session.setdefault(_SINCE, now)
        if now - request.session.get(_SEEN, 0) > _NOTED.total_seconds():
            # What changes is saved with a new end: this is what keeps a session that is used alive.
            request.session[_SEEN] = now
        unproven = not user.is_verified() and factors.has(user)
        if unproven or now - since > _LONGEST.total_seconds():
            logout(request)
            return redirect(f"{reverse('admin:login')}?next={request.path}")
        elsewhere = request.path not in {
            reverse("second-factor"),
            reverse("admin:logout"),
            reverse("admin:jsi18n"),
        }
        if settings.ADMIN_SECOND_FACTOR and not user.is_verified() and elsewhere:
            return redirect("second-factor")
        return None


def _told_of_loss(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Have the login page say so where somebody is sent there who had filled a form in: nothing of it was saved."""
    if request.method == "POST" and not request.user.is_authenticated:
        address = response.get("Location", "")
        if address.startswith(f"{reverse('admin:login')}?"):
            response["Location"] = f"{address}&unsaved=1"
    return response


def _remember(request: HttpRequest, response: HttpResponse) -> None:
    """Give the device a cookie that says who has logged in from it, the last five."""
    try:
        told = signing.loads(request.COOKIES.get(_DEVICE, ""), salt=_DEVICE, max_age=_DEVICE_AGE)
    except signing.BadSignature:
        told = []
    name = request.user.get_username().casefold()  # just logged in
    names = [*[one for one in told if one != name][-4:], name]
    response.set_cookie(
        _DEVICE,
        signing.dumps(names, salt=_DEVICE),
        max_age=_DEVICE_AGE,
        path="/admin/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


class ConfirmForm(forms.Form):
    """The first code that an authenticator shows, or one that switches it off."""

    code = CodeField(
        label="动态验证码",
        max_length=32,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )


@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set one's own second factor up: a QR code, its first code, ten recovery codes, shown once."""
    user: Any = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return redirect(f"{reverse('admin:login')}?next={request.path}")
    form, codes = ConfirmForm(request.POST or None), []
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            codes = _act(request, form)
    device = None if factors.has(user) else factors.beginning(user)
    context = {
        **admin.site.each_context(request),
        "title": "两步验证",
        "form": form,
        "codes": codes,
        "active": device is None,
        "secret": factors.secret_of(device) if device else "",
        "picture": factors.picture_of(device) if device else "",
        "required": settings.ADMIN_SECOND_FACTOR,
    }
    response = TemplateResponse(request, "admin/second_factor.html", context)
    patch_cache_control(response, no_store=True, private=True)
    return response


def _act(request: HttpRequest, form: ConfirmForm) -> list[str]:
    """Confirm a factor, make new recovery codes, or switch it off: each with a code. Returns codes to be shown."""
    user: Any = request.user
    code, at = form.cleaned_data["code"].replace(" ", ""), timezone.now()
    if not factors.has(user):
        device = factors.confirm(user, code)
        if device is None:
            form.add_error("code", "验证码不正确，请检查手机时间后重试")
            return []
        remember_factor(request, device)
        action = "启用两步验证"
    elif factors.check(user, code) is None:
        form.add_error("code", "验证码不正确")
        return []
    elif "off" in request.POST:
        if settings.ADMIN_SECOND_FACTOR:
            raise PermissionDenied
        factors.remove(user)
        request.session.pop(DEVICE_ID_SESSION_KEY, None)
        messages.success(request, "两步验证已关闭。")
        audit.record(operator=user, action="关闭两步验证", subject=user.get_username(), at=at, row=user)
        return []
    else:
        action = "更换恢复码"
    audit.record(operator=user, action=action, subject=user.get_username(), at=at, row=user)
    return factors.new_recovery_codes(user)
