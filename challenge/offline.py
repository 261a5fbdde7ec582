"""Verifying a clearance away from the gate: in another service, without its store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .core.models import Clearance
from .errors import ConfigError, TokenRefused
from .jose import LEEWAY
from .jwks import JwksClient, read_keys
from .tokens import ISSUER, read_clearance

#: URLs whose key sets a process keeps
CLIENTS_MAX = 16

_lock = threading.Lock()


def verify(
    token: str,
    *,
    jwks: str | Mapping[str, Any],
    audience: str,
    issuer: str | None = None,
    leeway: int = LEEWAY,
) -> Clearance:
    """The clearance, if the site has sold it and it has not ended (JWT, RFC 7519).

    That is all it proves. What is left of the budget, and whether another sale has taken its
    place, only the gate knows.

    :param token: the clearance, as the visitor's cookie has it.
    :param jwks: the site's public keys: the URL of its `jwks.json` (https or loopback; fetched when
        needed and kept for five minutes), or the key set itself.
    :param audience: the site key.
    :param issuer: who must have issued it; by default `tallygate`, as every gate does.
    :param leeway: seconds that clocks may differ by, on `exp` and `iat`.
    :raises TokenRefused: `token_malformed`, `bad_signature`, `key_unknown`, `wrong_audience`,
        `wrong_issuer`; `jwks_unavailable` if the keys can't be had; :class:`Expired` (`expired`;
        also for one of an older form) and :class:`TooEarly` (`too_early`).
    :raises ConfigError: for other arguments than these: `jwks_url`, `jwks_malformed`,
        `misconfigured`.
    """
    issuer = ISSUER if issuer is None else issuer
    if not isinstance(audience, str) or not isinstance(issuer, str):
        raise ConfigError("audience and issuer are texts")
    if type(leeway) is not int or leeway < 0:
        raise ConfigError("leeway is a number of whole seconds")
    key_of = _finder(jwks)
    if type(token) is not str:
        raise TokenRefused(f"a {type(token).__name__}", code="token_malformed")
    return read_clearance(
        token, key_of, site=audience, issuer=issuer, now=time.time(), leeway=leeway
    )


def _finder(jwks: object) -> Callable[[str], Ed25519PublicKey]:
    if isinstance(jwks, str):
        # Without the lock, threads that come at once would each make a client and fetch.
        with _lock:
            return _client(jwks).key
    if not isinstance(jwks, Mapping):
        raise ConfigError("jwks is a URL or a key set", code="jwks_malformed")
    keys = read_keys(jwks)

    def find(kid: str) -> Ed25519PublicKey:
        if kid not in keys:
            raise TokenRefused("kid is not in the set", code="key_unknown")
        return keys[kid]

    return find


@lru_cache(CLIENTS_MAX)
def _client(url: str) -> JwksClient:
    return JwksClient(url, clock=time.monotonic)
