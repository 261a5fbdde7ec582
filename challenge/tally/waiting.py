"""Waiting instead of solving: for visitors without scripts.

Joining the queue stores nothing: the ticket is signed and says which network it is for. The sale
is made when the due ticket comes back, through the same spent row and the same bands.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from math import ceil

from ..core.bands import Wanted
from ..core.models import Clearance, Client, Sale, Ticket
from ..core.visitors import Purchase, first_purchase
from ..errors import Expired, InProgress, Queued, Spent, StoreUnavailable, TokenRefused
from ..keys import decode_bytes, encode_bytes
from ..tokens import LEEWAY, Tokens
from .books import DAY, Books
from .minting import Mint, read_claims, write_claims
from .redeeming import HALT_SECONDS, SPENT_MARGIN, Redeemer

#: seconds of waiting, and for how long the place is kept after them
WAIT = 30
KEPT = 120
#: units of a sale
UNITS = 5


class Waiter:
    """Gives tickets, and sells for those that are due."""

    def __init__(
        self,
        mint: Mint,
        tokens: Tokens,
        books: Books,
        redeemer: Redeemer,
        *,
        site: str,
        clock: Callable[[], float],
    ) -> None:
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._redeemer = redeemer
        self._site = site
        self._clock = clock

    def join(self, client: Client) -> str:
        """See :meth:`challenge.tally.Tally.join_queue`."""
        now = self._clock()
        issued, day = int(now), int(now) // DAY
        network = self._books.network_on(day, client.address, now)
        if network is None:
            raise StoreUnavailable("the day has no key")
        ticket = Ticket(
            id=self._mint.new_id(),
            site=self._site,
            network=encode_bytes(network),
            day=day,
            epoch=self._books.store.epoch,
            issued=issued,
            due=issued + WAIT,
            expires=issued + WAIT + KEPT,
        )
        return self._tokens.sign_ticket(ticket)

    def collect(self, token: str, client: Client) -> Sale:
        """See :meth:`challenge.tally.Tally.collect`."""
        now = self._clock()
        ticket = self._tokens.read_ticket(token, now)
        if ticket.epoch != self._books.store.epoch:
            raise Expired("another epoch", code="store_changed")
        network = self._books.network_on(ticket.day, client.address, now)
        if network is None or not hmac.compare_digest(encode_bytes(network), ticket.network):
            raise TokenRefused("another network's ticket", code="network_changed")
        store, ticket_id = self._books.store, decode_bytes(ticket.id)
        digest = hashlib.sha256(token.encode()).digest()
        expires = ticket.expires + LEEWAY + SPENT_MARGIN
        claims = write_claims(self._mint.clearance(now, epoch=ticket.epoch))
        at = self._clock()
        # A process that was halted since the check: the mark of a sale may be gone.
        if at >= ticket.expires + LEEWAY + HALT_SECONDS:
            raise Expired("halted between check and spend")
        spending = store.spend(ticket_id, digest, claims, now=at, expires=expires)
        if spending.state == "pending":
            raise InProgress()
        if spending.state not in ("won", "granted"):
            raise Spent(ticket.id)
        clearance = read_claims(spending.claims)
        if spending.state == "won":
            clearance = self._grant(ticket_id, clearance, client, spending.since)
        return self._redeemer.sale(clearance, now)

    def _grant(
        self, ticket_id: bytes, clearance: Clearance, client: Client, now: float
    ) -> Clearance:
        books = self._books
        waiting = replace(client, scripts=False)
        granted = books.reserve(waiting, ticket_id, Wanted(UNITS, 1, max_wait_ms=0), now)
        if not granted.units:
            books.store.unspend(ticket_id, since=now)
            retry = ceil(granted.retry_ms / 1000)
            raise Queued("the band is empty", code="network_busy", retry_after=retry)
        clearance = replace(clearance, budget=granted.units)
        key = books.visitor_key(clearance.visitor, now)
        if key is None:
            raise StoreUnavailable("the day has no key")
        sale = Purchase(
            challenge=ticket_id,
            number=0,
            jti=clearance.jti,
            thumbprint="",
            units=granted.units,
            start=0,
            network=books.home(clearance.visitor, client.address, now),
            ends=clearance.expires,
            expires=clearance.expires + LEEWAY,
        )
        books.store.open(key, first_purchase(sale))
        books.store.settle(ticket_id, "granted", write_claims(clearance), since=now)
        return clearance
