"""A visitor's record: what was bought, what it was spent on, and where.

Pure: each function takes a record and returns it as it is to be kept. Units are counted: the
record knows how many were ever bought and spent, and for each home how far that count has been
charged to the home's band. A unit is spent at a home only if the home's count covers it, so what
is opened from a network never exceeds what was reserved there.

What a record is made of are named tuples: each view makes and compares one, and frozen dataclasses
take three times as long for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .alternating import Trails
from .digests import DIGEST_BYTES, carried, holds, split, without
from .models import Charge
from .recent import Pace, Recent

#: charges that another request has not confirmed yet, newest kept; older ones count as confirmed
UNCONFIRMED_MAX = 8
HOMES_MAX = 8
#: new homes: twenty at once, then one each three minutes
MOVE_SECONDS = 180
MOVES_BURST = 20
#: seconds for which the clearance before the last sale still opens pages
PREVIOUS_GRACE = 60
#: for which a factor is kept
JUDGED_SECONDS = 86_400


class Home(NamedTuple):
    """A network from which the visitor has read."""

    #: keyed hash of the network
    network: bytes
    #: up to which count of bought units its band was charged
    charged: int


class Visitor(NamedTuple):
    """The one record that the gate touches. Stores keep it under a keyed hash of `sub`."""

    #: the sale in force, and the one before with the moment its grace ends
    jti: str
    previous_jti: str
    previous_until: int
    #: thumbprint of the browser key, empty for a bearer; fixed when the record is made
    thumbprint: str
    #: how many sales there were, and the challenge of the last one
    sales: int
    last_challenge: bytes
    #: Unix seconds of the first sale
    since: int
    #: units ever bought, and ever spent
    bought: int
    spent: int
    #: units that it and those it was copied from bought lately: nothing is ever taken off
    recent: Recent
    #: profiles that they opened lately
    pace: Pace
    #: the highest factor of its behaviour lately, and when that was judged, Unix seconds
    factor: int
    judged: int
    #: of the units left, how many may be spent from `later_from` on only
    later: int
    later_from: int
    #: oldest first
    homes: tuple[Home, ...]
    #: level of the new homes' allowance, Unix seconds (see `bands`)
    moves_level: int
    #: where it has come from
    trails: Trails
    #: digests of charged profiles, `DIGEST_BYTES` each, oldest first
    charged: bytes
    #: those of them that only the request which paid has asked for
    unconfirmed: bytes
    #: Unix seconds: end of the clearance, and of the record
    ends: int
    expires: int

    @property
    def left(self) -> int:
        """Units bought and not spent."""
        return self.bought - self.spent

    def factor_at(self, now: float) -> int:
        """What its behaviour comes to, where it says nothing new: for a day what it came to."""
        return self.factor if now - self.judged < JUDGED_SECONDS else 1

    def usable(self, now: float) -> int:
        """Units that may be spent now."""
        return self.left - (self.later if now < self.later_from else 0)

    def home(self, network: bytes) -> Home:
        """The home at a network; one that was never charged if it is new."""
        for home in self.homes:
            if home.network == network:
                return home
        return Home(network, 0)


@dataclass(frozen=True, slots=True)
class View:
    """A request for a profile."""

    jti: str
    #: keyed hash of the network it comes from
    network: bytes
    #: keyed hash of the place that network is in, and its IP version (see `alternating`)
    place: bytes
    version: int
    #: units that a clearance can hold
    budget: int
    #: digests that must be charged, and the units that each costs
    digests: tuple[tuple[bytes, int], ...]


@dataclass(frozen=True, slots=True)
class Charged:
    """What came of a view."""

    charge: Charge
    #: units left
    left: int = 0
    #: digests that this request paid for, and the units
    paid: bytes = b""
    units: int = 0
    #: for MOVED: units that the home lacks for all that is left, and for this view
    lacks: int = 0
    lacks_now: int = 0
    #: for MOVED: the home's count, and what it grows from
    count: int = 0
    base: int = 0
    #: for WAIT: seconds
    retry_after: int = 0


def charge(visitor: Visitor | None, view: View, now: float) -> tuple[Visitor | None, Charged]:
    """Ask the record for a profile; a profile that was charged before is free."""
    if visitor is None or visitor.expires <= now:
        return visitor, Charged(Charge.UNKNOWN)
    if view.jti != visitor.jti and not (
        view.jti == visitor.previous_jti and now < visitor.previous_until
    ):
        return visitor, Charged(Charge.REPLACED, visitor.left)
    trails = visitor.trails.at(view.place, view.version, now)
    if trails is not visitor.trails:
        visitor = visitor._replace(trails=trails)
    # Who holds all that a clearance can hold has nothing to renew yet. A bearer has no key to
    # prove; it is flagged where it buys.
    if visitor.thumbprint and visitor.left < view.budget and trails.alternates(now):
        return visitor, Charged(Charge.ALTERNATES, visitor.left)
    paid, cost = _unpaid(visitor, view)
    if not paid:
        return _revisit(visitor, view)
    if cost > visitor.left:
        return visitor, Charged(Charge.EMPTY, visitor.left)
    if cost > visitor.usable(now):
        wait = int(visitor.later_from - now) + 1
        return visitor, Charged(Charge.WAIT, visitor.left, retry_after=wait)
    count = visitor.home(view.network).charged
    base = max(count, visitor.spent)
    if cost > base - visitor.spent:
        return visitor, _moved(visitor, view, cost, now)
    kept = visitor._replace(
        spent=visitor.spent + cost,
        pace=visitor.pace.plus(1, now),
        charged=carried(visitor.charged, paid),
        unconfirmed=(visitor.unconfirmed + paid)[-UNCONFIRMED_MAX * DIGEST_BYTES :],
    )
    return kept, Charged(Charge.CHARGED, kept.left, paid, cost)


def _unpaid(visitor: Visitor, view: View) -> tuple[bytes, int]:
    """Digests that the view would have to pay for, and what they cost."""
    paid, cost = b"", 0
    for digest, units in view.digests:
        if not holds(visitor.charged, digest):
            paid += digest
            cost += units
    return paid, cost


def _revisit(visitor: Visitor, view: View) -> tuple[Visitor, Charged]:
    # From the second request on the charge stands, whatever becomes of the first.
    shown = b"".join(d for d, _ in view.digests if holds(visitor.unconfirmed, d))
    if shown:
        visitor = visitor._replace(unconfirmed=without(visitor.unconfirmed, shown))
    return visitor, Charged(Charge.REVISIT, visitor.left)


def _moved(visitor: Visitor, view: View, cost: int, now: float) -> Charged:
    home = visitor.home(view.network)
    wait = int(visitor.moves_level - (MOVES_BURST - 1) * MOVE_SECONDS - now)
    if home not in visitor.homes and wait > 0:
        return Charged(Charge.WAIT, visitor.left, retry_after=wait)
    base = max(home.charged, visitor.spent)
    return Charged(
        Charge.MOVED,
        visitor.left,
        lacks=visitor.bought - base,
        lacks_now=cost - (base - visitor.spent),
        count=home.charged,
        base=base,
    )


def move(
    visitor: Visitor | None, network: bytes, *, count: int, becomes: int, now: float
) -> tuple[Visitor | None, None]:
    """Note that a home's band was charged up to `becomes`, unless its count is not `count`."""
    if visitor is None or visitor.home(network).charged != count:
        return visitor, None
    level = visitor.moves_level
    if all(home.network != network for home in visitor.homes):
        level = max(level, int(now)) + MOVE_SECONDS
    homes = with_home(visitor.homes, Home(network, min(becomes, visitor.bought)))
    return visitor._replace(homes=homes, moves_level=level), None


def with_home(homes: tuple[Home, ...], home: Home) -> tuple[Home, ...]:
    """The homes with one of them new, or as it is now."""
    others = tuple(other for other in homes if other.network != home.network)
    return (*others, home)[-HOMES_MAX:]


def refund(
    visitor: Visitor | None, paid: bytes, units: int, network: bytes
) -> tuple[Visitor | None, bool]:
    """Give back what a request paid whose page was not there.

    Not if another request has been served on that charge. The units come on top of those bought,
    at the home that paid them: taking them off those spent would let other homes open more than
    their bands were charged.

    :returns: whether it was given back.
    """
    if visitor is None or not all(holds(visitor.unconfirmed, d) for d in split(paid)):
        return visitor, False
    return visitor._replace(
        bought=visitor.bought + units,
        homes=tuple(
            Home(home.network, home.charged + (units if home.network == network else 0))
            for home in visitor.homes
        ),
        charged=without(visitor.charged, paid),
        unconfirmed=without(visitor.unconfirmed, paid),
    ), True
