"""The made-up WeChat account of the sandbox: keys, numbers and secrets, created once and kept in a directory.

The shop and the sandbox both read it: the sandbox plays WeChat with the platform's private key, the shop gets
the environment that a real merchant would copy from the consoles.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
import string
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Numbers:
    """What WeChat's consoles would show for this account."""

    appid: str
    app_secret: str
    mchid: str
    cert_serial: str
    api_v3_key: str
    public_key_id: str
    push_token: str
    push_aes_key: str
    original_id: str


@dataclass(frozen=True)
class Identity:
    """An account kept in ``directory``: its numbers and the paths of its PEM files."""

    directory: Path
    numbers: Numbers

    @property
    def merchant_key_file(self) -> Path:
        return self.directory / "merchant_key.pem"

    @property
    def merchant_cert_file(self) -> Path:
        return self.directory / "merchant_cert.pem"

    @property
    def platform_key_file(self) -> Path:
        return self.directory / "platform_key.pem"

    @property
    def platform_public_file(self) -> Path:
        return self.directory / "platform_public.pem"

    def environment(self, *, base_url: str) -> dict[str, str]:
        """Return the shop's environment variables for a sandbox that listens at ``base_url``."""
        return {
            "WECHAT_SANDBOX": "1",
            "WECHAT_API_BASE": base_url,
            "WECHAT_APPID": self.numbers.appid,
            "WECHAT_APP_SECRET": self.numbers.app_secret,
            "WECHAT_PUSH_TOKEN": self.numbers.push_token,
            "WECHAT_PUSH_AES_KEY": self.numbers.push_aes_key,
            "WECHATPAY_BASE": base_url,
            "WECHATPAY_MCHID": self.numbers.mchid,
            "WECHATPAY_CERT_SERIAL": self.numbers.cert_serial,
            "WECHATPAY_API_V3_KEY": self.numbers.api_v3_key,
            "WECHATPAY_PRIVATE_KEY_FILE": str(self.merchant_key_file),
            "WECHATPAY_PUBLIC_KEY_FILE": str(self.platform_public_file),
            "WECHATPAY_PUBLIC_KEY_ID": self.numbers.public_key_id,
        }


def load_or_create(directory: Path) -> Identity:
    """Return the identity kept in ``directory``, creating all of it on the first call."""
    kept = directory / "numbers.json"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (directory / ".lock").open("w") as lock:
            # Two processes that start together must not mix two accounts; the lock ends with the file.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                _create(directory)
    return Identity(directory=directory, numbers=Numbers(**json.loads(kept.read_text())))


def _create(directory: Path) -> None:
    merchant_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    platform_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    mchid = "19" + "".join(secrets.choice(string.digits) for _ in range(8))
    # WeChat's serials are 40 hex digits; one that begins with zero loses it in some SDKs, so avoid it.
    serial = int(secrets.choice("1234567") + secrets.token_hex(20)[1:], 16)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, mchid)])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(merchant_key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1825))
        .sign(merchant_key, hashes.SHA256())
    )
    numbers = Numbers(
        appid="wx" + secrets.token_hex(8),
        app_secret=secrets.token_hex(16),
        mchid=mchid,
        cert_serial=f"{serial:040X}",
        api_v3_key=_word(32),
        public_key_id="PUB_KEY_ID_" + "0" + "".join(secrets.choice(string.digits) for _ in range(27)),
        push_token=_word(24),
        push_aes_key=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
        original_id="gh_" + secrets.token_hex(6),
    )
    _write(directory / "merchant_key.pem", _private_pem(merchant_key))
    _write(directory / "platform_key.pem", _private_pem(platform_key))
    _write(directory / "merchant_cert.pem", certificate.public_bytes(serialization.Encoding.PEM))
    _write(
        directory / "platform_public.pem",
        platform_key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
    )
    # Written last: its presence says that the identity is whole.
    _write(directory / "numbers.json", json.dumps(asdict(numbers), indent=2).encode())


def _word(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Write so that a reader sees all of it or nothing, readable by the owner only."""
    partial = path.with_suffix(path.suffix + ".partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    partial.replace(path)
