"""2,000 hostile bodies each for siteverify and responses: no server error, and never a success."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.core import puzzles
from challenge.core.models import Puzzle
from challenge.errors import Malformed
from challenge.flask import servers
from challenge.strict import read_object
from challenge.tally import Tally
from challenge.wire import read_answered

from .solving import ASK, redemption, solve
from .test_hostile import hostile_bodies, value
from .test_responses import FORM, RESPOND, SECRET, VERIFY

BODIES = 2_000
FIELDS = ["secret", "response", "remoteip", "idempotency_key", "sitekey", "more", "", "secret[]"]


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    app = make_app(price_ms=5, site_secret=SECRET, trusted_proxies="127.0.0.1")
    # As it is served: an exception becomes an answer, not the test's own.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def responded(client: FlaskClient) -> str:
    offer = client.post(ASK, json={"buys": "response"}).get_json()
    body = {"challenge": offer["challenge"], "answers": solve(offer)}
    return str(client.post(RESPOND, json=body).get_json()["response"])


def changed(dice: random.Random, text: str) -> str:
    """The same with one character replaced, left out, doubled or put elsewhere."""
    at, other = dice.randrange(len(text)), dice.randrange(len(text))
    return dice.choice(
        [
            text[:at] + chr(ord(text[at]) ^ dice.choice([1, 2, 4, 32])) + text[at + 1 :],
            text[:at] + text[at + 1 :],
            text[:at] + text[at] * 2 + text[at + 1 :],
            text[:at] + text[other] + text[at:],
            text[:at],
            text + text[at],
            text.swapcase(),
            f" {text}",
            f"{text}\n",
            text + "\0",
        ]
    )


def hostile_calls(response: str, count: int) -> Iterator[tuple[bytes, str]]:
    """Bodies and media types; none holds both the secret and a response that is as it was."""
    dice = random.Random(20261123)
    good = {"secret": SECRET, "response": response}
    odd = (b for b in hostile_bodies(json.dumps(good).encode(), count) if not says(b, good))
    for number in range(count):
        kind = number % 5
        if kind == 0:
            yield next(odd), dice.choice(["application/json", FORM, "text/plain", "", "a/b;c=d"])
        elif kind == 1:
            fields = {"secret": SECRET, "response": changed(dice, response)}
            yield json.dumps(fields).encode(), "application/json"
        elif kind == 2:
            fields = {"secret": changed(dice, SECRET), "response": response}
            yield urlencode(fields).encode(), FORM
        elif kind == 3:
            pairs = [(dice.choice(FIELDS), dice.choice([SECRET, response, "", "%00", "\ud7ff"]))]
            yield urlencode([("secret", SECRET), ("response", response), *pairs] * 2).encode(), FORM
        else:
            names = dice.sample(FIELDS, 4)
            body = "{" + ",".join(f'"{name}":{value(dice, 3)}' for name in names) + "}"
            yield body.encode("utf-8", "surrogatepass"), "application/json"


def says(body: bytes, fields: dict[str, str]) -> bool:
    """Whether a changed body still is the same call, as one with a space more is."""
    try:
        return read_object(body) == fields
    except Malformed:
        return False


def address(number: int) -> dict[str, str]:
    # Else ten wrong secrets would hide all that follows.
    return {"X-Forwarded-For": f"10.{number // 250}.{number % 250}.1"}


def storm(client: FlaskClient, response: str) -> Counter[str]:
    """Send them all; fail on a server error or a success. How often each code came."""
    seen: Counter[str] = Counter()
    for number, (body, kind) in enumerate(hostile_calls(response, BODIES)):
        answer = client.post(VERIFY, data=body, content_type=kind, headers=address(number))
        assert answer.status_code == 200, body[:300]
        told = answer.get_json()
        assert told["success"] is False, body[:300]
        seen[told["error-codes"][0]] += 1
    return seen


def test_no_hostile_body_verifies(client: FlaskClient) -> None:
    response = responded(client)
    seen = storm(client, response)
    assert min(seen[code] for code in ("bad-request", "invalid-input-secret",
                                       "invalid-input-response")) > 100  # fmt: skip
    # None of them has spent it.
    good = {"secret": SECRET, "response": response}
    assert client.post(VERIFY, json=good).get_json()["success"] is True


def test_control_with_any_secret_some_would_verify(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = responded(client)
    monkeypatch.setattr(Tally, "check_secret", lambda *_: None)
    with pytest.raises(AssertionError):
        storm(client, response)


def test_control_without_strict_reading_there_are_server_errors(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = responded(client)
    monkeypatch.setattr(servers.strict, "read_object", lambda body, **_: json.loads(body))
    with pytest.raises(AssertionError):
        storm(client, response)


def test_no_hostile_body_is_a_response(client: FlaskClient) -> None:
    offer = client.post(ASK, json={"buys": "response"}).get_json()
    good = redemption(offer)
    seen: Counter[int] = Counter()
    for number, body in enumerate(hostile_bodies(good, BODIES)):
        if is_right(body, offer):
            continue
        answer = client.post(
            RESPOND, data=body, content_type="application/json", headers=address(number)
        )
        assert answer.status_code in (400, 403), body[:300]
        assert answer.get_json()["code"], body[:300]
        seen[answer.status_code] += 1
    assert seen.total() > BODIES - 50
    assert min(seen[400], seen[403]) > 50
    assert client.post(RESPOND, data=good, content_type="application/json").status_code == 201


def is_right(body: bytes, offer: dict[str, Any]) -> bool:
    """Whether a changed body still is a solution, as one with a space more is."""
    try:
        fields = read_answered(body)
    except Malformed:
        return False
    if fields.challenge != offer["challenge"]:
        return False
    kind, seed = puzzles.get("sha256"), puzzles.seed(offer["challenge"])
    puzzle = Puzzle("sha256", offer["puzzle"]["count"], int(offer["puzzle"]["threshold"], 16))
    try:
        return kind.meets_targets(seed, puzzle, kind.parse(fields.answers, puzzle))
    except Malformed:
        return False
