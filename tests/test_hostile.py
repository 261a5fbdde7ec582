"""10,000 hostile bodies on each POST route: each answer is a refusal with a code."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge import wire

from .solving import ASK, REDEEM, redemption

BODIES = 10_000
INTEGERS = [
    "0",
    "-0",
    "-1",
    "1",
    "9007199254740992",
    "9007199254740993",
    "1" * 400,
    "-" + "9" * 4400,
]
NUMBERS = [*INTEGERS, "1.5", "1e999", "-1e999", "1E400", "NaN", "Infinity", "-Infinity", "00",
           "0x1", "1_0", "١٢٣"]  # fmt: skip
# Strings without an end cost most in a reader that tries each way to read them.
ENDLESS = [b'"' + b'\\"' * 8190, b'{"a":"' + b"\\" * 16_000, b'"' * 16_000]
STRINGS = ["", "\\ud800", "\\udfff\\ud800", "\\u0000", "é", "A" * 5000, "../../etc/passwd",
           "' OR 1=1 --", "${7*7}", "<script>", "..", "eyJhbGciOiJub25lIn0.e30."]  # fmt: skip
NAMES = ["challenge", "answers", "report", "action", "resource", "budget", "threshold", "",
         "__proto__", "\\ud800", "key", "proof", "interaction"]  # fmt: skip


def value(dice: random.Random, depth: int = 0) -> str:
    """JSON, or nearly."""
    kind = dice.randrange(8 if depth < 12 else 5)
    if kind == 0:
        return dice.choice(["true", "false", "null", "undefined", "None"])
    if kind == 1:
        return dice.choice(NUMBERS)
    if kind in (2, 3):
        return f'"{dice.choice(STRINGS)}"'
    if kind == 4:
        return dice.choice(["[" * 3000, '{"a":' * 3000, "[]", "{}", "[" * 9 + "]" * 9])
    if kind == 5:
        return f"[{','.join(value(dice, depth + 1) for _ in range(dice.randrange(18)))}]"
    names = dice.choices(NAMES, k=dice.randrange(5))
    return "{" + ",".join(f'"{name}":{value(dice, depth + 1)}' for name in names) + "}"


def hostile_bodies(good: bytes, count: int) -> Iterator[bytes]:
    """Bodies that are random, structured, or a good one with a few bytes changed."""
    dice = random.Random(20261123)
    fields: dict[str, Any] = json.loads(good)
    for number in range(count):
        kind = number % 5
        if number % 50 == 7:
            yield dice.choice(ENDLESS)
        elif kind == 0:
            yield dice.randbytes(dice.randrange(200))
        elif kind == 1:
            yield value(dice).encode("utf-8", "surrogatepass")
        elif kind == 2:
            body = bytearray(good)
            for _ in range(dice.randrange(1, 6)):
                body[dice.randrange(len(body))] = dice.randrange(256)
            yield bytes(body)
        elif kind == 3:
            parts = [f'"{name}":{value(dice, 3)}' for name in fields]
            yield ("{" + ",".join(parts) + "}").encode("utf-8", "surrogatepass")
        else:
            start = dice.randrange(len(good))
            yield good[:start] + dice.randbytes(dice.randrange(40)) + good[start:]


def storm(client: FlaskClient, path: str, good: bytes) -> set[int]:
    """Send them all; fail on a server error, a traceback, or a refusal without a code."""
    statuses = set()
    for body in hostile_bodies(good, BODIES):
        answer = client.post(path, data=body, content_type="application/json")
        assert answer.status_code < 500, body[:300]
        assert b"Traceback" not in answer.data
        assert answer.status_code == 201 or answer.get_json()["code"], body[:300]
        statuses.add(answer.status_code)
    return statuses


@pytest.fixture
def client(make_app: Callable[..., Flask]) -> FlaskClient:
    app = make_app(price_ms=1, failure_burst=1_000_000)
    # As it is served: an exception becomes an answer, not the test's own.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app.test_client()


@pytest.fixture
def good(client: FlaskClient) -> dict[str, bytes]:
    ask = {"report": "1 2 3", "action": "page", "resource": "/people/ada"}
    offer = client.post(ASK, json=ask).get_json()
    return {ASK: json.dumps(ask).encode(), REDEEM: redemption(offer)}


@pytest.mark.parametrize("path", [ASK, REDEEM])
def test_no_body_is_a_server_error(client: FlaskClient, good: dict[str, bytes], path: str) -> None:
    assert {400} <= storm(client, path, good[path]) <= {201, 400, 403, 409}


@pytest.mark.parametrize("path", [ASK, REDEEM])
def test_control_without_strict_reading_there_are_server_errors(
    client: FlaskClient, good: dict[str, bytes], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "read_object", lambda body, **_: json.loads(body))
    with pytest.raises(AssertionError):
        storm(client, path, good[path])


@pytest.mark.parametrize("length", ["-1", "abc", "99999999999", "0"])
def test_a_wrong_content_length(client: FlaskClient, length: str) -> None:
    answer = client.post(
        ASK, data=b"{}", headers={"Content-Type": "application/json", "Content-Length": length}
    )
    assert answer.status_code < 500
