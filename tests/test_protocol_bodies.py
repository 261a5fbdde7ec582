"""What the protocol's page says of bodies, origins, keys and tokens, tried from outside."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet

from .independent_client import Answer, Client
from .serving import Server, serve
from .test_protocol import APP, SETTINGS, solved, visitor
from .test_selling import Key

PROBLEM = "application/problem+json"
JSON = {"Content-Type": "application/json"}
# Common libraries know the algorithm by its older name (docs/decisions/0001).
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(APP, tmp_path_factory.mktemp("bodies"), workers=1, **SETTINGS) as server:
        yield server


# -- bodies

GOOD = {"challenge": "a.b.c", "answers": [0] * 16}
TOO_DEEP = b'{"answers":' + b"[" * 9 + b"]" * 9 + b"}"
BAD_ASKS = [
    (b"", "json_malformed"),
    (b"[]", "json_malformed"),
    (b"{", "json_malformed"),
    (b'{"report":"' + b"x" * 16_384 + b'"}', "body_too_large"),
    (b'{"report":"\xff"}', "text_malformed"),
    (b'{"report":"\\ud800"}', "text_malformed"),
    (TOO_DEEP, "json_too_deep"),
    (b'{"units":1,"units":1}', "json_duplicate_name"),
    (b'{"units":1.0}', "json_number"),
    (b'{"units":1e0}', "json_number"),
    (b'{"units":9007199254740993}', "json_number"),
    (b'{"units":NaN}', "json_number"),
    (b'{"unit":1}', "field_unknown"),
    (b'{"report":1}', "field_type"),
    (b'{"action":null}', "field_type"),
    (b'{"action":""}', "action_malformed"),
    (b'{"action":"a b"}', "action_malformed"),
    (b'{"resource":"people/ada"}', "resource_malformed"),
    (b'{"resource":"/a b"}', "resource_malformed"),
    (b'{"resource":"/' + b"a" * 2048 + b'"}', "resource_malformed"),
    (b'{"units":0}', "units_malformed"),
    (b'{"units":1001}', "units_malformed"),
    (b'{"units":"1"}', "units_malformed"),
    (b'{"report":"' + b"x" * 601 + b'"}', "report_too_large"),
    (b'{"buys":"both"}', "buys_malformed"),
    (b'{"cdata":"' + b"x" * 256 + b'"}', "cdata_malformed"),
    (b'{"cdata":"\xc3\xa9"}', "cdata_malformed"),
]
GOOD_ASKS = [
    b"{}",
    b' {"units": 1000} ',
    b'{"resource":"/' + b"a" * 2047 + b'"}',
    b'{"resource":"/people/ada?tab=1%20#x"}',
    b'{"report":"' + "\u00e9".encode() * 300 + b'"}',
    b'{"action":"Sign-up_2","buys":"response","cdata":"' + b"x" * 255 + b'"}',
    b'{"report":"' + b" " * 600 + b'"}' + b" " * 15_000,
]


def is_problem(answer: Answer, status: int, code: str) -> None:
    """All that the page says of errors."""
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json == {"type": "about:blank", "status": status, "code": code}


@pytest.mark.parametrize(("body", "code"), BAD_ASKS)
def test_a_bad_ask(site: Server, body: bytes, code: str) -> None:
    is_problem(visitor(site).post("challenges", body), 400, code)


@pytest.mark.parametrize("body", GOOD_ASKS, ids=range(len(GOOD_ASKS)))
def test_a_good_ask(site: Server, body: bytes) -> None:
    answer = visitor(site).post("challenges", body)
    assert answer.status == 201
    assert set(answer.json) == {"challenge", "puzzle", "budget", "wait_ms", "expires_in"}
    assert set(answer.json["puzzle"]) == {"kind", "count", "threshold"}
    assert len(answer.json["challenge"]) <= 2048
    assert (answer.json["expires_in"], answer.json["wait_ms"]) == (120, 0)


@pytest.mark.parametrize(
    ("noun", "changes", "status", "code"),
    [
        ("clearances", {"challenge": None}, 400, "field_type"),
        ("clearances", {"answers": None}, 403, "token_malformed"),
        ("clearances", {"key": {}}, 400, "field_missing"),
        ("clearances", {"key": {}, "proof": "x"}, 400, "key_malformed"),
        ("clearances", {"key": Key().jwk() | {"d": "x"}, "proof": "x"}, 400, "key_malformed"),
        ("clearances", {"cookie": "x"}, 400, "field_unknown"),
        ("clearances", {}, 403, "token_malformed"),
        ("responses", {"challenge": 1}, 400, "field_type"),
        ("responses", {"key": Key().jwk(), "proof": "x"}, 400, "field_unknown"),
        ("responses", {}, 403, "token_malformed"),
    ],
)
def test_a_bad_redemption(
    site: Server, noun: str, changes: dict[str, object], status: int, code: str
) -> None:
    body = json.dumps(GOOD | changes).encode()
    is_problem(visitor(site).post(noun, body), status, code)


@pytest.mark.parametrize("noun", ["clearances", "responses"])
@pytest.mark.parametrize("name", ["challenge", "answers"])
def test_a_missing_field(site: Server, noun: str, name: str) -> None:
    body = json.dumps({field: value for field, value in GOOD.items() if field != name}).encode()
    is_problem(visitor(site).post(noun, body), 400, "field_missing")


@pytest.mark.parametrize("answers", [[], [0] * 15, [0] * 17, [-1] * 16, [2**53] * 16, [True] * 16])
def test_answers_that_are_none(site: Server, answers: list[int]) -> None:
    client = visitor(site)
    body = json.dumps({"challenge": client.ask({}).json["challenge"], "answers": answers})
    is_problem(client.post("clearances", body.encode()), 400, "answers_malformed")


@pytest.mark.parametrize("noun", ["challenges", "clearances", "responses"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_media_type(site: Server, noun: str, kind: str) -> None:
    answer = visitor(site).send(
        "POST", f"/challenge/v1/{noun}", b"{}", {"Content-Type": kind} if kind else {}
    )
    is_problem(answer, 415, "unsupported_media_type")


def test_what_is_not_there(site: Server) -> None:
    is_problem(visitor(site).send("GET", "/challenge/v1/challenges"), 404, "not_found")
    is_problem(visitor(site).send("GET", "/challenge/v1/clearance"), 404, "no_clearance")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://127.0.0.1:{port}"}, 201),
        ({"Origin": "https://friend.example", "Sec-Fetch-Site": "cross-site"}, 201),
        ({"Content-Type": "application/json; charset=utf-8"}, 201),
        ({"Origin": "https://other.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_origins(site: Server, headers: dict[str, str], status: int) -> None:
    sent = {name: value.format(port=site.port) for name, value in headers.items()}
    answer = visitor(site).send("POST", "/challenge/v1/challenges", b"{}", JSON | sent)
    assert answer.status == status
    if status == 403:
        is_problem(answer, 403, "foreign_origin")


# -- tokens


def test_a_clearance_is_the_token_that_the_page_describes(site: Server) -> None:
    client = visitor(site)
    token = client.post("clearances", solved(client.ask({}).json)).json["token"]
    header, claims = opened(site, token)
    assert header == {"alg": "EdDSA", "typ": "clearance+jwt", "kid": header["kid"]}
    assert set(claims) == {
        "iss", "aud", "sub", "first", "jti", "iat", "nbf", "exp", "budget", "epoch"
    }  # fmt: skip
    assert (claims["iss"], claims["aud"], claims["budget"]) == ("tallygate", "main", 5)
    assert claims["first"] % 3600 == 0


def test_a_key_is_named_in_the_clearance(site: Server) -> None:
    client, key = visitor(site), Key()
    _, claims = opened(site, keyed(client, key, client.ask({}).json).json["token"])
    assert set(claims["cnf"]) == {"jkt"}
    _, renewed = opened(site, keyed(client, key, client.ask({}).json).json["token"])
    assert (renewed["sub"], renewed["cnf"]) == (claims["sub"], claims["cnf"])
    assert renewed["jti"] != claims["jti"]


def test_a_bearers_next_sale_is_a_new_visitor(site: Server) -> None:
    client = visitor(site)
    tokens = [client.buy("/")["token"] for _ in range(2)]
    assert len({opened(site, token)[1]["sub"] for token in tokens}) == 2


def opened(site: Server, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, verified with the keys that the site publishes."""
    keys = KeySet.import_key_set(Client(site.url).send("GET", "/challenge/jwks.json").json)
    seen = jws.deserialize_compact(token, keys, algorithms=["EdDSA"])
    assert base64.urlsafe_b64decode(token.split(".")[1] + "==") == seen.payload
    return seen.headers(), json.loads(seen.payload)


# -- the browser key, by a key that is not the client's own


def keyed(client: Client, key: Key, quote: Mapping[str, Any]) -> Answer:
    body = solved(quote, key=key.jwk(), proof=key.proof(quote["challenge"]))
    answer = client.post("clearances", body)
    if answer.status == 201:
        client.cookie = answer.headers["set-cookie"].partition(";")[0]
    return answer


def test_a_key_tops_up(site: Server) -> None:
    client, key = visitor(site), Key()
    assert keyed(client, key, client.ask({}).json).json["remaining"] == 5
    client.read("/people/ada")
    assert keyed(client, key, client.ask({}).json).json["remaining"] == 14
    assert client.ask({}).json["budget"] == 6
    assert keyed(client, key, client.ask({}).json).json["remaining"] == 20
    full = client.ask({})
    assert (full.status, full.code) == (409, "budget_full")
    assert client.read("/people/ada").headers["challenge-remaining"] == "20"


def test_of_two_renewals_one_is_stale(site: Server) -> None:
    client, key = visitor(site), Key()
    keyed(client, key, client.ask({}).json)
    quotes = [client.ask({}).json for _ in range(2)]
    assert keyed(client, key, quotes[0]).status == 201
    stale = keyed(client, key, quotes[1])
    assert (stale.status, stale.code) == (409, "stale")


def test_a_visitor_with_a_key_is_renewed_by_it_only(site: Server) -> None:
    client, key = visitor(site), Key()
    keyed(client, key, client.ask({}).json)
    for other in (solved(client.ask({}).json), None):
        if other is not None:
            refused = client.post("clearances", other)
        else:
            refused = keyed(client, Key(), client.ask({}).json)
        assert (refused.status, refused.code) == (403, "key_required")
    quote, another = client.ask({}).json, client.ask({}).json
    body = solved(quote, key=key.jwk(), proof=key.proof(another["challenge"]))
    refused = client.post("clearances", body)
    assert (refused.status, refused.code) == (403, "proof_invalid")
    client.cookie = ""
    assert client.read("/people/ada").status == 200


def test_without_a_key_the_rest_stays_with_the_old_cookie(site: Server) -> None:
    client = visitor(site)
    client.read("/people/ada")
    before = client.cookie
    assert client.buy("/people/bea")["remaining"] == 10
    assert client.read("/people/ada").headers["challenge-remaining"] == "10"
    assert Client(site.url, headers=client.headers, cookie=before).standing()["remaining"] == 4  # type: ignore[index]
