"""`challenge.verify`: what another service learns from a clearance, and what it is told instead."""

from __future__ import annotations

import dataclasses
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import challenge
from challenge import (
    ConfigError,
    Expired,
    TokenRefused,
    TooEarly,
    keys,
    offline,
    verify,
)
from challenge.core.models import Identity
from challenge.jwks import FRESH, JwksClient
from challenge.keys import SigningKey

from .keyserver import Clock, KeyServer, key_set, serve_keys
from .serving import ROOT, serve
from .solving import ASK, REDEEM, redemption
from .test_tokens import (
    CLAIMS,
    CLEARANCE,
    FORGERIES,
    GOOD,
    HEADER,
    NOW,
    OURS,
    PAYLOAD,
    RING,
    forge,
)


def sign(**changes: Any) -> str:
    return OURS.sign_clearance(replace(CLEARANCE, **changes))


def signed(claims: dict[str, Any], **header: Any) -> str:
    """By the site's key, whatever it says."""
    return forge(HEADER | header, json.dumps(CLAIMS | claims).encode())


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic)
    monkeypatch.setattr(offline, "time", clock)


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with serve_keys(key_set(RING)) as server:
        yield server


def refusal(token: Any, **more: Any) -> TokenRefused:
    with pytest.raises(TokenRefused) as refused:
        verify(token, **({"jwks": RING.jwks(), "audience": "main"} | more))
    return refused.value


# -- what one gets --------------------------------------------------------------------------


def test_a_clearance_from_the_url_and_from_the_set(server: KeyServer) -> None:
    for jwks in (server.url, RING.jwks()):
        assert verify(GOOD, jwks=jwks, audience="main") == CLEARANCE
    assert verify(sign(thumbprint=""), jwks=server.url, audience="main").thumbprint == ""
    assert len(server.asked) == 1


def test_the_result_is_frozen_and_of_the_types_it_names() -> None:
    clearance = verify(GOOD, jwks=RING.jwks(), audience="main")
    with pytest.raises(dataclasses.FrozenInstanceError):
        clearance.budget = 9999  # type: ignore[misc]
    assert challenge.Clearance is type(clearance)
    types = {"str": str, "int": int, "Identity": Identity}
    for record in (clearance, clearance.visitor):
        for field in dataclasses.fields(record):
            assert type(getattr(record, field.name)) is types[str(field.type)]


def test_what_a_gate_sells_is_verified_until_its_key_is_revoked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "time", time)
    with serve("demo.app:create_app()", tmp_path, workers=1) as server:
        kind = {"Content-Type": "application/json"}
        offer = json.loads(server.call("POST", ASK, kind, b"{}")[2])
        sold = json.loads(server.call("POST", REDEEM, kind, redemption(offer))[2])
        url = f"{server.url}/challenge/jwks.json"
        clearance = verify(sold["token"], jwks=url, audience="main")
        assert (clearance.budget, clearance.site) == (sold["budget"], "main")
        clock = Clock()
        client = JwksClient(url, clock=clock)
        assert client.key(clearance.kid)
        keys.revoke(
            tmp_path / "keys.json", clearance.kid, secrets.token_bytes, time.time(), rotating=True
        )
        time.sleep(keys.watch.LOOK_EVERY + 0.1)
        assert client.key(clearance.kid), "for five minutes the set is kept"
        clock.now += FRESH
        with pytest.raises(TokenRefused, match="key_unknown"):
            client.key(clearance.kid)


# -- what one is told instead ---------------------------------------------------------------


def test_codes() -> None:
    assert refusal(sign(expires=NOW - 31)).code == "expired"
    assert refusal(sign(not_before=NOW + 60)).code == "too_early"
    assert refusal(sign(issued=NOW + 3600)).code == "token_malformed"
    assert refusal(GOOD, audience="other").code == "wrong_audience"
    assert refusal(signed({"aud": ["main"]})).code == "wrong_audience"
    assert refusal(GOOD, issuer="other").code == "wrong_issuer"
    assert refusal(signed({"iss": "other"})).code == "wrong_issuer"
    assert verify(signed({"iss": "other"}), jwks=RING.jwks(), audience="main", issuer="other")
    assert refusal(signed({}, kid="other")).code == "key_unknown"
    assert refusal(GOOD, jwks={"keys": []}).code == "key_unknown"
    assert refusal(GOOD, jwks="http://127.0.0.1:9/").code == "jwks_unavailable"
    assert refusal("a.b.c").code == "token_malformed"
    foreign = SigningKey(secrets.token_bytes(32))
    assert refusal(forge(HEADER, PAYLOAD, foreign)).code == "bad_signature"


@pytest.mark.parametrize("name", FORGERIES)
def test_the_forgeries_of_the_gate_are_refused_too(name: str) -> None:
    refusal(FORGERIES[name])


def test_subclasses_say_whether_time_helps() -> None:
    assert isinstance(refusal(sign(expires=NOW - 31)), Expired)
    early = refusal(sign(not_before=NOW + 60))
    assert isinstance(early, TooEarly)
    assert early.retry_in_ms == 60_001
    assert isinstance(refusal(signed({"jti": None})), Expired), "of another form: another version's"


@pytest.mark.parametrize(
    ("leeway", "age", "passes"), [(30, 20, 1), (5, 20, 0), (0, 1, 0), (90, 60, 1)]
)
def test_leeway(leeway: int, age: int, passes: int) -> None:
    for token in (sign(expires=NOW - age), sign(issued=NOW + age + 5)):
        if passes:
            assert verify(token, jwks=RING.jwks(), audience="main", leeway=leeway)
        else:
            refusal(token, leeway=leeway)
    assert refusal(sign(not_before=NOW + 20), leeway=90).code == "too_early", "none on nbf"


class Text(str):
    """A text that says what it likes."""

    def __len__(self) -> int:
        raise RuntimeError

    split = encode = __len__  # type: ignore[assignment]


NO_TOKENS: dict[str, Any] = {
    "None": None,
    "bytes": GOOD.encode(),
    "bytearray": bytearray(GOOD.encode()),
    "a number": 7,
    "a list": GOOD.split("."),
    "a mapping": {"token": GOOD},
    "a text of another class": Text(GOOD),
    "empty": "",
    "NUL": GOOD + "\0",
    "a surrogate": GOOD + "\ud800",
    "a surrogate before": "\udfff" + GOOD,
    "not ASCII": GOOD.replace("e", "е"),
    "dots": "." * 2000,
    "huge": GOOD * 100_000,
    "a huge part": "A" * 10_000_000,
}


@pytest.mark.parametrize("what", NO_TOKENS)
def test_what_is_no_token(what: str, server: KeyServer) -> None:
    for jwks in (server.url, RING.jwks()):
        assert refusal(NO_TOKENS[what], jwks=jwks).code == "token_malformed"
    assert server.asked == [], "nothing was fetched for it"


@pytest.mark.parametrize("kid", [["k"], [RING.current.kid], {}, None, 1, True])
def test_a_kid_is_a_text(kid: Any, server: KeyServer) -> None:
    for jwks in (server.url, RING.jwks()):
        assert refusal(signed({}, kid=kid), jwks=jwks).code == "token_malformed"


@pytest.mark.parametrize("name", ["sub", "first", "jti", "epoch", "budget", "cnf"])
def test_claims_are_of_the_types_they_have(name: str) -> None:
    values: list[Any] = [None, True, [], {}, ["x"], "7" if name in ("first", "budget") else 7]
    for value in [*values, *({"jkt": v} for v in (None, 7, [], {}) if name == "cnf")]:
        assert isinstance(refusal(signed({name: value})), Expired)


# -- other arguments ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"jwks": "http://example.org/challenge/jwks.json"},
        {"jwks": "jwks.json"},
        {"jwks": ""},
        {"jwks": None},
        {"jwks": b"https://example.org/challenge/jwks.json"},
        {"jwks": RING.jwks()["keys"]},
        {"jwks": {}},
        {"jwks": RING},
        {"audience": None},
        {"audience": ["main"]},
        {"audience": b"main"},
        {"issuer": 7},
        {"leeway": -1},
        {"leeway": 1.5},
        {"leeway": float("inf")},
        {"leeway": True},
        {"leeway": "30"},
        {"leeway": None},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_wrong_arguments_are_the_callers_mistake(wrong: dict[str, Any]) -> None:
    for token in (GOOD, "no token", None):
        with pytest.raises(ConfigError):
            verify(token, **({"jwks": RING.jwks(), "audience": "main"} | wrong))  # type: ignore[arg-type]


# -- without the gate -----------------------------------------------------------------------

PROGRAM = """
import sys

class Nobody:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("flask", "werkzeug"):
            raise ImportError(name + " is not here")

sys.meta_path.insert(0, Nobody())
url, token = sys.argv[1:]
{then}
"""
VERIFY = """
import challenge
print(challenge.verify(token, jwks=url, audience="main").visitor.sub)
assert not {name for name in sys.modules if name.split(".")[0] in ("flask", "werkzeug", "apsw")}
"""


@pytest.mark.parametrize("then", [VERIFY, "from challenge import Gate"])
def test_flask_is_not_needed(then: str, server: KeyServer) -> None:
    now = int(time.time())
    token = sign(issued=now, not_before=now, expires=now + 60)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{then}", then), server.url, token],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    if then is VERIFY:
        assert (done.stdout.strip(), done.stderr) == (CLEARANCE.visitor.sub, "")
    else:
        assert "flask is not here" in done.stderr, "the control: the gate is made of it"


def test_public_names() -> None:
    assert challenge.Gate.__module__ == "challenge.flask.extension"
    assert challenge.verify is verify
    with pytest.raises(AttributeError, match="'challenge' has no attribute 'Fence'"):
        challenge.Fence  # type: ignore[attr-defined]  # noqa: B018
