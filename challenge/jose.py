"""Strict JSON Web Signatures: one algorithm a key, never the header's choice, one spelling.

PyJWT signs and checks signatures (RFC 7515, RFC 8037); what is around them is checked here.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

import jwt

from .errors import Expired, Malformed, TokenRefused, TooEarly
from .keys import decode_bytes
from .strict import read_object
from .wire import TOKEN_MAX

#: seconds that clocks may differ by, on `exp` and `iat`
LEEWAY = 30
T = TypeVar("T")


class Verified(Generic[T]):
    """What tokens say whose signature was good, by SHA-256 of the token; oldest fall out.

    What is kept is what the token alone decides. Whoever looks here has still to ask whether the
    key is good now, and what time it is.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, T] = OrderedDict()

    def get(self, token: str) -> T | None:
        """What such a token said, if its signature was good before."""
        if len(token) > TOKEN_MAX:
            return None
        digest = _digest(token)
        with self._lock:
            said = self._kept.get(digest)
            if said is not None:
                self._kept.move_to_end(digest)
            return said

    def put(self, token: str, said: T) -> None:
        """Remember that a token's signature was good, and what it said."""
        digest = _digest(token)
        with self._lock:
            self._kept[digest] = said
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)


def _digest(token: str) -> bytes:
    # Not every text that a client sends is well-formed; none of those was ever put here.
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def sign(claims: Mapping[str, Any], key: Any, algorithm: str, headers: dict[str, Any]) -> str:
    """A JWT; the same claims and key always give the same text."""
    payload = json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()
    return jwt.PyJWS().encode(payload, key, algorithm=algorithm, headers=headers)


def verify(token: str, key: Any, algorithm: str) -> bytes:
    """The payload, if the key has signed it.

    :raises TokenRefused: `bad_signature`.
    """
    try:
        payload: bytes = jwt.PyJWS().decode(token, key, algorithms=[algorithm])
    except jwt.InvalidTokenError as error:
        raise TokenRefused(str(error), code="bad_signature") from error
    return payload


def verify_any(token: str, keys: Sequence[bytes], algorithm: str) -> bytes:
    """As `verify`, with one of several keys: the one that signs, or one just retired."""
    for key in keys[:-1]:
        with suppress(TokenRefused):
            return verify(token, key, algorithm)
    return verify(token, keys[-1], algorithm)


def read_header(token: str, *, algorithm: str, kind: str, names: set[str]) -> dict[str, Any]:
    """The header, if it has exactly the members that our own tokens have.

    So `crit`, `jku`, `jwk`, `x5u`, `b64` and whatever comes next are refused unread.

    :raises TokenRefused: `token_malformed`.
    """
    if len(token) > TOKEN_MAX:
        raise TokenRefused(f"{len(token)} characters", code="token_malformed")
    try:
        encoded, _, _ = parts = token.split(".")
        for part in parts:
            decode_bytes(part)
        header = read_object(decode_bytes(encoded), limit=TOKEN_MAX)
    except (ValueError, Malformed) as error:
        raise TokenRefused(str(error), code="token_malformed") from error
    if header.keys() != names or header["alg"] != algorithm or header["typ"] != kind:
        raise TokenRefused("header", code="token_malformed")
    return header


def read_claims(payload: bytes) -> dict[str, Any]:
    """A payload's claims, read strictly.

    :raises TokenRefused: `token_malformed`.
    """
    try:
        return read_object(payload, limit=TOKEN_MAX)
    except Malformed as error:
        raise TokenRefused(str(error), code="token_malformed") from error


def check_times(
    issued: object,
    not_before: object,
    expires: object,
    *,
    now: float,
    leeway: int = LEEWAY,
    grace: int = 0,
) -> None:
    """Check a token's times, Unix seconds; `nbf` has no leeway.

    :param leeway: seconds that clocks may differ by, on `exp` and `iat`.
    :param grace: seconds for which a token that has ended passes all the same.
    :raises TokenRefused: :class:`Expired`, :class:`TooEarly`, or if a time is no whole number.
    """
    if not (type(issued) is int and type(not_before) is int and type(expires) is int):
        raise TokenRefused("a time is no whole number", code="token_malformed")
    if now >= expires + leeway + grace:
        raise Expired(f"{now - expires:.0f} s ago")
    if issued > now + leeway:
        raise TokenRefused("issued in the future", code="token_malformed")
    if now < not_before:
        raise TooEarly(retry_in_ms=int((not_before - now) * 1000) + 1)
