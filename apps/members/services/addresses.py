"""Where a member wants parcels: at most fifty addresses, at most one of them the default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.members import selectors as member_facts
from apps.members.models import Address, Member
from mall.errors import ShopError

MOST = 50


class TooManyAddresses(ShopError):
    """A member keeps at most fifty addresses."""

    code = "too_many_addresses"
    message = f"最多保存 {MOST} 个收货地址"


def add(*, member: Member, fields: Mapping[str, Any]) -> Address:
    """Add an address; the first one becomes the default. Raises TooManyAddresses."""
    with transaction.atomic():
        _lock(member)
        count = Address.objects.filter(member=member).count()
        if count >= MOST:
            raise TooManyAddresses(details={"most": MOST})
        is_default = bool(fields.get("is_default")) or count == 0
        if is_default:
            _clear_default(member)
        return Address.objects.create(member=member, **{**fields, "is_default": is_default})


def change(*, member: Member, address_id: int, fields: Mapping[str, Any]) -> Address:
    """Change the given fields of one of the member's addresses. Raises NotFound."""
    with transaction.atomic():
        _lock(member)
        address = member_facts.address_of(member=member, address_id=address_id)
        if fields.get("is_default"):
            _clear_default(member)
        for name, value in fields.items():
            setattr(address, name, value)
        address.save()
        return address


def remove(*, member: Member, address_id: int) -> None:
    """Delete one of the member's addresses; if it was the default, the newest of the rest takes its place."""
    with transaction.atomic():
        _lock(member)
        address = member_facts.address_of(member=member, address_id=address_id)
        was_default = address.is_default
        address.delete()
        newest = Address.objects.filter(member=member).order_by("-id").first()
        if was_default and newest:
            newest.is_default = True
            newest.save(update_fields=["is_default"])


def _lock(member: Member) -> None:
    """Serialise the changes of one member's address book: two defaults at once would break the constraint."""
    Member.objects.select_for_update().get(pk=member.pk)


def _clear_default(member: Member) -> None:
    Address.objects.filter(member=member, is_default=True).update(is_default=False)
