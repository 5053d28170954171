"""How a machine is reached: by the environment's proxy and certificates, by connections that are kept."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.base import exchange
from apps.wechat.errors import WechatNotYet, WechatRefused

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Listening(ThreadingHTTPServer):
    """A server that says "ok" and notes what it is asked: the first line, the headers, from which port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Saying)
        self.heard: list[tuple[str, str, dict[str, str], int]] = []


class Saying(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.heard.append(
            (self.requestline, body.decode(), dict(self.headers), self.client_address[1])
        )
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Nothing: what was asked is noted."""


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server() -> Iterator[Listening]:
    listening = Listening()
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield listening
    listening.shutdown()
    listening.server_close()


def post(base: str, path: str = "/a", **more: object) -> exchange.Answer:
    return exchange.send(
        method="POST",
        base=base,
        path=path,
        changes=True,
        timeout_s=(2.0, 2.0),
        body="茶".encode(),
        headers={"Content-Type": "text/plain"},
        **more,  # type: ignore[arg-type]  # of ``send``
    )


def test_calls_of_a_thread_go_by_one_connection_that_is_kept(server: Listening) -> None:
    base = f"http://127.0.0.1:{server.server_port}"

    answers = [post(f"{base}/", "/a", params={"q": "红 茶"}), post(f"{base}/", "/b")]

    assert [(one.status, one.body) for one in answers] == [(200, b"ok"), (200, b"ok")]
    assert [(line, body) for line, body, _, _ in server.heard] == [
        ("POST /a?q=%E7%BA%A2+%E8%8C%B6 HTTP/1.1", "茶"),
        ("POST /b HTTP/1.1", "茶"),
    ]
    assert len({port for _, _, _, port in server.heard}) == 1
    assert "Cookie" not in server.heard[1][2]


def test_what_stands_before_all_paths_stays(server: Listening) -> None:
    post(f"http://127.0.0.1:{server.server_port}/gateway")

    assert server.heard[0][0] == "POST /gateway/a HTTP/1.1"


def test_a_connection_that_hung_up_in_between_is_made_anew(server: Listening) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    post(base)
    exchange._local.roads.kept[base].pool.pool.queue[-1].sock.shutdown(2)

    assert post(base).status == 200


def test_a_machine_that_is_not_this_one_is_reached_by_the_proxy_of_the_environment(
    server: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://shop:secret@127.0.0.1:{server.server_port}")

    answer = post("http://wechat.invalid", params={"q": "1"})

    line, _, headers, _ = server.heard[0]
    assert answer.body == b"ok"
    assert line == "POST http://wechat.invalid/a?q=1 HTTP/1.1"
    assert headers["Proxy-Authorization"].startswith("Basic ")


def test_a_proxy_that_is_away_may_have_passed_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    with pytest.raises(exchange.NoAnswer) as caught:
        post("https://wechat-by-proxy.invalid")

    assert (caught.value.trouble, caught.value.effect_unknown) == (exchange.Trouble.DOWN, True)
    assert caught.value.__context__ is None


def test_only_certificates_that_the_environment_believes_are_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Listening
) -> None:
    certificate = _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    base = f"https://127.0.0.1:{server.server_port}"

    with pytest.raises(exchange.NoAnswer) as caught:
        post(base)
    assert (caught.value.trouble, caught.value.why) == (exchange.Trouble.DOWN, "connection broke")

    del exchange._local.roads  # as in another process
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert post(base).body == b"ok"


def test_an_address_that_is_none_is_a_bad_answer() -> None:
    with pytest.raises(exchange.NoAnswer) as caught:
        post("https://")

    assert caught.value.trouble is exchange.Trouble.BAD_ANSWER


def test_a_thread_keeps_the_way_to_a_few_machines_only() -> None:
    for number in range(40):
        with pytest.raises(exchange.NoAnswer):
            post(f"http://127.0.0.1:9/{number}")

    assert len(exchange._local.roads.kept) <= 16


def _certificate(folder: Path) -> Path:
    """A key with a certificate of 127.0.0.1 that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "certificate.pem"
    file.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(
    "refusal",
    [exchange.Refused("E\0", "not\0so"), WechatRefused("E\0", "not\0so"), WechatNotYet(-3, "not\0so")],
)
def test_what_others_say_can_be_stored(refusal: Any) -> None:
    """NUL is no sign that PostgreSQL stores, and what was refused is written down."""
    assert refusal.errmsg == "not\\u0000so"
    assert "\0" not in f"{refusal.errcode}{refusal}"
