"""``python -m tests.ha.media``: uploaded files in two buckets of an S3-compatible server, seen alike by every web server."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import requests

from config.local import ports
from config.local.places import ROOT, STATE, Problem, Slot
from config.local.processes import Child, wait_until
from config.local.servers import Servers
from tests.ha.stage import Stage, await_webs, built, say, told

# Beside .venv, since most shops keep their files on a disk: the pins are requirements-s3.lock's.
_STORAGES = STATE / "s3"
_SERVER = STATE / "moto/bin/moto_server"
_PINNED = ("boto3", "botocore", "django-storages", "jmespath", "s3transfer")


def _installed() -> None:
    missing = []
    if not (_STORAGES / "storages").is_dir():
        lock = (ROOT / "requirements-s3.lock").read_text().splitlines()
        pins = [line.split()[0] for line in lock if line.split("==")[0] in _PINNED]
        missing.append(
            f".venv/bin/pip install --no-deps --target {_STORAGES.relative_to(ROOT)} {' '.join(pins)}"
        )
    if not _SERVER.exists():
        place = _SERVER.parents[1].relative_to(ROOT)
        missing.append(f"python3 -m venv {place} && {place}/bin/pip install 'moto[server,s3]'")
    if missing:
        raise Problem("not installed:\n  " + "\n  ".join(missing))


def _store(slot: Slot, _: Servers, children: list[Child]) -> Mapping[str, str]:
    port = ports.remembered(slot, "s3")
    log = slot.logs / "s3.log"
    child = Child("S3", [str(_SERVER), "-H", ports.LOOPBACK, "-p", str(port)], log=log)
    children.append(child)
    wait_until(lambda: not ports.is_free(port), within=60, child=child, what="S3")
    base = f"http://{ports.LOOPBACK}:{port}"
    return {
        "PYTHONPATH": str(_STORAGES),
        "S3_BUCKET": "mall-media",
        "S3_PRIVATE_BUCKET": "mall-private",
        "S3_PUBLIC_URL": f"{base}/mall-media",
        "S3_ENDPOINT_URL": base,
        "S3_REGION": "us-east-1",
        "S3_ADDRESSING_STYLE": "path",
        "S3_ACCESS_KEY_ID": "trial",
        "S3_SECRET_ACCESS_KEY": "trial-secret",
    }


def main() -> None:
    _installed()
    sys.path.insert(0, str(_STORAGES))
    with built(_make_buckets) as stage:
        from tests.ha import load  # -- not before Django is set up

        buyers, _ = load.fill(stage.wechat)
        webs = []
        port = stage.free_port()
        stage.environ |= {"PUBLIC_BASE_URL": f"http://{ports.LOOPBACK}:{port}"}
        for number, each in enumerate((port, stage.free_port())):
            # Directories of their own: what both see lies in the store.
            own = stage.slot.directory / f"disk-{number}-{time.time_ns()}"
            child = stage.web(
                f"web-{number}", each, MEDIA_ROOT=str(own / "media"), PRIVATE_ROOT=str(own / "private")
            )
            webs.append((child, each, own))
        stage.worker("worker")
        stage.beat()
        await_webs(*((child, each) for child, each, _ in webs))
        first, second = (f"http://{ports.LOOPBACK}:{each}" for _, each, _ in webs)
        _demo_pictures(first)
        _face(first, second, buyers[0].token)
        _share_code(first, second, buyers[0].token)
        _private(stage)
        left = [path for _, _, own in webs for path in own.rglob("*") if path.is_file()]
        assert not left, f"files were left on a web server's disk: {left}"
        say("no file lies on a disk of a web server")


def _make_buckets(slot: Slot, backing: Servers, children: list[Child]) -> Mapping[str, str]:
    import boto3

    changes = _store(slot, backing, children)
    client = boto3.client(
        "s3",
        endpoint_url=changes["S3_ENDPOINT_URL"],
        region_name=changes["S3_REGION"],
        aws_access_key_id=changes["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=changes["S3_SECRET_ACCESS_KEY"],
    )
    for bucket in (changes["S3_BUCKET"], changes["S3_PRIVATE_BUCKET"]):
        client.create_bucket(Bucket=bucket)
    everybody_reads = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{changes['S3_BUCKET']}/*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everybody_reads]})
    client.put_bucket_policy(Bucket=changes["S3_BUCKET"], Policy=policy)
    return changes


def _get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=30)


def _demo_pictures(shop: str) -> None:
    """Pictures that the demo shop drew are fetched from the bucket, as shoppers' phones do."""
    rows = _get(f"{shop}/api/v1/products?page_size=50").json()["results"]
    covers = [row["cover_url"] for row in rows if "基准" not in row["title"]]
    assert covers
    for url in covers:
        answer = _get(url)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg"), (
            url,
            answer.status_code,
        )
        assert "immutable" in answer.headers["Cache-Control"], answer.headers
    say(f"{len(covers)} covers of products come from {covers[0].rsplit('/', 4)[0]}/…")


def _face(first: str, second: str, token: str) -> None:
    """A member's picture goes through the pictures' door on one web server, and is theirs on the other."""
    from PIL import Image

    drawn = BytesIO()
    Image.new("RGB", (900, 900), "teal").save(drawn, "PNG")
    bearer = {"Authorization": f"Bearer {token}"}
    with requests.Session() as session:
        session.trust_env = False
        said = session.post(
            f"{first}/api/v1/me/consents",
            json={"document": "privacy", "version": "1.0"},
            headers=bearer,
            timeout=30,
        )
        assert said.status_code < 300, said.text
        sent = session.post(
            f"{first}/api/v1/me/avatar",
            files={"file": ("face.png", drawn.getvalue())},
            headers=bearer,
            timeout=60,
        )
    assert sent.status_code == 200, sent.text
    address = _get(f"{second}/api/v1/me", **bearer).json()["avatar_url"]
    shown = _get(address)
    assert (shown.status_code, Image.open(BytesIO(shown.content)).size) == (200, (480, 480)), address
    say("a face was sent to one web server, drawn anew, and is shown by the other")


def _share_code(first: str, second: str, token: str) -> None:
    """A worker makes the code of a share; any web server answers it."""
    product = _get(f"{first}/api/v1/products?page_size=50").json()["results"][-1]
    with requests.Session() as session:
        session.trust_env = False
        made = session.post(
            f"{first}/api/v1/shares",
            json={"kind": "product", "id": product["id"]},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
    assert made.status_code in {200, 201}, made.text
    url = made.json()["code_url"].replace(first, second)
    answer: Any = None
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        answer = _get(url)
        if answer.status_code == 200:
            break
        time.sleep(0.5)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("image/"), answer.text
    say("a share code was drawn by the worker and answered by the other web server")


def _private(stage: Stage) -> None:
    """A proof is kept by one process and opened by another; it has no address, and lies in the other bucket only."""
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    from apps.base import private

    name = private.files.save("proofs/receipt.png", ContentFile(b"a receipt"))
    question = (
        f"from apps.base.private import files;print(files.open({name!r}).read(), files.listdir('proofs')[1])"
    )
    done = stage.manage("shell", "-c", question)
    assert "b'a receipt' ['receipt.png']" in done.stdout, done.stdout + done.stderr
    assert not default_storage.exists(name)
    try:
        private.files.url(name)
    except ValueError:
        pass
    else:
        raise AssertionError("a private file has an address")
    anonymous = _get(
        f"{stage.environ['S3_ENDPOINT_URL']}/{stage.environ['S3_PRIVATE_BUCKET']}/{name}"
    ).status_code
    assert anonymous == 403, f"anybody may read the private bucket: {anonymous}"
    private.files.delete(name)
    assert not private.files.exists(name)
    try:
        private.files.open(name).read()
    except FileNotFoundError:
        say(
            "a private file was kept, opened by another process, has no address, is refused to strangers (403),"
            " and is gone when deleted"
        )
    else:
        raise AssertionError("a deleted file can be opened")


if __name__ == "__main__":
    os.environ.pop("PYTHONPATH", None)
    Path(STATE).mkdir(exist_ok=True)
    sys.exit(told(main))
