"""A file whose row never came, because its transaction was rolled back, is found by its note and deleted a day later."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from apps.aftersales.models import AfterSalePicture
from apps.aftersales.services import paying_back
from apps.base import audit, noted, private
from apps.catalog.models import Product
from apps.payments.models import Refund, RefundEnding
from apps.payments.services import endings, refunds
from apps.pictures import child, unnamed
from apps.pictures.drawing import OPERATORS
from apps.wechat.pay import facts
from tests.apps.aftersales import apply
from tests.apps.aftersales import make as aftersales
from tests.apps.checkout.make import goods
from tests.apps.fulfillment import make as fulfillment
from tests.apps.invoices import make as invoices
from tests.apps.payments import make as payments
from tests.apps.pictures import make as pictures

pytestmark = pytest.mark.django_db


class Broken(Exception):
    """Something that goes wrong late."""


@pytest.fixture(autouse=True)
def root(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = tmp_path / "media", tmp_path / "private"
    return tmp_path


def files(root: Path) -> list[str]:
    """The folders of all files that are stored, without notes."""
    found = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
    return sorted(path.parts[1] for path in found if noted.FOLDER not in path.parts)


def notes(root: Path) -> int:
    return sum(path.is_file() for path in (root / "private" / noted.FOLDER).rglob("*"))


def swept(*, days: int) -> int:
    """What both sweeps delete that come so many days from now."""
    at = timezone.now() + timedelta(days=days, minutes=1)
    return private.forget_unnamed(at=at) + unnamed.forget(at=at)


def break_at(monkeypatch: pytest.MonkeyPatch, place: Any, name: str) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise Broken

    monkeypatch.setattr(place, name, broken)


def test_an_invoice_that_was_not_issued_after_all_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    row = invoices.applied(invoices.received()[0])
    with monkeypatch.context() as patched:
        break_at(patched, audit, "record")
        with pytest.raises(Broken):
            invoices.issued(row)
    assert (invoices.fresh(row).status, files(root)) == ("APPLIED", ["invoices"])
    kept = invoices.issued(row)

    assert (swept(days=0), len(files(root))) == (0, 2)
    assert (swept(days=1), notes(root)) == (1, 0)
    with kept.file.open() as file:
        assert file.read() == invoices.PDF
    assert (swept(days=2), files(root)) == (0, ["invoices"])


def test_a_proof_goes_that_a_transaction_around_it_took_back(root: Path) -> None:
    order, (cup,) = apply.received((1999, 1))
    aftersales.refund(order, {cup: 1})
    refund = Refund.objects.get()
    refunds.apply_result(result=facts.refund(payments.refunded(refund, status="ABNORMAL")), at=apply.LATER)

    def ask() -> None:
        endings.ask(
            refund_no=refund.refund_no,
            way="PAID_OUTSIDE",
            proof="转账",
            file=SimpleUploadedFile("a.pdf", b"%PDF-1.7"),
            operator=fulfillment.operator(),
            at=apply.LATER,
        )

    # As an operator's page does, whose own entry in the audit log fails.
    with pytest.raises(Broken), transaction.atomic():
        ask()
        raise Broken
    assert (RefundEnding.objects.count(), len(files(root))) == (0, 1)
    ask()
    assert (swept(days=1), notes(root)) == (1, 0)
    assert [path.name for path in (root / "private").rglob("*.pdf")] == [
        Path(str(RefundEnding.objects.get().proof_file.name)).name
    ]


def test_pictures_of_an_inspection_that_was_taken_back_go_and_those_that_are_shown_stay(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    drawing = child.draw(pictures.picture(size=(600, 400)), OPERATORS)
    order, (cup,) = apply.received((1999, 1))
    row = apply.arrive(apply.approve(apply.applied(order, {cup: 1}, "RETURN")))
    with monkeypatch.context() as patched:
        break_at(patched, paying_back, "pay_back")
        with pytest.raises(Broken):
            apply.inspect(row, {cup: 1}, drawings=[drawing])
    left = len(files(root))
    assert (AfterSalePicture.objects.count(), left > 0) == (0, True)

    apply.inspect(row, {cup: 1}, drawings=[drawing])
    assert (AfterSalePicture.objects.count(), len(files(root))) == (1, 2 * left)
    assert (swept(days=0), swept(days=1), notes(root)) == (0, 1, 0)
    shown = root / "media" / AfterSalePicture.objects.get().file
    assert (shown.exists(), len(files(root))) == (True, left)
    assert (swept(days=2), shown.exists()) == (0, True)


def test_a_video_goes_whose_product_was_not_saved_after_all(root: Path) -> None:
    product = goods().product
    with pytest.raises(Broken), transaction.atomic():
        product.video = SimpleUploadedFile("茶.mp4", b"left")
        product.save()
        raise Broken
    product.video = SimpleUploadedFile("茶.mp4", b"shown")
    product.save()
    assert files(root) == ["videos", "videos"]
    assert (swept(days=0), swept(days=1), notes(root)) == (0, 1, 0)
    (kept,) = (root / "media" / "videos").iterdir()
    assert (f"videos/{kept.name}", kept.read_bytes()) == (
        Product.objects.get(pk=product.pk).video.name,
        b"shown",
    )


def test_private_files_of_former_days_are_found_once_somebody_looks_for_them(root: Path) -> None:
    kept = invoices.issued(invoices.applied(invoices.received()[0]))
    swept(days=1)
    (root / "private" / "invoices" / "left.pdf").write_bytes(b"%PDF-1.7")
    assert swept(days=1) == 0
    said = StringIO()
    call_command("note_private_files", stdout=said)
    assert said.getvalue() == "1 files are named by no row\n"
    assert (swept(days=0), swept(days=1)) == (0, 1)
    assert [path.name for path in (root / "private").rglob("*.pdf")] == [Path(str(kept.file.name)).name]
