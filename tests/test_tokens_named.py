"""T01 to T11 of the threat list, by name; T09 is in test_rotation.py and T12 in test_keys.py.

The forgeries are those of test_tokens.py. Each test has its control: with one check taken away
the same forgeries pass, so it is that check which refuses them.
"""

from __future__ import annotations

import base64
import builtins
import hmac
import json
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from challenge import jose, tokens
from challenge.errors import Expired, TokenRefused, TooEarly
from challenge.jose import LEEWAY
from challenge.keys import KeyFile, KeyRing
from challenge.tokens import Tokens
from challenge.wire import TOKEN_MAX

from .solving import buy
from .test_tokens import (
    CHALLENGE,
    CLAIMS,
    CLEARANCE,
    FORGERIES,
    GOOD,
    HEADER,
    NOW,
    OURS,
    PAYLOAD,
    RING,
    accepted,
    b64,
    forge,
    public_encodings,
    read_challenge,
    read_clearance,
    spare_bit,
)

Reader = Callable[[str], Any]


def named(*starts: str) -> set[str]:
    """The forgeries whose names begin so; each beginning has some."""
    found = [{name for name in FORGERIES if name.startswith(start)} for start in starts]
    assert all(found)
    return set().union(*found)


def refused_everywhere(names: Iterable[str]) -> None:
    """Refused as a clearance, and as a challenge."""
    for name in names:
        for read in (read_clearance, read_challenge):
            if (name, read) != ("a challenge", read_challenge):
                with pytest.raises(TokenRefused):
                    read(FORGERIES[name])


def payload_of(token: str, *_: object) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==")


def without_header_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers are not looked at; nor signatures, since PyJWT looks at headers too."""
    monkeypatch.setattr(tokens, "read_header", lambda *_, **__: {"kid": RING.current.kid})
    monkeypatch.setattr(tokens, "verify", payload_of)


def test_t01_no_algorithm_and_no_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    names = named("alg none", "alg None", "alg nOnE", "no signature", "empty signature", "four")
    refused_everywhere(names | named("dots", "empty"))
    without_header_check(monkeypatch)
    assert names <= accepted(read_clearance), "the control"


def test_t02_a_public_key_is_no_hmac_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    names = named("hmac ")
    assert len(names) == 8
    refused_everywhere(names | named("alg HS256"))

    def by_its_header(token: str, *_: object) -> bytes:
        head, _, signature = token.rpartition(".")
        macs = (hmac.digest(key, head.encode(), "sha256") for key in public_encodings())
        assert signature in map(b64, macs)
        return payload_of(token)

    monkeypatch.setattr(tokens, "read_header", lambda *_, **__: {"kid": RING.current.kid})
    monkeypatch.setattr(tokens, "verify", by_its_header)
    assert accepted(read_clearance) == names, "the control: the header chooses the algorithm"


def test_t04_headers_that_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    for verb in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, verb, fail)
    monkeypatch.setattr(socket.socket, "connect", fail)
    names = named(*(f"header {n}" for n in ("crit", "b64", "jku", "jwk", "x5u", "x5c", "zip")))
    refused_everywhere(names)
    nested = [forge({**HEADER, **more}, GOOD.encode()) for more in ({"cty": "JWT"}, {})]
    for token in nested:
        with pytest.raises(TokenRefused):
            read_clearance(token)
    with pytest.raises(AssertionError):
        socket.create_connection(("127.0.0.1", 9))
    without_header_check(monkeypatch)
    assert names <= accepted(read_clearance), "the control"


def test_t05_a_kid_is_a_name_and_no_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "keys.json"
    ring = KeyFile(path, random=secrets.token_bytes, clock=time.time)
    reader = Tokens(ring, "main")
    good = reader.sign_clearance(replace(CLEARANCE, kid=ring.current.kid))
    kids = ["", "x" * 10_240, "../../etc/passwd", str(path), "' OR 1=1 --", "\0", [], 1, None, {}]
    touched: list[object] = []
    stat, opened = Path.stat, builtins.open
    monkeypatch.setattr(Path, "stat", lambda p, **kw: touched.append(p) or stat(p, **kw))
    monkeypatch.setattr(
        builtins, "open", lambda p, *a, **k: touched.append(p) or opened(p, *a, **k)
    )
    for kid in kids:
        with pytest.raises(TokenRefused):
            reader.read_clearance(forge({**HEADER, "kid": kid}, PAYLOAD, ring.current), NOW)
    assert set(touched) <= {path}
    assert reader.read_clearance(good, NOW).jti == CLEARANCE.jti


def test_t05_control_a_ring_that_takes_any_kid(monkeypatch: pytest.MonkeyPatch) -> None:
    names = named("kid ")
    refused_everywhere(names)
    monkeypatch.setattr(KeyRing, "signer", lambda ring, kid: ring.current)
    # What is no text is refused by PyJWT too.
    assert named("kid '", 'kid "') <= accepted(read_clearance)


def test_t06_one_text_is_one_token(monkeypatch: pytest.MonkeyPatch) -> None:
    names = named("padding", "white space", "line end", "spare bit", "not ascii")
    refused_everywhere(names)
    challenge = OURS.sign_challenge(CHALLENGE)
    for other in (f"{challenge}=", f" {challenge}", f"{challenge}\n", spare_bit(challenge)):
        with pytest.raises(TokenRefused):
            read_challenge(other)
    without_header_check(monkeypatch)
    assert named("padding", "spare bit") <= accepted(read_clearance), "the control"


def test_t06_no_spelling_of_a_cookie_is_a_budget_of_its_own(
    make_app: Callable[..., Flask],
) -> None:
    client = make_app().test_client(use_cookies=False)
    token = buy(client)["token"]
    spellings = [token, f'"{token}"', f" {token}", f"{token}=", f"{token}==", spare_bit(token)]
    spellings += [f"{token}; challenge-main={token}", token.replace(".", "%2E")]
    opened = 0
    for number, spelling in enumerate(spellings * 5):
        headers = {"Cookie": f"challenge-main={spelling}"}
        opened += client.get(f"/people/{number}", headers=headers).status_code == 200
    assert opened == 20, "what the one clearance has bought; the plain spelling opens some"


def test_t07_times_are_whole_numbers_and_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = named("exp ", "nbf ", "iat ")
    refused_everywhere(odd | named("without exp", "without nbf", "without iat", "NaN"))
    monkeypatch.setattr(tokens, "check_times", lambda *_, **__: None)
    # Our JSON takes no fraction and no number beyond 2^53, whatever it is for.
    by_json = {name for name in odd if "." in name or str(2**63) in name}
    assert accepted(read_clearance) >= odd - by_json, "the control"


@pytest.mark.parametrize("read", [read_challenge, read_clearance])
def test_t07_leeway_to_the_second(read: Callable[[str, float], Any]) -> None:
    record: Any = CHALLENGE if read is read_challenge else CLEARANCE
    sign: Any = OURS.sign_challenge if read is read_challenge else OURS.sign_clearance
    edges = [
        ({"expires": NOW + 5}, NOW + 5 + LEEWAY, Expired, 1),
        ({"not_before": NOW + 5}, NOW + 5, TooEarly, -1),
        ({"issued": NOW + LEEWAY}, NOW, TokenRefused, -1),
    ]
    for changes, edge, refusal, refused_side in edges:
        token = sign(replace(record, **changes))
        assert read(token, edge - refused_side)
        with pytest.raises(refusal):
            read(token, edge + refused_side)
    assert read(sign(replace(record, not_before=NOW + 5)), NOW + 5), "no leeway on nbf"
    with pytest.raises(Expired):
        read(sign(replace(record, expires=NOW + 5)), NOW + 5 + LEEWAY)


def test_t08_for_whom_by_whom_and_what_for(monkeypatch: pytest.MonkeyPatch) -> None:
    refused_everywhere(named("another site", "two sites", "another issuer", "no typ", "typ "))
    with pytest.raises(TokenRefused):
        read_clearance(OURS.sign_challenge(CHALLENGE))
    with pytest.raises(TokenRefused):
        read_challenge(GOOD)
    with pytest.raises(TokenRefused):
        read_challenge(Tokens(RING, "other").sign_challenge(replace(CHALLENGE, site="other")))
    # The controls: the other site takes what was for it, and so on.
    other = Tokens(RING, "other")
    assert other.read_clearance(FORGERIES["another site"], NOW).site == "other"
    with monkeypatch.context() as patch:
        patch.setattr(tokens, "ISSUER", "other")
        assert named("another issuer") <= accepted(read_clearance)
    without_header_check(monkeypatch)
    assert named("no typ", "typ ") <= accepted(read_clearance)


def test_t10_a_long_token_costs_no_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    def count(token: str, *_: object) -> bytes:
        verified.append(token)
        raise TokenRefused("not looked at", code="bad_signature")

    for module in (tokens, jose):
        monkeypatch.setattr(module, "verify", count)

    def of_length(length: int, read: Reader) -> str:
        head = b64(HEADER if read is read_clearance else {"alg": "HS256", "typ": "challenge+jwt"})
        text = f"{head}.{b64(PAYLOAD)}."
        # A length that canonical base64url can have, at or just below the one asked for.
        return text + "A" * ((length - len(text)) // 4 * 4)

    for read in (read_clearance, read_challenge):
        for length in (TOKEN_MAX + 4, 8 * 1024, 2**20):
            with pytest.raises(TokenRefused):
                read(of_length(length, read))
        assert verified == []
        with pytest.raises(TokenRefused):
            read(of_length(TOKEN_MAX, read))
        assert len(verified.pop()) > TOKEN_MAX - 4, "the control: up to the limit it is checked"


def doubled() -> list[str]:
    """Signed by our key, with a member twice; whoever reads the last one sees nothing wrong."""
    header = json.dumps(HEADER)[:-1] + ', "typ": "clearance+jwt"}'
    texts = [forge(HEADER, PAYLOAD[:-1] + f',"{n}":{json.dumps(CLAIMS[n])}}}'.encode())
             for n in CLAIMS]  # fmt: skip
    head = f"{b64(header.encode())}.{b64(PAYLOAD)}"
    return [*texts, f"{head}.{b64(RING.current.private.sign(head.encode()))}"]


def test_t11_no_name_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    for token in doubled():
        with pytest.raises(TokenRefused):
            read_clearance(token)
    refused_everywhere(named("duplicate claim"))
    monkeypatch.setattr(jose, "read_object", lambda data, **_: json.loads(data))
    for token in doubled():
        assert read_clearance(token) == CLEARANCE, "the control"
