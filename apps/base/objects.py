"""Uploaded files in buckets of an S3-compatible store, for a shop on more than one machine (django-storages, boto3).

Imported only where settings name buckets, because boto3 costs every process some 30 MB.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage


class PublicObjects(S3Storage):
    """What everybody may fetch: each file lies at ``MEDIA_URL``, the public address of the bucket or of a CDN before it."""

    def url(self, name: str, *_: object, **__: object) -> str:
        """The address without a signature, the same for everybody and for ever."""
        return f"{settings.MEDIA_URL}{filepath_to_uri(name)}"


class PrivateObjects(S3Storage):
    """What only operators with the right see, by a view that asks who wants it: no address leads here."""

    def url(self, name: str, *_: object, **__: object) -> str:
        raise ValueError("a private file has no address")
