"""The Flask extension: headers, cookies, origins, errors, static files."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Callable

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from challenge import ConfigError, Gate
from challenge.core.models import Quote
from challenge.errors import ClearanceRequired, StoreUnavailable
from challenge.flask.answers import refuse_page
from challenge.flask.client import EXTENSION

from .solving import ASK, REDEEM, buy, redemption

MakeApp = Callable[..., Flask]
SECRET = "q7Yv2nLr9Xw4Tb8Kd1Mz6Pc3Fh5Js0Ga"


def test_an_admitted_page(client: FlaskClient) -> None:
    sale = buy(client)
    assert sale.keys() == {"token", "budget", "remaining", "not_before_ms", "expires_in"}
    page = client.get("/people/ada")
    assert (page.status_code, page.text) == (200, "the secret of ada")
    assert page.headers["Cache-Control"] == "private, no-cache"
    assert page.headers["Vary"] == "Cookie"
    assert page.headers["Challenge-Remaining"] == "19"


def test_two_routes_with_one_value_are_one_profile(client: FlaskClient) -> None:
    buy(client)
    client.get("/people/ada")
    photo = client.get("/people/ada/photo")
    assert photo.headers["Challenge-Remaining"] == "19"
    assert client.get("/people/bob/photo").headers["Challenge-Remaining"] == "18"


def test_no_shared_cache_keeps_an_admitted_page(client: FlaskClient) -> None:
    buy(client)
    photo = client.get("/people/ada/photo")
    assert photo.text == "the photo"
    assert photo.headers["Cache-Control"] == "private, no-cache"
    assert "Expires" not in photo.headers


def test_a_stricter_view_keeps_its_word(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/strict/<handle>")
    @Gate().protect("handle")
    def strict(handle: str) -> tuple[str, dict[str, str]]:
        return handle, {"Cache-Control": "no-store", "CDN-Cache-Control": "max-age=60"}

    client = app.test_client()
    buy(client)
    page = client.get("/strict/ada")
    assert page.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in page.headers


@pytest.mark.parametrize("path", ["/fails/ada", "/gone/ada"])
def test_an_error_page_of_an_admitted_view_is_sealed_too(make_app: MakeApp, path: str) -> None:
    app = make_app()

    @app.get("/gone/<handle>")
    @Gate().protect("handle")
    def gone(handle: str) -> tuple[Response, int]:
        return Response("nobody", headers={"Cache-Control": "public"}), 404

    client = app.test_client()
    buy(client)
    page = client.get(path)
    assert page.status_code in (404, 500)
    assert page.headers["Cache-Control"] == "private, no-cache"


def test_a_refused_page_for_a_browser(client: FlaskClient) -> None:
    page = client.get("/people/ada", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 403
    assert page.mimetype == "text/html"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Vary"] == "Accept, Accept-Language, Cookie"
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert policy.count("unsafe") == 1
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert "secret" not in page.text
    assert 'id="challenge"' in page.text
    assert " data-buy" in page.text, "its script need not ask what the visitor has"
    client.set_cookie("challenge-main", "whatever it says")
    assert " data-buy" not in client.get("/people/ada", headers={"Accept": "text/html"}).text
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize("accept", ["application/json", "application/problem+json"])
def test_a_refused_page_for_a_program(client: FlaskClient, accept: str) -> None:
    page = client.get("/people/ada", headers={"Accept": accept})
    assert page.status_code == 403
    assert page.mimetype == "application/problem+json"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.get_json() == {
        "type": "about:blank", "status": 403, "code": "clearance_required"
    }  # fmt: skip


def test_other_methods_never_get_the_interstitial(client: FlaskClient) -> None:
    answer = client.post("/people/ada", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (403, "application/problem+json")
    buy(client)
    assert client.post("/people/ada").text == "the secret of ada"


def test_head_charges_as_get_does(client: FlaskClient) -> None:
    assert client.head("/people/ada").status_code == 403
    buy(client)
    assert client.head("/people/ada").headers["Challenge-Remaining"] == "19"
    assert client.get("/people/ada").headers["Challenge-Remaining"] == "19"


def test_a_spent_budget_brings_the_interstitial_back_and_it_works(client: FlaskClient) -> None:
    buy(client)
    statuses = [client.get(f"/people/{n}").status_code for n in range(21)]
    assert statuses == [200] * 20 + [403]
    buy(client)
    assert client.get("/people/20").headers["Challenge-Remaining"] == "19"
    assert client.get("/people/0").headers["Challenge-Remaining"] == "19"


# -- cookies


def set_cookie_of(client: FlaskClient, host: str, **headers: str) -> str:
    base = {"base_url": f"http://{host}", "headers": headers}
    offer = client.post(ASK, json={}, **base).get_json()
    sale = client.post(REDEEM, data=redemption(offer), content_type="application/json", **base)
    return sale.headers["Set-Cookie"]


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:80", "[::1]:5000"])
def test_the_cookie_of_a_developers_machine(client: FlaskClient, host: str) -> None:
    cookie = set_cookie_of(client, host)
    assert cookie.startswith("challenge-main=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1830"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("host", "headers"),
    [
        ("people.example", {}),
        ("127.0.0.1.example", {}),
        ("localhost.example", {}),
        ("127.0.0.2", {}),
        ("localhost", {"X-Forwarded-For": "192.0.2.1"}),
        ("localhost", {"Forwarded": "for=192.0.2.1"}),
        ("localhost", {"X-Forwarded-Proto": "https"}),
    ],
)
def test_the_cookie_of_a_site(client: FlaskClient, host: str, headers: dict[str, str]) -> None:
    cookie = set_cookie_of(client, host, **headers)
    assert cookie.startswith("__Host-challenge-main=")
    wanted = {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1830"}
    assert wanted <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_site_does_not_take_the_plain_cookie(client: FlaskClient) -> None:
    token = buy(client)["token"]
    for name, status in (("challenge-main", 403), ("__Host-challenge-main", 200)):
        other = client.application.test_client(use_cookies=False)
        page = other.get(
            "/people/ada", base_url="http://people.example", headers={"Cookie": f"{name}={token}"}
        )
        assert page.status_code == status


def test_a_repeated_answer_sets_the_cookie_again(client: FlaskClient) -> None:
    offer = client.post(ASK, json={}).get_json()
    body = redemption(offer)
    first, again = (
        client.post(REDEEM, data=body, content_type="application/json") for _ in range(2)
    )
    assert first.get_json()["token"] == again.get_json()["token"]
    assert again.headers["Set-Cookie"].startswith("challenge-main=")


# -- who may call


@pytest.mark.parametrize("path", [ASK, REDEEM])
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        ({"Content-Type": ""}, 415, "unsupported_media_type"),
        ({"Sec-Fetch-Site": "cross-site"}, 403, "foreign_origin"),
        ({"Origin": "https://attacker.example"}, 403, "foreign_origin"),
        ({"Origin": "http://localhost.attacker.example"}, 403, "foreign_origin"),
        ({"Origin": "http://localhost:81"}, 403, "foreign_origin"),
        ({"Origin": "null"}, 403, "foreign_origin"),
        ({"Origin": "http://["}, 403, "foreign_origin"),
        ({"Origin": ""}, 403, "foreign_origin"),
    ],
)
def test_calls_that_are_refused_unread(
    client: FlaskClient, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    answer = client.post(path, data=b"{", headers={"Content-Type": "application/json"} | headers)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://localhost"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://www.people.example", "Sec-Fetch-Site": "cross-site"},
        {"Content-Type": "application/json; charset=utf-8"},
    ],
)
def test_calls_that_are_read(make_app: MakeApp, headers: dict[str, str]) -> None:
    client = make_app(allowed_origins=["https://www.people.example"]).test_client()
    answer = client.post(ASK, data=b"{}", headers={"Content-Type": "application/json"} | headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("host", ["[", "[::1", "a b", "", "x" * 300, "people.example:port"])
def test_odd_hosts_are_no_server_error(client: FlaskClient, host: str) -> None:
    for method, path in (("GET", "/people/ada"), ("POST", ASK)):
        answer = client.open(
            path, method=method, headers={"Host": host, "Content-Type": "application/json"}
        )
        assert answer.status_code < 500


def test_an_ask_answers_what_the_browser_needs(client: FlaskClient) -> None:
    answer = client.post(ASK, json={"resource": "/people/ada", "action": "page"})
    assert answer.status_code == 201
    offer = answer.get_json()
    assert offer.keys() == {"challenge", "puzzle", "budget", "wait_ms", "expires_in"}
    assert offer["puzzle"] == {"kind": "sha256", "count": 16, "threshold": "f" * 16}
    assert (offer["budget"], offer["wait_ms"], offer["expires_in"]) == (20, 0, 120)
    assert "Set-Cookie" not in answer.headers


# -- failures


def test_problems_show_codes_and_never_details(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(client)
    store = client.application.extensions[EXTENSION].store

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("the private detail")

    monkeypatch.setattr(store, "charge", fail)
    monkeypatch.setattr(store, "spend", fail)
    offer = client.post(ASK, json={}).get_json()
    with caplog.at_level(logging.INFO, "challenge"):
        page = client.get("/people/ada")
        sale = client.post(REDEEM, data=redemption(offer), content_type="application/json")
    for answer in (page, sale):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.get_json()["code"] == "store_unavailable"
        assert "private" not in answer.text
    assert caplog.text.count("the private detail") == 2


def test_too_early_says_when(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    later = lambda **_: Quote(0, 20, 60_000)  # noqa: E731
    monkeypatch.setattr("challenge.tally.quoting.price", later)
    offer = client.post(ASK, json={}).get_json()
    sale = client.post(REDEEM, data=redemption(offer), content_type="application/json")
    assert (sale.status_code, sale.get_json()["code"]) == (425, "too_early")
    assert 58_000 < sale.get_json()["retry_in_ms"] <= 60_001


def test_memory_is_refused_with_several_processes(make_app: MakeApp) -> None:
    client = make_app(store_uri="memory://").test_client()
    buy(client)
    assert client.get("/people/ada").status_code == 200
    several = {"environ_overrides": {"wsgi.multiprocess": True}}
    assert client.get("/people/ada", **several).status_code == 503
    assert client.post(ASK, json={}, **several).get_json()["code"] == "misconfigured"


@pytest.mark.parametrize("peer", [None, "", "/run/gunicorn.socket"])
def test_a_peer_without_an_address_buys_nothing(client: FlaskClient, peer: str | None) -> None:
    offer = client.post(ASK, json={}).get_json()
    environ = client.application.test_client()
    environ.environ_base = {"REMOTE_ADDR": peer} if peer is not None else {}
    sale = environ.post(REDEEM, data=redemption(offer), content_type="application/json")
    assert (sale.status_code, sale.get_json()["code"]) == (503, "address_unknown")


def test_protect_names_an_argument_of_its_view() -> None:
    with pytest.raises(ConfigError):

        @Gate().protect("handel")
        def person(handle: str) -> str:
            return handle


# -- the other routes


def test_health_and_who_sees_its_details(make_app: MakeApp) -> None:
    client = make_app(site_secret=SECRET, trusted_proxies="10.0.0.0/8").test_client()
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xff"}):
        assert client.get("/challenge/healthz", headers=headers).get_json() == {"status": "ok"}
    shown = client.get("/challenge/healthz", headers={"Authorization": f"Bearer {SECRET}"})
    details = shown.get_json()
    assert details["store"] == "ok"
    assert details["proxies"] == ["10.0.0.0/8"]
    assert details["keys"] == [
        key["kid"] for key in client.get("/challenge/jwks.json").get_json()["keys"]
    ]


def test_health_without_a_secret_shows_nobody_details(client: FlaskClient) -> None:
    for value in ("Bearer ", "Bearer", ""):
        shown = client.get("/challenge/healthz", headers={"Authorization": value})
        assert shown.get_json() == {"status": "ok"}


def test_health_of_a_broken_store(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(client.application.extensions[EXTENSION].store, "ping", fail)
    answer = client.get("/challenge/healthz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "degraded"})


def test_the_jwks(client: FlaskClient) -> None:
    answer = client.get("/challenge/jwks.json")
    assert answer.mimetype == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    [key] = answer.get_json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key


def test_static_files(client: FlaskClient) -> None:
    fixed = client.get("/challenge/static/challenge.js")
    assert fixed.mimetype == "text/javascript"
    assert fixed.headers["Cache-Control"] == "public, max-age=300"
    page = client.get("/people/ada").text
    hashed = page.split('<script src="')[1].split('"')[0]
    lasting = client.get(hashed)
    assert lasting.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert lasting.data == fixed.data
    assert lasting.headers["X-Content-Type-Options"] == "nosniff"
    zipped = client.get(hashed, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == fixed.data
    best = client.get(hashed, headers={"Accept-Encoding": "gzip, deflate, br"})
    assert best.headers["Content-Encoding"] == "br"
    assert len(best.data) < len(zipped.data)
    again = client.get(hashed, headers={"If-None-Match": lasting.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "challenge.js.br", "../manifest.json", "..%2fmanifest.json", "%2e%2e/x",
     "challenge.000000000000.js", "CON", "challenge.js%00", ""],
)  # fmt: skip
def test_static_names_are_a_fixed_table(client: FlaskClient, name: str) -> None:
    assert client.get(f"/challenge/static/{name}").status_code == 404


def test_the_apps_own_interstitial(make_app: MakeApp, tmp_path: object) -> None:
    from jinja2 import DictLoader

    app = make_app()
    app.jinja_loader = DictLoader({"challenge/interstitial.html": "ours: {{ script }}"})
    page = app.test_client().get("/people/ada")
    assert page.text.startswith("ours: /challenge/static/challenge.")


def test_log_lines_hold_nothing_personal(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "challenge"):
        token = buy(client)["token"]
        client.get("/people/ada-lovelace")
        client.set_cookie("challenge-main", token[:-4] + "AAAA")
        client.get("/people/ada-lovelace")
        client.post(REDEEM, data=json.dumps({"challenge": token, "answers": []}),
                    content_type="application/json")  # fmt: skip
    assert "refused bad_signature" in caplog.text
    for personal in (token, token.split(".")[1], "127.0.0.1", "ada-lovelace"):
        assert personal not in caplog.text


@pytest.mark.parametrize(("code", "buys"), [("networks_alternate", True), ("budget_spent", False)])
def test_whoever_alternates_buys_whatever_is_left(
    make_app: Callable[..., Flask], code: str, buys: bool
) -> None:
    """Else the script would find units enough, and come back again and again."""
    with make_app().test_request_context("/people/ada", headers={"Cookie": "challenge-main=some"}):
        page = refuse_page(
            ClearanceRequired(code=code), units=1, wait=lambda: "/wait", preview=dict
        )
    assert (" data-buy" in page.get_data(as_text=True)) is buys
