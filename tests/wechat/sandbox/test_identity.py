"""The made-up account: whole, private, and one even when two processes ask for it at once."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from apps.wechat.sandbox import identity


def test_two_that_start_together_get_the_same_account(tmp_path: Path) -> None:
    directory = tmp_path / "account"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: identity.load_or_create(directory), range(4)))
    assert len({row.numbers for row in found}) == 1
    account = found[0]
    certificate = x509.load_pem_x509_certificate(account.merchant_cert_file.read_bytes())
    key = load_pem_private_key(account.merchant_key_file.read_bytes(), password=None)
    assert f"{certificate.serial_number:040X}" == account.numbers.cert_serial
    assert certificate.public_key() == key.public_key()
    platform = load_pem_private_key(account.platform_key_file.read_bytes(), password=None)
    assert load_pem_public_key(account.platform_public_file.read_bytes()) == platform.public_key()


def test_its_numbers_look_like_wechat_s_and_only_the_owner_reads_them(account: identity.Identity) -> None:
    numbers = account.numbers
    assert re.fullmatch(r"[1-7][0-9A-F]{39}", numbers.cert_serial)
    assert (len(numbers.api_v3_key), len(numbers.push_aes_key)) == (32, 43)
    assert re.fullmatch(r"PUB_KEY_ID_\d{28}", numbers.public_key_id)
    for file in account.directory.glob("*.*"):
        if file.suffix in (".pem", ".json"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_shop_s_environment_names_it(account: identity.Identity) -> None:
    environment = account.environment(base_url="http://127.0.0.1:9700")
    assert environment["WECHATPAY_BASE"] == environment["WECHAT_API_BASE"] == "http://127.0.0.1:9700"
    assert environment["WECHATPAY_MCHID"] == account.numbers.mchid
    assert Path(environment["WECHATPAY_PRIVATE_KEY_FILE"]) == account.merchant_key_file
