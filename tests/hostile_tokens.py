"""Hostile tokens by families, each of one kind.

Most are signed by the site's own key: only the check they are meant for stands in their way.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from challenge.core.models import Ticket
from challenge.keys import SigningKey, decode_bytes

from .test_tokens import (
    CHALLENGE,
    CLEARANCE,
    HEADER,
    NOW,
    OURS,
    RING,
    b64,
    forge,
    public_encodings,
)

TOKENS = 2000
KEY = RING.current
FOREIGN = SigningKey(secrets.token_bytes(32))
#: the order of Ed25519's group
ORDER = 2**252 + 27742317777372353535851937790883648493
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Good:
    """A token that is good, and like no other."""

    def __init__(self, rng: Random) -> None:
        self.clearance = replace(CLEARANCE, jti=b64(rng.randbytes(16)))
        self.token = OURS.sign_clearance(self.clearance)
        self.payload = decode_bytes(self.token.split(".")[1])
        self.claims: dict[str, Any] = json.loads(self.payload)

    def other(self, **changes: Any) -> str:
        """A token that the gate could have signed too."""
        return OURS.sign_clearance(replace(self.clearance, **changes))


Family = Callable[[Good, Random], str]
FAMILIES: dict[str, Family] = {}


def family(make: Family) -> Family:
    FAMILIES[make.__name__] = make
    return make


def sign(signing_input: str, key: SigningKey = KEY) -> str:
    """A token over a text that need not be one of a JWS."""
    return f"{signing_input}.{b64(key.private.sign(signing_input.encode()))}"


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def odd(rng: Random) -> Any:
    """A value of another type than any that a clearance has in that place."""
    numbers = [1.5, NOW + 0.5, float("nan"), float("inf"), 2**53 + 1, 2**63, 10**400, -(10**400)]
    return rng.choice([None, True, False, [], {}, ["main"], {"a": 1}, [[[[]]]], *numbers])


# -- what is around the claims --------------------------------------------------------------


@family
def flipped_bits(good: Good, rng: Random) -> str:
    data = bytearray(good.token.encode())
    for at in rng.sample(range(len(data)), rng.randint(1, 4)):
        data[at] ^= 1 << rng.randrange(8)
    return data.decode("latin-1")


@family
def other_characters(good: Good, rng: Random) -> str:
    text, at = good.token, rng.randrange(len(good.token))
    return text[:at] + rng.choice("\0\t\n\r =+/%~é\u2028\ud800\U0001f511") + text[at + 1 :]


@family
def cut_and_glued(good: Good, rng: Random) -> str:
    text = good.token
    at, to = sorted(rng.sample(range(len(text)), 2))
    return rng.choice(
        [text[:at], text[to:], text[:at] + text[to:], text[:to] + text[at:], text * 2]
    )


@family
def parts_of_several(good: Good, rng: Random) -> str:
    others = [
        good.other(budget=9999),
        good.other(site="other"),
        OURS.sign_challenge(CHALLENGE),
    ]
    parts = [rng.choice([good.token, *others]).split(".")[at] for at in range(3)]
    rng.shuffle(parts)
    mixed = ".".join(parts)
    return f"{mixed}.{parts[0]}" if mixed in (good.token, *others) else mixed


@family
def no_algorithm(good: Good, rng: Random) -> str:
    name = rng.choice(["none", "None", "NONE", "nOnE", "", "null"])
    signature = rng.choice(["", good.token.split(".")[2], b64(bytes(64))])
    return f"{b64(HEADER | {'alg': name})}.{b64(good.payload)}.{signature}"


@family
def hmac_with_the_public_key(good: Good, rng: Random) -> str:
    name, digest = rng.choice([("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")])
    head = f"{b64(HEADER | {'alg': name})}.{b64(good.payload)}"
    return f"{head}.{b64(hmac.digest(rng.choice(public_encodings()), head.encode(), digest))}"


@family
def other_algorithms(good: Good, rng: Random) -> str:
    names = ["Ed25519", "eddsa", "EdDSA ", "ES256", "RS256", "PS256", "Ed448", ["EdDSA"], None, 0]
    return forge(HEADER | {"alg": rng.choice(names)}, good.payload)


@family
def more_headers(good: Good, rng: Random) -> str:
    values: dict[str, Any] = {
        "crit": ["exp"],
        "b64": False,
        "jku": "http://127.0.0.1:9/jwks.json",
        "jwk": {"kty": "OKP", "crv": "Ed25519", "x": FOREIGN.x, "kid": HEADER["kid"]},
        "x5u": "https://attacker.example/cert",
        "x5c": ["AAAA"],
        "x5t": "AAAA",
        "x5t#S256": "AAAA",
        "zip": "DEF",
        "cty": "JWT",
        "enc": "A256GCM",
        "url": "x",
        "nonce": "x",
        "": "",
    }
    names = rng.sample(sorted(values), rng.randint(1, 3))
    key = FOREIGN if rng.random() < 0.3 else KEY
    return forge(HEADER | {name: values[name] for name in names}, good.payload, key)


@family
def fewer_headers(good: Good, rng: Random) -> str:
    left = dict(HEADER)
    for name in rng.sample(sorted(left), rng.randint(1, 3)):
        del left[name]
    return forge(left, good.payload)


@family
def other_types(good: Good, rng: Random) -> str:
    names = ["challenge+jwt", "response+jwt", "ticket+jwt", "JWT", "jwt", "at+jwt", "Clearance+JWT"]
    names += ["application/clearance+jwt", "clearance+jwt ", "", "clearance"]
    return forge(HEADER | {"typ": rng.choice([*names, odd(rng)])}, good.payload)


@family
def own_tokens_of_another_kind(good: Good, rng: Random) -> str:
    number = str(rng.randrange(10**9))
    ticket = Ticket(number, "main", "n", 0, 1, "e0", NOW, NOW, NOW + 60)
    return rng.choice(
        [OURS.sign_challenge(replace(CHALLENGE, id=number)), OURS.sign_ticket(ticket)]
    )


@family
def other_kids(good: Good, rng: Random) -> str:
    names = [FOREIGN.kid, "", KEY.kid[:-1], KEY.kid + "=", KEY.kid.swapcase(), "../keys.json", "\0"]
    kid = rng.choice([*names, [KEY.kid], {KEY.kid: 1}, odd(rng)])
    return forge(HEADER | {"kid": kid}, good.payload, rng.choice([KEY, FOREIGN]))


@family
def another_key(good: Good, rng: Random) -> str:
    return forge(HEADER, as_json(good.claims | {"jti": str(rng.random())}), FOREIGN)


@family
def other_signatures(good: Good, rng: Random) -> str:
    """What somebody can make of a good one: RFC 8032 lets none of it pass."""
    head, _, signature = good.token.rpartition(".")
    r, s = decode_bytes(signature)[:32], decode_bytes(signature)[32:]
    more = int.from_bytes(s, "little") + rng.randint(1, 15) * ORDER
    made = [
        r + more.to_bytes(33, "little")[:32],
        s + r,
        r + bytes(32),
        bytes(32) + s,
        bytes(64),
        b"\x01" + bytes(63),
        r + s + bytes(rng.randint(1, 8)),
        (r + s)[: rng.randrange(64)],
        bytes([r[0], *r[1:31], r[31] ^ 0x80]) + s,
        r + bytes(31) + b"\xff",
    ]
    return f"{head}.{b64(rng.choice(made))}"


@family
def other_base64(good: Good, rng: Random) -> str:
    """Signed as it is written, so only the spelling is wrong."""
    parts = [b64(HEADER), b64(good.payload)]
    at = rng.randrange(3)
    text = parts[at] if at < 2 else good.token.split(".")[2]
    cut = rng.randrange(1, len(text))
    space = rng.choice([" ", "\n", "\t", "\r\n", "=", "==", "%3D", "\0", "*"])
    spellings = [text + space, space + text, text[:cut] + space + text[cut:], text + "A"]
    if len(text) % 4:
        last = ALPHABET.index(text[-1])
        spellings.append(text[:-1] + ALPHABET[last ^ 1])
    if at == 2:
        return f"{good.token.rpartition('.')[0]}.{rng.choice(spellings)}"
    parts[at] = rng.choice(spellings)
    return sign(".".join(parts))


@family
def nested(good: Good, rng: Random) -> str:
    inner = rng.choice([good.token, f'"{good.token}"', good.token.split(".")[1]])
    for _ in range(rng.randint(1, 2)):
        inner = forge(HEADER | rng.choice([{}, {"cty": "JWT"}]), inner.encode())
    return inner


@family
def json_serialisation(good: Good, rng: Random) -> str:
    protected, payload, signature = good.token.split(".")
    one = {"protected": protected, "signature": signature}
    flat = one | {"payload": payload}
    general = {"payload": payload, "signatures": [one] * rng.randint(1, 3)}
    whole: dict[str, Any] = rng.choice([flat, general, flat | {"header": {"kid": "k"}}])
    text = json.dumps(whole, indent=rng.choice([None, 1]))
    return rng.choice([text, b64(text.encode()), f"{text}.{good.token}", f" {text}"])


# -- the claims -----------------------------------------------------------------------------


@family
def odd_times(good: Good, rng: Random) -> str:
    names = rng.sample(["exp", "nbf", "iat"], rng.randint(1, 3))
    texts = ["1900000000", "", f"{NOW}", "0x7fffffff"]
    return forge(HEADER, as_json(good.claims | {n: rng.choice([*texts, odd(rng)]) for n in names}))


@family
def out_of_time(good: Good, rng: Random) -> str:
    far = rng.randint(31, 10**9)
    ended = {"issued": NOW - far - 1800, "not_before": NOW - far - 1800, "expires": NOW - far}
    return good.other(
        **rng.choice([ended, {"not_before": NOW + far}, {"issued": NOW + far}, {"expires": -far}])
    )


@family
def for_another_site(good: Good, rng: Random) -> str:
    sites = ["other", "", "Main", "main ", "main\0", ["main"], ["main", "other"], {"main": 1}]
    return forge(HEADER, as_json(good.claims | {"aud": rng.choice([*sites, odd(rng)])}))


@family
def by_another_issuer(good: Good, rng: Random) -> str:
    issuers = ["other", "", "Tallygate", "tallygate ", ["tallygate"]]
    return forge(HEADER, as_json(good.claims | {"iss": rng.choice([*issuers, odd(rng)])}))


@family
def odd_claims(good: Good, rng: Random) -> str:
    claims: dict[str, Any] = dict(good.claims)
    for name in rng.sample(["sub", "first", "jti", "epoch", "budget", "cnf"], rng.randint(1, 3)):
        claims[name] = rng.choice([odd(rng), "20" if name in ("first", "budget") else 20])
    claims["cnf"] = rng.choice([{"jkt": odd(rng)}, {}, [], "jkt", 1])
    return forge(HEADER, as_json(claims))


@family
def claims_left_out(good: Good, rng: Random) -> str:
    claims = dict(good.claims)
    for name in rng.sample(sorted(claims), rng.randint(1, 4)):
        del claims[name]
    return forge(HEADER, as_json(claims))


@family
def claims_twice(good: Good, rng: Random) -> str:
    """The last one is as it should be, and so is the first."""
    name = rng.choice(sorted(good.claims))
    again = f'"{name}":{json.dumps(good.claims[name])}'.encode()
    if rng.random() < 0.5:
        return forge(HEADER, b"{" + again + b"," + good.payload[1:])
    return forge(HEADER, good.payload[:-1] + b"," + again + b"}")


@family
def headers_twice(good: Good, rng: Random) -> str:
    name = rng.choice(sorted(HEADER))
    text = as_json(HEADER)[:-1] + f', "{name}": {json.dumps(HEADER[name])}}}'.encode()
    return sign(f"{b64(text)}.{b64(good.payload)}")


@family
def no_json(good: Good, rng: Random) -> str:
    whole, opened = good.payload, good.payload[:-1]
    texts = [b"", b"null", b"[]", b'"text"', b"7", b"\0" * 40, b"\xef\xbb\xbf" + whole,
             whole + b"x", whole + whole, opened, opened + b",}", b"/**/" + whole,
             whole.replace(b'"', b"'"),
             whole.decode().encode("utf-16"), opened + b',"x":"\xff"}',
             opened + b',"x":"\\ud800"}',
             opened + b',"x":' + b"[" * 400 + b"]" * 400 + b"}", opened + b',"x":NaN}',
             opened + b',"x":1e999}']  # fmt: skip
    text = rng.choice(texts)
    if rng.random() < 0.3:
        return sign(f"{b64(text)}.{b64(good.payload)}")
    return forge(HEADER, text)


@family
def too_long(good: Good, rng: Random) -> str:
    claims = good.claims | {"more": "x" * rng.choice([1500, 5000, 100_000])}
    return forge(HEADER, as_json(claims))


def hostile() -> list[tuple[str, str]]:
    """2,000 different ones, each with its family."""
    rng = Random(1907)
    made: dict[str, str] = {}
    while len(made) < TOKENS:
        name = list(FAMILIES)[len(made) % len(FAMILIES)]
        made[FAMILIES[name](Good(rng), rng)] = name
    return [(name, token) for token, name in made.items()]
