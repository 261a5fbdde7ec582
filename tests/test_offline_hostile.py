"""2,000 hostile tokens for `challenge.verify`: none is accepted, and nothing else is raised."""

from __future__ import annotations

import base64
import json
import re
import time
from collections import Counter
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from challenge import Expired, TokenRefused, TooEarly, offline, tokens, verify

from .hostile_tokens import KEY, hostile
from .keyserver import key_set, serve_keys
from .test_tokens import CLAIMS, CLEARANCE, GOOD, HEADER, NOW, RING, forge

CODES = {
    "token_malformed", "bad_signature", "key_unknown", "wrong_audience", "wrong_issuer",
    "expired", "too_early",
}  # fmt: skip


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic)
    monkeypatch.setattr(offline, "time", clock)


def accepted(jwks: Any) -> Counter[str]:
    """How many of each family pass; whatever is raised but the one error ends the test."""
    passed: Counter[str] = Counter()
    for name, token in hostile():
        try:
            verify(token, jwks=jwks, audience="main")
        except TokenRefused as refused:
            assert refused.code in CODES
            assert type(refused) is {"expired": Expired, "too_early": TooEarly}.get(
                refused.code, TokenRefused
            )
        else:
            passed[name] += 1
    return passed


def test_none_of_2000_is_accepted_and_one_error_is_raised() -> None:
    with serve_keys(key_set(RING)) as server:
        for jwks in (RING.jwks(), server.url):
            assert accepted(jwks) == {}
            assert verify(GOOD, jwks=jwks, audience="main") == CLEARANCE
        assert len(server.asked) == 1, "nor do they make requests"


def test_they_are_2000_and_all_differ() -> None:
    made = hostile()
    assert len({token for _, token in made}) == 2000
    assert min(Counter(name for name, _ in made).values()) > 50


def payload_of(token: str, *_: Any) -> bytes:
    """Without looking at the signature, and as many a decoder reads base64."""
    text = re.sub(r"[^\w-]", "", token.split(".")[1], flags=re.ASCII)
    return base64.urlsafe_b64decode(text + "==")


@pytest.mark.parametrize(
    ("check", "passing"),
    [
        ("signature", {"another_key", "other_signatures", "flipped_bits"}),
        (
            "header",
            {
                "no_algorithm",
                "hmac_with_the_public_key",
                "other_algorithms",
                "more_headers",
                "fewer_headers",
                "other_types",
                "other_kids",
                "headers_twice",
                "other_base64",
            },
        ),
        ("claims", {"claims_twice"}),
        ("record", {"odd_claims", "claims_left_out"}),
        ("times", {"out_of_time", "odd_times"}),
        ("audience", {"for_another_site"}),
        ("issuer", {"by_another_issuer"}),
    ],
)
def test_control_without_a_check_they_pass(
    check: str, passing: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = {"audience": "main", "issuer": "tallygate"}
    match check:
        case "signature":
            monkeypatch.setattr(tokens, "verify", payload_of)
        case "header":
            # PyJWT looks at some headers too, and at signatures of other algorithms.
            monkeypatch.setattr(tokens, "read_header", lambda *_, **__: {"kid": KEY.kid})
            monkeypatch.setattr(tokens, "verify", payload_of)
        case "claims":
            monkeypatch.setattr(tokens, "read_claims", json.loads)
        case "record":
            monkeypatch.setattr(tokens, "_clearance", lambda *_: CLEARANCE)
        case "times":
            monkeypatch.setattr(tokens, "check_times", lambda *_, **__: None)
        case "audience" | "issuer":
            arguments[check] = "other"
    passed = set()
    for name, token in hostile():
        with suppress(Exception):
            verify(token, jwks=RING.jwks(), **arguments)  # type: ignore[arg-type]
            passed.add(name)
    assert passing <= passed


@given(some.text() | some.binary() | some.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
def test_whatever_else_is_refused(token: Any) -> None:
    with pytest.raises(TokenRefused) as refused:
        verify(token, jwks=RING.jwks(), audience="main")
    assert refused.value.code == "token_malformed"


@given(header=some.text(max_size=40) | some.none(), payload=some.binary(max_size=400))
def test_whatever_the_key_has_signed_is_refused(header: str | None, payload: bytes) -> None:
    token = forge(HEADER if header is None else HEADER | {"typ": header}, payload)
    with pytest.raises(TokenRefused) as refused:
        verify(token, jwks=RING.jwks(), audience="main")
    assert refused.value.code in CODES


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=10,
)


@given(some.dictionaries(some.sampled_from(sorted([*CLAIMS, "cnf"])), JSON))
def test_whatever_the_claims_say_the_types_hold(changes: dict[str, Any]) -> None:
    try:
        clearance = verify(
            forge(HEADER, json.dumps(CLAIMS | changes).encode()), jwks=RING.jwks(), audience="main"
        )
    except TokenRefused:
        return
    texts = (clearance.site, clearance.visitor.sub, clearance.jti, clearance.epoch)
    assert {*map(type, texts), type(clearance.thumbprint)} == {str}
    numbers = (clearance.visitor.first, clearance.budget, clearance.issued, clearance.expires)
    assert {*map(type, numbers)} == {int}
