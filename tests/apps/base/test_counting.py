"""Counts that people read stop where nobody counts any more, and ask by plans that know what waits."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.base import counting
from apps.base.models import AuditEntry

pytestmark = pytest.mark.django_db


def entries(number: int, action: str = "看") -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(action=action, subject="", at=timezone.now()) for _ in range(number)
    )


def test_a_count_is_exact_up_to_the_most_and_says_more_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    told = []
    for _ in range(5):
        entries(1)
        told.append(counting.told(counting.some(AuditEntry.objects.all())))
    assert told == ["1", "2", "3", "3+", "3+"]


def test_many_are_counted_by_one_statement_of_which_what_has_no_rows_is_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    entries(5, "看 100%")
    entries(2, "'改'")
    asked = [
        AuditEntry.objects.filter(action="看 100%"),
        AuditEntry.objects.none(),
        AuditEntry.objects.filter(action="'改'").order_by("-at"),
        AuditEntry.objects.filter(pk__in=[]),
        AuditEntry.objects.filter(action__startswith="删"),
        # Written out it is %s, which is no place for a value.
        AuditEntry.objects.filter(action__endswith="save"),
    ]
    entries(1, "autosave")
    assert dict(counting.each(asked).rows()) == {0: 4, 2: 2, 4: 0, 5: 1}
    assert [count for _, count in counting.each([AuditEntry.objects.none()]).rows()] == [0]


def test_values_are_written_out_and_moments_are_refused() -> None:
    assert "action\" = '看'" in counting.each([AuditEntry.objects.filter(action="看")]).prepare
    with pytest.raises(ValueError, match="not as of"):
        counting.each([AuditEntry.objects.filter(at__lte=timezone.now())])
