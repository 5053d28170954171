"""Second factors of operators: an authenticator's key, and recovery codes for the day the telephone is gone."""

from __future__ import annotations

import secrets
from base64 import b32encode, b64encode, urlsafe_b64encode
from hashlib import pbkdf2_hmac
from io import BytesIO
from typing import Any, Final

from django.db import transaction
from django_otp import devices_for_user
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from mall import text as texts

_CODES: Final = 10
# Without letters and digits that look alike: ten of them are 49 bits.
_SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
# With so many rounds a code is a matter of 65 bits to whoever reads the table, and of 20 ms to the door.
_ROUNDS: Final = 50_000


def beginning(operator: Any) -> TOTPDevice:
    """The key that an authenticator is to learn: the same until its first code confirms it."""
    device, _ = TOTPDevice.objects.get_or_create(
        user=operator, confirmed=False, defaults={"name": "authenticator"}
    )
    return device


def confirm(operator: Any, code: str) -> TOTPDevice | None:
    """Confirm the key with its first code; None where the code is wrong."""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().filter(user=operator, confirmed=False).first()
        if device is None or not device.verify_token(code):
            return None
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    return device


def has(operator: Any) -> bool:
    """Whether an operator has a factor set up: recovery codes only come with an authenticator."""
    return TOTPDevice.objects.filter(user=operator, confirmed=True).exists()


def check(operator: Any, code: str) -> Any:
    """The factor that a code proves, used up by it; None where it proves none, or wrong ones came too fast.

    Six digits are an authenticator's, everything else a recovery code: a wrong one of either holds up only its kind.
    """
    plain = texts.code(code).replace("-", "").lower()
    kind: Any = TOTPDevice
    if not (len(plain) == 6 and plain.isdigit()):
        kind, plain = StaticDevice, hash_of(operator, plain)
    with transaction.atomic():
        for device in kind.objects.devices_for_user(operator, confirmed=True).select_for_update():
            if device.verify_token(plain):
                return device
    return None


def new_recovery_codes(operator: Any) -> list[str]:
    """Make ten codes that work once each, and end those that were there. Returns them: they are shown once."""
    with transaction.atomic():
        device, _ = StaticDevice.objects.get_or_create(
            user=operator, defaults={"name": "recovery codes", "confirmed": True}
        )
        device.token_set.all().delete()
        codes = ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(_CODES)]
        StaticToken.objects.bulk_create(
            StaticToken(device=device, token=hash_of(operator, code)) for code in codes
        )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def hash_of(operator: Any, code: str) -> str:
    """What the database keeps of a recovery code: 96 bits of PBKDF2, in the 16 signs that django-otp's column has."""
    made = pbkdf2_hmac("sha256", code.encode(), f"recovery:{operator.pk}".encode(), _ROUNDS, 12)
    return urlsafe_b64encode(made).decode()


def remove(operator: Any) -> int:
    """Take an operator's factors away, all of them. Returns how many there were."""
    with transaction.atomic():
        devices = list(devices_for_user(operator, confirmed=None))
        for device in devices:
            device.delete()
    return len(devices)


def secret_of(device: TOTPDevice) -> str:
    """The key as authenticators take it by hand."""
    return b32encode(device.bin_key).decode()


def picture_of(device: TOTPDevice) -> str:
    """The key as a QR code, a picture inside the page."""
    import segno  # -- where a code is drawn

    drawn = BytesIO()
    segno.make(device.config_url, error="m").save(drawn, kind="svg", scale=5, border=2)
    return f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"
