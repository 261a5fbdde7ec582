"""What the protocol's page says of responses, siteverify, charges and waiting, from outside."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from .independent_client import Answer, Client, Refused
from .serving import Server, serve
from .test_protocol import APP, SETTINGS, solved, visitor
from .test_protocol_bodies import JSON, is_problem, opened
from .test_responses import FORM, SECRET

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(APP, tmp_path_factory.mktemp("forms"), workers=2, **SETTINGS) as server:
        yield server


def verify(client: Client, *, as_json: bool = False, **fields: str) -> Answer:
    """One call of the site's own server, which has an address too."""
    fields = {"secret": SECRET} | fields
    body = json.dumps(fields) if as_json else urlencode(fields)
    kind = "application/json" if as_json else FORM
    return client.send("POST", "/challenge/siteverify", body.encode(), {"Content-Type": kind})


def failure(code: str) -> dict[str, object]:
    return {"success": False, "error-codes": [code]}


# -- responses and siteverify


@pytest.mark.parametrize("as_json", [False, True])
def test_a_response_verifies_once(site: Server, as_json: bool) -> None:
    client = visitor(site)
    response = client.response("signup", "order-7")
    told = verify(client, response=response, as_json=as_json)
    assert told.status == 200
    given = datetime.strptime(told.json["challenge_ts"], "%Y-%m-%dT%H:%M:%S%z")
    assert abs((datetime.now(UTC) - given).total_seconds()) < 60
    assert told.json | {"challenge_ts": ""} == {
        "success": True,
        "challenge_ts": "",
        "hostname": "127.0.0.1",
        "error-codes": [],
        "action": "signup",
        "cdata": "order-7",
    }
    again = verify(client, response=response, as_json=as_json)
    assert (again.status, again.json) == (200, failure("timeout-or-duplicate"))


def test_a_repeated_call_gets_the_same_answer(site: Server) -> None:
    client = visitor(site)
    response, key = client.response(), str(uuid.uuid4())
    told = [verify(client, response=response, idempotency_key=key) for _ in range(3)]
    assert [answer.json for answer in told] == [told[0].json] * 3
    assert told[0].json["success"] is True
    other = verify(client, response=response, idempotency_key=str(uuid.uuid4()))
    assert other.json == failure("timeout-or-duplicate")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"secret": ""}, "missing-input-secret"),
        ({"secret": "wrong"}, "invalid-input-secret"),
        ({"response": ""}, "missing-input-response"),
        ({"response": "x"}, "invalid-input-response"),
        ({"response": "eyJhbGciOiJub25lIn0.e30."}, "invalid-input-response"),
        ({"sitekey": "other"}, "sitekey-mismatch"),
        ({"idempotency_key": "7"}, "bad-request"),
        ({"more": "x"}, "bad-request"),
    ],
)
def test_a_call_that_fails_says_why_and_spends_nothing(
    site: Server, fields: dict[str, str], code: str
) -> None:
    client = visitor(site)
    response = client.response()
    told = verify(client, **{"response": response} | fields)
    assert (told.status, told.json) == (200, failure(code))
    assert verify(client, response=response, sitekey="main", remoteip="x").json["success"] is True


def test_a_call_of_another_form_fails(site: Server) -> None:
    client = visitor(site)
    good = urlencode({"secret": SECRET, "response": client.response()})
    for path, body, kind in (
        (f"/challenge/siteverify?{good}", "", FORM),
        ("/challenge/siteverify", good, "text/plain"),
        ("/challenge/siteverify", f"{good}&secret={SECRET}", FORM),
    ):
        told = client.send("POST", path, body.encode(), {"Content-Type": kind})
        assert (told.status, told.json) == (200, failure("bad-request"))


def test_a_clearance_is_no_response(site: Server) -> None:
    client = visitor(site)
    token = client.buy("/people/ada")["token"]
    assert verify(client, response=token).json == failure("invalid-input-response")


def test_who_guesses_the_secret_waits(site: Server) -> None:
    client = visitor(site)
    for _ in range(10):
        assert verify(client, secret="no", response="x").json == failure("invalid-input-secret")
    told = verify(client, response=client.response())
    assert (told.status, told.json) == (429, failure("internal-error"))
    assert int(told.headers["retry-after"]) >= 1


def test_a_response_is_the_token_that_the_page_describes(site: Server) -> None:
    client = visitor(site)
    header, claims = opened(site, client.response("signup", "x"))
    assert (header["alg"], header["typ"]) == ("EdDSA", "response+jwt")
    assert claims["aud"] == "main/signup"
    assert claims["exp"] - claims["iat"] == 300
    assert set(claims) == {"iss", "aud", "jti", "hostname", "cdata", "epoch", "iat", "exp"}


def test_the_same_body_gets_the_same_response(site: Server) -> None:
    client = visitor(site)
    body = solved(client.ask({"buys": "response"}).json)
    told = [client.post("responses", body) for _ in range(3)]
    assert {answer.status for answer in told} == {201}
    assert len({answer.json["response"] for answer in told}) == 1
    assert not any("set-cookie" in answer.headers for answer in told)
    is_problem(client.post("responses", body + b" "), 409, "spent")


def test_a_challenge_is_redeemed_for_what_it_buys(site: Server) -> None:
    client = visitor(site)
    for buys, noun in (("response", "clearances"), ("clearance", "responses")):
        quote = client.ask({"buys": buys}).json
        assert (quote["budget"] == 0) == (buys == "response")
        is_problem(client.post(noun, solved(quote)), 403, "wrong_audience")


def test_a_network_gets_thirty_responses_at_once(site: Server) -> None:
    client = visitor(site)
    client.sleep = lambda seconds: None
    for _ in range(30):
        client.response()
    body = solved(client.ask({"buys": "response"}).json)
    for _ in range(2):
        busy = client.post("responses", body)
        assert (busy.status, busy.code) == (429, "network_busy")
        assert int(busy.headers["retry-after"]) > 30
    with pytest.raises(Refused):
        client.response()
    assert visitor(site).response()


# -- charges


def charge(client: Client, secret: str = SECRET, **fields: str) -> Answer:
    sent = JSON | {"Authorization": f"Bearer {secret}"}
    whole = {"profile": "ada", "address": "192.0.2.7"} | fields
    return client.send("POST", "/challenge/v1/charges", json.dumps(whole).encode(), sent)


def test_a_charge_is_a_view_somewhere_else(site: Server) -> None:
    client = visitor(site)
    token = client.buy("/people/ada")["token"]
    told = charge(client, token=token)
    assert told.status == 200
    assert told.json | {"expires_in": 0} == {"remaining": 4, "charged": 1, "expires_in": 0}
    assert charge(client, token=token).json["charged"] == 0
    assert client.read("/people/ada").headers["challenge-remaining"] == "4"
    assert charge(client, token=token, sensitivity="high").json["charged"] == 3
    is_problem(charge(client, token=token, profile="bea", sensitivity="high"), 403, "budget_spent")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"token": "x"}, 403, "token_malformed"),
        ({"address": "192.0.2.7"}, 400, "field_missing"),
        ({"token": "x", "address": "somewhere"}, 400, "address_malformed"),
        ({"token": "x", "sensitivity": "low"}, 400, "sensitivity_malformed"),
        ({"token": "x", "units": "1"}, 400, "field_unknown"),
    ],
)
def test_a_bad_charge(site: Server, fields: dict[str, str], status: int, code: str) -> None:
    is_problem(charge(visitor(site), **fields), status, code)


def test_a_charge_needs_the_secret(site: Server) -> None:
    client = visitor(site)
    token = client.buy("/people/ada")["token"]
    for _ in range(10):
        is_problem(charge(client, "wrong", token=token), 401, "secret_refused")
    throttled = charge(client, token=token)
    assert (throttled.status, throttled.code) == (429, "secret_throttled")
    assert int(throttled.headers["retry-after"]) >= 1
    assert charge(visitor(site), token=token).status == 200


# -- without scripts


def test_waiting_gives_a_ticket_and_says_when_to_come_back(site: Server) -> None:
    client = visitor(site)
    told = client.send("GET", "/challenge/v1/wait?to=/people/ada")
    seconds, _, again = told.headers["refresh"].partition("; url=")
    assert (told.status, seconds, told.headers["retry-after"]) == (429, "30", "30")
    client.cookie = told.headers["set-cookie"].partition(";")[0]
    early = client.send("GET", again)
    assert early.status == 429
    assert re.fullmatch(r"(2\d|30); url=.*", early.headers["refresh"])
    assert "set-cookie" not in early.headers
