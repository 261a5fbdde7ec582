"""Where the keys that clearances are verified with may come from, and what a server can do."""

from __future__ import annotations

import datetime
import ipaddress
import json
import secrets
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from challenge import jwks
from challenge.errors import ConfigError
from challenge.jwks import BYTES_MAX, FRESH, JwksClient
from challenge.keys import make

from .keyserver import Answer, Clock, KeyServer, code, key_set, respond, serve_keys, together

OLD, NEW, FOREIGN = (make(secrets.token_bytes) for _ in range(3))
KID = OLD.current.kid
SET = json.dumps(OLD.jwks()).encode()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with serve_keys(key_set(OLD)) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: KeyServer, clock: Clock) -> JwksClient:
    return JwksClient(server.url, clock=clock)


def direct(url: str, **options: Any) -> bytes:
    """What Python's own client gets without a proxy, which is the control of many tests."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, **options) as answer:
        body: bytes = answer.read()
    return body


# -- from where -----------------------------------------------------------------------------


GOOD_URLS = [
    "https://example.org/challenge/jwks.json",
    "https://example.org:8443/jwks.json?site=main",
    "https://192.0.2.1/jwks.json",
    "https://[2001:db8::1]/jwks.json",
    "HTTPS://EXAMPLE.ORG/jwks.json",
    "http://localhost:5000/challenge/jwks.json",
    "http://LOCALHOST/",
    "http://127.0.0.1:5000/challenge/jwks.json",
    "http://127.8.9.10/",
    "http://[::1]:5000/",
]
FAR_URLS = [
    "http://example.org/challenge/jwks.json",
    "http://192.0.2.1/",
    "http://10.0.0.1/",
    "http://0.0.0.0/",
    "http://[2001:db8::1]/",
    "http://[::ffff:192.0.2.1]/",
    "http://[::]/",
    "http://localhost.example.org/",
    "http://127.0.0.1.example.org/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
]
NO_URLS = [
    "",
    "jwks.json",
    "/challenge/jwks.json",
    "//127.0.0.1/",
    "http:///jwks.json",
    "https://",
    "https://:443/",
    "https://example.org#fragment",
    "https://example.org#",
    "https://user@example.org/",
    "https://user:secret@example.org/",
    "http://127.0.0.1@example.org/",
    "http://127.0.0.1\\@example.org/",
    "http://example.org\\.127.0.0.1/",
    "http://[::1",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:x/",
    "http://127.0.0.1/\r\nX: y",
    "http://127.0.0.1/ HTTP/1.1",
    " http://127.0.0.1/",
    "http://127.0.0.1/\0",
    "https://example.org/\udc80",
    "https://exämple.org/",
    "https://example.org/schlüssel",
    "https://a..b/",
    f"https://{'a' * 64}.example.org/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "data:application/json,{}",
]


@pytest.mark.parametrize("url", GOOD_URLS)
def test_https_or_loopback(url: str) -> None:
    JwksClient(url, clock=time.monotonic)


@pytest.mark.parametrize("url", FAR_URLS + NO_URLS)
def test_any_other_url_is_refused_before_a_request(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        JwksClient(url, clock=time.monotonic)
    assert refused.value.code == "jwks_url"
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", FAR_URLS)
def test_control_without_the_check_far_hosts_pass(url: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(jwks, "_is_loopback", lambda host: True)
    JwksClient(url, clock=time.monotonic)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, server: KeyServer, clock: Clock) -> None:
    leads = respond(b"", f"{status} Elsewhere", f"Location: {server.url}")
    with serve_keys(leads) as first:
        client = JwksClient(first.url, clock=clock)
        assert code(client, KID) == "jwks_unavailable"
        assert server.asked == []
        assert direct(first.url) == SET, "the control: a client that follows gets them"
    assert len(server.asked) == 1


def test_no_proxy_of_the_environment_is_used(
    client: JwksClient, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_keys(key_set(FOREIGN)) as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{proxy.port}")
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert code(client, KID) == "good"
        assert proxy.asked == []
        with urllib.request.urlopen(server.url) as answer:
            answer.read()
        assert len(proxy.asked) == 1, "the control: a client that heeds it"


def test_the_request(client: JwksClient, server: KeyServer) -> None:
    client.key(KID)
    [request] = server.asked
    line, *headers = request.decode().split("\r\n")
    assert line == "GET /challenge/jwks.json HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in headers
    assert {h.split(":")[0] for h in headers if h} == {
        "Host", "Accept", "Cache-Control", "Connection"
    }  # fmt: skip


def test_a_query_is_sent_and_an_ipv6_host_has_its_brackets() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        respond(SET)(theirs)
        parts = jwks._split("http://[::1]:5000/keys?site=main")
        assert jwks._ask(ours, parts, time.monotonic() + 5) == SET
        sent = theirs.recv(4096)
    assert sent.startswith(b"GET /keys?site=main HTTP/1.1\r\nHost: [::1]:5000\r\n")


# -- TLS ------------------------------------------------------------------------------------


AUTHORITY = "a test's authority"
# What a certificate has to say since Python looks strictly at them.
USES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


class Authority:
    """A certificate authority that nobody trusts unless told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign(AUTHORITY, self._key, None)
        self.path = folder / "authority.pem"
        self.path.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def context(self, address: str) -> ssl.SSLContext:
        """What a server shows that is to be at this address."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.IPAddress(ipaddress.ip_address(address))
        path = self._folder / f"{address}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + self._sign(address, key, name).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, address: x509.GeneralName | None
    ) -> x509.Certificate:
        now, hour = datetime.datetime.now(datetime.UTC), datetime.timedelta(hours=1)
        own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        issuers = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        uses = dict.fromkeys(USES, False) | {"digital_signature": True}
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named(AUTHORITY))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - hour)
            .not_valid_after(now + hour)
            .add_extension(own, False)
            .add_extension(issuers, False)
        )
        if address is None:
            uses["key_cert_sign"] = True
            builder = builder.add_extension(x509.BasicConstraints(True, None), True)
        else:
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), False)
        builder = builder.add_extension(x509.KeyUsage(**uses), True)
        return builder.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_https_from_a_server_that_is_trusted(
    authority: Authority, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    with serve_keys(key_set(OLD), authority.context("127.0.0.1")) as server:
        assert code(JwksClient(server.url, clock=clock), KID) == "good"


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_https_from_any_other_is_refused(
    wrong: str, authority: Authority, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wrong == "name":
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    shown = "127.0.0.2" if wrong == "name" else "127.0.0.1"
    with serve_keys(key_set(OLD), authority.context(shown)) as server:
        assert code(JwksClient(server.url, clock=clock), KID) == "jwks_unavailable"
        assert server.asked == []
        # The control: a client that looks at no certificate.
        monkeypatch.setattr(ssl, "create_default_context", ssl._create_unverified_context)
        assert code(JwksClient(server.url, clock=clock), KID) == "good"


# -- how much, and how long it may take -----------------------------------------------------


@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_a_set_has_64_kib_at_most(
    framing: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def framed(body: bytes) -> Answer:
        if framing == "length":
            return respond(body)
        if framing == "close":
            return lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body)
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        return lambda c: c.sendall(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    with serve_keys(framed(SET.ljust(BYTES_MAX))) as server:
        assert code(JwksClient(server.url, clock=clock), KID) == "good"
        server.answer = framed(SET.ljust(BYTES_MAX + 1))
        assert code(JwksClient(server.url, clock=clock), KID) == "jwks_unavailable"
        monkeypatch.setattr(jwks, "BYTES_MAX", BYTES_MAX + 1)
        assert code(JwksClient(server.url, clock=clock), KID) == "good", "the control"


def test_an_endless_body_is_left_alone(clock: Clock) -> None:
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 2**30:
            sent += connection.send(b" " * 2**16)

    with serve_keys(pour) as server:
        assert code(JwksClient(server.url, clock=clock), KID) == "jwks_unavailable"
    assert sent < 2**25, "no more than what lies in the system's buffers"


STEP = 0.01


def drip(data: bytes) -> Answer:
    """One byte at a time, each well within any time-out of a read."""

    def answer(connection: socket.socket) -> None:
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(STEP)

    return answer


def repeat(data: bytes) -> Answer:
    """The same over and over, as fast as it is read."""

    def answer(connection: socket.socket) -> None:
        for _ in range(10**7):
            connection.sendall(data)

    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(SET)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW: dict[str, Answer] = {
    "nothing at all": lambda connection: connection.recv(1) and None,
    "the head": drip(HEAD + SET),
    "the body": lambda c: (c.sendall(HEAD), drip(SET)(c))[0],
    "chunks": lambda c: (c.sendall(CHUNKED), drip(b"1\r\n \r\n" * 100)(c))[0],
    "endless continues": repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless trailers": lambda c: (c.sendall(CHUNKED + b"0\r\n"), repeat(b"X: y\r\n")(c))[0],
}


@pytest.mark.parametrize("what", SLOW)
def test_a_slow_server_has_five_seconds(
    what: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jwks.FETCH_SECONDS == 5
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.5)
    with serve_keys(SLOW[what]) as server:
        client = JwksClient(server.url, clock=clock)
        began = time.monotonic()
        assert code(client, KID) == "jwks_unavailable"
        assert 0.4 < time.monotonic() - began < 1.5


@pytest.mark.parametrize("what", ["the head", "the body"])
def test_control_a_time_out_for_each_read_lets_it_drip(what: str) -> None:
    with serve_keys(SLOW[what]) as server:
        began = time.monotonic()
        assert direct(server.url, timeout=0.5) == SET
        assert time.monotonic() - began > 1


@pytest.mark.parametrize("seconds", [0.5, 10])
def test_a_slow_handshake_has_them_too(
    seconds: float, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", seconds)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = JwksClient(f"https://127.0.0.1:{listener.getsockname()[1]}/", clock=clock)

        def attend() -> None:
            connection, _ = listener.accept()
            with connection:
                # The beginning of a long record, and then its bytes one by one.
                connection.sendall(b"\x16\x03\x03\x40\x00")
                drip(bytes(200))(connection)

        def timed() -> tuple[str, float]:
            began = time.monotonic()
            return code(client, KID), time.monotonic() - began

        _, (refused, took) = together([attend, timed])
    assert refused == "jwks_unavailable"
    assert 0.4 < took < 1.5 if seconds < 1 else took > 1.8, "ten seconds are the control"


# -- anything but a key set ------------------------------------------------------------------


FAILURES: dict[str, Answer] = {
    "nothing": lambda connection: None,
    "no HTTP": lambda connection: connection.sendall(b"hello\r\n\r\n"),
    "a long line": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
    "many headers": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
    "a bad chunk": lambda connection: connection.sendall(CHUNKED + b"zz\r\n"),
    "a chunk of less than nothing": lambda c: c.sendall(CHUNKED + b"-5\r\n"),
    "half a body": lambda connection: connection.sendall(HEAD + SET[:-10]),
    "not found": respond(SET, "404 Not Found"),
    "partial": respond(SET, "206 Partial Content"),
    "no content": respond(b"", "204 No Content"),
    "a page": respond(b"<!doctype html>"),
    "a list": respond(b"[]"),
    "no keys": respond(b"{}"),
    "keys that are no list": respond(b'{"keys": {}}'),
    "a name twice": respond(b'{"keys": [],' + SET[1:]),
    "one kid twice": respond(json.dumps({"keys": OLD.jwks()["keys"] * 2}).encode()),
    "deep": respond(b'{"keys":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "a huge number": respond(b'{"keys": [], "n": ' + b"9" * 5000 + b"}"),
    "no UTF-8": respond(b'{"keys": [], "\xff": 1}'),
    "half a surrogate pair": respond(b'{"keys": [], "\\ud800": 1}'),
}


@pytest.mark.parametrize("what", FAILURES)
def test_what_is_no_key_set_counts_as_a_failure(
    what: str,
    client: JwksClient,
    server: KeyServer,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serve_keys(FAILURES[what]) as broken:
        fresh = JwksClient(broken.url, clock=clock)
        for _ in range(3):
            assert code(fresh, KID) == "jwks_unavailable"
        assert len(broken.asked) == 1
    [line] = caplog.messages
    assert f"the key set at 127.0.0.1:{broken.port} cannot be had" in line
    # Whoever has a set goes on with it.
    assert code(client, KID) == "good"
    server.answer = FAILURES[what]
    clock.now += FRESH
    assert code(client, KID) == "good"


def test_nobody_there(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert code(JwksClient(f"http://127.0.0.1:{port}/", clock=clock), KID) == "jwks_unavailable"
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert code(JwksClient("https://nobody.example/", clock=clock), KID) == "jwks_unavailable"
