"""Waiting instead of solving: for visitors without scripts.

Joining the queue stores nothing: the ticket is signed and says which network it is for. The sale
is made when the due ticket comes back, like any other.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace

from ..core.bands import Wanted
from ..core.models import Client, Sale, Ticket
from ..errors import StoreUnavailable, TokenRefused
from ..keys import decode_bytes, encode_bytes
from ..tokens import Tokens
from .books import DAY, Books
from .minting import Mint
from .selling import Order, Seller

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
        seller: Seller,
        *,
        site: str,
        clock: Callable[[], float],
    ) -> None:
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._seller = seller
        self._site = site
        self._clock = clock

    def join(self, client: Client, units: int) -> str:
        """See :meth:`challenge.tally.Tally.join_queue`."""
        now = self._clock()
        issued, day = int(now), int(now) // DAY
        network = self._books.network_on(day, client, now)
        if network is None:
            raise StoreUnavailable("the day has no key")
        ticket = Ticket(
            id=self._mint.new_id(),
            site=self._site,
            network=encode_bytes(network),
            day=day,
            least=min(units, UNITS),
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
        network = self._books.network_on(ticket.day, client, now)
        if network is None or not hmac.compare_digest(encode_bytes(network), ticket.network):
            raise TokenRefused("another network's ticket", code="network_changed")
        order = Order(
            id=decode_bytes(ticket.id),
            digest=hashlib.sha256(token.encode()).digest(),
            expires=ticket.expires,
            epoch=ticket.epoch,
            wanted=Wanted(UNITS, ticket.least, max_wait_ms=0),
        )
        return self._seller.sell(order, replace(client, scripts=False), now)
