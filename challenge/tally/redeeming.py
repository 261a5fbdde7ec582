"""Redeem: a solved challenge becomes a sale, once.

The order is DESIGN's: what costs nothing first, then the target hashes, then the spent row, then
the reservation, and the visitor's record last.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from ..config import Settings
from ..core import puzzles
from ..core.bands import Granted, Wanted
from ..core.models import Challenge, Clearance, Client, Sale
from ..core.puzzles import Kind
from ..core.visitors import Purchase, Visitor, first_purchase
from ..errors import (
    BudgetFull,
    ChallengeError,
    Expired,
    InProgress,
    KeyRequired,
    Queued,
    Spent,
    Stale,
    StoreUnavailable,
    Unsolved,
)
from ..keys import decode_bytes
from ..proofs import thumbprint
from ..stores.base import Spending
from ..tokens import LEEWAY, Tokens
from ..wire import Redemption, read_redemption
from .books import Books
from .minting import Mint, read_claims, write_claims

log = logging.getLogger("challenge")

BUYS_CLEARANCE = "clearance"
#: a redeem that meets another of the same body looks again this often, for at most a second
WAIT_STEP, WAIT_STEPS = 0.05, 20
#: seconds that may pass between a challenge's check and its spending
HALT_SECONDS = 2
#: seconds that a spent row outlives the last moment at which its challenge could be redeemed
SPENT_MARGIN = 60
#: how long a sale may let wait for its units
BACKLOG_MS = 600_000
#: seconds after its end for which a clearance can be renewed by its browser key
RENEWABLE = 24 * 3600
#: how it ended, for the same body: the code kept in a failed row, and the error it stands for
FAILURES: dict[bytes, type[ChallengeError]] = {b"unsolved": Unsolved, b"stale": Stale}


@dataclass(frozen=True, slots=True)
class Order:
    """A redemption that has passed every check which needs no state."""

    id: bytes
    challenge: Challenge
    kind: Kind
    seed: bytes
    answers: tuple[int, ...]
    thumbprint: str


class Redeemer:
    """Turns solved challenges into sales."""

    def __init__(
        self,
        settings: Settings,
        mint: Mint,
        tokens: Tokens,
        books: Books,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._clock = clock
        self._sleep = sleep
        self._waiter = threading.Semaphore(1)

    def redeem(self, body: bytes, client: Client) -> Sale:
        """See :meth:`challenge.tally.Tally.redeem`."""
        now = self._clock()
        order = self._check(read_redemption(body), now)
        buyer = self._buyer(order, now)
        spending = self._spend(order, body, buyer, now)
        if spending.state == "other":
            raise Spent(order.challenge.id)
        if spending.state == "failed":
            raise FAILURES[spending.claims]("as before")
        clearance = read_claims(spending.claims)
        if spending.state == "won":
            # From here on `now` is also which win this is: a slower one settles nothing.
            clearance = self._grant(order, clearance, buyer, client, spending.since)
        return self.sale(clearance, now)

    def _check(self, redemption: Redemption, now: float) -> Order:
        """Everything that can be refused before any state is looked at."""
        challenge = self._tokens.read_challenge(redemption.challenge, now, buys=BUYS_CLEARANCE)
        if challenge.epoch != self._books.store.epoch:
            raise Expired("another epoch", code="store_changed")
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
        return Order(decode_bytes(challenge.id), challenge, kind, seed, answers, proved)

    def _buyer(self, order: Order, now: float) -> Visitor | None:
        """The record that the challenge renews, or copies from.

        :raises KeyRequired: if it is another key's.
        """
        visitor = order.challenge.visitor
        record = self._books.record(visitor, now) if visitor is not None else None
        if record is None or not record.thumbprint:
            return record
        if record.thumbprint != order.thumbprint:
            raise KeyRequired("a renewal without the record's key")
        return record

    def _spend(self, order: Order, body: bytes, buyer: Visitor | None, now: float) -> Spending:
        """Spend the challenge, waiting for at most one second if its body is being redeemed."""
        digest = hashlib.sha256(body).digest()
        claims = write_claims(self._minted(order, buyer, now))
        expires = order.challenge.expires + LEEWAY + SPENT_MARGIN

        def attempt() -> Spending:
            at = self._clock()
            # A process that was halted since the check: the mark of who came first may be gone.
            if at >= order.challenge.expires + LEEWAY + HALT_SECONDS:
                raise Expired("halted between check and spend")
            return self._books.store.spend(order.id, digest, claims, now=at, expires=expires)

        spending = attempt()
        if spending.state != "pending":
            return spending
        # One waiter a process: a flood of copies must not take every thread.
        if not self._waiter.acquire(blocking=False):
            raise InProgress()
        try:
            for _ in range(WAIT_STEPS):
                self._sleep(WAIT_STEP)
                spending = attempt()
                if spending.state != "pending":
                    return spending
        finally:
            self._waiter.release()
        raise InProgress()

    def _minted(self, order: Order, buyer: Visitor | None, now: float) -> Clearance:
        """The clearance as far as it is fixed before it is known what the bands give."""
        renews = buyer is not None and buyer.thumbprint != ""
        return self._mint.clearance(
            now,
            epoch=order.challenge.epoch,
            visitor=order.challenge.visitor if renews else None,
            thumbprint=order.thumbprint,
        )

    def _grant(
        self,
        order: Order,
        clearance: Clearance,
        buyer: Visitor | None,
        client: Client,
        now: float,
    ) -> Clearance:
        store = self._books.store
        if not order.kind.confirm(order.seed, order.challenge.puzzle, order.answers):
            store.settle(order.id, "failed", b"unsolved", since=now)
            raise Unsolved("the dear check failed")
        renews = buyer is not None and buyer.thumbprint != ""
        granted = self._reserve(order, buyer if renews else None, client, now)
        # Against the pending row's own time, so that who takes over mints the same token; the
        # whole seconds of that, and those of selling, are no waiting.
        waits = granted.start_ms >= (clearance.issued + 2) * 1000
        start = ceil(granted.start_ms / 1000) if waits else 0
        if start and not renews:
            clearance = replace(clearance, not_before=start)
        clearance = replace(clearance, budget=granted.units)
        sale = self._purchase(order, clearance, granted.units, start, client, now)
        key = self._books.visitor_key(clearance.visitor, now)
        if key is None:
            raise StoreUnavailable("the day has no key")
        if not renews:
            store.open(key, first_purchase(sale, buyer.charged if buyer else b""))
        elif not store.top_up(key, sale, now=now):
            if store.settle(order.id, "failed", b"stale", since=now):
                self._books.release(client, order.id, now)
            raise Stale("renewed meanwhile")
        store.settle(order.id, "granted", write_claims(clearance), since=now)
        log.info("clearance sold", extra={"budget": granted.units})
        return clearance

    def _reserve(
        self, order: Order, renewed: Visitor | None, client: Client, now: float
    ) -> Granted:
        """Take the units out of the bands, or leave the challenge as if nobody had come."""
        units = order.challenge.budget
        if renewed is not None and renewed.last_challenge != order.id and now < renewed.ends:
            units = min(units, self._settings.budget - renewed.left)
        if units < 1:
            self._books.store.unspend(order.id, since=now)
            raise BudgetFull("nothing to add")
        # A unit for later has to be of use before the clearance ends.
        backlog = min(BACKLOG_MS, self._settings.lifetime * 500)
        granted = self._books.reserve(client, order.id, Wanted(units, 1, backlog), now)
        if not granted.units:
            self._books.store.unspend(order.id, since=now)
            retry = ceil(granted.retry_ms / 1000)
            raise Queued("the band is empty", code="network_busy", retry_after=retry)
        return granted

    def _purchase(
        self,
        order: Order,
        clearance: Clearance,
        units: int,
        start: int,
        client: Client,
        now: float,
    ) -> Purchase:
        # A record with a key can be renewed for a day after its clearance has ended.
        after = RENEWABLE if order.thumbprint else 0
        return Purchase(
            challenge=order.id,
            number=order.challenge.sales,
            jti=clearance.jti,
            thumbprint=order.thumbprint,
            units=units,
            start=start,
            network=self._books.home(clearance.visitor, client.address, now),
            ends=clearance.expires,
            expires=clearance.expires + LEEWAY + after,
        )

    def sale(self, clearance: Clearance, now: float) -> Sale:
        """What the buyer of a clearance is told."""
        record = self._books.record(clearance.visitor, now)
        return Sale(
            token=self._tokens.sign_clearance(clearance),
            budget=clearance.budget,
            remaining=record.left if record else 0,
            not_before_ms=max(0, ceil((clearance.not_before - now) * 1000)),
            expires_in=max(0, clearance.expires - int(now)),
            current=record is not None and record.jti == clearance.jti,
            renewable=clearance.thumbprint != "",
        )
