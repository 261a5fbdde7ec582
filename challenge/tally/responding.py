"""Responses: what a form posts, and what its site asks about it, once.

A solved challenge becomes a response without units or a cookie. Whoever knows the site's secret
may ask of a response once whether it is good. Those for tests leave no trace: nothing is spent or
counted for them, and they are for no site, so that nobody who verifies takes one for the site's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from math import ceil

from ..config import TEST_FAIL, TEST_KEYS
from ..core.canonical import canonical
from ..core.models import Challenge, Client, Receipt, Response
from ..errors import Expired, Queued, Spent, TokenRefused, Unsolved
from ..keys import Keys, decode_bytes
from ..tokens import Tokens
from ..wire import BUYS_RESPONSE, read_answered
from .books import RESPONSE_BAND, Books
from .failing import Failures
from .minting import Mint
from .solving import solved
from .spending import Spender

#: seconds for which a response is good
LIFETIME = 300
RANDOM_BYTES = 16


class Responder:
    """Gives responses for solved challenges, and verifies them."""

    def __init__(
        self,
        keys: Keys,
        tokens: Tokens,
        mint: Mint,
        books: Books,
        spender: Spender,
        failures: Failures,
        *,
        clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._mint = mint
        self._books = books
        self._spender = spender
        self._failures = failures
        self._clock = clock
        self._random = random

    def respond(self, body: bytes, client: Client, hostname: str) -> Receipt:
        """See :meth:`challenge.tally.Tally.respond`."""
        now = self._clock()
        with self._failures.counted(client, now):
            return self._given(body, client, hostname, now)

    def _given(self, body: bytes, client: Client, hostname: str, now: float) -> Receipt:
        answered = read_answered(body)
        done = solved(answered.challenge, answered.answers, self._tokens, now, buys=BUYS_RESPONSE)
        challenge, store = done.challenge, self._books.store
        if challenge.epoch != self._books.epoch():
            raise Expired("another epoch", code="store_changed")
        response = self._response(challenge, hostname, int(now))
        if challenge.site in TEST_KEYS:
            return self._receipt(response, now)
        spent, digest = decode_bytes(challenge.id), hashlib.sha256(body).digest()
        claims = json.dumps(asdict(response)).encode()
        spending = self._spender.spend(
            spent, digest, claims, epoch=challenge.epoch, expires=challenge.expires
        )
        if spending.state == "other":
            raise Spent("by another body")
        if spending.state == "failed":
            raise Unsolved("as before")
        if spending.state == "won":
            if not done.confirm():
                store.settle(spent, "failed", b"unsolved", since=spending.since)
                raise Unsolved("the dear check failed")
            self._count(client, spent, spending.since)
            store.settle(spent, "granted", spending.claims, since=spending.since)
        return self._receipt(Response(**json.loads(spending.claims)), now)

    def _response(self, challenge: Challenge, hostname: str, issued: int) -> Response:
        return Response(
            site=challenge.site,
            action=challenge.action,
            jti=self._mint.new_id(),
            kid=self._keys.current.kid,
            hostname=hostname,
            cdata=challenge.cdata,
            epoch=challenge.epoch,
            issued=issued,
            expires=issued + LIFETIME,
        )

    def _receipt(self, given: Response, now: float) -> Receipt:
        return Receipt(self._tokens.sign_response(given), max(0, given.expires - int(now)))

    def verify(self, token: str, idempotency_key: str) -> Response:
        """See :meth:`challenge.tally.Tally.verify_response`."""
        now = self._clock()
        response = self._tokens.read_response(token, now)
        if response.epoch != self._books.epoch():
            raise Expired("another epoch", code="store_changed")
        if response.site == TEST_FAIL:
            raise TokenRefused("made to fail", code="test_failed")
        if response.site in TEST_KEYS:
            return response
        # Without a key every call is another caller's.
        caller = idempotency_key.encode() or self._random(RANDOM_BYTES)
        digest = hashlib.sha256(canonical("challenge/v1/siteverify", caller)).digest()
        spent = decode_bytes(response.jti)
        spending = self._spender.spend(
            spent, digest, b"", epoch=response.epoch, expires=response.expires
        )
        if spending.state == "other":
            raise Spent("asked before")
        if spending.state == "won":
            self._books.store.settle(spent, "granted", b"", since=spending.since)
        return response

    def _count(self, client: Client, reservation: bytes, since: float) -> None:
        """Take one response out of the network's band, or leave the challenge as it was."""
        granted = self._books.take("response", client, RESPONSE_BAND, reservation, since)
        if not granted.units:
            self._books.store.unspend(reservation, since=since)
            retry = ceil(granted.retry_ms / 1000)
            raise Queued("too many responses", code="network_busy", retry_after=retry)
