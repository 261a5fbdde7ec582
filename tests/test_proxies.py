"""Proxies and addresses: P01 to P06, through Flask's client and through a real gunicorn.

The observable is the address that a sale is charged to: `watch` puts it into a header of the
answer, as the conductor was handed it.
"""

from __future__ import annotations

import base64
import dataclasses
import http.client
import json
import re
import socket
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, g
from flask.testing import FlaskClient

from challenge import Gate
from challenge.core.networks import PREFIX_LENGTHS, Network, client_address, prefixes
from challenge.flask.client import EXTENSION

from .serving import Server, serve
from .solving import ASK, REDEEM, buy, redemption

MakeApp = Callable[..., Flask]
Headers = Sequence[tuple[str, str]]

VECTORS = json.loads((Path(__file__).parent / "vectors" / "forwarded.json").read_text())["cases"]
APP = "tests.test_proxies:create_app()"
COUNTED = "Counted-Address"
FORGED = "203.0.113.9"
PEER = "198.51.100.7"
JSON = ("Content-Type", "application/json")

#: what servers, CDNs and frameworks read a client's address from
ADDRESS_HEADERS = (
    *("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "Client-IP", "True-Client-IP"),
    *("X-Forwarded", "Forwarded-For", "X-Cluster-Client-IP", "CF-Connecting-IP"),
    *("CF-Connecting-IPv6", "CF-Pseudo-IPv4", "Fastly-Client-IP", "Fly-Client-IP"),
    *("X-Azure-ClientIP", "X-Azure-SocketIP", "X-Appengine-User-IP", "X-Remote-IP"),
    *("X-Remote-Addr", "Remote-Addr", "X-Originating-IP", "X-ProxyUser-IP"),
    *("X-Envoy-External-Address", "X-Original-Forwarded-For", "X-Vercel-Forwarded-For"),
    *("DO-Connecting-IP", "X-NF-Client-Connection-IP", "X-Sucuri-ClientIP", "Incap-Client-IP"),
    *("Ali-CDN-Real-IP", "WL-Proxy-Client-IP", "Proxy-Client-IP", "X-Host", "Via"),
)
PATH_HEADERS = ("X-Original-URI", "X-Forwarded-Uri", "X-Original-URL", "X-Rewrite-URL")
METHOD_HEADERS = ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")


# -- the observable


def addresses_in(value: Any) -> Iterator[IPv4Address | IPv6Address]:
    """The addresses among a call's arguments, also as fields of records."""
    if isinstance(value, (IPv4Address, IPv6Address)):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from addresses_in(getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from addresses_in(item)


def watch(app: Flask) -> Flask:
    """Tell in a header of each redeem's answer which address was handed to the conductor."""
    tally = app.extensions[EXTENSION]
    redeem = tally.redeem

    def watched(*args: Any, **kwargs: Any) -> Any:
        [g.counted] = addresses_in([*args, *kwargs.values()])
        return redeem(*args, **kwargs)

    tally.redeem = watched

    @app.after_request
    def tell(response: Response) -> Response:
        if "counted" in g:
            response.headers[COUNTED] = str(g.counted)
        return response

    return app


def create_app() -> Flask:
    """A watched app for real servers: an open page, and gated ones."""
    app = Flask("tests.proxies")
    app.config["CHALLENGE_PRICE_MS"] = 0
    gate = Gate(app)

    @app.get("/")
    def home() -> str:
        return "the open page"

    @app.get("/people/<handle>")
    @gate.protect("handle")
    def person(handle: str) -> str:
        return f"the secret of {handle}"

    return watch(app)


def counted(client: FlaskClient, peer: str | None, headers: Headers = ()) -> str | None:
    """The address a redeem is counted under; None if it is refused for want of one."""
    base = {} if peer is None else {"REMOTE_ADDR": peer}
    client.environ_base = base
    answer = client.post(REDEEM, data=b"{}", headers=[JSON, *headers])
    if answer.status_code == 503:
        assert answer.get_json()["code"] == "address_unknown"
        return None
    assert answer.status_code == 400
    return answer.headers[COUNTED]


def raw_call(
    server: Server, method: str, path: str, headers: Headers = (), body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """Send header lines exactly as given, names and order too."""
    host = [] if any(n.lower() == "host" for n, _ in headers) else [("Host", "site.example")]
    length = [("Content-Length", str(len(body))), ("Connection", "close")]
    lines = [f"{name}: {value}" for name, value in (*host, *headers, *length)]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(head + body)
        with http.client.HTTPResponse(connection, method=method) as response:
            response.begin()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return response.status, answered, response.read()


def counted_by(server: Server, headers: Headers) -> str:
    """As `counted`, of a real server."""
    status, answered, _ = raw_call(server, "POST", REDEEM, [JSON, *headers], b"{}")
    assert status == 400
    return answered[COUNTED.lower()]


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn, no proxy named."""
    with serve(APP, tmp_path_factory.mktemp("plain"), workers=1) as server:
        yield server


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn, whose peer on loopback is the named proxy."""
    folder = tmp_path_factory.mktemp("proxied")
    with serve(APP, folder, workers=1, CHALLENGE_TRUSTED_PROXIES="127.0.0.1/32") as server:
        yield server


# -- P01


@pytest.mark.parametrize("peer", [PEER, "127.0.0.1", "10.0.0.1", "2001:db8::7"])
def test_p01_thirty_address_headers_are_inert(make_app: MakeApp, peer: str) -> None:
    assert len(set(ADDRESS_HEADERS)) >= 30
    client = watch(make_app()).test_client()
    assert {counted(client, peer, [(name, FORGED)]) for name in ADDRESS_HEADERS} == {peer}
    assert counted(client, peer, [(name, FORGED) for name in ADDRESS_HEADERS]) == peer


def test_p01_through_gunicorn(open_to_all: Server) -> None:
    for name in ADDRESS_HEADERS:
        assert counted_by(open_to_all, [(name, FORGED)]) == "127.0.0.1", name
    every = [(name, FORGED) for name in ADDRESS_HEADERS]
    assert counted_by(open_to_all, every) == "127.0.0.1"


def test_p01_a_whole_sale_is_charged_to_the_peer(make_app: MakeApp) -> None:
    client = watch(make_app()).test_client()
    client.environ_base = {"REMOTE_ADDR": PEER}
    offer = client.post(ASK, json={}, headers={"X-Forwarded-For": FORGED}).get_json()
    headers = [JSON, *((name, FORGED) for name in ADDRESS_HEADERS)]
    sale = client.post(REDEEM, data=redemption(offer), headers=headers)
    assert (sale.status_code, sale.headers[COUNTED]) == (201, PEER)


def test_p01_control_a_named_proxy_is_believed_and_by_one_header_only(make_app: MakeApp) -> None:
    client = watch(make_app(trusted_proxies=PEER)).test_client()
    believed = {name for name in ADDRESS_HEADERS if counted(client, PEER, [(name, FORGED)]) != PEER}
    assert believed == {"X-Forwarded-For"}


def units_at_once(
    client: FlaskClient, headers_of: Callable[[int], Headers], peer: str = PEER
) -> int:
    """What thirty new visitors get to read at once, each with headers of its own."""
    client.environ_base = {"REMOTE_ADDR": peer}
    units = 0
    for number in range(30):
        offer = client.post(ASK, json={}).get_json()
        headers = [JSON, *headers_of(number)]
        sale = client.post(REDEEM, data=redemption(offer), headers=headers)
        assert sale.status_code in (201, 429)
        if sale.status_code == 201 and not sale.get_json()["not_before_ms"]:
            units += sale.get_json()["remaining"]
    return units


def test_p01_no_header_widens_the_band(make_app: MakeApp) -> None:
    def forging(number: int) -> Headers:
        return [(name, f"8.8.{number}.4") for name in ADDRESS_HEADERS]

    settings = {"band_burst": 20, "ramp": "5", "lanes": "none"}
    deaf = make_app(**settings).test_client(use_cookies=False)
    assert units_at_once(deaf, forging) == 20
    # the control: of a named proxy, each address has a band of its own
    believing = make_app(**settings, trusted_proxies=PEER).test_client(use_cookies=False)
    assert units_at_once(believing, forging) == 30 * 5


# -- the guard against a forgotten proxy


def sales(app: Flask, peer: str, headers: Headers) -> int:
    """How many of thirty new visitors may read at once."""
    client = app.test_client(use_cookies=False)
    return units_at_once(client, lambda _: headers, peer) // 5


SMALL: dict[str, Any] = {"band_burst": 20, "ramp": "5", "lanes": "none"}
FORWARDED: Headers = [("X-Forwarded-For", FORGED)]


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.1.2.3", "fd00::1"])
def test_a_forgotten_proxy_is_shared_and_said(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, peer: str
) -> None:
    app = make_app(**SMALL)
    assert sales(app, peer, FORWARDED) == 30
    [said] = [r for r in caplog.records if "PROXY" in r.getMessage()]
    assert said.levelname == "ERROR"
    assert peer not in said.getMessage()
    # From then on whatever carries the header; and never without limit: 20 times 4 sales.
    assert sales(app, peer, []) == 30
    assert sales(app, peer, FORWARDED) == 20
    assert sales(app, peer, []) == 0


@pytest.mark.parametrize(
    ("settings", "peer", "headers"),
    [
        ({}, PEER, FORWARDED),
        ({}, "127.0.0.1", []),
        ({}, "127.0.0.1", [("X-Real-IP", FORGED), ("Forwarded", f"for={FORGED}")]),
        ({"trusted_proxies": "none"}, "127.0.0.1", FORWARDED),
        ({"trusted_proxies": "192.168.0.0/16"}, "127.0.0.1", FORWARDED),
    ],
)
def test_control_anybody_else_has_one_band(
    make_app: MakeApp,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, Any],
    peer: str,
    headers: Headers,
) -> None:
    assert sales(make_app(**SMALL, **settings), peer, headers) == 4
    assert "PROXY" not in caplog.text


def test_a_gated_page_finds_the_forgotten_proxy_too(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(**SMALL)
    token = buy(app.test_client())["token"]
    assert "PROXY" not in caplog.text
    headers = [*FORWARDED, ("Cookie", f"__Host-challenge-main={token}")]
    reader = app.test_client(use_cookies=False)
    assert reader.get("/people/ada", headers=headers).status_code == 200
    assert "PROXY" in caplog.text


# -- P02


def test_p02_the_shapes_through_flask(make_app: MakeApp) -> None:
    clients = {
        tuple(vector["trusted"]): watch(make_app(trusted_proxies=vector["trusted"])).test_client()
        for vector in {tuple(v["trusted"]): v for v in VECTORS}.values()
    }
    wrong = []
    for vector in VECTORS:
        client = clients[tuple(vector["trusted"])]
        headers = [("X-Forwarded-For", value) for value in vector["headers"]]
        if counted(client, vector["peer"], headers) != vector["expected"]:
            wrong.append(vector["why"])
    assert len(VECTORS) >= 60
    assert wrong == []


def test_p02_the_shapes_through_gunicorn(tmp_path: Path) -> None:
    proxies = ["10.0.0.0/8", "fd00::/8"]
    vectors = [v for v in VECTORS if v["peer"] == "10.0.0.1" and v["trusted"] == proxies]
    assert len(vectors) >= 60
    trusted = ",".join([*proxies, "127.0.0.1/32"])
    wrong, refused = [], []
    with serve(APP, tmp_path, workers=1, CHALLENGE_TRUSTED_PROXIES=trusted) as server:
        for vector in vectors:
            headers = [("X-Forwarded-For", value) for value in vector["headers"]]
            status, answered, _ = raw_call(server, "POST", REDEEM, [JSON, *headers], b"{}")
            # Here the peer is 127.0.0.1, in the place of the vectors' 10.0.0.1.
            expected = vector["expected"].replace("10.0.0.1", "127.0.0.1")
            if COUNTED.lower() not in answered:
                refused.append(status)
            elif answered[COUNTED.lower()] not in (vector["expected"], expected):
                wrong.append(vector["why"])
    assert wrong == []
    # gunicorn itself refuses a few with control characters or bytes beyond ASCII.
    assert set(refused) <= {400}
    assert len(refused) <= 6


# -- P03


def page(client: FlaskClient, method: str, path: str, headers: Headers) -> tuple[Any, ...]:
    answer = client.open(path, method=method, headers=headers)
    kept = {name: value for name, value in answer.headers.items() if name != "Date"}
    return answer.status_code, kept, answer.data


def open_pages() -> list[str]:
    return ["/", "/challenge/healthz", "/challenge/static/challenge.js", "/challenge/v1/challenges"]


def rerouting(make_app: MakeApp, app: Flask | None = None) -> list[str]:
    """The headers that change which page an app serves to a client without a clearance."""
    client = (app or make_app()).test_client()
    found = []
    for method in ("GET", "HEAD", "POST"):
        for path in ("/people/ada", "/challenge/healthz"):
            plain = page(client, method, path, [])
            for name in PATH_HEADERS:
                for value in (*open_pages(), "/people/bob", "http://127.0.0.1/"):
                    if page(client, method, path, [(name, value)]) != plain:
                        found.append(name)
            for name in METHOD_HEADERS:
                for value in ("GET", "HEAD", "OPTIONS", "POST", "TRACE"):
                    if page(client, method, path, [(name, value)]) != plain:
                        found.append(name)
    return found


def test_p03_no_header_names_another_path_or_method(make_app: MakeApp) -> None:
    client = make_app().test_client()
    assert page(client, "GET", "/people/ada", [])[0] == 403
    assert page(client, "GET", "/challenge/healthz", [])[0] == 200
    assert rerouting(make_app) == []


def test_p03_the_page_that_is_served_is_the_one_charged(make_app: MakeApp) -> None:
    client = make_app().test_client()
    left = buy(client)["remaining"]
    for name in PATH_HEADERS:
        served = client.get("/people/ada", headers={name: "/people/bob"})
        assert served.text == "the secret of ada"
        assert served.headers["Challenge-Remaining"] == str(left - 1)
    assert client.get("/people/bob").headers["Challenge-Remaining"] == str(left - 2)


def test_p03_control_an_app_that_honours_them_is_found_out(make_app: MakeApp) -> None:
    app = make_app()
    inner = app.wsgi_app

    def honouring(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ.get("HTTP_X_ORIGINAL_URL", environ["PATH_INFO"])
        method = environ["REQUEST_METHOD"]
        environ["REQUEST_METHOD"] = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE", method)
        return inner(environ, start_response)

    app.wsgi_app = honouring  # type: ignore[method-assign]
    assert set(rerouting(make_app, app)) == {"X-Original-URL", "X-HTTP-Method-Override"}


# -- P04

UNDERSCORES: list[tuple[Headers, str]] = [
    ([("X_Forwarded_For", FORGED)], "127.0.0.1"),
    ([("X_FORWARDED_FOR", FORGED)], "127.0.0.1"),
    ([("X-Forwarded_For", FORGED)], "127.0.0.1"),
    ([("X-Forwarded-For", PEER), ("X_Forwarded_For", FORGED)], PEER),
    ([("X_Forwarded_For", FORGED), ("X-Forwarded-For", PEER)], PEER),
]


def test_p04_a_header_with_underscores_is_another_header(behind_proxy: Server) -> None:
    for headers, expected in UNDERSCORES:
        assert counted_by(behind_proxy, headers) == expected, headers


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([("x-forwarded-for", PEER)], PEER),
        ([("X-FORWARDED-FOR", PEER)], PEER),
        ([("x-fOrWaRdEd-FoR", FORGED), ("X-Forwarded-For", PEER)], PEER),
        ([("X-Forwarded-For", FORGED), ("x-forwarded-for", PEER)], PEER),
        ([("X-Forwarded-For", FORGED), ("Accept", "*/*"), ("X-Forwarded-For", PEER)], PEER),
        ([("X-Forwarded-For", f"{PEER}, 127.0.0.1"), ("X-Forwarded-For", "127.0.0.1")], PEER),
        ([("HTTP-X-Forwarded-For", FORGED)], "127.0.0.1"),
        ([("X-Forwarded-For-", FORGED)], "127.0.0.1"),
        ([("Remote-Addr", FORGED), ("REMOTE-ADDR", FORGED)], "127.0.0.1"),
    ],
)
def test_p04_duplicate_and_differing_case(
    behind_proxy: Server, headers: Headers, expected: str
) -> None:
    assert counted_by(behind_proxy, headers) == expected


@pytest.mark.parametrize("line", ["X-Forwarded-For ", " X-Forwarded-For", "X-Forwarded-For\t"])
def test_p04_white_space_in_a_name_is_refused(behind_proxy: Server, line: str) -> None:
    status, answered, _ = raw_call(behind_proxy, "POST", REDEEM, [JSON, (line, FORGED)], b"{}")
    assert status == 400
    assert COUNTED.lower() not in answered


def test_p04_control_a_server_that_maps_underscores_lets_a_forgery_in(tmp_path: Path) -> None:
    # docs/proxies.md warns of this setting of gunicorn.
    unsafe = {
        "GUNICORN_CMD_ARGS": "--header-map dangerous",
        "CHALLENGE_TRUSTED_PROXIES": "127.0.0.1",
    }
    with serve(APP, tmp_path, workers=1, **unsafe) as server:
        assert [counted_by(server, headers) for headers, _ in UNDERSCORES].count(FORGED) >= 3


# -- P05


def networks_of(addresses: Iterable[IPv6Address]) -> dict[int, set[Network]]:
    found: dict[int, set[Network]] = defaultdict(set)
    for address in addresses:
        for network in prefixes(client_address(str(address), [], [])):
            found[network.prefixlen].add(network)
    return found


def test_p05_65536_addresses_of_one_48() -> None:
    base = int(IPv6Address("2001:db8:77::"))
    # one in each /64, then a thousand neighbours in one of them
    spread = networks_of(IPv6Address(base + (n << 64) + n) for n in range(65_536))
    assert {length: len(found) for length, found in spread.items()} == {64: 65_536, 56: 256, 48: 1}
    assert spread[48] == {ip_network("2001:db8:77::/48")}
    near = networks_of(IPv6Address(base + n) for n in range(0, 65_536, 64))
    assert {length: len(found) for length, found in near.items()} == {64: 1, 56: 1, 48: 1}


def test_p05_control_counted_by_the_address_there_are_as_many_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(PREFIX_LENGTHS, 6, (128,))
    base = int(IPv6Address("2001:db8:77::"))
    assert len(networks_of(IPv6Address(base + n) for n in range(1024))[128]) == 1024


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("fe80::1%25", "fe80::1"),
        ("::ffff:8.8.4.4", "8.8.4.4"),
        ("::ffff:808:404", "8.8.4.4"),
        ("2002:808:404::1", "8.8.4.4"),
        ("2002:808:404:ffff::1", "8.8.4.4"),
        ("64:ff9b::808:404", "8.8.4.4"),
        ("2001:0:1:2:0:3fff:f7f7:fbfb", "8.8.4.4"),
        ("2002:7f00:1::", "2002:7f00:1::"),
        ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
    ],
)
@pytest.mark.parametrize("trusted", ["", "10.0.0.0/8,127.0.0.0/8"])
def test_p05_ipv6_in_every_dress(make_app: MakeApp, peer: str, expected: str, trusted: str) -> None:
    client = watch(make_app(trusted_proxies=trusted)).test_client()
    # A peer that only carries a proxy's address inside is no proxy: its header is inert.
    assert counted(client, peer, [("X-Forwarded-For", FORGED)]) == expected


# -- P06

EVIL = "evil.example"
SPOOFS: list[Headers] = [
    [("X-Forwarded-Host", EVIL)],
    [("X-Forwarded-Host", "localhost")],
    [("X-Forwarded-Proto", "http")],
    [("X-Forwarded-Proto", "javascript")],
    [("X-Forwarded-Scheme", "http"), ("X-Forwarded-Port", "1"), ("X-Url-Scheme", "http")],
    [("X-Forwarded-Prefix", "//" + EVIL), ("X-Script-Name", "/x"), ("X-Forwarded-Path", "/x")],
    [("X-Forwarded-Server", EVIL), ("X-Host", EVIL), ("X-Original-Host", EVIL)],
    [("Forwarded", f"for=127.0.0.1;host={EVIL};proto=http")],
    [("X-HTTP-Host-Override", EVIL), ("X-Forwarded-Ssl", "off"), ("Front-End-Https", "off")],
]
HOST = ("Host", "site.example")


def test_p06_the_interstitial_is_the_same_whatever_host_is_claimed(client: FlaskClient) -> None:
    plain = page(client, "GET", "/people/ada", [HOST])
    assert plain[0] == 403
    assert b'src="/challenge/static/' in plain[2]
    # The words to a visitor may name a scheme; no URL of the page does.
    assert not re.search(rb"(=\"|url=)(https?:)?//", plain[2])
    for spoof in [[("Host", EVIL)], [("Host", f"{EVIL}:1")], *SPOOFS]:
        hosts = [] if spoof[0][0] == "Host" else [HOST]
        assert page(client, "GET", "/people/ada", [*hosts, *spoof]) == plain, spoof


@pytest.mark.parametrize(
    "path", ["/people/ada", "/people/ada/", "/challenge/v1/challenges/", "/challenge/jwks.json"]
)
def test_p06_nothing_redirects(client: FlaskClient, path: str) -> None:
    for spoof in [[("Host", EVIL)], *SPOOFS]:
        answer = client.get(path, headers=spoof)
        assert "Location" not in answer.headers
        assert EVIL not in str(answer.headers) + answer.text


def test_p06_a_redirect_of_werkzeugs_stays_on_the_real_host(client: FlaskClient) -> None:
    for spoof in SPOOFS:
        answer = client.get("/people//ada", headers=[HOST, *spoof])
        assert answer.headers["Location"] == "http://site.example/people/ada"


def cookies_at_redeem(client: FlaskClient, headers: Headers) -> list[str]:
    offer = client.post(ASK, json={}).get_json()
    sale = client.post(REDEEM, data=redemption(offer), headers=[JSON, *headers])
    assert sale.status_code == 201, sale.text
    return [value.partition("=")[0] + value[value.index(";") :] for value in
            sale.headers.getlist("Set-Cookie")]  # fmt: skip


def test_p06_the_cookie_stays_the_hosts_own(make_app: MakeApp) -> None:
    client = make_app().test_client()
    plain = cookies_at_redeem(client, [HOST])
    assert plain[0].startswith("__Host-challenge-main;")
    for spoof in SPOOFS:
        cookies = cookies_at_redeem(client, [HOST, *spoof])
        assert len(cookies) == len(plain)
        for cookie in cookies:
            assert cookie.startswith("__Host-challenge-main;")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
            assert "Domain" not in cookie
    # the control: on a developer's own machine it is another, so the test can see a change
    [own] = cookies_at_redeem(client, [("Host", "localhost:5000")])
    assert own.startswith("challenge-main;")
    assert "Secure" not in own


def test_p06_a_forwarding_header_only_ever_makes_the_cookie_stricter(make_app: MakeApp) -> None:
    client = make_app().test_client()
    for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"):
        [cookie] = cookies_at_redeem(client, [("Host", "localhost"), (name, "127.0.0.1")])
        assert cookie.startswith("__Host-challenge-main;")
        assert "Secure" in cookie


def test_p06_a_plain_cookie_opens_nothing_on_a_real_host(make_app: MakeApp) -> None:
    app = make_app()
    token = buy(app.test_client())["token"]
    other = app.test_client(use_cookies=False)
    for spoof in [*SPOOFS, []]:
        headers = [HOST, *spoof, ("Cookie", f"challenge-main={token}")]
        assert other.get("/people/ada", headers=headers).status_code == 403
    headers = [HOST, ("Cookie", f"__Host-challenge-main={token}")]
    assert other.get("/people/ada", headers=headers).status_code == 200


def test_p06_the_origin_is_checked_against_the_real_host(client: FlaskClient) -> None:
    foreign = [HOST, JSON, ("Origin", f"https://{EVIL}")]
    for spoof in [*SPOOFS, []]:
        for path in (ASK, REDEEM):
            answer = client.post(path, data=b"{}", headers=[*foreign, *spoof])
            assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign_origin")
    own = [HOST, JSON, ("Origin", "https://site.example")]
    for spoof in [*SPOOFS, []]:
        assert client.post(ASK, data=b"{}", headers=[*own, *spoof]).status_code == 201


def test_p06_no_token_carries_a_host(make_app: MakeApp) -> None:
    client = make_app().test_client()
    headers = [("Host", EVIL), JSON, ("X-Forwarded-Host", EVIL)]
    offer = client.post(ASK, data=b"{}", headers=headers).get_json()
    sale = client.post(REDEEM, data=redemption(offer), headers=headers)
    for token in (offer["challenge"], sale.get_json()["token"]):
        payload = token.split(".")[1]
        assert EVIL.encode() not in base64.urlsafe_b64decode(payload + "==")
    assert EVIL not in str(sale.headers)


def test_p06_through_gunicorn(open_to_all: Server) -> None:
    _, _, plain = raw_call(open_to_all, "GET", "/people/ada")
    assert b'src="/challenge/static/' in plain
    for spoof in SPOOFS:
        status, answered, body = raw_call(open_to_all, "GET", "/people/ada", spoof)
        assert (status, body) == (403, plain)
        assert "location" not in answered
    # gunicorn believes a loopback peer's SCRIPT_NAME; nginx does not pass it on
    status, _, body = raw_call(open_to_all, "GET", "/people/ada", [("SCRIPT_NAME", "/people")])
    assert status in (403, 404)
    assert b"secret" not in body
