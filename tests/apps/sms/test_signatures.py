"""Both signatures, against the examples that the providers print in their documents."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.sms import aliyun, tencent

# 腾讯云 API, 签名方法 v3: DescribeInstances of cvm, at 1551113065; the escapes are part of the body that was signed.
PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
SIGNED = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}


@pytest.mark.parametrize(
    ("secret_id", "secret_key", "more", "signature"),
    [
        # The page as it is today: id and key are printed as asterisks, and those were used.
        (
            "AKID" + "*" * 32,
            "*" * 32,
            {"x-tc-action": "describeinstances"},
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        ),
        # As it was until 2022, and as the international one was.
        (
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******",
            "Gu5t9xGARNpq86cd98joQYCN3*******",
            {},
            "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
        ),
        (
            "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
            {},
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        ),
    ],
)
def test_tencent_s_examples_are_signed_as_tencent_does(
    secret_id: str, secret_key: str, more: dict[str, str], signature: str
) -> None:
    made = tencent.authorization(
        secret_id=secret_id,
        secret_key=secret_key,
        service="cvm",
        headers=SIGNED | more,
        payload=PAYLOAD,
        at=datetime.fromtimestamp(1551113065, tz=UTC),
    )

    names = ";".join(sorted(SIGNED | more))
    assert made == (
        f"TC3-HMAC-SHA256 Credential={secret_id}/2019-02-25/cvm/tc3_request, "
        f"SignedHeaders={names}, Signature={signature}"
    )


def test_aliyun_s_example_is_signed_as_aliyun_does() -> None:
    """阿里云 V3 版本请求体&签名机制: RunInstances of ecs."""
    query = aliyun.canonical_query(
        {"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"}
    )
    made = aliyun.authorization(
        key_id="YourAccessKeyId",
        key_secret="YourAccessKeySecret",
        query=query,
        headers={
            "host": "ecs.cn-shanghai.aliyuncs.com",
            "x-acs-action": "RunInstances",
            "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "x-acs-date": "2023-10-26T10:22:32Z",
            "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
            "x-acs-version": "2014-05-26",
        },
        payload=b"",
    )

    assert made == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;"
        "x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_a_query_is_encoded_as_rfc_3986_says() -> None:
    assert aliyun.canonical_query({"b": "a b*c~d/é", "a": "茶"}) == "a=%E8%8C%B6&b=a%20b%2Ac~d%2F%C3%A9"
