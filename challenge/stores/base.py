"""What a store promises. Each verb is one atomic step on one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..core.bands import UNTOUCHED, Band, Granted, Levels, Wanted
from ..core.models import Lane
from ..core.purchases import Purchase
from ..core.visitors import Charged, View, Visitor
from ..errors import StoreUnavailable

#: Seconds after which the same body may take over a pending row: whoever made it has died.
TAKEOVER_AFTER = 10

Settled = Literal["granted", "failed"]
#: What a ban does: refuse all, refuse asks and redeems of who proves no key, or refuse nothing
#: and have new visitors buy from the smallest lane.
Effect = Literal["all", "unproved", "flag"]


@dataclass(frozen=True, slots=True)
class Spending:
    """How `spend` found the challenge.

    `won`: this call is the one to grant it. `pending`: another call of the same body is at
    it. `granted`, `failed`: it has ended so for the same body. `other`: another body has it.
    """

    state: Literal["won", "pending", "granted", "failed", "other"]
    #: what the winner fixed; the first caller's, whoever asks later
    claims: bytes
    #: for `won`: which win it is, as `settle` and `unspend` want to know
    since: float = 0


@dataclass(frozen=True, slots=True)
class Ban:
    """A network that is kept out for a time, or marked."""

    #: keyed hash of the network, under the bans' own key
    key: bytes
    #: IP version and prefix length of the network
    version: int
    length: int
    effect: Effect
    #: for the operator
    reason: str
    #: who made it: "operator" or the name of a rule
    origin: str
    #: Unix seconds
    since: int
    expires: int


class Store(Protocol):
    """State that all workers of a site share. Times are Unix seconds unless they say `_ms`.

    A verb that cannot be done raises :class:`challenge.errors.StoreUnavailable` and has
    granted nothing. Rows past `expires` behave as if they were gone.

    :cvar shared_between_processes: whether several processes see the same rows.
    """

    shared_between_processes: bool

    @property
    def epoch(self) -> str:
        """Changes when rows may have been lost; whatever names another one is asked for again."""
        ...

    # -- challenges

    def spend(
        self,
        challenge: bytes,
        digest: bytes,
        claims: bytes,
        *,
        epoch: str,
        now: float,
        expires: int,
    ) -> Spending:
        """Mark a challenge as being redeemed by a body.

        At most one call wins, ever; but a row pending for over `TAKEOVER_AFTER` may be won
        again by the same body, and then `claims` are still the first winner's.

        :param challenge: its id, 16 bytes.
        :param digest: SHA-256 of the exact body.
        :param claims: opaque; what the winner is about to grant.
        :param epoch: the challenge's. Under another one nobody wins.
        :param expires: when the row may be forgotten; after the challenge's own end.
        """
        ...

    def settle(self, challenge: bytes, state: Settled, claims: bytes, *, since: float) -> bool:
        """End a pending row, with what was granted or why not.

        :returns: False, and nothing happens, if another call has taken it over since this win.
        """
        ...

    def unspend(self, challenge: bytes, *, since: float) -> None:
        """Take a pending row back: nothing was granted, and the challenge is as before.

        Nothing happens if another call has taken the row over since this win.
        """
        ...

    # -- visitors

    def open(self, key: bytes, visitor: Visitor) -> None:
        """Keep a new visitor's record; nothing happens if the key is taken."""
        ...

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        """The visitor's record."""
        ...

    def charge(self, key: bytes, view: View, *, epoch: str, now: float) -> Charged:
        """Apply :func:`challenge.core.visitors.charge`.

        :param epoch: the clearance's. Under another one nothing is charged, or opens.
        """
        ...

    def refund(self, key: bytes, paid: bytes, units: int, network: bytes) -> bool:
        """Apply :func:`challenge.core.visitors.refund`."""
        ...

    def move(self, key: bytes, network: bytes, *, count: int, becomes: int, now: float) -> None:
        """Apply :func:`challenge.core.visitors.move`."""
        ...

    def top_up(self, key: bytes, sale: Purchase, *, now: float) -> bool:
        """Apply :func:`challenge.core.purchases.top_up`."""
        ...

    # -- bands

    def reserve(
        self,
        key: bytes,
        reservation: bytes,
        band: Band,
        wanted: Wanted,
        *,
        holder: bytes,
        now: float,
        carry: Levels = UNTOUCHED,
    ) -> Granted:
        """Apply :func:`challenge.core.bands.reserve`; a reservation is made once only.

        :param key: keyed hash of the network or account.
        :param reservation: its id; the second time it gives what it gave.
        :param holder: which attempt this is; see `release`.
        :param carry: levels that a band not seen before starts from.
        """
        ...

    def release(
        self, key: bytes, reservation: bytes, band: Band, *, lane: Lane, holder: bytes, keep: int
    ) -> None:
        """Put back, for the lane that took it, what a reservation holds over `keep` units.

        Nothing happens if another holder has been given the reservation too: it may have sold
        what this one would put back.
        """
        ...

    def levels(self, key: bytes) -> Levels:
        """A band's levels; `UNTOUCHED` for one not seen before."""
        ...

    # -- bans

    def ban(self, ban: Ban, *, limit: int, now: float) -> None:
        """Keep a ban, in place of one with the same key.

        :raises StoreUnavailable: `bans_full` if there are `limit` others.
        """
        ...

    def lift(self, key: bytes) -> bool:
        """Forget a ban; whether there was one."""
        ...

    def bans(self, *, now: float) -> list[Ban]:
        """The bans that have not ended."""
        ...

    # -- sketches

    def note_sender(
        self, key: bytes, half: bytes, visitor: bytes, *, now: float, expires: int
    ) -> int:
        """Apply :func:`challenge.core.sketches.note`; what it says of others.

        :param key: the row, `sketches.ROW_BYTES`: that many there are, and no more.
        """
        ...

    def other_senders(self, key: bytes, half: bytes, visitor: bytes, *, now: float) -> int:
        """Apply :func:`challenge.core.sketches.others`."""
        ...

    # -- the rest

    def day_key(self, day: int, fresh: bytes, *, now: float) -> bytes | None:
        """The random key of a day (days since 1970), the same for all workers.

        The first caller's `fresh` bytes become the key; 48 hours after the day began it is
        gone for good, and whatever was hashed under it stands for nobody.

        :returns: None for a day whose key is gone, or that has not begun.
        """
        ...

    def ping(self) -> None:
        """Return if the store works."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def demand_epoch(named: str, found: str) -> None:
    """See that the epoch that a token names is the one that is found.

    :raises StoreUnavailable: if it is another one.
    """
    if named != found:
        raise StoreUnavailable("the store has lost rows, or is another one")


def day_is_open(day: int, now: float) -> bool:
    """Whether a day's key may exist at `now`."""
    return 0 <= now - day * 86400 < 48 * 3600


#: seconds for which a reservation is remembered by its id; longer than a challenge lives
RESERVATION_SECONDS = 900
