"""Board 14: which tables say under which number a parcel left to an order's receiver: no number is two receivers'.

``tests/architecture/test_boards.py`` finds the table that is missing here.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.fulfillment.labels import Labels

LABELS: Sequence[Labels] = (
    Labels(model="fulfillment.Parcel", carrier="carrier", number="tracking_no"),
    # New goods for old: an exchange's parcel, or what is sent anew.
    Labels(model="aftersales.AfterSale", carrier="new_carrier", number="new_tracking_no"),
)
