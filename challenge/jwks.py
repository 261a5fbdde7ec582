"""The public keys that clearances are verified with away from the gate, as a JWK set (RFC 7517)."""

from __future__ import annotations

import http.client
import io
import ipaddress
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import SplitResult, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .errors import ChallengeError, ConfigError, TokenRefused
from .keys import decode_bytes
from .strict import read_object

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

log = logging.getLogger("challenge")

#: of a key set; one of three keys has about 600
BYTES_MAX = 64 * 1024
#: seconds for one fetch, to the last byte
FETCH_SECONDS = 5.0
#: seconds for which a set is used without another look, and for which it still is while looks fail
FRESH, STALE = 300, 3600
#: seconds between two looks, whatever they are for
PAUSE = 30

PublicKeys = Mapping[str, Ed25519PublicKey]

# Printable ASCII; a host in other letters is written as DNS has it.
_URL = re.compile(r"[!-\[\]-~]+", re.ASCII)


def read_keys(jwks: Mapping[str, Any]) -> PublicKeys:
    """The keys of a JWK set that may verify EdDSA, by `kid`; others are passed over.

    :raises ConfigError: `jwks_malformed` if it is no JWK set, or two of the keys have one `kid`.
    """
    members = jwks.get("keys")
    if not isinstance(members, list):
        raise ConfigError("no list of keys", code="jwks_malformed")
    found: dict[str, Ed25519PublicKey] = {}
    for jwk in members:
        key = _read_key(jwk)
        if key is not None and found.setdefault(jwk["kid"], key) is not key:
            raise ConfigError("two keys with one kid", code="jwks_malformed")
    return found


def _read_key(jwk: object) -> Ed25519PublicKey | None:
    """The key, if it is Ed25519 (RFC 8037), has an id, and is for verifying."""
    try:
        # RFC 9864 calls the algorithm Ed25519, RFC 8037 EdDSA.
        if (
            isinstance(jwk, Mapping)
            and (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")
            and isinstance(jwk["kid"], str)
            and jwk.get("use", "sig") == "sig"
            and "verify" in jwk.get("key_ops", ["verify"])
            and jwk.get("alg", "EdDSA") in ("EdDSA", "Ed25519")
        ):
            return Ed25519PublicKey.from_public_bytes(decode_bytes(jwk["x"]))
    except (KeyError, TypeError, ValueError):
        pass
    return None


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: PublicKeys
    #: when it was asked for, by the client's clock
    at: float


class JwksClient:
    """The key set at a URL, fetched when it is needed. Safe to share between threads.

    A set is used for five minutes, and for an hour while the server fails. A `kid` that is not
    in it is looked for again. There is one look in 30 seconds at most, so that forged tokens and
    a server that is down cost little; whoever has the key need not wait for another's look.

    :param url: https, or http on a loopback address.
    :param clock: seconds that only go forward.
    :raises ConfigError: `jwks_url` for any other URL.
    """

    def __init__(self, url: str, *, clock: Callable[[], float]) -> None:
        self._parts = _split(url)
        self._clock = clock
        self._lock = threading.Lock()
        self._set = _KeySet({}, float("-inf"))
        self._looked = float("-inf")

    def key(self, kid: str) -> Ed25519PublicKey:
        """The key of this id.

        :raises TokenRefused: `key_unknown`; `jwks_unavailable` if there is no set to look in.
        """
        now, held = self._clock(), self._set
        usable = kid in held.keys and now - held.at < STALE
        if not usable or now - held.at >= FRESH:
            self._look(now, wait=not usable)
            held = self._set
        if now - held.at >= STALE:
            raise TokenRefused("no key set", code="jwks_unavailable")
        if kid not in held.keys:
            raise TokenRefused("kid is not in the set", code="key_unknown")
        return held.keys[kid]

    def _look(self, now: float, *, wait: bool) -> None:
        """Fetch the set, unless that was tried just now; a failure leaves the old one."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if now - self._looked >= PAUSE:
                self._looked = now
                body = read_object(_fetch(self._parts), limit=BYTES_MAX)
                self._set = _KeySet(read_keys(body), now)
        except (OSError, ValueError, http.client.HTTPException, ChallengeError) as error:
            log.warning("the key set at %s cannot be had: %r", self._parts.netloc, error)
        finally:
            self._lock.release()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").encode("idna"), parts.port
    except ValueError as error:
        raise ConfigError(f"jwks: {error}", code="jwks_url") from error
    if not (_URL.fullmatch(url) and host) or "@" in parts.netloc or "#" in url:
        raise ConfigError("jwks: a URL with a host, no user, no fragment", code="jwks_url")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host.decode())):
        raise ConfigError("jwks: https, or http to a loopback address", code="jwks_url")
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fetch(parts: SplitResult) -> bytes:
    """What is at the URL: no redirect is followed and no proxy used, for both may lead anywhere.

    :raises OSError: if it can't be had in time.
    :raises HTTPException: for any status but 200.
    """
    ends = time.monotonic() + FETCH_SECONDS
    address = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    with socket.create_connection(address, timeout=FETCH_SECONDS) as plain:
        if parts.scheme == "http":
            return _ask(plain, parts, ends)
        plain.settimeout(_left(ends))
        context = ssl.create_default_context()
        with context.wrap_socket(plain, server_hostname=parts.hostname) as secure:
            return _ask(secure, parts, ends)


def _ask(sock: socket.socket, parts: SplitResult, ends: float) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Accept: application/json"]
    # A cache in between may be as old as a set of ours.
    lines += ["Cache-Control: no-cache", "Connection: close", "", ""]
    sock.sendall("\r\n".join(lines).encode("ascii"))
    response = http.client.HTTPResponse(cast(socket.socket, _Until(sock, ends)), method="GET")
    response.begin()
    if response.status != 200:
        raise http.client.HTTPException(f"status {response.status}")
    return response.read(BYTES_MAX + 1)


class _Until(io.RawIOBase):
    """A socket that is read until a moment.

    Its own time-out is for each read: a server that sends a byte a second keeps within that.
    """

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock = sock
        self._ends = ends

    def makefile(self, mode: str) -> io.BufferedReader:
        """All that http.client wants of a socket."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._sock.settimeout(_left(self._ends))
        return self._sock.recv_into(buffer)


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"not done in {FETCH_SECONDS:.0f} s")
    return left
