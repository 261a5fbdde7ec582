"""A sale, as it enters a visitor's record."""

from __future__ import annotations

from dataclasses import dataclass

from .alternating import Trails
from .digests import carried
from .recent import Pace, Recent
from .visitors import PREVIOUS_GRACE, Home, Visitor, with_home


@dataclass(frozen=True, slots=True)
class Purchase:
    """A sale, as it enters a record."""

    #: id of the challenge that was redeemed
    challenge: bytes
    #: how many sales the buyer knew of
    number: int
    jti: str
    thumbprint: str
    units: int
    #: how many of them the network's band was charged for
    reserved: int
    #: Unix seconds from which the units may be spent; 0 for at once
    start: int
    #: Unix seconds at which it was sold
    at: float
    #: keyed hash of the network whose band was charged
    network: bytes
    #: keyed hash of the place it is in, and its IP version
    place: bytes
    version: int
    #: Unix seconds: end of the clearance, and of the record
    ends: int
    expires: int
    #: what the report that came with it came to
    factor: int = 1


def first_purchase(sale: Purchase, earlier: Visitor | None = None) -> Visitor:
    """The record of a new visitor, with what an earlier one has opened and bought, and where."""
    recent = earlier.recent if earlier else Recent()
    trails = earlier.trails if earlier else Trails()
    factor, judged = _judged(earlier, sale)
    return Visitor(
        jti=sale.jti,
        previous_jti="",
        previous_until=0,
        thumbprint=sale.thumbprint,
        sales=sale.number + 1,
        last_challenge=sale.challenge,
        since=int(sale.at),
        bought=sale.units,
        spent=0,
        recent=recent.plus(sale.units, sale.at),
        pace=earlier.pace if earlier else Pace(),
        factor=factor,
        judged=judged,
        later=sale.units if sale.start else 0,
        later_from=sale.start,
        homes=(Home(sale.network, sale.reserved),),
        moves_level=0,
        trails=trails.at(sale.place, sale.version, sale.at),
        charged=carried(earlier.charged if earlier else b""),
        unconfirmed=b"",
        ends=sale.ends,
        expires=sale.expires,
    )


def top_up(visitor: Visitor | None, sale: Purchase, now: float) -> tuple[Visitor | None, bool]:
    """Add a sale to a record. The second time it does nothing.

    The clearance before goes on opening pages for a minute; not where the visitor alternated
    between networks, so that of all who used it only the one with the key goes on.

    :returns: False if another sale came between, or the record is another key's.
    """
    if visitor is None or visitor.expires <= now:
        return visitor, False
    if visitor.last_challenge == sale.challenge:
        return visitor, True
    if visitor.sales != sale.number or visitor.thumbprint != sale.thumbprint:
        return visitor, False
    if now >= visitor.ends:
        visitor = _forfeit(visitor)
    base = max(visitor.home(sale.network).charged, visitor.spent)
    waiting = visitor.later if now < visitor.later_from else 0
    trails = visitor.trails.at(sale.place, sale.version, now)
    factor, judged = _judged(visitor, sale)
    grace = 0 if trails.alternates(now) else PREVIOUS_GRACE
    return visitor._replace(
        jti=sale.jti,
        previous_jti=visitor.jti,
        previous_until=int(now) + grace,
        sales=visitor.sales + 1,
        last_challenge=sale.challenge,
        bought=visitor.bought + sale.units,
        recent=visitor.recent.plus(sale.units, sale.at),
        factor=factor,
        judged=judged,
        later=waiting + (sale.units if sale.start else 0),
        later_from=max(visitor.later_from if waiting else 0, sale.start),
        homes=with_home(visitor.homes, Home(sale.network, base + sale.reserved)),
        trails=trails.forgiven(),
        ends=sale.ends,
        expires=sale.expires,
    ), True


def _judged(visitor: Visitor | None, sale: Purchase) -> tuple[int, int]:
    """The highest factor of a day, and its time: no later report wipes out an earlier one."""
    if visitor is not None and sale.factor < visitor.factor_at(sale.at):
        return visitor.factor, visitor.judged
    return sale.factor, int(sale.at)


def _forfeit(visitor: Visitor) -> Visitor:
    """What is left of a clearance that has ended is gone, so that nothing can be hoarded."""
    homes = tuple(Home(h.network, min(h.charged, visitor.spent)) for h in visitor.homes)
    return visitor._replace(bought=visitor.spent, later=0, later_from=0, homes=homes)
