"""Redeem: what can be said of a solved challenge before any state is looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ..config import Settings
from ..core import puzzles
from ..core.bands import Wanted
from ..core.models import Client, Sale
from ..errors import Expired, Unsolved
from ..keys import decode_bytes
from ..proofs import thumbprint
from ..tokens import Tokens
from ..wire import read_redemption
from .selling import Order, Seller

BUYS_CLEARANCE = "clearance"
#: how long a sale may let wait for its units
BACKLOG_MS = 600_000


class Redeemer:
    """Turns solved challenges into sales."""

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        seller: Seller,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._tokens = tokens
        self._seller = seller
        self._clock = clock
        # A unit for later has to be of use before the clearance ends.
        self._backlog_ms = min(BACKLOG_MS, settings.lifetime * 500)

    def redeem(self, body: bytes, client: Client) -> Sale:
        """See :meth:`challenge.tally.Tally.redeem`."""
        now = self._clock()
        return self._seller.sell(self._order(body, now), client, now)

    def _order(self, body: bytes, now: float) -> Order:
        redemption = read_redemption(body)
        challenge = self._tokens.read_challenge(redemption.challenge, now, buys=BUYS_CLEARANCE)
        try:
            kind = puzzles.get(challenge.puzzle.kind)
        except KeyError as error:
            raise Expired(f"puzzle kind {challenge.puzzle.kind!r} is gone") from error
        answers = kind.parse(redemption.answers, challenge.puzzle)
        seed = puzzles.seed(redemption.challenge)
        if not kind.meets_targets(seed, challenge.puzzle, answers):
            raise Unsolved("a target is missed")
        proved = ""
        if redemption.key is not None:
            proved = thumbprint(redemption.key, redemption.proof, redemption.challenge)
        return Order(
            id=decode_bytes(challenge.id),
            digest=hashlib.sha256(body).digest(),
            expires=challenge.expires,
            epoch=challenge.epoch,
            wanted=Wanted(challenge.budget, challenge.least, self._backlog_ms),
            confirm=lambda: kind.confirm(seed, challenge.puzzle, answers),
            visitor=challenge.visitor,
            number=challenge.sales,
            thumbprint=proved,
        )
