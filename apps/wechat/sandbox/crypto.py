"""WeChat's cryptography as its documents describe it: Pay v3 signatures, AES-GCM resources, message-push AES.

Pure functions over bytes; nothing here is shared with the shop's client, so that each side is pinned to the
published vectors and not to the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
PUSH_BLOCK = 32  # WeChat pads to blocks of 32 bytes, although AES works on 16


class Unreadable(ValueError):
    """A pushed message that cannot be decrypted, or that is meant for another account."""


def request_text(*, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what a merchant signs for a request; ``target`` is path and query exactly as sent."""
    return f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"


def answer_text(*, timestamp: str, nonce: str, body: bytes) -> bytes:
    """Return what WeChat signs for an answer or a notify; an empty body still gives its line."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"


def payment_text(*, appid: str, timestamp: str, nonce: str, package: str) -> bytes:
    """Return what a merchant signs for wx.requestPayment (paySign)."""
    return f"{appid}\n{timestamp}\n{nonce}\n{package}\n".encode(errors="backslashreplace")


def sign(key: rsa.RSAPrivateKey, text: bytes) -> str:
    """Return the base64 of the RSA PKCS#1 v1.5 SHA-256 signature of ``text``."""
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def is_signed(key: rsa.RSAPublicKey, text: bytes, signature: str) -> bool:
    """Tell whether ``signature`` (base64) is the key owner's over ``text``; never raises on rubbish."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def seal_resource(*, api_v3_key: str, nonce: str, associated_data: str, plain: bytes) -> str:
    """Return the base64 AES-256-GCM ciphertext, tag at its end, of a notify's resource."""
    sealed = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, associated_data.encode())
    return base64.b64encode(sealed).decode()


def open_resource(*, api_v3_key: str, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """Return the plain bytes of a sealed resource; raises InvalidTag on a wrong key or a changed byte."""
    sealed = base64.b64decode(ciphertext, validate=True)
    return AESGCM(api_v3_key.encode()).decrypt(nonce.encode(), sealed, associated_data.encode())


def open_secret(key: rsa.RSAPrivateKey, sealed: str) -> str | None:
    """Return a field that was encrypted to WeChat's public key (RSA-OAEP with SHA-1), None for what is none."""
    oaep = padding.OAEP(
        mgf=padding.MGF1(hashes.SHA1()),  # noqa: S303  # as WeChat Pay has it
        algorithm=hashes.SHA1(),  # noqa: S303
        label=None,
    )
    try:
        return key.decrypt(base64.b64decode(sealed, validate=True), oaep).decode()
    except ValueError:
        return None


def seal_secret(key: rsa.RSAPublicKey, text: str) -> str:
    """Return the base64 of a field that only the merchant reads (RSA-OAEP with SHA-1 to its certificate)."""
    oaep = padding.OAEP(
        mgf=padding.MGF1(hashes.SHA1()),  # noqa: S303  # as WeChat Pay has it
        algorithm=hashes.SHA1(),  # noqa: S303
        label=None,
    )
    return base64.b64encode(key.encrypt(text.encode(), oaep)).decode()


def push_signature(*parts: str) -> str:
    """Return the hex SHA-1 of the sorted, joined parts: [token, timestamp, nonce] and, sealed, the ciphertext."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def seal_push(*, aes_key: str, appid: str, message: bytes, random: bytes) -> str:
    """Return the base64 ``Encrypt`` of ``message``; ``random`` is 16 bytes."""
    plain = random + struct.pack(">I", len(message)) + message + appid.encode()
    missing = PUSH_BLOCK - len(plain) % PUSH_BLOCK
    cipher = _push_cipher(aes_key).encryptor()
    sealed = cipher.update(plain + bytes([missing]) * missing) + cipher.finalize()
    return base64.b64encode(sealed).decode()


def open_push(*, aes_key: str, appid: str, encrypt: str) -> bytes:
    """Return the message inside ``encrypt``; raises Unreadable."""
    try:
        cipher = _push_cipher(aes_key).decryptor()
        padded = cipher.update(base64.b64decode(encrypt, validate=True)) + cipher.finalize()
    except ValueError as error:
        raise Unreadable("not a ciphertext of this key") from error
    if not padded or not 1 <= padded[-1] <= PUSH_BLOCK or len(padded) < padded[-1] + 20:
        raise Unreadable("padding")
    plain = padded[: -padded[-1]]
    (length,) = struct.unpack(">I", plain[16:20])
    if plain[20 + length :].decode(errors="replace") != appid:
        raise Unreadable("for another appid")
    return plain[20 : 20 + length]


def _push_cipher(aes_key: str) -> Cipher[modes.CBC]:
    """The cipher of an EncodingAESKey: 43 characters of base64 without its last ``=``; iv is the key's head."""
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
