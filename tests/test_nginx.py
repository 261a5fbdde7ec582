"""The nginx configuration of docs/proxies.md, run as it stands there, in front of gunicorn.

Clients come from addresses of their own in 127.0.0.0/8; only 127.0.0.1 is nginx.
"""

from __future__ import annotations

import datetime
import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from challenge import Gate

from .serving import ROOT, serve, wait_for_port
from .solving import ASK, REDEEM, redemption
from .test_proxies import (
    ADDRESS_HEADERS,
    COUNTED,
    EVIL,
    FORGED,
    METHOD_HEADERS,
    PATH_HEADERS,
    SPOOFS,
    UNDERSCORES,
    VECTORS,
    Headers,
)
from .test_proxies import create_app as create_plain_app

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
pytestmark = pytest.mark.skipif(
    NGINX is None, reason="NO NGINX: apt-get install nginx-light; ./run does, and CI has to have it"
)

APP = "tests.test_nginx:create_app()"
HOST = "example.org"
CLIENT, OTHER = "127.0.0.5", "127.0.0.6"
VIEWS = 100
COOKIE = "__Host-challenge-main"
# Calls that are malformed are how an address is looked up here: nobody is to wait for them.
TRUSTED = {"CHALLENGE_TRUSTED_PROXIES": "127.0.0.1", "CHALLENGE_FAILURE_BURST": "100000"}

Answer = tuple[int, dict[str, str], bytes]


def create_app() -> Flask:
    """The watched app, with views that do all they can to be cached."""
    app = create_plain_app()
    gate = Gate()
    cached = {"Cache-Control": "public, max-age=600"}

    @app.get("/news")
    def news() -> tuple[str, dict[str, str]]:
        return "the news", cached

    @app.get("/loud/<handle>")
    @gate.protect("handle")
    def loud(handle: str) -> tuple[str, dict[str, str]]:
        # nginx takes X-Accel-Expires for more than Cache-Control; before 1.23, if it comes first.
        return f"the secret of {handle}", {
            "X-Accel-Expires": "600",
            "Expires": "Thu, 01 Jan 2099 00:00:00 GMT",
        } | cached

    return app


# -- nginx


@dataclass(frozen=True)
class Front:
    """An nginx, how to trust its certificate, and its gunicorn's port."""

    port: int
    plain_port: int
    trust: ssl.SSLContext

    @contextmanager
    def connect(self, client: str = CLIENT, alpn: str = "http/1.1") -> Iterator[ssl.SSLSocket]:
        """A TLS connection from an address."""
        self.trust.set_alpn_protocols([alpn])
        address = ("127.0.0.1", self.port)
        with (
            socket.create_connection(address, timeout=30, source_address=(client, 0)) as plain,
            self.trust.wrap_socket(plain, server_hostname=HOST) as connection,
        ):
            assert connection.selected_alpn_protocol() == alpn
            yield connection

    def call(
        self,
        method: str,
        path: str,
        headers: Headers = (),
        body: bytes = b"",
        *,
        client: str = CLIENT,
    ) -> Answer:
        """Send header lines exactly as given."""
        with self.connect(client) as connection:
            connection.sendall(message(method, path, [*headers, ("Connection", "close")], body))
            return read_answer(connection, method)


def message(method: str, path: str, headers: Headers, body: bytes = b"") -> bytes:
    host = [] if any(name == "Host" for name, _ in headers) else [("Host", HOST)]
    fields = [*host, *headers, ("Content-Length", str(len(body)))]
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def read_answer(connection: socket.socket, method: str) -> Answer:
    with http.client.HTTPResponse(connection, method=method) as response:
        response.begin()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, answered, response.read()


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def make_certificate(folder: Path) -> None:
    """A self-signed certificate of example.org, cert.pem and key.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def documented() -> str:
    """The one nginx block of docs/proxies.md."""
    page = (ROOT / "docs/proxies.md").read_text()
    [block] = re.findall(r"^```nginx\n(.*?)^```$", page, re.M | re.S)
    return str(block)


def adapted(folder: Path, port: int, plain_port: int, app_port: int) -> str:
    """The documented block with this test's ports and files, and nothing else changed."""
    text = documented()
    for old, new in {
        "listen 443": f"listen 127.0.0.1:{port}",
        "listen 80": f"listen 127.0.0.1:{plain_port}",
        "http://127.0.0.1:8000": f"http://127.0.0.1:{app_port}",
        "/etc/ssl/example.org.pem": f"{folder}/cert.pem",
        "/etc/ssl/example.org.key": f"{folder}/key.pem",
    }.items():
        assert old in text
        text = text.replace(old, new)
    return text


CACHE = """
proxy_cache_path {folder}/cache keys_zone=site:1m;
proxy_cache site;
proxy_cache_valid any 10m;
add_header Cache-Status-Here $upstream_cache_status always;
"""


@contextmanager
def nginx(folder: Path, app_port: int, extra: str = "") -> Iterator[Front]:
    """Run nginx with the documented servers until the block ends."""
    make_certificate(folder)
    port, plain_port = free_ports(2)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = (
        f"daemon off;\npid {folder}/nginx.pid;\nworker_processes 1;\n"
        # A worker of another user could not read this folder.
        + ("user root;\n" if os.geteuid() == 0 else "")
        + "events {}\nhttp {\naccess_log off;\n"
        + temporary
        + extra.format(folder=folder)
        + adapted(folder, port, plain_port, app_port)
        + "}\n"
    )
    (folder / "nginx.conf").write_text(configuration)
    command = [str(NGINX), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    with (folder / "nginx.out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_for_port(port, process)
        yield Front(port, plain_port, ssl.create_default_context(cafile=folder / "cert.pem"))
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def site(folder: Path, extra: str = "", **env: str) -> Iterator[Front]:
    with (
        serve(APP, folder, workers=2, **(TRUSTED | env)) as app,
        nginx(folder, app.port, extra) as front,
    ):
        yield front


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with site(tmp_path_factory.mktemp("nginx")) as front:
        yield front


# -- visitors


JSON = ("Content-Type", "application/json")
ORIGIN = ("Origin", f"https://{HOST}")


def counted(front: Front, headers: Headers = (), client: str = CLIENT) -> str | None:
    """The address that a redeem through nginx is counted under; None if a server refuses it."""
    status, answered, _ = front.call("POST", REDEEM, [JSON, *headers], b"{}", client=client)
    assert status == 400
    return answered.get(COUNTED.lower())


def buy(front: Front) -> tuple[Headers, int]:
    """Buy a clearance over HTTPS: the header that shows it, and its budget."""
    status, _, offer = front.call("POST", ASK, [JSON, ORIGIN], b"{}")
    assert status == 201
    body = redemption(json.loads(offer))
    status, answered, sale = front.call("POST", REDEEM, [JSON, ORIGIN], body)
    assert status == 201
    # Another app, the racing one, does not tell.
    assert answered.get(COUNTED.lower(), CLIENT) == CLIENT
    cookie = answered["set-cookie"].split("; ")
    assert cookie[0].startswith(COOKIE + "=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie)
    return [("Cookie", cookie[0])], int(json.loads(sale)["budget"])


# -- P01 to P06, as shipped


def test_p01_the_client_is_counted_whatever_it_claims(front: Front) -> None:
    for name in ADDRESS_HEADERS:
        assert counted(front, [(name, FORGED)]) == CLIENT, name
    assert counted(front, [(name, FORGED) for name in ADDRESS_HEADERS]) == CLIENT
    assert counted(front, [("X-Forwarded-For", "127.0.0.1")], client=OTHER) == OTHER


def test_p01_control_without_the_setting_all_are_nginx(tmp_path: Path) -> None:
    with site(tmp_path, CHALLENGE_TRUSTED_PROXIES="") as front:
        assert {counted(front, client=client) for client in (CLIENT, OTHER)} == {"127.0.0.1"}


def test_p01_control_a_trusted_network_that_clients_are_in_believes_them(tmp_path: Path) -> None:
    with site(tmp_path, CHALLENGE_TRUSTED_PROXIES="127.0.0.0/8") as front:
        assert counted(front, [("X-Forwarded-For", FORGED)]) == FORGED


def test_p02_no_shape_gets_past_what_nginx_appends(front: Front) -> None:
    answers = Counter(
        counted(front, [("X-Forwarded-For", value) for value in vector["headers"]])
        for vector in VECTORS
    )
    assert answers[CLIENT] >= 100
    # A few never get that far: a server refuses bytes that no header has.
    assert set(answers) <= {CLIENT, None}
    assert answers[None] <= 6


def test_p03_no_header_names_another_path_or_method(front: Front) -> None:
    status, _, interstitial = front.call("GET", "/people/ada")
    assert status == 403
    for name in PATH_HEADERS:
        for value in ("/", "/news", "/challenge/healthz", "http://127.0.0.1/"):
            assert front.call("GET", "/people/ada", [(name, value)])[::2] == (403, interstitial)
        assert front.call("GET", "/", [(name, "/people/ada")])[2] == b"the open page"
    for name in METHOD_HEADERS:
        assert front.call("GET", "/people/ada", [(name, "POST")])[::2] == (403, interstitial)


def test_p04_underscores_duplicates_and_case(front: Front) -> None:
    for headers, _ in UNDERSCORES:
        assert counted(front, headers) == CLIENT
    twice = [("x-forwarded-for", FORGED), ("X-FORWARDED-FOR", "127.0.0.1")]
    assert counted(front, twice) == CLIENT


def test_p04_nginx_guards_a_gunicorn_that_maps_underscores(tmp_path: Path) -> None:
    unsafe = {"GUNICORN_CMD_ARGS": "--header-map dangerous"}
    with site(tmp_path, **unsafe) as front:
        assert {counted(front, headers) for headers, _ in UNDERSCORES} == {CLIENT}


def test_p04_control_both_told_to_let_underscores_through(tmp_path: Path) -> None:
    unsafe = {"GUNICORN_CMD_ARGS": "--header-map dangerous"}
    with site(tmp_path, "underscores_in_headers on;", **unsafe) as front:
        assert FORGED in {counted(front, headers) for headers, _ in UNDERSCORES}


def test_p05_an_ipv6_claim_is_a_claim(front: Front) -> None:
    for claim in ("2001:db8::1", "[2001:db8::1]:443", "::ffff:127.0.0.1", "2002:7f00:1::",
                  "64:ff9b::127.0.0.1", "fe80::1%eth0"):  # fmt: skip
        assert counted(front, [("X-Forwarded-For", claim)]) == CLIENT


def test_p06_another_host_never_reaches_the_app(front: Front) -> None:
    for path in ("/people/ada", "/challenge/healthz", "/"):
        status, answered, body = front.call("GET", path, [("Host", EVIL)])
        assert status == 421
        assert EVIL not in str(answered) + body.decode()


def test_p06_claims_of_host_and_scheme_do_nothing(front: Front) -> None:
    _, _, interstitial = front.call("GET", "/people/ada")
    assert b'src="/challenge/static/' in interstitial
    for spoof in SPOOFS:
        status, answered, body = front.call("GET", "/people/ada", spoof)
        assert EVIL not in str(answered)
        if "X-Forwarded-Ssl" in dict(spoof):
            # gunicorn refuses what contradicts nginx's X-Forwarded-Proto.
            assert status == 400
            continue
        assert (status, body) == (403, interstitial)
        foreign = [JSON, ("Origin", f"https://{EVIL}"), *spoof]
        assert front.call("POST", ASK, foreign, b"{}")[0] == 403
        assert front.call("POST", ASK, [JSON, ORIGIN, *spoof], b"{}")[0] == 201


def test_p06_plain_http_is_sent_to_the_one_name(front: Front) -> None:
    address = ("127.0.0.1", front.plain_port)
    with socket.create_connection(address, timeout=30) as connection:
        connection.sendall(message("GET", "/people/ada?x=1", [("Host", EVIL)]))
        status, answered, _ = read_answer(connection, "GET")
    assert (status, answered["location"]) == (301, f"https://{HOST}/people/ada?x=1")


# -- W05


def leaks(front: Front) -> list[str]:
    """Which pages a client without a clearance gets after another has opened them."""
    shown, _ = buy(front)
    found = []
    for path in ("/people/ada", "/loud/ada"):
        status, _, body = front.call("GET", path, shown)
        assert (status, body) == (200, b"the secret of ada")
        for cookie in ([], [("Cookie", f"{COOKIE}=x")], [("Cookie", "theme=dark")]):
            status, _, body = front.call("GET", path, cookie, client=OTHER)
            if status != 403 or b"secret" in body:
                found.append(path)
    # and the other way round: a refusal for who has a clearance
    for path in ("/people/bob", "/loud/bob"):
        for accept in ("text/html", "application/json"):
            front.call("GET", path, [("Accept", accept)], client=OTHER)
        if front.call("GET", path, shown)[0] != 200:
            found.append(path)
    return found


def cache_is_on(front: Front) -> bool:
    statuses = [front.call("GET", "/news")[1].get("cache-status-here") for _ in range(2)]
    return statuses == ["MISS", "HIT"]


def test_w05_a_caching_nginx_shares_no_page_and_no_refusal(tmp_path: Path) -> None:
    with site(tmp_path, CACHE) as front:
        assert cache_is_on(front)
        assert leaks(front) == []
        kept = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
        assert kept
        assert not [content for content in kept if b"secret" in content]


def test_w05_control_an_nginx_told_to_ignore_our_headers_leaks(tmp_path: Path) -> None:
    careless = CACHE + "proxy_ignore_headers Cache-Control Vary Set-Cookie Expires;\n"
    with site(tmp_path, careless) as front:
        assert cache_is_on(front)
        assert "/people/ada" in leaks(front)


# -- R11


def pipelined(front: Front, shown: Headers, path: str = "/people/") -> Counter[int]:
    """100 views in one HTTP/1.1 connection, all sent before the first answer is read."""
    asked = [*shown, ("Accept", "application/json")]
    views = [message("GET", f"{path}{number}", asked) for number in range(VIEWS)]
    with front.connect() as connection:
        connection.sendall(b"".join(views))
        with connection.makefile("rb") as stream:
            return Counter(read_pipelined(stream) for _ in range(VIEWS))


def read_pipelined(stream: Any) -> int:
    """The status of the next answer in a connection; HTTPResponse would read ahead."""
    status = int(stream.readline().split()[1])
    fields = http.client.parse_headers(stream)
    if fields.get("Transfer-Encoding") == "chunked":
        while size := int(stream.readline(), 16):
            stream.read(size + 2)
        stream.readline()
    else:
        stream.read(int(fields["Content-Length"]))
    return status


def status_of(event: h2.events.ResponseReceived) -> int:
    fields = {bytes(name): value for name, value in event.headers}
    return int(fields[b":status"])


def multiplexed(front: Front, shown: Headers, path: str = "/people/") -> Counter[int]:
    """100 views as streams of one HTTP/2 connection, all open at once."""
    protocol = h2.connection.H2Connection()
    statuses: Counter[int] = Counter()
    with front.connect(alpn="h2") as connection:
        protocol.initiate_connection()
        for number in range(VIEWS):
            fields = [(":method", "GET"), (":authority", HOST), (":scheme", "https")]
            fields += [(":path", f"{path}{number}"), ("accept", "application/json")]
            fields += [(name.lower(), value) for name, value in shown]
            protocol.send_headers(1 + 2 * number, fields, end_stream=True)
        assert protocol.open_outbound_streams == VIEWS
        connection.sendall(protocol.data_to_send())
        ended = 0
        while ended < VIEWS:
            received = connection.recv(65_536)
            assert received, "nginx closed the connection"
            for event in protocol.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived):
                    statuses[status_of(event)] += 1
                elif isinstance(event, h2.events.DataReceived):
                    flow = event.flow_controlled_length
                    protocol.acknowledge_received_data(flow, event.stream_id)
                elif isinstance(event, h2.events.StreamEnded):
                    ended += 1
                else:
                    assert not isinstance(event, h2.events.StreamReset), event
            connection.sendall(protocol.data_to_send())
        protocol.close_connection()
        connection.sendall(protocol.data_to_send())
    return statuses


@pytest.mark.parametrize("reading", [pipelined, multiplexed])
def test_r11_a_hundred_views_in_one_connection_open_one_budget(
    front: Front, reading: Callable[[Front, Headers], Counter[int]]
) -> None:
    shown, budget = buy(front)
    assert 0 < budget < VIEWS
    assert reading(front, shown) == {200: budget, 403: VIEWS - budget}
    # all of it is gone, also for later connections; what was opened stays open
    assert front.call("GET", "/people/later", shown)[0] == 403


def test_r11_control_a_gate_that_reads_and_then_writes_opens_more(tmp_path: Path) -> None:
    app = "tests.racing:create_app()"
    with (
        serve(app, tmp_path, workers=2, READ_THEN_WRITE="0.005", **TRUSTED) as server,
        nginx(tmp_path, server.port) as front,
    ):
        shown, budget = buy(front)
        assert multiplexed(front, shown)[200] > budget


def test_r11_control_an_open_page_is_had_a_hundred_times(front: Front) -> None:
    assert pipelined(front, [], "/?page=") == multiplexed(front, [], "/?page=") == {200: VIEWS}


def test_the_documented_block_is_whole() -> None:
    text = documented()
    assert text.count("server {") == 3
    assert text.count("{") == text.count("}")
