"""Why an address was put right stands with the change, which is forgotten in its time: the audit log does not repeat it."""

from apps.base import migrating
from apps.base.ledger import mended

_SAYS_WHY = "action = '修改收货信息' AND position(' 原因：' IN note) > 0"


class Migration(migrating.Migration):
    dependencies = [("fulfillment", "0015_packing_options"), ("base", "0010_reckonings")]
    operations = [
        mended("base_auditentry", f"SET note = split_part(note, ' 原因：', 1) WHERE {_SAYS_WHY}"),
    ]
