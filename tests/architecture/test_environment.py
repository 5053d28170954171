"""The shop does not start on a faulty environment, and says which variable is at fault, all of them at once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from random import Random
from string import ascii_letters, digits

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config import env
from config.local.shop import procfile

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
            "SECRET_KEY: is too easily guessed; set a random one",
        ),
        ("SECRET_KEY", "password" * 8, "SECRET_KEY: is too easily guessed; set a random one"),
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
        (
            "WECHAT_PUSH_AES_KEY",
            "q!W2e@R4t%Y6u&I8o(P0a)S-d=F[g]H;j'K,l.Z/x`C",
            "WECHAT_PUSH_AES_KEY: must be the 43 characters of EncodingAESKey",
        ),
        *(
            (name, value, f"{name}: is too easily guessed; set a random one")
            for name, value in (
                ("WECHATPAY_API_V3_KEY", "0" * 32),
                ("WECHATPAY_API_V3_KEY", "0123456789abcdef0123456789abcdef"),
                ("WECHATPAY_API_V3_KEY", "abcdefghijklmnopqrstuvwxyzABCDEF"),
                ("WECHATPAY_API_V3_KEY", "0101110010101011010101110101010011"[:32]),
                ("WECHATPAY_API_V3_KEY", "MyMallPassword2024MyMallPassword"),
                ("WECHAT_APP_SECRET", "teatime!" * 4),
                ("WECHAT_PUSH_TOKEN", "password"),
                ("WECHAT_PUSH_AES_KEY", "A" * 43),
            )
        ),
        ("WECHATPAY_API_V3_KEY", "abc", "WECHATPAY_API_V3_KEY: must be the 32 characters of the APIv3 key"),
        (
            "WECHATPAY_PRIVATE_KEY_FILE",
            "/nowhere",
            "WECHATPAY_PRIVATE_KEY_FILE: cannot be read: No such file or directory",
        ),
        ("WECHATPAY_PUBLIC_KEY_FILE", "/etc/hostname", "WECHATPAY_PUBLIC_KEY_FILE: is not a PEM file"),
        ("STATIC_ROOT", "/dev/null/static", "STATIC_ROOT: cannot be made: Not a directory"),
        ("PORT", "http", "PORT: Input should be a valid integer, unable to parse string as an integer"),
        ("PORT", "99999", "PORT: Input should be less than or equal to 65535"),
        ("WEB_THREADS", "0", "WEB_THREADS: Input should be greater than or equal to 1"),
        (
            "WORKER_CONCURRENCY",
            "two",
            "WORKER_CONCURRENCY: Input should be a valid integer, unable to parse string as an integer",
        ),
        (
            "GUNICORN_LOG_LEVEL",
            "loud",
            "GUNICORN_LOG_LEVEL: Input should be 'debug', 'info', 'warning', 'error' or 'critical'",
        ),
        (
            "BEAT_SCHEDULE_FILE",
            "/nowhere/beat",
            "BEAT_SCHEDULE_FILE: must be a file in a directory that exists",
        ),
        ("PUBLIC_BASE_URL", "shop", "PUBLIC_BASE_URL: must be a URL like https://shop.example.com"),
        ("ORDER_PAYMENT_MINUTES", "0", "ORDER_PAYMENT_MINUTES: Input should be greater than or equal to 5"),
    ],
)
def test_a_faulty_value_stops_the_start_with_one_line_that_names_it(
    name: str, value: str | None, complaint: str
) -> None:
    assert complaints(**{name: value}) == [f"environment: {complaint}"]


def test_random_secrets_are_taken_whatever_their_signs() -> None:
    for turn in range(25):
        random = Random(turn)
        hexadecimal = "".join(random.choices("0123456789abcdef", k=32))
        letters = "".join(random.choices(ascii_letters + digits, k=32))
        assert starts(WECHAT_APP_SECRET=hexadecimal, WECHATPAY_API_V3_KEY=letters, SECRET_KEY=letters)


def test_a_key_that_can_be_broken_is_refused(tmp_path: Path) -> None:
    short = generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the point
    file = tmp_path / "short.pem"
    file.write_bytes(short.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert complaints(WECHATPAY_PRIVATE_KEY_FILE=str(file)) == [
        "environment: WECHATPAY_PRIVATE_KEY_FILE: is a key of less than 2048 bits"
    ]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_every_process_of_the_procfile_ends_at_a_faulty_environment_once_and_names_all_faults(
    name: str,
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", procfile()[name]],
        cwd=ROOT,
        env={
            **os.environ,
            "REDIS_URL": "nonsense",
            "SECRET_KEY": "password" * 8,
            "WEB_CONCURRENCY": "two",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines() == [
        "environment: REDIS_URL: must be redis://host:port/0",
        "environment: SECRET_KEY: is too easily guessed; set a random one",
        "environment: WEB_CONCURRENCY: Input should be a valid integer, unable to parse string as an integer",
    ]


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


SMS = {
    "SMS_PROVIDER": "tencent",
    "SMS_ACCESS_KEY_ID": "AKIDtest",
    "SMS_ACCESS_KEY_SECRET": "secret-of-the-test",
    "SMS_SIGN_NAME": "茶里茶外",
    "SMS_APP_ID": "1400006666",
}


@pytest.mark.parametrize(("said", "provider"), [({}, None), ({"SMS_PROVIDER": ""}, None), (SMS, "tencent")])
def test_short_messages_are_off_until_a_provider_is_set(said: dict[str, str], provider: str | None) -> None:
    with environment(**said):
        assert env.load().sms_provider == provider


@pytest.mark.parametrize(
    "name", ["SMS_ACCESS_KEY_ID", "SMS_ACCESS_KEY_SECRET", "SMS_SIGN_NAME", "SMS_APP_ID"]
)
def test_a_provider_of_short_messages_is_set_whole(name: str) -> None:
    assert starts(**SMS)
    for missing in (None, ""):
        assert complaints(**{**SMS, name: missing}) == [
            f"environment: {name}: must be set where SMS_PROVIDER is"
        ]
    without_app = {**SMS, "SMS_PROVIDER": "aliyun", "SMS_APP_ID": None}
    assert starts(**without_app)


def test_short_messages_go_by_https_only_outside_a_rehearsal() -> None:
    bases = ("WECHAT_API_BASE", "WECHATPAY_BASE", "PUBLIC_BASE_URL")
    real = {**SMS, **dict.fromkeys(bases, "https://shop.invalid"), "SMS_BASE": "http://127.0.0.1:1"}
    assert starts(WECHAT_SANDBOX="1", **real)
    assert complaints(WECHAT_SANDBOX=None, **real) == [
        "environment: SMS_BASE: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)"
    ]
    assert complaints(SMS_PROVIDER="pigeon")[0].startswith("environment: SMS_PROVIDER:")


def test_kuaidi100_is_off_until_its_account_is_set_whole_and_asked_by_https_only() -> None:
    account = {"KUAIDI100_CUSTOMER": "32DC29F1FAB9", "KUAIDI100_KEY": "iHTgyVlj8081"}
    with environment(KUAIDI100_CUSTOMER="", KUAIDI100_KEY=""):
        assert not env.load().kuaidi100_customer
    assert starts(**account)
    for name in account:
        assert complaints(**{**account, name: ""}) == [
            f"environment: {name}: must be set where the other one is"
        ]
    bases = ("WECHAT_API_BASE", "WECHATPAY_BASE", "PUBLIC_BASE_URL")
    real = {**account, **dict.fromkeys(bases, "https://shop.invalid"), "KUAIDI100_BASE": "http://127.0.0.1:1"}
    assert starts(WECHAT_SANDBOX="1", **real)
    assert complaints(WECHAT_SANDBOX=None, **real) == [
        "environment: KUAIDI100_BASE: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)"
    ]


def test_no_secret_is_repeated_in_the_complaint() -> None:
    lines = complaints(SECRET_KEY="hunter2-changeme", WECHATPAY_API_V3_KEY="topsecretkey")
    assert not any("hunter2" in line or "topsecretkey" in line for line in lines)
