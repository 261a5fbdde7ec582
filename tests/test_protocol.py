"""What the protocol's page says of asking, redeeming and reading, tried from outside.

The client is written from that page; the servers are real ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from .independent_client import Answer, Client, canonical, seed_of, solve
from .serving import ROOT, Server, post_together, serve
from .test_responses import SECRET

APP = "tests.racing:create_app()"
PROBLEM = "application/problem+json"
SETTINGS = {
    "CHALLENGE_RAMP": "5,10,20",
    "CHALLENGE_TRUSTED_PROXIES": "127.0.0.1",
    "CHALLENGE_ALLOWED_ORIGINS": "https://friend.example",
    "CHALLENGE_SITE_SECRET": SECRET,
}
Folders = pytest.TempPathFactory
NETWORKS = count(1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: Folders) -> Iterator[Server]:
    """The demo, as a site would run it: at its real price."""
    with serve("demo.app:create_app()", tmp_path_factory.mktemp("town"), workers=2) as server:
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Folders) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Server]:
    """Puzzles without work, for rules that are not about them; each client has a network."""
    with serve(APP, folder, workers=2, **SETTINGS) as server:
        yield server


def visitor(server: Server) -> Client:
    """A client in a network of its own."""
    return Client(server.url, headers={"X-Forwarded-For": f"10.0.{next(NETWORKS)}.1"})


def solved(quote: Mapping[str, Any], **more: object) -> bytes:
    answers = solve(quote["challenge"], quote["puzzle"])
    return json.dumps({"challenge": quote["challenge"], "answers": answers} | more).encode()


# -- reading


def test_a_client_written_from_the_page_reads_twelve_profiles(town: Server) -> None:
    client = Client(town.url)
    home = client.send("GET", "/").body.decode()
    profiles = sorted(set(re.findall(r'href="(/people/[^"/]+)"', home)))[:12]
    for path in profiles:
        assert b"data-personal" in client.read(path).body
    # Five units, then ten: three were left.
    assert (client.sales, client.standing()["remaining"]) == (2, 3)  # type: ignore[index]
    again = [client.read(path).headers["challenge-remaining"] for path in profiles]
    assert (client.sales, set(again)) == (2, {"3"})


def test_control_who_solves_nothing_reads_nothing(town: Server) -> None:
    client = Client(town.url)
    quote = client.ask({}).json
    answers = list(range(quote["puzzle"]["count"]))
    body = json.dumps({"challenge": quote["challenge"], "answers": answers}).encode()
    assert client.post("clearances", body).code == "unsolved"
    assert client.send("GET", "/people/anna-ash").status == 403


def test_the_pages_examples() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    [challenge, seed] = re.findall(r"`(eyJ[\w.-]+)` the seed is\s+`([0-9a-f]{64})`", page)[0]
    assert seed_of(challenge).hex() == seed
    shown = re.search(r'`canonical\("a", "bc"\)` is `([0-9a-f ]+)`', page)
    assert shown is not None
    assert canonical("a", "bc") == bytes.fromhex(shown[1])


def test_the_vectors() -> None:
    vectors = json.loads((ROOT / "tests" / "vectors" / "sha256_puzzle.json").read_text())
    for vector in vectors["seeds"]:
        assert seed_of(vector["challenge"]).hex() == vector["seed"]
    challenges = {vector["seed"]: vector["challenge"] for vector in vectors["seeds"]}
    for vector in vectors["solutions"]:
        puzzle = {"kind": "sha256", "count": 16, "threshold": vector["threshold"]}
        assert solve(challenges[vector["seed"]], puzzle) == vector["answers"]


def test_what_a_refusal_is_like(site: Server) -> None:
    client = visitor(site)
    html = client.send("GET", "/people/ada", headers={"Accept": "text/html"})
    assert (html.status, html.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert b'data-units="1"' in html.body
    assert client.send("GET", "/people/ada").code == "clearance_required"
    ahead = client.send("GET", "/people/ada", headers={"Sec-Purpose": "prefetch"})
    assert (ahead.status, ahead.code) == (503, "prefetch")
    assert int(ahead.headers["retry-after"]) >= 1


def test_the_cookie(site: Server, town: Server) -> None:
    client = visitor(site)
    quote = client.ask({}).json
    sale = client.post("clearances", solved(quote))
    cookie, *attributes = sale.headers["set-cookie"].split("; ")
    assert cookie == f"__Host-challenge-main={sale.json['token']}"
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    direct = Client(town.url)
    direct.buy("/")
    assert direct.cookie.startswith("challenge-main=")


def test_a_bearers_token_is_taken_from_the_cookie_only(site: Server) -> None:
    client = visitor(site)
    client.buy("/people/ada")
    token, client.cookie = client.cookie.partition("=")[2], ""
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.send("GET", "/people/ada", headers=bearer).code == "clearance_required"


def test_what_a_visitor_has(site: Server) -> None:
    client = visitor(site)
    assert client.standing() is None
    sold = client.buy("/people/ada")
    assert (sold["budget"], sold["remaining"], sold["expires_in"]) == (5, 5, 1800)
    client.read("/people/ada")
    standing = client.standing()
    assert standing is not None
    assert standing | {"expires_in": 0} == {
        "budget": 5, "remaining": 4, "not_before_ms": 0, "expires_in": 0
    }  # fmt: skip


# -- sending again


def test_the_same_body_gets_the_same_token_and_another_none(site: Server) -> None:
    client = visitor(site)
    body = solved(client.ask({}).json)
    first = client.post("clearances", body)
    again = [client.post("clearances", body) for _ in range(3)]
    assert {answer.json["token"] for answer in again} == {first.json["token"]}
    other = client.post("clearances", body + b" ")
    assert (other.status, other.code) == (409, "spent")


def test_wrong_answers_spend_nothing(town: Server) -> None:
    client = Client(town.url)
    quote = client.ask({}).json
    right = json.loads(solved(quote))
    wrong = right | {"answers": [nonce + 1 for nonce in right["answers"]]}
    refused = client.post("clearances", json.dumps(wrong).encode())
    assert (refused.status, refused.code) == (403, "unsolved")
    assert client.post("clearances", json.dumps(right).encode()).status == 201


def test_copies_at_one_moment_are_one_sale(site: Server) -> None:
    told = post_together(
        site, "/challenge/v1/clearances", [solved(visitor(site).ask({}).json)] * 24
    )
    tokens = {json.loads(body)["token"] for status, body in told if status == 201}
    others = {(status, json.loads(body)["code"]) for status, body in told if status != 201}
    assert len(tokens) == 1
    assert others <= {(409, "in_progress")}


@dataclass
class Unlucky(Client):
    """A client to whom the first answers of redeeming do not come through."""

    lost: int = 3

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = super().send(method, path, body, headers)
        if path.endswith("/clearances") and self.lost:
            self.lost -= 1
            raise ConnectionResetError
        return answer


def test_a_lost_answer_costs_nothing(site: Server) -> None:
    client = Unlucky(site.url, headers=visitor(site).headers)
    client.read("/people/ada")
    assert client.lost == 0
    standing = client.standing()
    assert standing is not None
    # The first sale's five; had each try been a sale, the ramp would show it.
    assert (client.sales, standing["budget"], standing["remaining"]) == (1, 5, 4)


def test_another_store_asks_again(site: Server, folder: Path) -> None:
    client = visitor(site)
    client.read("/people/ada")
    quote = client.ask({}).json
    other = {"CHALLENGE_STORE_URI": f"sqlite:///{folder / 'other.db'}"}
    with serve(APP, folder, workers=1, **SETTINGS | other) as moved:
        client.origin = moved.url
        assert client.send("GET", "/people/ada").code == "store_changed"
        assert client.post("clearances", solved(quote)).code == "store_changed"
        assert client.read("/people/ada").status == 200
        assert client.sales == 2


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda token: "x", "token_malformed"),
        (lambda token: f"{token[:-8]}AAAAAAAA", "bad_signature"),
        (lambda token: token.replace(token.split(".")[0], HEADER_OF_ANOTHER_KEY), "key_unknown"),
    ],
)
def test_a_cookie_that_is_none_is_replaced(site: Server, spoil: Any, code: str) -> None:
    client = visitor(site)
    client.read("/people/ada")
    name, _, token = client.cookie.partition("=")
    client.cookie = f"{name}={spoil(token)}"
    refused = client.send("GET", "/people/ada")
    assert (refused.status, refused.code) == (403, code)
    assert client.read("/people/ada").status == 200


# {"alg":"EdDSA","kid":"none","typ":"clearance+jwt"}
HEADER_OF_ANOTHER_KEY = "eyJhbGciOiJFZERTQSIsImtpZCI6Im5vbmUiLCJ0eXAiOiJjbGVhcmFuY2Urand0In0"


# -- waiting


def test_who_is_told_to_wait_waits(tmp_path_factory: Folders) -> None:
    """A unit comes back each second, and is sold at most 30 s ahead: 150 s less the 120 for which
    a place is kept."""
    settings = {
        "CHALLENGE_BAND_BURST": "20",
        "CHALLENGE_BAND_PER_HOUR": "3600",
        "CHALLENGE_LANES": "none",
        "CHALLENGE_LIFETIME": "150",
    }
    with serve(APP, tmp_path_factory.mktemp("narrow"), workers=1, **settings) as server:
        waits: list[float] = []
        hasty = Client(server.url, sleep=waits.append)
        assert hasty.buy("/people/ada", 20)["not_before_ms"] == 0
        sold = hasty.buy("/people/bea", 4)
        assert (sold["budget"], waits[-1]) == (4, sold["not_before_ms"] / 1000)
        assert 0 < sold["not_before_ms"] <= 5000
        early = hasty.send("GET", "/people/bea")
        assert (early.status, early.code) == (429, "too_early")
        assert int(early.headers["retry-after"]) in range(1, 6)
        assert hasty.standing()["not_before_ms"] > 0  # type: ignore[index]
        # The same cookie, and a client that sleeps.
        assert Client(server.url, cookie=hasty.cookie).read("/people/bea").status == 200

        Client(server.url, sleep=waits.append).buy("/people/cy", 20)
        body = solved(hasty.ask({"units": 20}).json)
        for _ in range(3):
            busy = hasty.post("clearances", body)
            assert (busy.status, busy.code) == (429, "network_busy")
            assert 1 <= int(busy.headers["retry-after"]) <= 20
