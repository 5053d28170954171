"""Where uploaded files lie: on this machine's disk, or in two buckets of an S3-compatible store."""

from __future__ import annotations

from typing import Any

from config.env import Environment


def storages(env: Environment) -> dict[str, Any]:
    """What Django's STORAGES says of uploaded files. Without a bucket they lie under MEDIA_ROOT and PRIVATE_ROOT."""
    if not env.s3_bucket:
        return {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    common = {
        "endpoint_url": env.s3_endpoint_url,
        "region_name": env.s3_region,
        # None: boto3 finds them itself, in a role of the machine.
        "access_key": env.s3_access_key_id,
        "secret_key": env.s3_secret_access_key.get_secret_value() if env.s3_secret_access_key else None,
        "signature_version": "s3v4",
        "addressing_style": env.s3_addressing_style,
        "file_overwrite": False,
        "default_acl": None,
        "querystring_auth": False,
    }
    return {
        "default": {
            "BACKEND": "apps.base.objects.PublicObjects",
            "OPTIONS": {
                **common,
                "bucket_name": env.s3_bucket,
            },
        },
        "private": {
            "BACKEND": "apps.base.objects.PrivateObjects",
            "OPTIONS": {**common, "bucket_name": env.s3_private_bucket},
        },
    }


def address(env: Environment) -> str:
    """The public address of what was uploaded: a path of this shop, or the bucket's or its CDN's."""
    return f"{env.s3_public_url}/" if env.s3_bucket else "/media/"
