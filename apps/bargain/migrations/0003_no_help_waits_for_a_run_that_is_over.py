from django.db import migrations
from django.db.models import F

from apps.base import migrating


def end_held(apps, editor):
    """Helps that nobody can release any more: their run has lapsed, or has nothing left to cut."""
    waiting = apps.get_model("bargain", "Help").objects.filter(held=True)
    waiting.filter(run__status="LAPSED").update(held=False)
    waiting.filter(run__cut_fen=F("run__start_fen") - F("run__floor_fen")).update(held=False)


class Migration(migrating.Migration):
    dependencies = [("bargain", "0002_members_have_a_limit")]

    operations = [migrations.RunPython(end_held, migrations.RunPython.noop)]
