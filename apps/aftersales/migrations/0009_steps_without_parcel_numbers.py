"""What a shopper told of the parcel back is forgotten with its application: steps, which stay, do not repeat it."""

from apps.base import migrating
from apps.base.ledger import mended


class Migration(migrating.Migration):
    dependencies = [("aftersales", "0008_words_versioned")]
    operations = [
        mended(
            "aftersales_aftersalestep", "SET note = '' WHERE move IN ('send_back', 'parcel') AND note <> ''"
        ),
    ]
