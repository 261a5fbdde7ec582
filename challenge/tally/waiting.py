"""Waiting instead of solving: for visitors without scripts.

Joining the queue stores nothing: the ticket is signed and says which network it is for. The sale
is made when the due ticket comes back, like any other: for later, if the bands are empty.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from math import ceil

from ..core.bands import Wanted
from ..core.models import Client, Sale, Ticket
from ..errors import StoreUnavailable, TokenRefused
from ..keys import decode_bytes, encode_bytes
from ..tokens import Tokens
from .books import DAY, Books
from .marks import Marks
from .minting import Mint
from .selling import KEPT, Order, Seller, backlog_ms

#: seconds of waiting at least, and at most: a ticket must not outlive the key that signs it
WAIT, LONGEST_WAIT = 30, 480
#: units of a sale
UNITS = 5


def due_in(wait: int) -> int:
    """Seconds until a ticket is due whose holder would have to wait that long."""
    return min(max(wait, WAIT), LONGEST_WAIT)


class Waiter:
    """Gives tickets, and sells for those that are due."""

    def __init__(
        self,
        mint: Mint,
        tokens: Tokens,
        books: Books,
        seller: Seller,
        marks: Marks,
        *,
        site: str,
        lifetime: int,
        clock: Callable[[], float],
    ) -> None:
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._seller = seller
        self._marks = marks
        self._site = site
        self._backlog_ms = backlog_ms(lifetime)
        self._clock = clock

    def join(self, client: Client, units: int, wait: int) -> str:
        """See :meth:`challenge.tally.Tally.join_queue`."""
        self._marks.refuse(client)
        now = self._clock()
        issued, day = int(now), int(now) // DAY
        due = issued + due_in(wait)
        network = self._books.network_on(day, client, now)
        if network is None:
            raise StoreUnavailable("the day has no key")
        ticket = Ticket(
            id=self._mint.new_id(),
            site=self._site,
            network=encode_bytes(network),
            day=day,
            least=min(units, UNITS),
            epoch=self._books.epoch(),
            issued=issued,
            due=due,
            expires=due + KEPT,
        )
        return self._tokens.sign_ticket(ticket)

    def foresee(self, client: Client, units: int) -> int:
        """See :meth:`challenge.tally.Tally.foresee_wait`."""
        least = min(units, UNITS)
        wanted = Wanted(least, least, self._backlog_ms)
        now = self._clock()
        return ceil(self._books.wait_ms(replace(client, scripts=False), wanted, now) / 1000)

    def collect(self, token: str, client: Client) -> Sale:
        """See :meth:`challenge.tally.Tally.collect`."""
        self._marks.refuse(client)
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
            wanted=Wanted(UNITS, ticket.least, self._backlog_ms),
        )
        return self._seller.sell(order, replace(client, scripts=False), now)
