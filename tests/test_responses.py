"""Responses of forms, siteverify and charges: one use, one secret, and nothing at the gate."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.core.models import Client, Receipt
from challenge.errors import (
    Expired,
    Malformed,
    Queued,
    SecretRefused,
    Spent,
    StoreUnavailable,
    TokenRefused,
    Unsolved,
)
from challenge.flask.client import EXTENSION
from challenge.jose import LEEWAY
from challenge.keys import decode_bytes
from challenge.stores import Store
from challenge.stores.memory import MemoryStore
from challenge.tally.responding import LIFETIME
from challenge.wire import Ask

from .solving import ASK, buy, solve
from .test_tally import HOME, World, begin_epoch, configure

RESPOND = "/challenge/v1/responses"
VERIFY = "/challenge/siteverify"
CHARGE = "/challenge/v1/charges"
SECRET = "q7Yv2nLr9Xw4Tb8Kd1Mz6Pc3Fh5Js0Ga"
FORM = "application/x-www-form-urlencoded"


# -- without HTTP


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(open_store(request.param), site_secret=SECRET)


def offered(world: World, buys: str = "response") -> dict[str, Any]:
    offer = world.tally.quote(Ask("", "signup", "/", 1, buys, "order-7"), None, HOME)
    puzzle = {"count": offer.puzzle.count, "threshold": f"{offer.puzzle.threshold:016x}"}
    return {"challenge": offer.challenge, "puzzle": puzzle}


def body_of(offer: dict[str, Any]) -> bytes:
    return json.dumps({"challenge": offer["challenge"], "answers": solve(offer)}).encode()


def respond(world: World, client: Client = HOME) -> Receipt:
    return world.tally.respond(body_of(offered(world)), client, "people.example")


def test_a_response_says_what_it_is_for(world: World) -> None:
    receipt = respond(world)
    assert receipt.expires_in == LIFETIME
    response = world.tally.verify_response(receipt.response)
    assert (response.site, response.action, response.hostname, response.cdata) == (
        "main", "signup", "people.example", "order-7"
    )  # fmt: skip


def test_a_response_verifies_once(world: World) -> None:
    token = respond(world).response
    world.tally.verify_response(token)
    for _ in range(3):
        with pytest.raises(Spent):
            world.tally.verify_response(token)
        world.clock.now += 100
    with pytest.raises(Spent):
        world.tally.verify_response(token, str(uuid.uuid4()))


def test_the_same_key_gets_the_same_answer_and_another_none(world: World) -> None:
    token, key = respond(world).response, str(uuid.uuid4())
    first = world.tally.verify_response(token, key)
    world.clock.now += 60
    assert world.tally.verify_response(token, key) == first
    with pytest.raises(Spent):
        world.tally.verify_response(token, str(uuid.uuid4()))
    with pytest.raises(Spent):
        world.tally.verify_response(token)


def test_control_without_the_spent_mark_it_verifies_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = respond(world).response
    spend = world.store.spend

    def forgetful(spent: bytes, *rest: Any, **more: Any) -> Any:
        return spend(world.tally._mint.new_id().encode()[:16], *rest, **more)

    monkeypatch.setattr(world.store, "spend", forgetful)
    assert world.tally.verify_response(token) == world.tally.verify_response(token)


def test_a_response_ends(world: World) -> None:
    token = respond(world).response
    world.clock.now += LIFETIME + LEEWAY
    with pytest.raises(Expired):
        world.tally.verify_response(token)


def test_a_challenge_gives_one_response_and_says_it_again(world: World) -> None:
    body = body_of(offered(world))
    first = world.tally.respond(body, HOME, "people.example")
    world.clock.now += 5
    again = world.tally.respond(body, HOME, "people.example")
    assert (again.response, again.expires_in) == (first.response, LIFETIME - 5)
    with pytest.raises(Spent):
        world.tally.respond(body + b" ", HOME, "people.example")


def test_each_challenge_is_redeemed_at_its_own_call_only(world: World) -> None:
    with pytest.raises(TokenRefused) as refused:
        world.tally.redeem(body_of(offered(world)), HOME)
    assert refused.value.code == "wrong_audience"
    with pytest.raises(TokenRefused) as refused:
        world.tally.respond(body_of(offered(world, "clearance")), HOME, "people.example")
    assert refused.value.code == "wrong_audience"


def test_wrong_answers_give_nothing_and_spend_nothing(world: World) -> None:
    configure(world, price_ms=60_000)
    offer = offered(world)
    wrong = [2**31 - index for index in range(offer["puzzle"]["count"])]
    body = json.dumps({"challenge": offer["challenge"], "answers": wrong}).encode()
    with pytest.raises(Unsolved):
        world.tally.respond(body, HOME, "people.example")
    id_of = world.tally._tokens.read_challenge(
        offer["challenge"], world.clock(), buys="response"
    ).id
    fresh = world.store.spend(
        decode_bytes(id_of),
        b"d" * 32,
        b"",
        epoch=world.store.epoch,
        now=world.clock(),
        expires=int(world.clock()) + 9,
    )
    assert fresh.state == "won"


def test_tokens_of_other_kinds_are_no_response_and_a_response_opens_nothing(world: World) -> None:
    clearance = world.buy()
    for token in (clearance, offered(world)["challenge"], "", "x", "a.b.c", "ä", clearance[:-4]):
        with pytest.raises(TokenRefused):
            world.tally.verify_response(token)
    with pytest.raises(TokenRefused):
        world.admit(respond(world).response, "ada")


def test_an_address_gets_sixty_an_hour(world: World) -> None:
    given = 0
    for _ in range(60):
        for _ in range(4):
            try:
                respond(world)
                given += 1
            except Queued as queued:
                assert queued.retry_after <= 120
        world.clock.now += 60
    assert 55 <= given <= 60
    respond(world, Client(ip_address("198.51.100.1")))


def test_a_full_band_leaves_the_challenge_as_it_was(world: World) -> None:
    for _ in range(30):
        respond(world)
    body = body_of(offered(world))
    with pytest.raises(Queued):
        world.tally.respond(body, HOME, "people.example")
    world.clock.now += 121
    world.tally.respond(body, HOME, "people.example")


def test_after_an_epoch_nothing_of_the_old_one_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, body = respond(world).response, body_of(offered(world))
    begin_epoch(world.store, monkeypatch)
    with pytest.raises(Expired):
        world.tally.verify_response(token)
    with pytest.raises(Expired):
        world.tally.respond(body, HOME, "people.example")


def test_who_guesses_the_secret_has_to_wait(world: World) -> None:
    for number in range(10):
        with pytest.raises(SecretRefused):
            world.tally.check_secret(f"guess {number}", HOME)
    with pytest.raises(Queued) as queued:
        world.tally.check_secret(SECRET, HOME)
    assert queued.value.code == "secret_throttled"
    world.tally.check_secret(SECRET, Client(ip_address("198.51.100.1")))
    world.clock.now += 61
    world.tally.check_secret(SECRET, HOME)


def test_without_a_secret_nobody_knows_it() -> None:
    world = World(MemoryStore())
    with pytest.raises(SecretRefused):
        world.tally.check_secret("", HOME)


# -- as callers see it

MakeApp = Callable[..., Flask]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(site_secret=SECRET)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def response_of(client: FlaskClient, **ask: str) -> str:
    offer = client.post(ASK, json={"buys": "response"} | ask).get_json()
    given = client.post(
        RESPOND, data=body_of(offer), content_type="application/json",
        headers={"Origin": "http://localhost"},
    )  # fmt: skip
    assert given.status_code == 201, given.text
    assert "Set-Cookie" not in given.headers
    assert given.get_json().keys() == {"response", "expires_in"}
    token: str = given.get_json()["response"]
    return token


def verify(client: FlaskClient, as_json: bool = False, **fields: Any) -> dict[str, Any]:
    answer = client.post(VERIFY, json=fields) if as_json else client.post(VERIFY, data=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    said: dict[str, Any] = answer.get_json()
    return said


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
def test_siteverify_says_yes_once(client: FlaskClient, as_json: bool) -> None:
    token = response_of(client, action="signup", cdata="order-7")
    said = verify(client, as_json, secret=SECRET, response=token, remoteip="192.0.2.1")
    stamp = said.pop("challenge_ts")
    assert said == {
        "success": True, "hostname": "localhost", "error-codes": [], "action": "signup",
        "cdata": "order-7",
    }  # fmt: skip
    assert stamp.endswith("Z")
    again = verify(client, as_json, secret=SECRET, response=token)
    assert again == {"success": False, "error-codes": ["timeout-or-duplicate"]}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"response": "x"}, "missing-input-secret"),
        ({"secret": SECRET}, "missing-input-response"),
        ({"secret": SECRET, "response": ""}, "missing-input-response"),
        ({"secret": "wrong", "response": "x"}, "invalid-input-secret"),
        ({"secret": "ß" * 20, "response": "x"}, "invalid-input-secret"),
        ({"secret": SECRET, "response": "x"}, "invalid-input-response"),
        ({"secret": SECRET, "response": "x" * 5000}, "invalid-input-response"),
        ({"secret": SECRET, "response": "x", "sitekey": "other"}, "sitekey-mismatch"),
        ({"secret": SECRET, "response": "x", "idempotency_key": "no uuid"}, "bad-request"),
        ({"secret": SECRET, "response": "x", "extra": "1"}, "bad-request"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
def test_siteverify_says_why_not(
    client: FlaskClient, fields: dict[str, str], code: str, as_json: bool
) -> None:
    assert verify(client, as_json, **fields) == {"success": False, "error-codes": [code]}


@pytest.mark.parametrize(
    ("body", "mimetype"),
    [
        (f"secret={SECRET}&response=x&response=y", FORM),
        (f"secret={SECRET}&secret={SECRET}&response=x", FORM),
        (f"secret={SECRET}&response=%ff", FORM),
        ("&".join(f"f{n}=1" for n in range(500)), FORM),
        ("response=" + "x" * 20_000, FORM),
        (json.dumps([1]), "application/json"),
        (f'{{"secret":"{SECRET}","secret":"{SECRET}"}}', "application/json"),
        ('{"secret": 7, "response": "x"}', "application/json"),
        ("secret=x", "text/plain"),
        ("", ""),
    ],
)
def test_siteverify_takes_nothing_odd(client: FlaskClient, body: str, mimetype: str) -> None:
    answer = client.post(VERIFY, data=body, content_type=mimetype)
    assert answer.get_json() == {"success": False, "error-codes": ["bad-request"]}


def test_the_secret_is_never_taken_from_a_query(client: FlaskClient) -> None:
    token = response_of(client)
    query = urlencode({"secret": SECRET, "response": token})
    assert client.get(f"{VERIFY}?{query}").status_code == 404
    answer = client.post(f"{VERIFY}?secret={SECRET}", data={"response": token})
    assert answer.get_json()["error-codes"] == ["bad-request"]
    assert verify(client, secret=SECRET, response=token)["success"]


def test_a_guesser_is_sent_away(client: FlaskClient) -> None:
    for _ in range(10):
        verify(client, secret="wrong", response="x")
    answer = client.post(VERIFY, data={"secret": SECRET, "response": "x"})
    assert (answer.status_code, answer.get_json()["success"]) == (429, False)
    assert int(answer.headers["Retry-After"]) <= 60


def test_when_the_store_fails_the_caller_is_told_to_come_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = response_of(app.test_client())
    store = app.extensions[EXTENSION].store

    def fails(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("down")

    with monkeypatch.context() as broken:
        broken.setattr(store, "spend", fails)
        answer = app.test_client().post(VERIFY, data={"secret": SECRET, "response": token})
    assert (answer.status_code, answer.get_json()["error-codes"]) == (503, ["internal-error"])
    assert answer.headers["Retry-After"] == "2"
    assert verify(app.test_client(), secret=SECRET, response=token)["success"]
    nameless = app.test_client().post(
        VERIFY, data={"secret": SECRET, "response": token}, environ_overrides={"REMOTE_ADDR": ""}
    )
    assert nameless.status_code == 503


def test_of_200_calls_at_once_one_succeeds(app: Flask) -> None:
    token = response_of(app.test_client())

    def call(_: int) -> bool:
        return bool(verify(app.test_client(), secret=SECRET, response=token)["success"])

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(call, range(200))) == {True: 1, False: 199}


def test_a_clearance_is_no_response_and_a_response_no_clearance(client: FlaskClient) -> None:
    clearance = buy(client)["token"]
    said = verify(client, secret=SECRET, response=clearance)
    assert said["error-codes"] == ["invalid-input-response"]
    client.set_cookie("challenge-main", response_of(client))
    assert client.get("/people/ada").status_code == 403


# -- charges


def charge(client: FlaskClient, secret: str = SECRET, **fields: Any) -> Any:
    return client.post(CHARGE, json=fields, headers={"Authorization": f"Bearer {secret}"})


def test_a_charge_takes_a_unit_as_the_gate_would(client: FlaskClient) -> None:
    token = buy(client)["token"]
    fields = {"token": token, "profile": "ada", "address": "127.0.0.1"}
    first = charge(client, **fields)
    assert (first.status_code, first.get_json()["remaining"], first.get_json()["charged"]) == (
        200, 19, 1
    )  # fmt: skip
    assert charge(client, **fields).get_json()["charged"] == 0
    assert client.get("/people/ada").headers["Challenge-Remaining"] == "19"
    high = charge(client, **fields, sensitivity="high")
    assert high.get_json()["charged"] == 3


def test_a_charge_counts_for_the_address_that_the_service_sees(app: Flask) -> None:
    client = app.test_client()
    tally = app.extensions[EXTENSION]
    token = buy(client)["token"]
    moved = {"token": token, "profile": "ada", "address": "198.51.100.9"}
    assert charge(client, **moved).status_code == 200
    record = tally._books.record(tally._tokens.read_clearance(token, tally._clock()).visitor,
                                 tally._clock())  # fmt: skip
    assert len(record.homes) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"address": None}, "field_missing"),
        ({"address": "nowhere"}, "address_malformed"),
        ({"address": "0.0.0.0"}, "address_malformed"),
        ({"address": "192.0.2.1, 192.0.2.2"}, "address_malformed"),
        ({"address": 7}, "field_type"),
        ({"profile": None}, "field_missing"),
        ({"token": None}, "field_missing"),
        ({"sensitivity": "extreme"}, "sensitivity_malformed"),
        ({"more": "x"}, "field_unknown"),
    ],
)
def test_a_bad_charge_is_400_with_a_code(
    client: FlaskClient, change: dict[str, Any], code: str
) -> None:
    fields = {"token": "x", "profile": "ada", "address": "192.0.2.1"} | change
    answer = charge(client, **{k: v for k, v in fields.items() if v is not None})
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_a_charge_needs_the_secret_and_a_good_clearance(client: FlaskClient) -> None:
    fields = {"token": "x", "profile": "ada", "address": "192.0.2.1"}
    assert client.post(CHARGE, json=fields).status_code == 401
    wrong = charge(client, "wrong", **fields)
    assert (wrong.status_code, wrong.get_json()["code"]) == (401, "secret_refused")
    refused = charge(client, **fields)
    assert (refused.status_code, refused.get_json()["code"]) == (403, "token_malformed")
    empty = make_spent(client)
    spent = charge(client, **fields | {"token": empty, "profile": "one more"})
    assert (spent.status_code, spent.get_json()["code"]) == (403, "budget_spent")


def make_spent(client: FlaskClient) -> str:
    token: str = buy(client)["token"]
    for number in range(20):
        assert client.get(f"/people/{number}").status_code == 200
    return token


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"buys": "everything"}, "buys_malformed"),
        ({"cdata": "a b"}, "cdata_malformed"),
        ({"cdata": "x" * 256}, "cdata_malformed"),
        ({"buys": 1}, "field_type"),
    ],
)
def test_asks_for_forms_are_read_strictly(
    client: FlaskClient, ask: dict[str, Any], code: str
) -> None:
    answer = client.post(ASK, json=ask)
    assert (answer.status_code, answer.get_json()["code"]) == (400, code)


def test_malformed_is_named() -> None:
    with pytest.raises(Malformed):
        World(MemoryStore()).tally.respond(b"{}", HOME, "x")
