"""The tokens: what they hold, who else can read them, and everything that is no token of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt as jose
from joserfc.jwk import KeySet

from challenge import tokens
from challenge.core.models import Challenge, Clearance, Identity, Lane, Puzzle
from challenge.errors import Expired, TokenRefused, TooEarly
from challenge.jose import LEEWAY
from challenge.keys import KeyRing, SigningKey, encode_bytes, make
from challenge.tokens import Tokens

NOW = 1_800_000_000
RING = make(secrets.token_bytes)
OURS = Tokens(RING, "main")
CHALLENGE = Challenge(
    id=encode_bytes(secrets.token_bytes(16)),
    site="main",
    action="page",
    buys="clearance",
    puzzle=Puzzle("sha256", 16, 2**40),
    budget=20,
    least=1,
    report="",
    factor=1,
    visitor=None,
    sales=0,
    lane=Lane.NEW,
    epoch="e0",
    issued=NOW,
    not_before=NOW,
    expires=NOW + 120,
)
CLEARANCE = Clearance(
    site="main",
    visitor=Identity("s" * 22, NOW - NOW % 3600),
    jti="j" * 22,
    kid=RING.current.kid,
    thumbprint="",
    epoch="e0",
    budget=20,
    issued=NOW,
    not_before=NOW,
    expires=NOW + 1800,
)


def b64(data: bytes | dict[str, Any]) -> str:
    raw = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_challenge(token: str, now: float = NOW) -> Challenge:
    return OURS.read_challenge(token, now, buys="clearance")


def read_clearance(token: str, now: float = NOW) -> Clearance:
    return Tokens(RING, "main").read_clearance(token, now)


def test_round_trips() -> None:
    assert read_challenge(OURS.sign_challenge(CHALLENGE)) == CHALLENGE
    known = replace(CHALLENGE, visitor=CLEARANCE.visitor, sales=3, report="digest")
    assert read_challenge(OURS.sign_challenge(known)) == known
    assert read_clearance(OURS.sign_clearance(CLEARANCE)) == CLEARANCE
    keyed = replace(CLEARANCE, thumbprint="t" * 43)
    assert read_clearance(OURS.sign_clearance(keyed)) == keyed
    claims = json.loads(base64.urlsafe_b64decode(OURS.sign_clearance(keyed).split(".")[1] + "=="))
    assert claims["cnf"] == {"jkt": "t" * 43}


def test_the_same_clearance_is_always_the_same_text() -> None:
    assert OURS.sign_clearance(CLEARANCE) == Tokens(RING, "main").sign_clearance(CLEARANCE)


# docs/decisions/0001: the identifier of RFC 9864 is known to few libraries yet.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
def test_another_implementation_verifies_a_clearance() -> None:
    token = OURS.sign_clearance(CLEARANCE)
    keys = KeySet.import_key_set(RING.jwks())
    decoded = jose.decode(token, keys, algorithms=["EdDSA"])
    assert decoded.header == {"typ": "clearance+jwt", "alg": "EdDSA", "kid": RING.current.kid}
    assert decoded.claims == {
        "iss": "tallygate",
        "aud": "main",
        "sub": "s" * 22,
        "first": NOW - NOW % 3600,
        "jti": "j" * 22,
        "epoch": "e0",
        "budget": 20,
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 1800,
    }


def test_a_clearance_is_far_below_the_limit() -> None:
    assert len(OURS.sign_clearance(CLEARANCE)) < 600
    assert len(OURS.sign_challenge(replace(CHALLENGE, visitor=CLEARANCE.visitor))) < 800


# -- forgeries: each is made from a good token, so that one missing check would let it pass


def forge(header: dict[str, Any], payload: bytes, key: SigningKey = RING.current) -> str:
    head = f"{b64(header)}.{b64(payload)}"
    return f"{head}.{b64(key.private.sign(head.encode()))}"


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


HEADER = {"alg": "EdDSA", "typ": "clearance+jwt", "kid": RING.current.kid}
GOOD = OURS.sign_clearance(CLEARANCE)
PAYLOAD = base64.urlsafe_b64decode(GOOD.split(".")[1] + "==")
CLAIMS = claims_of(GOOD)


def hmac_with_public(public: bytes) -> str:
    head = f"{b64({**HEADER, 'alg': 'HS256'})}.{b64(PAYLOAD)}"
    return f"{head}.{b64(hmac.digest(public, head.encode(), 'sha256'))}"


def public_encodings() -> list[bytes]:
    public = RING.current.public
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(RING.jwks()["keys"][0]).encode()
    return [raw, pem, pem.strip(), der, b64(raw).encode(), raw.hex().encode(), jwk, b""]


def spare_bit(token: str) -> str:
    # 64 bytes end in a character of which four bits are spare.
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + last[last.index(token[-1]) + 1]


HEAD, BODY, SIGNATURE = GOOD.split(".")
FORGERIES: dict[str, str] = {
    **{
        f"alg {alg}": f"{b64({**HEADER, 'alg': alg})}.{BODY}.{signature}"
        for alg in ("none", "None", "nOnE", "HS256", "ES256", "Ed25519")
        for signature in ("", SIGNATURE)
    },
    **{f"hmac {at}": hmac_with_public(public) for at, public in enumerate(public_encodings())},
    "no signature": f"{HEAD}.{BODY}",
    "empty signature": f"{HEAD}.{BODY}.",
    "four parts": f"{GOOD}.{SIGNATURE}",
    "empty": "",
    "dots": "..",
    "padding": f"{GOOD}==",
    "white space": f" {GOOD}",
    "line end": f"{GOOD}\n",
    "spare bit": spare_bit(GOOD),
    "flipped bit": f"{HEAD}.{BODY}.{b64(bytes(64))}",
    "other payload": f"{HEAD}.{b64({**CLAIMS, 'budget': 9999})}.{SIGNATURE}",
    "too long": GOOD + "A" * 2048,
    "not ascii": GOOD + "é",
    "foreign key": forge(HEADER, PAYLOAD, SigningKey(secrets.token_bytes(32))),
    **{
        f"kid {kid!r}"[:24]: forge({**HEADER, "kid": kid}, PAYLOAD)
        for kid in ("", "x" * 900, "../../etc/passwd", "' OR 1=1 --", "\0", [], 1, None, {})
    },
    **{
        f"header {name}": forge({**HEADER, name: value}, PAYLOAD)
        for name, value in {
            "crit": ["exp"],
            "b64": False,
            "jku": "https://attacker.example/jwks.json",
            "jwk": {"kty": "OKP", "crv": "Ed25519", "x": RING.current.x},
            "x5u": "https://attacker.example/cert",
            "x5c": ["AAAA"],
            "zip": "DEF",
            "cty": "JWT",
        }.items()
    },
    "no typ": forge({"alg": "EdDSA", "kid": RING.current.kid}, PAYLOAD),
    "typ JWT": forge({**HEADER, "typ": "JWT"}, PAYLOAD),
    "typ of a challenge": forge({**HEADER, "typ": "challenge+jwt"}, PAYLOAD),
    "duplicate claim": forge(HEADER, PAYLOAD[:-1] + b',"budget":9999}'),
    "no object": forge(HEADER, b"[]"),
    "deep": forge(HEADER, b"[" * 1000),
    "NaN": forge(HEADER, json.dumps({**CLAIMS, "exp": float("nan")}).encode()),
    **{
        f"{name} {value!r}"[:32]: forge(HEADER, json.dumps({**CLAIMS, name: value}).encode())
        for name in ("exp", "nbf", "iat")
        for value in ("1900000000", 1.9e9, -1, 2**63, True, None, [], {})
        if not (name in ("nbf", "iat") and value == -1)
    },
    **{
        f"without {name}": forge(
            HEADER, json.dumps({k: v for k, v in CLAIMS.items() if k != name}).encode()
        )
        for name in CLAIMS
    },
    "another site": forge(HEADER, json.dumps({**CLAIMS, "aud": "other"}).encode()),
    "two sites": forge(HEADER, json.dumps({**CLAIMS, "aud": ["main", "other"]}).encode()),
    "another issuer": forge(HEADER, json.dumps({**CLAIMS, "iss": "other"}).encode()),
    "from the future": forge(HEADER, json.dumps({**CLAIMS, "iat": NOW + 31}).encode()),
    "a challenge": OURS.sign_challenge(CHALLENGE),
}


def test_the_forger_can_make_a_good_one() -> None:
    # So that each forgery below fails for what it changes, not for how it was made.
    assert read_clearance(forge(HEADER, PAYLOAD)) == CLEARANCE


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(name: str) -> None:
    with pytest.raises(TokenRefused):
        read_clearance(FORGERIES[name])


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_no_challenge_either(name: str) -> None:
    if name != "a challenge":
        with pytest.raises(TokenRefused):
            read_challenge(FORGERIES[name])


def accepted(read: Callable[[str], Any]) -> set[str]:
    passed = set()
    for name, token in FORGERIES.items():
        with suppress(Exception):
            read(token)
            passed.add(name)
    return passed


@pytest.mark.parametrize(
    ("check", "let_in"),
    [
        ("read_header", {"header crit", "header jku", "no typ", "typ JWT", "spare bit"}),
        ("verify", {"foreign key", "other payload", "flipped bit"}),
        ("check_times", {"from the future"}),
    ],
)
def test_control_without_a_check_forgeries_pass(
    monkeypatch: pytest.MonkeyPatch, check: str, let_in: set[str]
) -> None:
    def payload(token: str, *_: object) -> bytes:
        return base64.urlsafe_b64decode(token.split(".")[1] + "==")

    lax: dict[str, Callable[..., Any]] = {
        "read_header": lambda *_, **__: {"kid": RING.current.kid},
        "verify": payload,
        "check_times": lambda *_, **__: None,
    }
    if check == "read_header":
        # PyJWT's own checks of the header would hide that ours are gone.
        monkeypatch.setattr(tokens, "verify", payload)
    monkeypatch.setattr(tokens, check, lax[check])
    assert let_in <= accepted(read_clearance)


@pytest.mark.parametrize("read", ["challenge", "clearance"])
def test_times_to_the_second(read: str) -> None:
    if read == "challenge":
        early = replace(CHALLENGE, not_before=NOW + 5)
        token, late, reader = OURS.sign_challenge(early), early.expires, read_challenge
    else:
        soon = replace(CLEARANCE, not_before=NOW + 5)
        token, late, reader = OURS.sign_clearance(soon), soon.expires, read_clearance
    with pytest.raises(TooEarly) as refusal:
        reader(token, NOW + 3.5)
    assert 1500 <= refusal.value.retry_in_ms <= 1501
    reader(token, NOW + 5)
    reader(token, late + LEEWAY - 0.1)
    with pytest.raises(Expired):
        reader(token, late + LEEWAY)


def test_iat_has_leeway_too() -> None:
    ahead = replace(CLEARANCE, issued=NOW + LEEWAY, not_before=NOW)
    assert read_clearance(OURS.sign_clearance(ahead)) == ahead
    with pytest.raises(TokenRefused):
        read_clearance(OURS.sign_clearance(replace(ahead, issued=NOW + LEEWAY + 1)))


def test_a_challenge_is_redeemed_at_its_own_call_and_site_only() -> None:
    for other in (replace(CHALLENGE, buys="response"), replace(CHALLENGE, site="other")):
        with pytest.raises(TokenRefused) as refusal:
            read_challenge(OURS.sign_challenge(other))
        assert refusal.value.code == "wrong_audience"


def test_every_bit_of_a_challenge_counts() -> None:
    token = OURS.sign_challenge(CHALLENGE)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    for at, old in enumerate(token):
        new = alphabet[(alphabet.index(old) + 1) % len(alphabet)]
        with pytest.raises(TokenRefused):
            read_challenge(token[:at] + new + token[at + 1 :])


def test_a_challenge_of_another_release_is_asked_for_again() -> None:
    body = json.dumps({"aud": "main", "jti": "x", "exp": NOW + 9}).encode()
    head = f"{b64({'alg': 'HS256', 'typ': 'challenge+jwt'})}.{b64(body)}"
    signature = hmac.digest(RING.challenge_secret, head.encode(), "sha256")
    with pytest.raises(Expired):
        read_challenge(f"{head}.{b64(signature)}")


def test_the_cache_skips_the_signature_only(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Tokens(RING, "main")
    token = reader.sign_clearance(CLEARANCE)
    calls = []
    verify = tokens.verify
    monkeypatch.setattr(tokens, "verify", lambda *a: calls.append(a) or verify(*a))
    for _ in range(3):
        assert reader.read_clearance(token, NOW) == CLEARANCE
    assert len(calls) == 1
    with pytest.raises(Expired):
        reader.read_clearance(token, CLEARANCE.expires + LEEWAY)
    with pytest.raises(TokenRefused):
        reader.read_clearance(spare_bit(token), NOW)
    without = KeyRing(
        RING.challenge_secret, RING.profile_secret, (SigningKey(secrets.token_bytes(32)),)
    )
    monkeypatch.setattr(reader, "_keys", without)
    with pytest.raises(TokenRefused) as refusal:
        reader.read_clearance(token, NOW)
    assert refusal.value.code == "key_unknown"


def test_the_cache_is_bounded() -> None:
    cache: tokens.Verified[int] = tokens.Verified(3)
    for number in range(10):
        cache.put(str(number), number)
    assert [n for n in range(10) if cache.get(str(n)) is not None] == [7, 8, 9]


def test_nothing_personal_is_in_a_token() -> None:
    full = {"report": hashlib.sha256(b"").hexdigest(), "sketch": "s" * 11}
    known = replace(CHALLENGE, visitor=CLEARANCE.visitor, **full)
    for token in (OURS.sign_challenge(known), GOOD):
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert claims.keys() <= {
            *("iss", "aud", "sub", "first", "jti", "budget", "least", "iat", "nbf", "exp"),
            *(
                "action",
                "buys",
                "kind",
                "count",
                "threshold",
                "report",
                "sales",
                "epoch",
                "lane",
                "factor",
                "sketch",
            ),
        }
