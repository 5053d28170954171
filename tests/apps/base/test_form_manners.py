"""All forms of the operators refuse a year that lacks a figure, and tell a constraint only where it alone is wrong."""

from __future__ import annotations

import pytest
from django import forms
from django.core.exceptions import ValidationError

from apps.points.models import Lot

pytestmark = pytest.mark.django_db


class OfLot(forms.ModelForm):
    """A form of a table whose constraints have no words of their own, and no service that speaks first."""

    class Meta:
        model = Lot
        fields = ("amount", "left", "expired", "expires_at")


@pytest.mark.parametrize("said", ["0001-01-01", "0202-05-01", "1899-12-31"])
@pytest.mark.parametrize(
    ("field", "as_sent"),
    [
        (forms.DateField(), lambda day: day),
        (forms.DateTimeField(), lambda day: f"{day} 08:00"),
        (forms.SplitDateTimeField(), lambda day: [day, "08:00"]),
    ],
)
def test_a_year_that_lacks_a_figure_is_refused(field, as_sent, said):
    with pytest.raises(ValidationError, match="1900"):
        field.clean(as_sent(said))
    assert field.clean(as_sent("9999-12-30")).year == 9999


def test_a_constraint_without_words_is_told_where_it_alone_is_wrong():
    sent = {"amount": 5, "left": 6, "expired": 0, "expires_at": "2026-12-01 08:00"}
    assert OfLot(sent).errors == {"__all__": ["填写的内容互相矛盾，请核对各项"]}
    assert OfLot({**sent, "left": 5}).errors == {}
    assert OfLot({**sent, "expires_at": "soon"}).errors.keys() == {"expires_at"}
    spoken = OfLot(sent)
    spoken.clean = lambda: spoken.add_error("left", "多于总数")
    assert spoken.errors == {"left": ["多于总数"]}
