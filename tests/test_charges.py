"""What a request for a gated page costs, through HTTP: classes, refunds, parts, odd requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, abort, redirect, render_template_string
from flask.testing import FlaskClient

from challenge import Account, ConfigError, Gate
from challenge.errors import StoreUnavailable
from challenge.flask import signals
from challenge.flask.client import EXTENSION
from challenge.tally.conductor import Tally

from .solving import ASK, REDEEM, buy, redemption

MakeApp = Callable[..., Flask]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app()
    gate = Gate()

    @app.route("/files/<handle>", methods=["GET", "POST"])
    @gate.protect("handle", sensitivity="high")
    def file(handle: str) -> str:
        return f"the file of {handle}"

    @app.get("/answers/<int:status>/<handle>")
    @gate.protect("handle")
    def answers(status: int, handle: str) -> Any:
        if status == 500:
            raise RuntimeError("the view's own fault")
        if status == 302:
            return redirect("/elsewhere")
        if status >= 400:
            abort(status)
        return Response("x" * 100, status, headers={"ETag": '"v1"'})

    @app.get("/portraits/<handle>")
    @gate.protect("handle", charge=False)
    def portrait(handle: str) -> str:
        return f"the portrait of {handle}"

    @app.get("/pages/<handle>")
    @gate.protect("handle")
    def page(handle: str) -> str:
        return render_template_string(
            "{{ challenge_script(nonce='n0') }}|{{ challenge_part('portrait', handle=h) }}",
            h=handle,
        )

    @app.get("/open")
    def open_page() -> str:
        return render_template_string("{{ challenge_script() }}")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def left(response: Any) -> int:
    return int(response.headers["Challenge-Remaining"])


def test_classes(client: FlaskClient) -> None:
    buy(client)
    assert left(client.get("/people/ada")) == 19
    assert left(client.get("/files/ada")) == 16
    assert left(client.get("/files/ada")) == 16
    assert left(client.get("/files/bob")) == 12
    assert left(client.get("/people/bob")) == 12


def test_no_such_class() -> None:
    with pytest.raises(ConfigError):
        Gate().protect("handle", sensitivity="higher")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_what_was_not_there_is_given_back(client: FlaskClient, status: int) -> None:
    buy(client)
    gone = client.get(f"/answers/{status}/ada")
    assert gone.status_code == status
    assert left(gone) == 20
    assert left(client.get("/people/bob")) == 19
    assert left(client.get("/people/ada")) == 18, "and is paid for when it is there"


@pytest.mark.parametrize("status", [200, 302, 403, 410])
def test_other_answers_keep_the_charge(client: FlaskClient, status: int) -> None:
    buy(client)
    assert left(client.get(f"/answers/{status}/ada")) == 19
    assert left(client.get("/people/ada")) == 19


def test_no_refund_once_the_profile_was_shown(client: FlaskClient) -> None:
    buy(client)
    client.get("/people/ada")
    client.get("/people/ada")
    assert left(client.get("/answers/404/ada")) == 19


def test_control_without_refunds_a_missing_page_costs(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tally, "refund", lambda *_: False)
    buy(client)
    assert left(client.get("/answers/404/ada")) == 19


def test_a_refund_that_fails_is_no_error_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Tally, "refund", fail)
    buy(client)
    assert client.get("/answers/404/ada").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-9"},
        {"If-None-Match": '"v1"'},
        {"If-Modified-Since": "Mon, 23 Nov 2026 00:00:00 GMT"},
        {"Cache-Control": "only-if-cached"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_way_to_ask_costs_the_same(
    client: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    path = "/answers/200/ada"
    assert client.open(path, method=method, headers=headers).status_code == 403
    buy(client)
    assert left(client.open(path, method=method, headers=headers)) == 19


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Sec-Purpose": "prefetch;anonymous-client-ip"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
    ids=str,
)
def test_what_is_fetched_ahead_costs_nothing_and_shows_nothing(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    buy(client)
    ahead = client.get("/people/ada", headers=headers)
    assert (ahead.status_code, ahead.get_json()["code"]) == (503, "prefetch")
    assert ahead.headers["Cache-Control"] == "no-store"
    assert left(client.get("/people/ada")) == 19
    assert client.get("/people/ada", headers=headers).status_code == 200


def test_what_is_fetched_ahead_without_a_clearance_is_no_interstitial(
    client: FlaskClient,
) -> None:
    ahead = client.get("/people/ada", headers={"Sec-Purpose": "prefetch;prerender"})
    assert (ahead.status_code, ahead.get_json()["code"]) == (503, "prefetch")


# -- parts


def part_of(page: Any) -> str:
    return page.text.split("|")[1].replace("&amp;", "&")


def test_a_part_opens_without_the_store(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(client)
    part = part_of(client.get("/pages/ada"))
    assert part.startswith("/portraits/ada?challenge-part=")
    store = client.application.extensions[EXTENSION].store

    def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    for verb in ("charge", "read"):
        monkeypatch.setattr(store, verb, fail)
    portrait = client.get(part)
    assert portrait.text == "the portrait of ada"
    assert portrait.headers["Cache-Control"] == "private, no-cache"
    assert portrait.headers["Vary"] == "Cookie"
    assert client.get("/portraits/ada").status_code == 503, "the control: unsigned, it needs it"


def test_a_part_is_for_its_visitor_and_its_place(client: FlaskClient) -> None:
    buy(client)
    part = part_of(client.get("/pages/ada"))
    stranger = client.application.test_client()
    assert stranger.get(part).status_code == 403
    buy(stranger)
    assert left(stranger.get(part)) == 19, "the ordinary check, and charge"
    ticket = part.partition("?")[2]
    assert left(client.get(f"/portraits/bob?{ticket}")) == 18
    assert left(client.get(f"/pages/cyd?{ticket}")) == 17, "only parts take tickets"


def test_an_unsigned_part_is_free_once_charged(client: FlaskClient) -> None:
    buy(client)
    client.get("/people/ada")
    assert left(client.get("/portraits/ada")) == 19


@pytest.mark.parametrize("ticket", ["", ".", "x.y", "9" * 12 + ".AAAA", "%00", "é.é"])
def test_odd_tickets_are_no_server_error(client: FlaskClient, ticket: str) -> None:
    assert client.get(f"/portraits/ada?challenge-part={ticket}").status_code == 403
    buy(client)
    assert client.get(f"/portraits/ada?challenge-part={ticket}").status_code == 200


# -- the script


def test_the_script_says_what_remains(client: FlaskClient) -> None:
    buy(client)
    tag = client.get("/pages/ada").text.split("|")[0]
    for attribute in ('data-prefix="/challenge"', 'data-site="main"', 'data-remaining="19"',
                      'data-expires-in="', 'nonce="n0"', " async>"):  # fmt: skip
        assert attribute in tag
    assert "data-remaining" not in client.get("/open").text


def test_paths_below_a_mount_point(client: FlaskClient) -> None:
    page = client.get("/people/ada", base_url="http://localhost/below")
    assert 'data-prefix="/below/challenge"' in page.text
    assert '<script src="/below/challenge/static/' in page.text
    assert "url=/below/challenge/v1/wait?to=/below/people/ada" in page.text.replace("%2F", "/")


# -- what a visitor has


def test_what_a_visitor_has(client: FlaskClient) -> None:
    url = "/challenge/v1/clearance"
    nobody = client.get(url)
    assert (nobody.status_code, nobody.get_json()["code"]) == (404, "no_clearance")
    buy(client)
    client.get("/people/ada")
    answer = client.get(url)
    assert answer.headers["Cache-Control"] == "no-store"
    holding = answer.get_json()
    assert holding.keys() == {"remaining", "budget", "not_before_ms", "expires_in"}
    assert (holding["remaining"], holding["budget"], holding["not_before_ms"]) == (19, 20, 0)


# -- modes, blueprints, signals, accounts


def test_observing_lets_pass_and_tells(make_app: MakeApp) -> None:
    app = make_app(mode="observe")
    client = app.test_client()
    heard: list[dict[str, Any]] = []

    def listen(sender: Flask, **what: Any) -> None:
        heard.append(what)

    with signals.page_refused.connected_to(listen, app):
        page = client.get("/people/ada")
    assert (page.status_code, page.text) == (200, "the secret of ada")
    assert heard == [{"code": "clearance_required", "observed": True}]
    assert "Challenge-Remaining" not in page.headers
    assert page.headers["Cache-Control"] == "private, no-cache"


def test_observing_counts(make_app: MakeApp) -> None:
    client = make_app(mode="observe").test_client()
    buy(client)
    assert [client.get(f"/people/{n}").status_code for n in range(25)] == [200] * 25
    assert client.get("/challenge/v1/clearance").get_json()["remaining"] == 0


def test_signals(app: Flask, client: FlaskClient) -> None:
    heard: list[tuple[str, dict[str, Any]]] = []
    receivers = []
    for name in ("clearance_sold", "page_admitted", "page_refused", "redeem_refused"):

        def hear(sender: Flask, _name: str = name, **what: Any) -> None:
            assert sender is app
            heard.append((_name, what))

        receivers.append(hear)
        getattr(signals, name).connect(hear, app)
    client.get("/people/ada")
    client.post(REDEEM, data=b"{}", content_type="application/json")
    buy(client)
    client.get("/people/ada")
    assert heard == [
        ("page_refused", {"code": "clearance_required", "observed": False}),
        ("redeem_refused", {"code": "field_missing"}),
        ("clearance_sold", {"units": 20}),
        ("page_admitted", {"remaining": 19, "charged": 1}),
    ]


@pytest.fixture
def gated_blueprint(make_app: MakeApp) -> Iterator[FlaskClient]:
    gate, views = Gate(), Blueprint("views", __name__)

    @views.get("/members/<handle>")
    def member(handle: str) -> str:
        return f"the member {handle}"

    @views.get("/members")
    @gate.exempt
    def members() -> str:
        return "all members"

    @views.get("/forgotten")
    def forgotten() -> str:
        return "nobody said whose this is"

    gate.protect_blueprint(views, "handle")
    app = make_app()
    app.register_blueprint(views)
    yield app.test_client()


def test_a_gated_blueprint(gated_blueprint: FlaskClient) -> None:
    client = gated_blueprint
    assert client.get("/members").text == "all members"
    assert client.get("/members/ada").status_code == 403
    assert client.get("/forgotten").status_code == 503, "closed rather than open"
    buy(client)
    assert client.get("/members/ada").text == "the member ada"
    assert left(client.get("/people/ada")) == 19
    assert client.get("/forgotten").status_code == 503


def test_a_default_argument_names_the_profile(make_app: MakeApp) -> None:
    app = make_app()

    @app.get("/mine")
    @app.get("/of/<handle>")
    @Gate().protect("handle")
    def mine(handle: str = "me") -> str:
        return handle

    client = app.test_client()
    assert client.get("/mine").status_code == 403
    buy(client)
    assert client.get("/mine").text == "me"
    assert left(client.get("/of/me")) == 19


def test_an_accounts_sales_are_its_own_wherever_it_comes_from(make_app: MakeApp) -> None:
    app = make_app()
    gate = app.extensions["challenge.gate"]
    gate.account_loader(lambda: "ada")
    sold = 0
    for number in range(10):
        client = app.test_client()
        client.environ_base = {"REMOTE_ADDR": f"10.0.{number}.1"}
        offer = client.post(ASK, json={}).get_json()
        sale = client.post(REDEEM, data=redemption(offer), content_type="application/json")
        sold += sale.get_json().get("budget", 0) if sale.status_code == 201 else 0
        if sale.status_code == 429:
            assert int(sale.headers["Retry-After"]) > 0
    assert 30 <= sold <= 35


def test_the_app_may_say_when_an_account_was_made(make_app: MakeApp) -> None:
    app = make_app()
    gate = app.extensions["challenge.gate"]
    sold = {}
    for id_, created in (("ada", time.time() - 60), ("bea", time.time() - 90_000), ("cleo", None)):
        gate.account_loader(lambda id_=id_, created=created: Account(id_, created))
        client = app.test_client()
        client.environ_base = {"REMOTE_ADDR": f"10.{len(sold)}.0.1"}
        offer = client.post(ASK, json={}).get_json()
        sale = client.post(REDEEM, data=redemption(offer), content_type="application/json")
        sold[id_] = sale.get_json()["budget"]
    assert sold == {"ada": 15, "bea": 20, "cleo": 20}


def test_two_sites_on_one_host(make_app: MakeApp) -> None:
    one, other = make_app(site_key="one"), make_app(site_key="other")
    token = buy(one.test_client())["token"]
    for name in ("challenge-one", "challenge-other"):
        client = other.test_client(use_cookies=False)
        page = client.get("/people/ada", headers={"Cookie": f"{name}={token}"})
        assert page.status_code == 403


def test_no_hook_of_the_application_makes_a_page_cacheable(make_app: MakeApp) -> None:
    app = make_app()

    @app.after_request
    def cache_everything(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=600"
        response.headers["X-Accel-Expires"] = "600"
        response.headers["Cloudflare-CDN-Cache-Control"] = "max-age=600"
        response.headers["Vary"] = "Accept-Encoding"
        return response

    client = app.test_client()
    refused = client.get("/people/ada")
    buy(client)
    admitted = client.get("/people/ada")
    assert refused.headers["Cache-Control"] == "no-store"
    assert admitted.headers["Cache-Control"] == "private, no-cache"
    assert admitted.headers["Vary"] == "Accept-Encoding, Cookie"
    for page in (refused, admitted):
        assert page.headers.getlist("Cache-Control") == [page.headers["Cache-Control"]]
        assert not {"X-Accel-Expires", "Cloudflare-CDN-Cache-Control"} & set(page.headers.keys())


def test_control_the_hook_does_make_other_pages_cacheable(make_app: MakeApp) -> None:
    app = make_app()

    @app.after_request
    def cache_everything(response: Response) -> Response:
        response.headers["Cache-Control"] = "public, max-age=600"
        return response

    assert "public" in app.test_client().get("/challenge/jwks.json").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/challenge/nothing", "/challenge/v1/challenges/x"])
def test_unknown_paths_of_the_gate(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
