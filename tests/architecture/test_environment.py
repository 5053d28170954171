"""The shop does not start on a faulty environment, and says which variable is at fault, all of them at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

import pytest

from config import env

ROOT = Path(__file__).parents[2]
LOAD = "from config import env; e = env.load(); print(e.public_base_url)"


def process(**changes: str) -> subprocess.CompletedProcess[str]:
    """Load the settings' environment in a process of its own, with these variables changed."""
    return subprocess.run(
        [sys.executable, "-c", LOAD],
        cwd=ROOT,
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def environment(**changes: str | None) -> Iterator[None]:
    """Change these variables (None: unset) of this process for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        yield


def starts(**changes: str | None) -> bool:
    """Load the environment as the settings do at the start of every program, with these variables changed."""
    with environment(**changes):
        return bool(env.load().public_base_url)


def complaints(**changes: str | None) -> list[str]:
    """Likewise, but it must end the program as faulty: return the lines on stderr."""
    said = StringIO()
    with environment(**changes), redirect_stderr(said), pytest.raises(SystemExit) as ended:
        env.load()
    assert ended.value.code == 78
    return said.getvalue().splitlines()


def test_a_whole_environment_starts() -> None:
    assert process(PUBLIC_BASE_URL="http://127.0.0.1:8000/").stdout == "http://127.0.0.1:8000\n"


def test_a_faulty_environment_ends_the_process_before_it_does_anything() -> None:
    done = process(REDIS_URL="nonsense")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines() == ["environment: REDIS_URL: must be redis://host:port/0"]


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SECRET_KEY", None, "SECRET_KEY: Field required"),
        ("SECRET_KEY", "", "SECRET_KEY: must not be empty"),
        ("SECRET_KEY", "x" * 40 + "changeme" * 2, "SECRET_KEY: looks like an example value; set a real one"),
        (
            "SECRET_KEY",
            "aaaa" * 20,
            "SECRET_KEY: must be at least 32 characters of randomness (50 satisfy check --deploy)",
        ),
        (
            "SECRET_KEY",
            "short",
            "SECRET_KEY: must be at least 32 characters of randomness (50 satisfy check --deploy)",
        ),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL: must be postgres://user:password@host:port/name"),
        (
            "DATABASE_URL",
            "postgres://a:b@c:x/d",
            "DATABASE_URL: must be postgres://user:password@host:port/name",
        ),
        ("DATABASE_URL", "postgres://a:b@c/d?pool=9", "DATABASE_URL: takes no pool"),
        ("REDIS_URL", "http://x", "REDIS_URL: must be redis://host:port/0"),
        ("REDIS_URL", "redis://", "REDIS_URL: must be redis://host:port/0"),
        ("REDIS_URL", "redis://127.0.0.1:x/0", "REDIS_URL: must be redis://host:port/0"),
        ("SHOP_TIME_ZONE", "Mars", "SHOP_TIME_ZONE: must be a time zone like Asia/Shanghai"),
        (
            "CSRF_TRUSTED_ORIGINS",
            "shop.invalid",
            "CSRF_TRUSTED_ORIGINS: must be origins like https://shop.example.com",
        ),
        (
            "WECHAT_APP_SECRET",
            "your-secret",
            "WECHAT_APP_SECRET: looks like an example value; set a real one",
        ),
        ("WECHAT_PUSH_AES_KEY", "abc", "WECHAT_PUSH_AES_KEY: must be the 43 characters of EncodingAESKey"),
        ("WECHAT_PUSH_AES_KEY", "!" * 43, "WECHAT_PUSH_AES_KEY: must be the 43 characters of EncodingAESKey"),
        ("WECHATPAY_API_V3_KEY", "abc", "WECHATPAY_API_V3_KEY: must be the 32 characters of the APIv3 key"),
        (
            "WECHATPAY_PRIVATE_KEY_FILE",
            "/nowhere",
            "WECHATPAY_PRIVATE_KEY_FILE: cannot be read: No such file or directory",
        ),
        ("WECHATPAY_PUBLIC_KEY_FILE", "/etc/hostname", "WECHATPAY_PUBLIC_KEY_FILE: is not a PEM file"),
        ("PUBLIC_BASE_URL", "shop", "PUBLIC_BASE_URL: must be a URL like https://shop.example.com"),
        ("ORDER_PAYMENT_MINUTES", "0", "ORDER_PAYMENT_MINUTES: Input should be greater than or equal to 5"),
    ],
)
def test_a_faulty_value_stops_the_start_with_one_line_that_names_it(
    name: str, value: str | None, complaint: str
) -> None:
    assert complaints(**{name: value}) == [f"environment: {complaint}"]


def test_each_key_file_holds_its_own_kind_of_key() -> None:
    private, public = (os.environ[f"WECHATPAY_{kind}_KEY_FILE"] for kind in ("PRIVATE", "PUBLIC"))
    assert complaints(WECHATPAY_PRIVATE_KEY_FILE=public, WECHATPAY_PUBLIC_KEY_FILE=private) == [
        "environment: WECHATPAY_PRIVATE_KEY_FILE: is not an RSA private key without password",
        "environment: WECHATPAY_PUBLIC_KEY_FILE: is not an RSA public key",
    ]


def setting(name: str, **changes: str) -> str:
    """Return a setting of a process with these variables changed, as text."""
    done = subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; print(settings.{name})"],
        cwd=ROOT,
        env={**os.environ, **changes},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_database_may_ask_for_encryption() -> None:
    options = setting(
        "DATABASES['default']['OPTIONS']", DATABASE_URL="postgres://a:b@c/d?sslmode=verify-full"
    )
    assert "'sslmode': 'verify-full'" in options


def test_plain_calls_are_sent_to_https_except_in_a_rehearsal() -> None:
    real = {
        "PUBLIC_BASE_URL": "https://shop.invalid",
        "WECHAT_API_BASE": "https://api.weixin.qq.com",
        "WECHATPAY_BASE": "https://api.mch.weixin.qq.com",
    }
    assert setting("SECURE_SSL_REDIRECT", **real, WECHAT_SANDBOX="0") == "True"
    assert setting("SECURE_SSL_REDIRECT", **real, WECHAT_SANDBOX="1") == "False"
    assert setting("SECURE_SSL_REDIRECT", PUBLIC_BASE_URL="http://127.0.0.1:1") == "False"


def test_all_faults_are_listed_at_once() -> None:
    lines = complaints(SECRET_KEY=None, REDIS_URL="nonsense", WECHATPAY_MCHID="abc")
    assert [line.split(":")[1].strip() for line in lines] == ["REDIS_URL", "SECRET_KEY", "WECHATPAY_MCHID"]


@pytest.mark.parametrize("name", ["WECHAT_API_BASE", "WECHATPAY_BASE", "PUBLIC_BASE_URL"])
def test_plain_http_is_for_the_sandbox_only(name: str) -> None:
    whole = {
        "WECHAT_API_BASE": "https://api.weixin.qq.com",
        "WECHATPAY_BASE": "https://api.mch.weixin.qq.com",
        "PUBLIC_BASE_URL": "https://shop.invalid",
    }
    assert starts(WECHAT_SANDBOX=None, **whole)
    plain = {**whole, name: "http://127.0.0.1:1"}
    assert starts(WECHAT_SANDBOX="1", **plain)
    assert complaints(WECHAT_SANDBOX=None, **plain) == [
        f"environment: {name}: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)"
    ]


def test_no_secret_is_repeated_in_the_complaint() -> None:
    lines = complaints(SECRET_KEY="hunter2-changeme", WECHATPAY_API_V3_KEY="topsecretkey")
    assert not any("hunter2" in line or "topsecretkey" in line for line in lines)
