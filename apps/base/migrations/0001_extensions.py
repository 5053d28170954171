"""The PostgreSQL extensions that later migrations rely on."""

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension, UnaccentExtension

from apps.base import migrating


class Migration(migrating.Migration):
    initial = True
    dependencies = []
    operations = [TrigramExtension(), BtreeGistExtension(), UnaccentExtension()]
