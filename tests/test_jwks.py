"""The keys that clearances are verified with: how long a set is kept, and which of it count."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from challenge import jwks, offline
from challenge.errors import ConfigError, TokenRefused
from challenge.jwks import FRESH, PAUSE, STALE, JwksClient, read_keys
from challenge.keys import make

from .keyserver import Answer, Clock, KeyServer, code, key_set, respond, serve_keys, together

OLD, NEW, FOREIGN = (make(secrets.token_bytes) for _ in range(3))
KID = OLD.current.kid
SET = json.dumps(OLD.jwks()).encode()


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with serve_keys(key_set(OLD)) as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(server: KeyServer, clock: Clock) -> JwksClient:
    return JwksClient(server.url, clock=clock)


# -- how long a set is kept -----------------------------------------------------------------


def test_a_set_is_kept_for_five_minutes(
    client: JwksClient, server: KeyServer, clock: Clock
) -> None:
    for now, fetches in [(0, 1), (1, 1), (FRESH - 0.1, 1), (FRESH, 2), (2 * FRESH, 3)]:
        clock.now = 1000 + now
        assert code(client, KID) == "good"
        assert len(server.asked) == fetches
    assert FRESH == 300


def test_a_key_that_has_gone_is_refused_after_five_minutes(
    client: JwksClient, server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code(client, KID) == "good"
    server.answer = key_set(NEW)
    clock.now += FRESH - 0.1
    assert code(client, KID) == "good", "that is what the docs say"
    with monkeypatch.context() as patch:
        patch.setattr(jwks, "FRESH", FRESH + 1)
        clock.now += 0.1
        assert code(client, KID) == "good", "the control"
    assert code(client, KID) == "key_unknown"
    assert code(client, NEW.current.kid) == "good"


def test_an_unknown_kid_is_looked_for(client: JwksClient, server: KeyServer, clock: Clock) -> None:
    assert code(client, KID) == "good"
    server.answer = key_set(OLD, NEW)
    clock.now += PAUSE
    assert code(client, NEW.current.kid) == "good"
    assert code(client, KID) == "good"
    assert len(server.asked) == 2


@pytest.mark.parametrize("pause", [PAUSE, 0])
def test_forged_kids_make_one_fetch_in_30_seconds(
    pause: int,
    client: JwksClient,
    server: KeyServer,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert PAUSE == 30
    monkeypatch.setattr(jwks, "PAUSE", pause)
    started = clock.now
    for number in range(600):
        clock.now = started + number / 10
        assert code(client, f"forged {number}") == "key_unknown"
    assert len(server.asked) == (2 if pause else 600), "600 is the control, without the pause"
    assert code(client, KID) == "good"


def test_a_server_that_fails(client: JwksClient, server: KeyServer, clock: Clock) -> None:
    assert code(client, KID) == "good"
    started = clock.now
    server.answer = respond(b"down", "503 Service Unavailable")
    for now in range(FRESH, STALE, 60):
        clock.now = started + now
        assert code(client, KID) == "good"
        assert len(server.asked) == 2 + (now - FRESH) // 60
    clock.now = started + STALE
    assert code(client, KID) == "jwks_unavailable", "an old set is used for an hour"
    server.answer = key_set(OLD)
    clock.now += PAUSE - 1
    assert code(client, KID) == "jwks_unavailable", "one look in 30 seconds, then too"
    clock.now += 1
    assert code(client, KID) == "good"


def test_control_without_an_end_an_old_set_serves_for_ever(
    client: JwksClient, server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert code(client, KID) == "good"
    server.answer = respond(b"down", "503 Service Unavailable")
    monkeypatch.setattr(jwks, "STALE", float("inf"))
    clock.now += 10 * STALE
    assert code(client, KID) == "good"


# -- threads --------------------------------------------------------------------------------


def slowly(answer: Answer, seconds: float = 0.3) -> Answer:
    return lambda connection: (time.sleep(seconds), answer(connection))[0]


MANY = 50
MOMENTS = ["first", "after an hour", "a new key"]


def crowd(moment: str, server: KeyServer, client: JwksClient, clock: Clock) -> Callable[[], Any]:
    """What many are to do at once, none of whom has the key that it needs."""
    if moment != "first":
        client.key(KID)
    server.asked.clear()
    server.answer = slowly(key_set(OLD, NEW))
    clock.now += {"first": 0, "after an hour": STALE, "a new key": PAUSE}[moment]
    return lambda: client.key(NEW.current.kid if moment == "a new key" else KID)


@pytest.mark.parametrize("moment", MOMENTS)
def test_many_at_once_make_one_fetch_and_all_get_the_key(
    moment: str, server: KeyServer, client: JwksClient, clock: Clock
) -> None:
    got = together([crowd(moment, server, client, clock)] * MANY)
    expected = NEW if moment == "a new key" else OLD
    assert got == [expected.current.public] * MANY
    assert len(server.asked) == 1


class NoLock:
    def acquire(self, blocking: bool = True) -> bool:
        return True

    def release(self) -> None:
        pass


@pytest.mark.parametrize("moment", MOMENTS)
def test_control_without_the_lock_some_get_none(
    moment: str, server: KeyServer, client: JwksClient, clock: Clock
) -> None:
    client._lock = NoLock()  # type: ignore[assignment]
    got = together([crowd(moment, server, client, clock)] * MANY)
    assert any(isinstance(one, TokenRefused) for one in got)


def test_many_at_once_when_the_server_fails_make_one_fetch(
    server: KeyServer, client: JwksClient
) -> None:
    server.answer = slowly(respond(b"", "500 Internal Server Error"))
    got = together([lambda: client.key(KID)] * MANY)
    assert [error.code for error in got] == ["jwks_unavailable"] * MANY
    assert len(server.asked) == 1


def test_whoever_has_the_key_does_not_wait_for_another(
    server: KeyServer, client: JwksClient, clock: Clock
) -> None:
    client.key(KID)
    server.answer = slowly(key_set(OLD), 1)
    clock.now += FRESH

    def timed() -> float:
        began = time.monotonic()
        client.key(KID)
        return time.monotonic() - began

    took = sorted(together([timed] * MANY))
    assert took[-1] > 1, "one of them fetches"
    assert took[-2] < 0.9
    assert len(server.asked) == 2


@pytest.mark.parametrize("locked", [True, False])
def test_one_url_has_one_client(
    locked: bool, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(JwksClient):
        def __init__(self, *args: Any, **named: Any) -> None:
            time.sleep(0.05)
            super().__init__(*args, **named)

    monkeypatch.setattr(offline, "JwksClient", Slow)
    if not locked:
        monkeypatch.setattr(offline, "_lock", nullcontext())
    server.answer = slowly(key_set(OLD))
    got = together([lambda: offline._finder(server.url)(KID)] * MANY)
    assert got == [OLD.current.public] * MANY
    assert (len(server.asked) == 1) is locked, "without the lock is the control"
    offline._client.cache_clear()


# -- which keys -----------------------------------------------------------------------------

MEMBERS = OLD.jwks()["keys"][0]


def test_the_keys_of_a_set() -> None:
    both = {"keys": OLD.jwks()["keys"] + NEW.jwks()["keys"]}
    assert read_keys(both) == {r.current.kid: r.current.public for r in (OLD, NEW)}
    plain = {name: MEMBERS[name] for name in ("kty", "crv", "x", "kid")}
    for more in ({}, {"alg": "Ed25519"}, {"key_ops": ["verify"]}, {"x5c": ["AAAA"]}, {"n": 1}):
        assert read_keys({"keys": [{**plain, **more}]}) == {KID: OLD.current.public}


# Wycheproof's vectors of JWS have keys for another use, which must not verify.
PASSED_OVER: dict[str, Any] = {
    "no object": "key",
    "null": None,
    "another use": {**MEMBERS, "use": "enc"},
    "another operation": {**MEMBERS, "key_ops": ["encrypt"]},
    "no operation": {**MEMBERS, "key_ops": []},
    "operations that are no list": {**MEMBERS, "key_ops": 1},
    "another algorithm": {**MEMBERS, "alg": "ES256"},
    "an HMAC": {**MEMBERS, "alg": "HS256"},
    "another type": {**MEMBERS, "kty": "EC"},
    "octets": {"kty": "oct", "k": MEMBERS["x"], "kid": "k"},
    "another curve": {**MEMBERS, "crv": "Ed448"},
    "a curve for agreement": {**MEMBERS, "crv": "X25519"},
    "no id": {n: v for n, v in MEMBERS.items() if n != "kid"},
    "an id that is a number": {**MEMBERS, "kid": 1},
    "an id that is a list": {**MEMBERS, "kid": [KID]},
    "no x": {n: v for n, v in MEMBERS.items() if n != "x"},
    "a short x": {**MEMBERS, "x": MEMBERS["x"][:-2]},
    "a padded x": {**MEMBERS, "x": MEMBERS["x"] + "="},
    "x as a number": {**MEMBERS, "x": 1},
    "x as a list": {**MEMBERS, "x": [1]},
}


@pytest.mark.parametrize("what", PASSED_OVER)
def test_keys_for_anything_else_are_passed_over(what: str) -> None:
    assert read_keys({"keys": [PASSED_OVER[what], *NEW.jwks()["keys"]]}) == {
        NEW.current.kid: NEW.current.public
    }


@pytest.mark.parametrize(
    "no_set", [{}, {"keys": None}, {"keys": {}}, {"keys": "k"}, {"keys": [MEMBERS, MEMBERS]}]
)
def test_what_is_no_set(no_set: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as refused:
        read_keys(no_set)
    assert refused.value.code == "jwks_malformed"
