"""Project Wycheproof's Ed25519 vectors, through the check that clearances go through.

Their messages are no JWTs. So PyJWT's reading of a token is replaced by the vector's parts, and
all that follows in `jose.verify` is as it always is. The keys come out of JWK sets.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import jwt
import pytest

from challenge import TokenRefused, jose, verify
from challenge.jwks import read_keys

from .serving import ROOT
from .test_tokens import HEADER, PAYLOAD, b64

VECTORS: dict[str, Any] = json.loads((ROOT / "tests/vectors/wycheproof_ed25519.json").read_text())
TESTS = [(group["pk"], test) for group in VECTORS["testGroups"] for test in group["tests"]]


def jwk(key: str) -> dict[str, Any]:
    return {"kty": "OKP", "crv": "Ed25519", "kid": HEADER["kid"], "x": b64(bytes.fromhex(key))}


def accepts(key: str, test: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bool:
    message, signature = bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"])
    parts = (message, message, {"alg": "EdDSA"}, signature)
    monkeypatch.setattr(jwt.PyJWS, "_load", lambda *_: parts)
    public = read_keys({"keys": [jwk(key)]})[HEADER["kid"]]
    try:
        return jose.verify("", public, "EdDSA") == message
    except TokenRefused as refused:
        assert refused.code == "bad_signature"
        return False


def test_every_valid_signature_is_accepted_and_no_invalid_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(TESTS) == VECTORS["numberOfTests"] == 210
    found = Counter((test["result"], accepts(key, test, monkeypatch)) for key, test in TESTS)
    # What is merely acceptable is signed with keys that no honest owner makes.
    acceptable = found["acceptable", True] + found["acceptable", False]
    assert (found["valid", True], found["invalid", False], acceptable) == (117, 64, 29)
    assert found.total() == 210


def test_no_signature_is_one_of_a_clearance() -> None:
    head, tried = f"{b64(HEADER)}.{b64(PAYLOAD)}", 0
    for key, test in TESTS:
        # A key of small order has signed whatever one likes.
        if test["flags"] != ["SmallOrderPublicKey"]:
            token = f"{head}.{b64(bytes.fromhex(test['sig']))}"
            with pytest.raises(TokenRefused, match="bad_signature"):
                verify(token, jwks={"keys": [jwk(key)]}, audience="main")
            tried += 1
    assert tried == 202


def test_control_without_the_check_invalid_ones_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwt.algorithms.OKPAlgorithm, "verify", lambda *_: True)
    passed = [accepts(key, test, monkeypatch) for key, test in TESTS]
    assert all(passed)
