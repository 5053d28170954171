"""Recovery codes lay readable in django-otp's table: only their hashes stay. The codes that people have go on working."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import pbkdf2_hmac
from typing import Any

from django.db import migrations

from apps.base import migrating

_READABLE = r"^[a-z2-9]{10}$"


def hash_codes(apps: Any, schema_editor: Any) -> None:
    """As ``second_factor.hash_of``; a hash has 16 signs, a code ten, so that a second run changes nothing."""
    tokens = apps.get_model("otp_static", "StaticToken").objects.select_related("device")
    for row in tokens.filter(token__regex=_READABLE).iterator(chunk_size=500):
        salt = f"recovery:{row.device.user_id}".encode()
        row.token = urlsafe_b64encode(pbkdf2_hmac("sha256", row.token.encode(), salt, 50_000, 12)).decode()
        row.save(update_fields=["token"])


class Migration(migrating.Migration):
    dependencies = [("base", "0007_audit_found_by_row"), ("otp_static", "0003_add_timestamps")]

    operations = [migrations.RunPython(hash_codes, migrations.RunPython.noop)]
