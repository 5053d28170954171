"""A number of the tax office stands on one invoice."""

from django.db import migrations, models
from django.db.models import Q

from apps.base import migrating


class Migration(migrating.Migration):
    dependencies = [
        ("invoices", "0001_initial"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=~Q(number=""), fields=("number", "code"), name="invoice_number_once"
            ),
        ),
    ]
