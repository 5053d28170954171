"""Uploaded files in buckets of an S3-compatible store, for a shop on more than one machine (django-storages, boto3).

Imported only where settings name buckets, because boto3 costs every process some 30 MB.
"""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

# As config/deploy/nginx.conf and apps/pictures/media_api.py have it.
_DRAWN: Final = re.compile(r".+/[0-9a-f]{32}/(?:list|page|full)\.(?:jpg|webp)(?:\.webp)?")
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_A_WEEK: Final = "public, max-age=604800"


class PublicObjects(S3Storage):
    """What everybody may fetch: each file lies at ``MEDIA_URL``, the public address of the bucket or of a CDN before it."""

    def get_object_parameters(self, name: str) -> dict[str, str]:
        """What the store says with the file: a drawn picture has the hash of its content in its name, and never changes."""
        kept = _FOR_EVER if _DRAWN.fullmatch(name) else _A_WEEK
        return {**super().get_object_parameters(name), "CacheControl": kept}

    def url(self, name: str, *_: object, **__: object) -> str:
        """The address without a signature, the same for everybody and for ever."""
        return f"{settings.MEDIA_URL}{filepath_to_uri(name)}"


class PrivateObjects(S3Storage):
    """What only operators with the right see, by a view that asks who wants it: no address leads here."""

    def url(self, name: str, *_: object, **__: object) -> str:
        raise ValueError("a private file has no address")
