"""What a member agreed to, and when: an append-only ledger, asked before personal data are collected."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.base import judging, transactions
from apps.members import selectors as member_facts
from apps.members.models import Consent, Document, Member
from apps.outbox import services as outbox
from mall.errors import Fault, Faulty, Invalid, Kind, NotFound, ShopError
from mall.events import ConsentWithdrawn


class VersionNotCurrent(Invalid):
    """Consent is given to the text in force; ``details`` names its version."""

    code = "document_version_invalid"
    message = "协议版本已更新，请阅读最新版本后同意"


class ConsentRequired(ShopError):
    """Personal data may be collected only after consent (PIPL Art. 13 and 14; WeChat's 用户隐私保护指引)."""

    code = "consent_required"
    message = "请先阅读并同意隐私保护指引"
    kind = Kind.FORBIDDEN


class DocumentRefused(Faulty):
    """A document that cannot be, or was published: members agreed to those very words."""

    code = "document_refused"


def save_document(document: Document) -> Document:
    """Save a document that was not published before; with its date it is. Raises DocumentRefused."""
    with transaction.atomic():
        before = Document.objects.select_for_update(no_key=True).filter(pk=document.pk)
        if before.filter(published_at__isnull=False).exists():
            raise DocumentRefused([Fault("", "已发布的文件不能修改，请发布新版本")])
        judging.refuse(DocumentRefused, document)
        document.save()
    return document


def give(*, member: Member, document: str, version: str, at: datetime) -> Consent:
    """Record that a member agreed to the current version of a document; repeating it adds no second row.

    Raises VersionNotCurrent for any other version, a document that was never published included.
    """
    current = member_facts.current_document(kind=document)
    if current is None or current.version != version:
        raise VersionNotCurrent(
            details={"document": document, "current_version": current.version if current else None}
        )
    with transaction.atomic():
        Member.objects.select_for_update().get(pk=member.pk)
        latest = _latest(member, current)
        if latest and latest.act == Consent.Act.GIVEN:
            return latest
        return Consent.objects.create(member=member, document=current, act=Consent.Act.GIVEN, at=at)


def withdraw(*, member: Member, document: str, at: datetime) -> None:
    """Record that a member takes consent back, delete what was collected under it, and tell the other rooms to.

    Where there is no consent to take back nothing is recorded. Raises NotFound for what is no document.
    PIPL Art. 15 (withdrawal as easy as consent) and Art. 47 (delete when consent is withdrawn).
    """
    if document not in Document.Kind.values:
        raise NotFound
    with transaction.atomic():
        Member.objects.select_for_update().get(pk=member.pk)
        withdrawn = _given_versions(member, document)
        for given in withdrawn:
            Consent.objects.create(member=member, document=given, act=Consent.Act.WITHDRAWN, at=at)
        if withdrawn:
            outbox.publish(ConsentWithdrawn(member_id=member.pk, document=document), at=at)
        if document == Document.Kind.PRIVACY:
            Member.objects.filter(pk=member.pk).update(phone="", nickname="", avatar_url="", birthday=None)


def lock_and_require_privacy(*, member: Member) -> None:
    """Keep the member's consent as it is until the transaction ends. Raises ConsentRequired.

    Whoever writes personal data under this lock has it written before a withdrawal, whose news erases it then.
    """
    transactions.require()
    Member.objects.select_for_update(no_key=True).get(pk=member.pk)
    require_privacy(member=member)


def require_privacy(*, member: Member) -> None:
    """Raise ConsentRequired unless the member agreed to the privacy policy in force."""
    current = member_facts.current_document(kind=Document.Kind.PRIVACY)
    latest = _latest(member, current) if current else None
    if latest is None or latest.act != Consent.Act.GIVEN:
        raise ConsentRequired(
            details={"document": "privacy", "current_version": current.version if current else None}
        )


def _latest(member: Member, document: Document) -> Consent | None:
    return Consent.objects.filter(member=member, document=document).order_by("-id").first()


def _given_versions(member: Member, kind: str) -> list[Document]:
    """Return the versions of a document to which the member's consent stands."""
    latest: dict[int, Consent] = {}
    for consent in (
        Consent.objects.filter(member=member, document__kind=kind).select_related("document").order_by("id")
    ):
        latest[consent.document_id] = consent
    return [consent.document for consent in latest.values() if consent.act == Consent.Act.GIVEN]
