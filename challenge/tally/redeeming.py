"""Redeem: a solved challenge becomes an order for units."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..config import Settings
from ..core.bands import Wanted
from ..core.interactions.evidence import check
from ..core.models import Client, Sale
from ..keys import decode_bytes
from ..proofs import thumbprint
from ..tokens import Tokens
from ..wire import BUYS_CLEARANCE, read_redemption
from .failing import Failures
from .marks import Marks
from .selling import Order, Seller, backlog_ms
from .solving import solved


class Redeemer:
    """Turns solved challenges into sales."""

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        seller: Seller,
        failures: Failures,
        marks: Marks,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._tokens = tokens
        self._seller = seller
        self._failures = failures
        self._marks = marks
        self._clock = clock
        self._backlog_ms = backlog_ms(settings.lifetime)

    def redeem(self, body: bytes, client: Client) -> Sale:
        """See :meth:`challenge.tally.Tally.redeem`."""
        now = self._clock()
        with self._failures.counted(client, now):
            order = self._order(body, now)
            if order.visitor is None or not order.thumbprint:
                self._marks.refuse(client)
            return self._seller.sell(order, client, now)

    def _order(self, body: bytes, now: float) -> Order:
        redemption = read_redemption(body)
        done = solved(
            redemption.challenge, redemption.answers, self._tokens, now, buys=BUYS_CLEARANCE
        )
        challenge = done.challenge
        passed_ms = int((now - challenge.issued) * 1000)
        check(challenge.interaction, redemption.interaction, redemption.challenge, passed_ms)
        proved = ""
        if redemption.key is not None:
            proved = thumbprint(redemption.key, redemption.proof, redemption.challenge)
        return Order(
            id=decode_bytes(challenge.id),
            digest=hashlib.sha256(body).digest(),
            expires=challenge.expires,
            epoch=challenge.epoch,
            wanted=Wanted(challenge.budget, challenge.least, self._backlog_ms, challenge.lane),
            confirm=done.confirm,
            visitor=challenge.visitor,
            number=challenge.sales,
            factor=challenge.factor,
            sketch=decode_bytes(challenge.sketch),
            thumbprint=proved,
        )
