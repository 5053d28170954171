"""The shop's environment, typed: read once, every error listed, one line per missing or malformed value."""

from __future__ import annotations

import base64
import binascii
import sys
import zoneinfo
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import SplitResult, urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from config import databases, redis_servers

# What people paste from examples and forget. A secret that contains one of these is no secret.
_EXAMPLE_MARKS = ("example", "changeme", "change-me", "django-insecure", "your-", "secret-key", "xxxx")
# What everybody tries first. Random letters hold one of these once in millions of keys.
_GUESSED_FIRST = ("password", "passw0rd", "qwerty", "letmein", "iloveyou", "abcd1234", "123456", "admin123")
# Shorter ones are judged by these marks only: 消息推送 takes a token of three signs.
_JUDGED_FROM = 16
# 16 random signs, even if they are hexadecimal, hold seven kinds or more in all but one of 100,000.
_KINDS_OF_SIGNS = 6


def _no_example(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if not value.strip():
        raise ValueError("must not be empty")
    if any(mark in value.lower() for mark in _EXAMPLE_MARKS):
        raise ValueError("looks like an example value; set a real one")
    if not _hard_to_guess(value):
        raise ValueError("is too easily guessed; set a random one")
    return secret


def _hard_to_guess(value: str) -> bool:
    """Whether a secret is no common word, no few signs, no sign or word over and over, and no row of neighbours."""
    if any(word in value.lower() for word in _GUESSED_FIRST) or len(set(value)) == 1:
        return False
    if len(value) < _JUDGED_FROM:
        return True
    repeats = any(value[period:] == value[:-period] for period in range(1, len(value) // 2 + 1))
    steps = [abs(ord(after) - ord(before)) for before, after in pairwise(value)]
    neighbours = sum(step <= 1 for step in steps)
    return not repeats and len(set(value)) >= _KINDS_OF_SIGNS and neighbours * 2 < len(steps)


def _whole_address(url: str) -> SplitResult | None:
    """Return the parts of an address with a host and, if any, a port that is one; else None."""
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _pem(file: Path) -> bytes:
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if b"-----BEGIN" not in pem:
        raise ValueError("is not a PEM file")
    return pem


def _long_enough_key(key: RSAPrivateKey | RSAPublicKey) -> None:
    """WeChat Pay issues keys of 2048 bits; shorter ones can be broken."""
    if key.key_size < 2048:
        raise ValueError("is a key of less than 2048 bits")


def _to_write_in(directory: Path | None) -> Path | None:
    """Return a directory that is there now, made if need be."""
    if directory is not None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"cannot be made: {error.strerror}") from None
    return directory


def _to_write_to(file: Path) -> Path:
    if file.is_dir() or not file.absolute().parent.is_dir():
        raise ValueError("must be a file in a directory that exists")
    return file


def _without_slash(url: str) -> str:
    parts = _whole_address(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise ValueError("must be a URL like https://shop.example.com")
    return url.rstrip("/")


def _address_or_none(url: str | None) -> str | None:
    return _without_slash(url) if url else None


Secret = Annotated[SecretStr, AfterValidator(_no_example)]
BaseUrl = Annotated[str, AfterValidator(_without_slash)]
Names = Annotated[list[str], NoDecode]
Pairs = Annotated[dict[str, str], NoDecode]
Directory = Annotated[Path | None, AfterValidator(_to_write_in)]


class Environment(BaseSettings):
    """Every variable of the contract. Field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", hide_input_in_errors=True)

    database_url: str
    # A streaming replica for what may be read there (apps/base/replica.py); empty: everything from the primary.
    replica_url: str | None = None
    redis_url: str
    secret_key: Secret
    # Former ones, the newest first: what they signed (printed share codes) is still ours.
    secret_key_fallbacks: Names = []
    debug: bool = False
    allowed_hosts: Names = []
    csrf_trusted_origins: Names = []
    public_base_url: BaseUrl
    shop_time_zone: str = "Asia/Shanghai"
    shop_name: str = "茶里茶外"
    media_root: Directory = None
    private_root: Directory = None
    static_root: Directory = None
    # Uploaded files in two buckets of an S3-compatible store instead of both directories (docs/guide/beyond-one-machine.md).
    s3_bucket: str | None = None
    s3_private_bucket: str | None = None
    s3_public_url: Annotated[str | None, AfterValidator(_address_or_none)] = None
    s3_endpoint_url: Annotated[str | None, AfterValidator(_address_or_none)] = None
    s3_region: str | None = None
    s3_addressing_style: Literal["auto", "path", "virtual"] = "auto"
    s3_access_key_id: str | None = None
    s3_secret_access_key: SecretStr | None = None
    # True behind PgBouncer in transaction mode: no server-side cursors, no session state.
    database_pooled: bool = False
    # How many proxies of ours stand in front (nginx in docker-compose: 1); decides whose address is believed.
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    # Whether operators need a second factor; left out: everywhere but in a rehearsal.
    admin_second_factor: bool | None = None
    # After how many minutes without a click an operator logs in again.
    admin_idle_minutes: int = Field(default=60, ge=5, le=720)
    log_format: Literal["json", "console"] = "json"

    order_payment_minutes: int = Field(default=30, ge=5, le=1440)
    # What one member may keep from others without paying: so many unpaid orders, in them so many units of each SKU,
    # and so many uses of each promotion whose uses are counted for all buyers together.
    # For how many days an order or a registration is given to the share that somebody came by, and how long visits are kept.
    share_days: int = Field(default=15, ge=1, le=90)
    share_visit_days: int = Field(default=180, ge=90, le=1095)
    # The most that staying at a page may win by invitations: points, and what a coupon takes off.
    referral_watch_points: int = Field(default=100, ge=1, le=10_000)
    referral_watch_coupon_fen: int = Field(default=500, ge=1, le=10_000)
    # How long digests of phones, addresses and phones' marks are kept after they were last seen.
    # Whether WeChat is asked how risky it takes who registers (getuserriskrank): it is told the network address.
    wechat_risk_rank: bool = False
    risk_trace_days: int = Field(default=180, ge=30, le=1095)
    # So many subscription messages a second over all processes; WeChat tells no number, and a day takes 30,000,000.
    message_sends_per_second: int = Field(default=100, ge=1, le=1000)
    member_unpaid_orders: int = Field(default=10, ge=1, le=100)
    member_unpaid_units: int = Field(default=500, ge=1, le=100_000)
    member_unpaid_uses: int = Field(default=2, ge=1, le=100)
    # An order of more units than this that takes more than half of what is free of a SKU has so many minutes.
    large_order_units: int = Field(default=50, ge=1, le=100_000)
    large_order_payment_minutes: int = Field(default=10, ge=5, le=1440)
    # How many may buy in one group: WeChat's rule 5.1.8 is against teams of more than five.
    group_buy_largest: int = Field(default=5, ge=2, le=100)
    # An order that lies ready is remembered to its buyer after so many days, and refunded after so many.
    pickup_remind_days: int = Field(default=3, ge=1, le=60)
    pickup_refund_days: int = Field(default=7, ge=1, le=60)
    order_auto_receive_days: int = Field(default=10, ge=1, le=60)
    # What a coupon may be worth that an operator without 「补偿发券（不限面值）」 gives as compensation.
    compensation_limit_fen: int = Field(default=50_00, ge=0, le=10_000_00)
    # Stored value. Off until the operator has filed with the commerce authority: docs/guide/wallet.md.
    wallet_enabled: bool = False

    # Short messages. No provider: none are sent.
    sms_provider: Literal["tencent", "aliyun"] | None = None
    sms_access_key_id: str | None = None
    sms_access_key_secret: SecretStr | None = None
    sms_sign_name: str | None = None
    sms_app_id: str | None = Field(default=None, pattern=r"^(\d{6,12})?$")
    sms_region: str = Field(default="ap-guangzhou", pattern=r"^[a-z0-9-]{1,40}$")
    sms_base: Annotated[str | None, AfterValidator(_address_or_none)] = None

    # Kuaidi100, which tells parcels' ways line by line. Without both nobody but WeChat is asked.
    kuaidi100_customer: str | None = Field(default=None, max_length=64)
    kuaidi100_key: SecretStr | None = None
    kuaidi100_base: Annotated[str | None, AfterValidator(_address_or_none)] = None

    # 物流助手 电子面单: waybills made by WeChat for accounts that the shop has with couriers.
    wechat_waybills: bool = False

    wechat_sandbox: bool = False
    # Which version of the mini program codes and cards open; trial and develop ones are for testers only.
    wechat_env_version: Literal["release", "trial", "develop"] = "release"
    # Whether WeChat refuses codes of pages that the released version lacks; left out: for releases outside a rehearsal.
    wechat_check_path: bool | None = None
    # Cards of 服务动态 (apps/wechat/service_cards.py): not all of their states are confirmed by a page of WeChat's.
    wechat_service_cards: bool = False
    wechat_api_base: BaseUrl = "https://api.weixin.qq.com"
    wechat_appid: str = Field(pattern=r"^wx[0-9a-zA-Z]{6,30}$")
    wechat_app_secret: Secret
    wechat_push_token: Secret
    wechat_push_aes_key: Secret
    wechatpay_base: BaseUrl = "https://api.mch.weixin.qq.com"
    wechatpay_mchid: str = Field(pattern=r"^\d{8,12}$")
    wechatpay_cert_serial: str = Field(pattern=r"^[0-9A-Fa-f]{16,64}$")
    wechatpay_api_v3_key: Secret
    wechatpay_private_key_file: Path
    wechatpay_public_key_file: Path
    wechatpay_public_key_id: str = Field(pattern=r"^PUB_KEY_ID_[0-9A-Za-z]+$")
    # 商家转账: the scene that WeChat's console shows for 佣金报酬, what the user reads as the reason, and what the scene
    # has to report (kind=content, kind=content). Below the least amount WeChat refuses; merchants report 0.30 yuan.
    wechatpay_transfer_scene_id: str = Field(default="1005", pattern=r"^[0-9A-Za-z_]{1,36}$")
    wechatpay_transfer_perception: str = Field(default="劳务报酬", max_length=20)
    wechatpay_transfer_report: Pairs = {"岗位类型": "推广员", "报酬说明": "推广佣金"}
    wechatpay_transfer_min_fen: int = Field(default=30, ge=1, le=100_000)
    # 消费者投诉: whether WeChat is asked for complaints, and how long the shop may take to answer. WeChat's documents
    # state no deadline; merchants are told 24 hours.
    wechatpay_complaints: bool = True
    wechatpay_complaint_answer_hours: int = Field(default=24, ge=1, le=168)

    @field_validator("allowed_hosts", "csrf_trusted_origins", "secret_key_fallbacks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("sms_provider", mode="before")
    @classmethod
    def _none_when_empty(cls, value: object) -> object:
        return value or None

    @field_validator("wechatpay_transfer_report", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        if not pairs or not all(kind.strip() and content.strip() for kind, _, content in pairs):
            raise ValueError("must be kind=content,kind=content")
        return {kind.strip(): content.strip() for kind, _, content in pairs}

    @field_validator("database_url", "replica_url")
    @classmethod
    def _postgres_only(cls, value: str | None, field: ValidationInfo) -> str | None:
        if value or field.field_name == "database_url":
            databases.read(value or "")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_only(cls, value: str) -> str:
        redis_servers.read(value)
        return value

    @field_validator("csrf_trusted_origins")
    @classmethod
    def _origins(cls, value: list[str]) -> list[str]:
        if any(not origin.startswith(("http://", "https://")) for origin in value):
            raise ValueError("must be origins like https://shop.example.com")
        return value

    @field_validator("shop_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("must be a time zone like Asia/Shanghai")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        # 32 characters of hex are 128 bits; Django's deploy check asks for 50 and says so.
        if len(value.get_secret_value()) < 32:
            raise ValueError("must be at least 32 characters of randomness (50 satisfy check --deploy)")
        return value

    @field_validator("wechat_push_aes_key")
    @classmethod
    def _aes_key_of_43(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        try:
            decoded = base64.b64decode(f"{key}=", validate=True)
        except (ValueError, binascii.Error):
            decoded = b""
        if len(key) != 43 or len(decoded) != 32:
            raise ValueError("must be the 43 characters of EncodingAESKey")
        return value

    @field_validator("wechatpay_api_v3_key")
    @classmethod
    def _v3_key_of_32(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value().encode()) != 32:
            raise ValueError("must be the 32 characters of the APIv3 key")
        return value

    @field_validator("wechatpay_private_key_file")
    @classmethod
    def _private_key(cls, value: Path) -> Path:
        pem = _pem(value)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("is not an RSA private key without password") from None
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("is not an RSA private key without password")
        _long_enough_key(key)
        return value

    @field_validator("wechatpay_public_key_file")
    @classmethod
    def _public_key(cls, value: Path) -> Path:
        pem = _pem(value)
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("is not an RSA public key") from None
        if not isinstance(key, RSAPublicKey):
            raise ValueError("is not an RSA public key")
        _long_enough_key(key)
        return value

    @model_validator(mode="after")
    def _whole_store(self) -> Environment:
        """A bucket without the other, or without an address, would be found out at the first upload."""
        if not self.s3_bucket:
            return self
        for name in ("s3_private_bucket", "s3_public_url"):
            if not getattr(self, name):
                raise ValueError(f"{name.upper()}: must be set where S3_BUCKET is")
        if self.s3_private_bucket == self.s3_bucket:
            raise ValueError("S3_PRIVATE_BUCKET: must be another bucket than S3_BUCKET")
        return self

    @model_validator(mode="after")
    def _whole_provider(self) -> Environment:
        """A provider without a key or a signature would be found out at the first message."""
        needed = {
            None: (),
            "aliyun": ("sms_access_key_id", "sms_access_key_secret", "sms_sign_name"),
            "tencent": ("sms_access_key_id", "sms_access_key_secret", "sms_sign_name", "sms_app_id"),
        }
        for name in needed[self.sms_provider]:
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise ValueError(f"{name.upper()}: must be set where SMS_PROVIDER is")
        if self.sms_base and not self.sms_base.startswith("https://") and not self.wechat_sandbox:
            raise ValueError("SMS_BASE: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)")
        return self

    @model_validator(mode="after")
    def _whole_courier(self) -> Environment:
        """One half of an account would be found out at the first parcel."""
        key = self.kuaidi100_key.get_secret_value() if self.kuaidi100_key else ""
        if bool(self.kuaidi100_customer) != bool(key):
            missing = "KUAIDI100_KEY" if self.kuaidi100_customer else "KUAIDI100_CUSTOMER"
            raise ValueError(f"{missing}: must be set where the other one is")
        if self.kuaidi100_base and not self.kuaidi100_base.startswith("https://") and not self.wechat_sandbox:
            raise ValueError("KUAIDI100_BASE: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)")
        return self

    @model_validator(mode="after")
    def _https_unless_rehearsing(self) -> Environment:
        """Money and openids must not travel in the clear: plain HTTP bases are for the sandbox alone."""
        if self.wechat_sandbox:
            return self
        for name in ("wechat_api_base", "wechatpay_base", "public_base_url"):
            if not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name.upper()}: must be HTTPS (WECHAT_SANDBOX=1 allows plain HTTP)")
        return self


class Processes(BaseSettings):
    """How the processes of the Procfile run on this machine. Field names are the variables' names in lower case."""

    model_config = SettingsConfigDict(
        case_sensitive=False, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    bind: str = Field(default="127.0.0.1", pattern=r"^[0-9A-Za-z.:_\[\]-]+$")
    port: int = Field(default=8000, ge=1, le=65535)
    # Processes times threads is how many requests, and how many database connections, there can be at once.
    web_concurrency: int = Field(default=2, ge=1, le=256)
    web_threads: int = Field(default=4, ge=1, le=256)
    worker_concurrency: int = Field(default=2, ge=1, le=256)
    beat_schedule_file: Annotated[Path, AfterValidator(_to_write_to)] = Path("beat-schedule")
    gunicorn_log_level: Literal["debug", "info", "warning", "error", "critical"] = "info"
    prometheus_multiproc_dir: Directory = None


def load() -> Environment:
    """Return the environment, or print one line per faulty variable to stderr and stop the process."""
    return _whole()[0]


def load_processes() -> Processes:
    """Return how the processes run; likewise."""
    return _whole()[1]


def _whole() -> tuple[Environment, Processes]:
    """Read everything, so that whichever process starts first tells all faults at once."""
    read: list[BaseSettings] = []
    faults: list[Any] = []
    for part in (Environment, Processes):
        try:
            read.append(part())  # pydantic fills it from os.environ
        except ValidationError as error:
            faults += error.errors(include_url=False, include_input=False)
    for fault in faults:
        name = str(fault["loc"][0]).upper() if fault["loc"] else ""
        message = fault["msg"].removeprefix("Value error, ")
        text = f"{name}: {message}" if name else message
        sys.stderr.write(f"environment: {text}\n")
    if faults:
        raise SystemExit(78)  # EX_CONFIG of sysexits.h
    shop, processes = read
    return cast(Environment, shop), cast(Processes, processes)
