"""The records that the rooms hand to each other. All frozen; times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

from .classes import ORDINARY, NetworkClass
from .networks import Address


@dataclass(frozen=True, slots=True)
class Puzzle:
    """What a browser has to solve: `count` sub-puzzles of one kind."""

    #: name in the registry of kinds
    kind: str
    #: how many answers, in index order
    count: int
    #: an output is accepted when its first 64 bits, big endian, are at most this
    threshold: int


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a person is asked to do besides, or to wait out."""

    #: name in the registry of kinds
    kind: str
    #: how long it is to be done
    ms: int
    #: after how long nothing need have been done
    wait_ms: int


class Lane(IntEnum):
    """Who buys: the part of a network's band that a sale comes out of. The best lane is first."""

    #: has proved its key again, after a minute and three profiles
    KNOWN = 0
    #: all others
    NEW = 1
    #: behaves as a person hardly does
    FLAGGED = 2


@dataclass(frozen=True, slots=True)
class Quote:
    """What a clearance would cost now, and how much it would hold."""

    #: expected work in milliseconds on the reference engine of the puzzle's kind
    work_ms: float
    #: units the clearance would hold
    budget: int
    #: milliseconds before it may be redeemed
    wait_ms: int
    lane: Lane = Lane.NEW
    #: whether more is asked for than work
    interacts: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """A visitor, as named by a clearance."""

    #: 128 random bits, base64url
    sub: str
    #: the hour in which the visitor was first seen
    first: int


@dataclass(frozen=True, slots=True)
class Challenge:
    """A signed, single-use, short-lived quote."""

    #: 128 random bits, base64url
    id: str
    #: site key
    site: str
    #: what the page says the challenge is for
    action: str
    #: what it buys; each is redeemed at its own call only
    buys: str
    puzzle: Puzzle
    #: units, and how few of them would be of use
    budget: int
    least: int
    #: SHA-256 of the report as sent, base64url; empty without one
    report: str
    #: what that report came to (see `behaviour`)
    factor: int
    #: the visitor that is reading on (`sub` and `first` of a clearance), if any
    visitor: Identity | None
    #: how many sales that visitor had when the quote was made
    sales: int
    #: the best lane that it may be sold from
    lane: Lane
    #: the store's epoch
    epoch: str
    issued: int
    not_before: int
    expires: int
    #: the page's own words about a response
    cdata: str = ""
    #: what is asked for besides work, if anything
    interaction: Interaction | None = None
    #: keyed hashes of the report's movement (see `sketches`), base64url; empty without any
    sketch: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """What a form posts: that its sender has done the work, once and for this action."""

    site: str
    action: str
    #: 128 random bits, base64url
    jti: str
    #: which key signs it
    kid: str
    #: of the page that the form is on
    hostname: str
    #: the page's own words
    cdata: str
    #: the store's epoch
    epoch: str
    issued: int
    expires: int


@dataclass(frozen=True, slots=True)
class Clearance:
    """What the JWT says that a redeemed challenge buys."""

    site: str
    visitor: Identity
    #: 128 random bits, base64url; one a sale
    jti: str
    #: which key signs it
    kid: str
    #: thumbprint of the browser key (RFC 7638), empty for a bearer
    thumbprint: str
    #: the store's epoch
    epoch: str
    #: units bought by this sale
    budget: int
    issued: int
    not_before: int
    expires: int


@dataclass(frozen=True, slots=True)
class Ticket:
    """A place in the queue of those who come without scripts. Nothing is stored for it."""

    #: 128 random bits, base64url
    id: str
    #: site key
    site: str
    #: keyed hash of the network it was given to, base64url, and the day of the key
    network: str
    day: int
    #: how few units would be of use
    least: int
    #: the store's epoch
    epoch: str
    issued: int
    #: when a sale can be had for it
    due: int
    expires: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Answer to an ask."""

    challenge: str
    puzzle: Puzzle
    budget: int
    wait_ms: int
    #: seconds
    expires_in: int
    #: what is asked for besides work, if anything
    interaction: Interaction | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """Answer to a redeemed challenge."""

    token: str
    budget: int
    remaining: int
    not_before_ms: int
    #: seconds
    expires_in: int
    #: whether the token is the visitor's newest, so that a cookie may be set
    current: bool
    #: whether the clearance can be renewed by its browser key after it has ended
    renewable: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """Answer to a challenge that was redeemed for a response."""

    response: str
    #: seconds
    expires_in: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What a visitor has."""

    budget: int
    remaining: int
    #: milliseconds until a unit may be spent
    not_before_ms: int
    #: seconds
    expires_in: int


@dataclass(frozen=True, slots=True)
class Admission:
    """A request that the gate lets pass."""

    #: units left after it
    remaining: int
    #: seconds until the clearance ends
    expires_in: int
    #: the visitor
    visitor: Identity
    #: what the request paid, how many units that was, and at which home
    paid: bytes = b""
    units: int = 0
    network: bytes = b""


@dataclass(frozen=True, slots=True)
class Account:
    """A signed-in user of the host application.

    :param id: stable, and nobody else's.
    :param created: when the account was made, Unix seconds. One younger than a day may buy half
        as much; without it, none is taken for young.
    """

    id: str
    created: float | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Who is asking, as the server knows it."""

    address: Address
    #: the host application's name for a signed-in user, if any
    account: str = ""
    #: how many times as wide the bands of its network are
    multiplier: int = 1
    #: False for one that waits instead of solving
    scripts: bool = True
    #: when the account was made, Unix seconds, if the application says so
    account_created: float | None = None
    #: what the operator says of its network; the tally looks it up
    network: NetworkClass = ORDINARY


class Charge(Enum):
    """How a visitor's record answered a request for a profile."""

    #: a unit was taken
    CHARGED = "charged"
    #: the profile was charged before: free
    REVISIT = "revisit"
    #: no unit is left
    EMPTY = "budget_spent"
    #: no record, or one that has ended
    UNKNOWN = "clearance_unknown"
    #: another sale has taken this clearance's place
    REPLACED = "clearance_replaced"
    #: units are left, but the visitor comes back to networks too often: its key has to be proved
    ALTERNATES = "networks_alternate"
    #: units are left, but the network's band has not been charged for them
    MOVED = "network_changed"
    #: units are left, but may be spent only later
    WAIT = "too_early"
