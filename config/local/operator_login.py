"""Give the demo shop an operator who can log in to the admin; a process of its own inside the shop.

Reads OPERATOR_PASSWORD, and OPERATOR_OWNS_DATABASE (``1`` where the database is the demo's own); prints the
name under which the operator logs in.
"""

from __future__ import annotations

import os

import django


def main() -> None:
    django.setup()
    from django.contrib.auth import get_user_model

    password = os.environ["OPERATOR_PASSWORD"]
    users = get_user_model()._default_manager
    name = "admin"
    present = users.filter(username=name).first()
    if present and not present.check_password(password) and os.environ.get("OPERATOR_OWNS_DATABASE") != "1":
        # Somebody's database with somebody's admin: their password is not ours to change.
        name = "demo_admin"
    operator, _ = users.get_or_create(username=name, defaults={"email": "admin@shop.invalid"})
    for right in ("is_staff", "is_superuser", "is_active"):
        setattr(operator, right, True)
    operator.set_password(password)
    operator.save()
    print(name)


if __name__ == "__main__":
    main()
