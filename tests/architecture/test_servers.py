"""Settings for more than one machine: which Redis, and where files lie."""

from __future__ import annotations

import pytest

from config import env, files, redis_servers
from tests.architecture.test_environment import complaints, environment

SENTINELS = "sentinel://:p%40ss@one:26379,two:26380/3?master=mall"
BUCKETS = {
    "S3_BUCKET": "media",
    "S3_PRIVATE_BUCKET": "private",
    "S3_PUBLIC_URL": "https://cdn.shop.invalid/",
}


def test_sentinels_are_told_to_cache_and_broker_under_one_address() -> None:
    read = redis_servers.read(SENTINELS)
    assert read.broker_url == "sentinel://:p%40ss@one:26379/3;sentinel://:p%40ss@two:26380/3"
    assert read.broker_url.startswith(read.location)
    assert read.broker_options == {"master_name": "mall"}
    assert read.cache_options == {
        "pool_class": "apps.base.sentinels.LeaderPool",
        "sentinels": [("one", 26379), ("two", 26380)],
        "master": "mall",
        "password": "p@ss",
        "db": 3,
    }


def test_one_server_is_told_as_it_is() -> None:
    read = redis_servers.read("rediss://:word@cache:6380/1")
    assert (read.broker_url, read.location) == ("rediss://:word@cache:6380/1",) * 2
    assert (read.broker_options, read.cache_options) == ({}, {})


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://one:26379/0",
        "sentinel://one/0?master=mall",
        "sentinel://one:26379,/0?master=mall",
        "sentinel://one:99999/0?master=mall",
        "sentinel://one:26379/x?master=mall",
        "sentinel://one:26379/0?master=mall&other=1",
    ],
)
def test_faulty_sentinels_are_told(url: str) -> None:
    assert complaints(REDIS_URL=url) == [
        "environment: REDIS_URL: must be sentinel://:password@host:port,host:port/0?master=name"
    ]


def test_without_buckets_files_lie_on_this_machine() -> None:
    with environment(S3_BUCKET=None):
        whole = env.load()
    assert files.storages(whole) == {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    assert files.address(whole) == "/media/"


def test_with_buckets_what_is_private_lies_in_the_other_one() -> None:
    with environment(**BUCKETS, S3_SECRET_ACCESS_KEY="word"):
        whole = env.load()
    told = files.storages(whole)
    assert {name: place["OPTIONS"]["bucket_name"] for name, place in told.items()} == {
        "default": "media",
        "private": "private",
    }
    assert told["default"]["OPTIONS"]["secret_key"] == "word"
    assert files.address(whole) == "https://cdn.shop.invalid/"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"S3_PRIVATE_BUCKET": ""}, "S3_PRIVATE_BUCKET: must be set where S3_BUCKET is"),
        ({"S3_PUBLIC_URL": ""}, "S3_PUBLIC_URL: must be set where S3_BUCKET is"),
        ({"S3_PRIVATE_BUCKET": "media"}, "S3_PRIVATE_BUCKET: must be another bucket than S3_BUCKET"),
        ({"S3_ENDPOINT_URL": "store"}, "S3_ENDPOINT_URL: must be a URL like https://shop.example.com"),
    ],
)
def test_half_a_store_stops_the_start(changes: dict[str, str], complaint: str) -> None:
    assert complaints(**{**BUCKETS, **changes}) == [f"environment: {complaint}"]
