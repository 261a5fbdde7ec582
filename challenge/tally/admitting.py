"""Admit: the check on each request for a gated page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from math import ceil

from ..core import visitors
from ..core.bands import Wanted
from ..core.canonical import canonical
from ..core.lanes import lane_of
from ..core.models import Admission, Charge, Clearance, Client, Holding, Identity
from ..core.visitors import Charged, View
from ..errors import (
    ClearanceRequired,
    Expired,
    NotYet,
    Queued,
    StoreUnavailable,
    TokenRefused,
    TooEarly,
)
from ..keys import Keys, decode_bytes, encode_bytes
from ..tokens import Tokens
from .books import Books
from .outage import Outage

#: seconds for which a part of a page can be fetched after the page
PART_LIFETIME = 35 * 60
PART_MAC_BYTES = 16
#: Units that a network's band is charged for at a time, where a sale has not done so: few, so that
#: what is bought in advance and never read does not use up the band of those beside.
AHEAD = 5
#: requests of one visitor that come at once take turns to charge it
MOST_MOVES = 4


class Admitter:
    """Lets requests pass, and charges for them."""

    def __init__(
        self,
        budget: int,
        keys: Keys,
        tokens: Tokens,
        books: Books,
        outage: Outage,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._budget = budget
        self._keys = keys
        self._tokens = tokens
        self._books = books
        self._outage = outage
        self._clock = clock

    def admit(
        self,
        token: str | None,
        profile: str,
        client: Client,
        *,
        sensitivity: str,
        free_only: bool,
    ) -> Admission:
        """See :meth:`challenge.tally.Tally.admit`."""
        if token is None:
            raise ClearanceRequired()
        now = self._clock()
        claims = self._read(token, now)
        expires_in = max(0, claims.expires - int(now))
        try:
            charged, network = self._counted(claims, profile, client, sensitivity, free_only, now)
        except StoreUnavailable as error:
            if free_only or not self._outage.opens(error):
                raise
            return Admission(0, expires_in, claims.visitor, paid=b"", units=0, network=b"")
        return Admission(
            remaining=charged.left,
            expires_in=expires_in,
            visitor=claims.visitor,
            paid=charged.paid,
            units=charged.units,
            network=network,
        )

    def _counted(
        self,
        claims: Clearance,
        profile: str,
        client: Client,
        sensitivity: str,
        free_only: bool,
        now: float,
    ) -> tuple[Charged, bytes]:
        """How the view was charged, and from which network."""
        key = self._books.visitor_key(claims.visitor, now)
        if key is None:
            raise ClearanceRequired("the day's key is gone", code=Charge.UNKNOWN.value)
        network, place = self._books.home(claims.visitor, client, now)
        digests = self._books.profile_digests(profile, sensitivity)
        version = client.address.version
        view = View(claims.jti, network, place, version, self._budget, digests)
        if not free_only:
            return self._charge(key, view, claims.epoch, client, now), network
        _, charged = visitors.charge(self._books.store.read(key, now=now), view, now)
        if charged.charge is not Charge.REVISIT:
            raise NotYet("nobody has asked for it yet")
        return charged, network

    def refund(self, admission: Admission) -> bool:
        """See :meth:`challenge.tally.Tally.refund`."""
        key = self._books.visitor_key(admission.visitor, self._clock())
        if key is None or not admission.paid:
            return False
        return self._books.store.refund(key, admission.paid, admission.units, admission.network)

    def holding(self, token: str | None) -> Holding | None:
        """See :meth:`challenge.tally.Tally.holding`."""
        now = self._clock()
        try:
            claims = self._tokens.read_clearance(token, now) if token is not None else None
        except TooEarly as early:
            return Holding(0, 0, early.retry_in_ms, 0)
        except TokenRefused:
            return None
        record = self._books.record(claims.visitor, now) if claims is not None else None
        if claims is None or record is None or record.jti != claims.jti:
            return None
        if claims.epoch != self._books.epoch():
            return None
        waits = record.left > 0 and record.usable(now) == 0
        return Holding(
            budget=claims.budget,
            remaining=record.left,
            not_before_ms=ceil((record.later_from - now) * 1000) if waits else 0,
            expires_in=max(0, claims.expires - int(now)),
        )

    def sign_part(self, place: str, visitor: Identity) -> str:
        """See :meth:`challenge.tally.Tally.sign_part`."""
        ends = str(int(self._clock()) + PART_LIFETIME)
        return f"{ends}.{encode_bytes(self._part_mac(place, visitor.sub, ends))}"

    def part_opens(self, ticket: str, place: str, token: str | None) -> bool:
        """See :meth:`challenge.tally.Tally.part_opens`."""
        ends, _, shown = ticket.partition(".")
        now = self._clock()
        if token is None or len(ends) > 12 or not (ends.isascii() and ends.isdigit()):
            return False
        try:
            claims = self._read(token, now)
            mac = decode_bytes(shown)
        except (ClearanceRequired, TokenRefused, Queued, ValueError):
            return False
        wanted = self._part_mac(place, claims.visitor.sub, ends)
        return hmac.compare_digest(mac, wanted) and now < int(ends)

    def _part_mac(self, place: str, sub: str, ends: str) -> bytes:
        message = canonical("challenge/v1/part", place, sub, ends)
        secret = self._keys.profile_secret
        return hmac.digest(secret, message, hashlib.sha256)[:PART_MAC_BYTES]

    def _read(self, token: str, now: float) -> Clearance:
        try:
            claims = self._tokens.read_clearance(token, now)
        except TooEarly as early:
            # 425 is for redeem; here the visitor has paid and waits.
            retry = ceil(early.retry_in_ms / 1000)
            raise Queued(early.detail, code="too_early", retry_after=retry) from early
        if claims.epoch != self._books.epoch():
            raise Expired("another epoch", code="store_changed")
        return claims

    def _charge(self, key: bytes, view: View, epoch: str, client: Client, now: float) -> Charged:
        charged = self._books.store.charge(key, view, epoch=epoch, now=now)
        for _ in range(MOST_MOVES):
            if charged.charge is not Charge.MOVED:
                break
            self._move(key, view, charged, client, now)
            charged = self._books.store.charge(key, view, epoch=epoch, now=now)
        if charged.charge is Charge.WAIT:
            wait = charged.retry_after
            raise Queued("the units are for later", code="too_early", retry_after=wait)
        if charged.charge is Charge.MOVED:
            # Other requests from there were quicker; the next one reserves again.
            raise Queued("moving", code="network_busy", retry_after=1)
        if charged.charge not in (Charge.CHARGED, Charge.REVISIT):
            raise ClearanceRequired(code=charged.charge.value)
        return charged

    def _move(self, key: bytes, view: View, charged: Charged, client: Client, now: float) -> None:
        """Charge the band of the network that the visitor reads from, some units ahead.

        The reservation's id says from which count on, so that of requests which come at once
        one charges the band.
        """
        parts = (key, view.network, str(charged.count), str(charged.base))
        reservation = hashlib.sha256(canonical("challenge/v1/move", *parts)).digest()[:16]
        # The account was charged when the units were bought; the network is for whoever reads.
        anybody = replace(client, account="")
        # The record's key was proved at its last sale.
        record = self._books.store.read(key, now=now)
        lane = lane_of(record, proved=record is not None and record.thumbprint != "", now=now)
        most = min(charged.lacks, max(charged.lacks_now, AHEAD))
        wanted = Wanted(most, charged.lacks_now, max_wait_ms=0, lane=lane)
        granted = self._books.reserve(anybody, reservation, wanted, now).granted
        if not granted.units:
            retry = ceil(granted.retry_ms / 1000)
            raise Queued("the band is empty", code="network_busy", retry_after=retry)
        becomes = charged.base + granted.units
        self._books.store.move(key, view.network, count=charged.count, becomes=becomes, now=now)
