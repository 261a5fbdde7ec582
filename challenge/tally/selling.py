"""Selling: what has been earned, by solving or by waiting, becomes units of a visitor, once.

The order is DESIGN's: the spent row, the dear check, the bands, and the visitor's record last.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

from ..core.bands import Granted, Wanted
from ..core.behaviour import FLAGGED_FROM, REPLAYED_FROM
from ..core.lanes import lane_of
from ..core.models import Clearance, Client, Identity, Lane, Sale
from ..core.purchases import Purchase, first_purchase
from ..core.visitors import Visitor
from ..errors import (
    BudgetFull,
    ChallengeError,
    Expired,
    KeyRequired,
    Queued,
    Spent,
    Stale,
    StoreUnavailable,
    Unsolved,
)
from ..jose import LEEWAY
from ..tokens import Tokens
from .books import Books, Reserved
from .marks import Marks
from .minting import Mint, read_claims, write_claims
from .replays import Replays
from .spending import Spender

log = logging.getLogger("challenge")

#: seconds after its end for which a clearance can be renewed by its browser key
RENEWABLE = 24 * 3600
#: how long a sale may let wait for its units, and the seconds for which the place is kept then
BACKLOG_MS = 600_000
KEPT = 120
#: how it ended, for the same body: the code kept in a failed row, and the error it stands for
FAILURES: dict[bytes, type[ChallengeError]] = {b"unsolved": Unsolved, b"stale": Stale}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sold, when every check that needs no state has been passed."""

    #: of the challenge or ticket: 16 bytes, sold for once
    id: bytes
    #: SHA-256 of the exact body: who repeats it is told the same
    digest: bytes
    #: the last moment at which it may be redeemed, but for the leeway
    expires: int
    epoch: str
    wanted: Wanted
    #: whether the dear check holds; asked by the one call that has spent the order
    confirm: Callable[[], bool] = lambda: True
    #: the visitor that reads on, and its sale number, if the order says so
    visitor: Identity | None = None
    number: int = 0
    #: what the report that came with the ask came to
    factor: int = 1
    #: keyed hashes of that report's movement, if it has any
    sketch: bytes = b""
    #: of the browser key that has signed the order; empty for a bearer
    thumbprint: str = ""


class Seller:
    """The one way by which units come to visitors."""

    def __init__(
        self,
        budget: int,
        mint: Mint,
        tokens: Tokens,
        books: Books,
        spender: Spender,
        marks: Marks,
        replays: Replays,
    ) -> None:
        self._budget = budget
        self._mint = mint
        self._tokens = tokens
        self._books = books
        self._spender = spender
        self._marks = marks
        self._replays = replays

    def sell(self, order: Order, client: Client, now: float) -> Sale:
        """Sell to the client, or say again what was sold for the same body.

        :raises ChallengeError: Expired, KeyRequired, Spent, InProgress, Unsolved, Stale,
            BudgetFull, Queued, StoreUnavailable.
        """
        if order.epoch != self._books.epoch():
            raise Expired("another epoch", code="store_changed")
        buyer = self._buyer(order, now)
        claims = write_claims(self._minted(order, buyer, now))
        spending = self._spender.spend(
            order.id, order.digest, claims, epoch=order.epoch, expires=order.expires
        )
        if spending.state == "other":
            raise Spent("by another body")
        if spending.state == "failed":
            raise FAILURES[spending.claims]("as before")
        clearance = read_claims(spending.claims)
        if spending.state == "won":
            clearance = self._grant(order, clearance, buyer, client, spending.since)
        return self._told(clearance, now)

    def _buyer(self, order: Order, now: float) -> Visitor | None:
        """The record that the order renews, or copies from.

        :raises KeyRequired: if it is another key's.
        """
        record = self._books.record(order.visitor, now) if order.visitor is not None else None
        if record is None or not record.thumbprint:
            return record
        if record.thumbprint != order.thumbprint:
            raise KeyRequired("a renewal without the record's key")
        return record

    def _minted(self, order: Order, buyer: Visitor | None, now: float) -> Clearance:
        """The clearance as far as it is fixed before it is known what the bands give."""
        return self._mint.clearance(
            now,
            epoch=order.epoch,
            visitor=order.visitor if _renews(buyer) else None,
            thumbprint=order.thumbprint,
        )

    def _grant(
        self,
        order: Order,
        clearance: Clearance,
        buyer: Visitor | None,
        client: Client,
        since: float,
    ) -> Clearance:
        """Make the sale.

        :param since: when the order was spent, which is also which win this is: who is taken
            over since then settles nothing. All is reckoned from it, so that who takes over
            mints the same token.
        """
        store = self._books.store
        if not order.confirm():
            store.settle(order.id, "failed", b"unsolved", since=since)
            raise Unsolved("the dear check failed")
        order = self._noted(order, order.visitor or clearance.visitor, since)
        reserved, sold = self._reserve(order, buyer, client, since)
        clearance = _filled(clearance, sold, renews=_renews(buyer))
        sale = self._purchase(order, clearance, sold, reserved.granted.units, client, since)
        key = self._books.visitor_key(clearance.visitor, since)
        if key is None:
            raise StoreUnavailable("the day has no key")
        if not _renews(buyer):
            store.open(key, first_purchase(sale, buyer))
        elif not store.top_up(key, sale, now=since):
            if store.settle(order.id, "failed", b"stale", since=since):
                self._books.put_back(reserved)
            raise Stale("renewed meanwhile")
        store.settle(order.id, "granted", write_claims(clearance), since=since)
        log.info("clearance sold", extra={"budget": sale.units})
        return clearance

    def _noted(self, order: Order, visitor: Identity, since: float) -> Order:
        """The order, flagged if too many others have sent its report since it was quoted.

        So who asks many times before redeeming once gains one sale's work, and no lane.
        """
        if self._replays.note(order.sketch, visitor, since) < REPLAYED_FROM:
            return order
        wanted = replace(order.wanted, lane=Lane.FLAGGED)
        return replace(order, wanted=wanted, factor=max(order.factor, FLAGGED_FROM))

    def _reserve(
        self, order: Order, buyer: Visitor | None, client: Client, since: float
    ) -> tuple[Reserved, Granted]:
        """Take units out of the bands, or leave the order as if nobody had come.

        :returns: what was taken, and what is sold: of a renewal all that was quoted, though only
            what it needs at once is taken. The rest is taken where it is read, if it ever is.
        """
        wanted = order.wanted
        if buyer is not None and _renews(buyer) and since < buyer.ends:
            # Whoever took over after the top-up gets again what was reserved before it.
            topped_up = buyer.last_challenge == order.id
            most = wanted.most if topped_up else min(wanted.most, self._budget - buyer.left)
            wanted = replace(wanted, most=most, least=max(1, wanted.least - buyer.left))
        if wanted.most < 1:
            self._books.store.unspend(order.id, since=since)
            raise BudgetFull("nothing to add")
        # The record says what it earns now; what was quoted may be worse, never better.
        earned = lane_of(buyer, proved=_renews(buyer), now=since)
        lane = self._marks.lane(client, max(wanted.lane, earned))
        wanted = replace(wanted, least=min(wanted.least, wanted.most), lane=lane)
        # An account has no home where the rest could be charged to it.
        whole = not _renews(buyer) or client.account != ""
        taken = wanted if whole else replace(wanted, most=wanted.least)
        reserved = self._books.reserve(client, order.id, taken, since)
        if not reserved.granted.units:
            self._books.store.unspend(order.id, since=since)
            # The band that refused need not be the one that is empty for longest.
            opens_ms = self._books.wait_ms(client, taken, since)
            if lane is Lane.FLAGGED:
                self._marks.exhausts(client)
            retry_ms = max(reserved.granted.retry_ms, opens_ms - wanted.max_wait_ms)
            raise Queued(
                "the band is empty",
                code="network_busy",
                retry_after=ceil(retry_ms / 1000),
                opens_in=ceil(opens_ms / 1000),
            )
        granted = reserved.granted
        if whole or _waits(granted, since):
            return reserved, granted
        return reserved, replace(granted, units=wanted.most)

    def _purchase(
        self,
        order: Order,
        clearance: Clearance,
        sold: Granted,
        reserved: int,
        client: Client,
        since: float,
    ) -> Purchase:
        """The sale as the visitor's record keeps it."""
        # A record with a key can be renewed for a day after its clearance has ended.
        after = RENEWABLE if order.thumbprint else 0
        network, place = self._books.home(clearance.visitor, client, since)
        return Purchase(
            challenge=order.id,
            number=order.number,
            jti=clearance.jti,
            thumbprint=order.thumbprint,
            units=sold.units,
            reserved=reserved,
            start=_start(clearance, sold),
            at=since,
            network=network,
            place=place,
            version=client.address.version,
            ends=clearance.expires,
            expires=clearance.expires + LEEWAY + after,
            factor=order.factor,
        )

    def _told(self, clearance: Clearance, now: float) -> Sale:
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


def backlog_ms(lifetime: int) -> int:
    """How long a sale may let wait for its units, where clearances last `lifetime` seconds."""
    return max(0, min(BACKLOG_MS, (lifetime - KEPT) * 1000))


def _filled(clearance: Clearance, granted: Granted, *, renews: bool) -> Clearance:
    """The clearance with what the bands gave; only a first sale's says that it is for later."""
    start = _start(clearance, granted)
    not_before = start if start and not renews else clearance.not_before
    return replace(clearance, budget=granted.units, not_before=not_before)


def _start(clearance: Clearance, granted: Granted) -> int:
    """From when on the units may be spent, Unix seconds; 0 for at once."""
    return ceil(granted.start_ms / 1000) if _waits(granted, clearance.issued) else 0


def _waits(granted: Granted, since: float) -> bool:
    # The whole seconds of the pending row's time, and those of selling, are no waiting.
    return granted.start_ms >= (int(since) + 2) * 1000


def _renews(buyer: Visitor | None) -> bool:
    # A bearer's record is never topped up: its next sale opens a new one.
    return buyer is not None and buyer.thumbprint != ""
