"""What a store promises. Each verb is one atomic step on one key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from ..core.models import Charge
from ..core.visitors import Visitor

#: Seconds after which the same body may take over a pending row: whoever made it has died.
TAKEOVER_AFTER = 10

Settled = Literal["granted", "failed"]


@dataclass(frozen=True, slots=True)
class Spending:
    """How `spend` found the challenge.

    `won`: this call is the one to grant it. `pending`: another call of the same body is at
    it. `granted`, `failed`: it has ended so for the same body. `other`: another body has it.
    """

    state: Literal["won", "pending", "granted", "failed", "other"]
    #: what the winner fixed; the first caller's, whoever asks later
    claims: bytes


class Store(Protocol):
    """State that all workers of a site share. All times are Unix seconds.

    A verb that cannot be done raises :class:`challenge.errors.StoreUnavailable` and has
    granted nothing. Rows past `expires` behave as if they were gone.

    :cvar shared_between_processes: whether several processes see the same rows.
    """

    shared_between_processes: bool

    def spend(
        self, challenge: bytes, digest: bytes, claims: bytes, *, now: float, expires: int
    ) -> Spending:
        """Mark a challenge as being redeemed by a body.

        At most one call wins, ever; but a row pending for over `TAKEOVER_AFTER` may be won
        again by the same body, and then `claims` are still the first winner's.

        :param challenge: its id, 16 bytes.
        :param digest: SHA-256 of the exact body.
        :param claims: opaque; what the winner is about to grant.
        :param expires: when the row may be forgotten; after the challenge's own end.
        """
        ...

    def settle(self, challenge: bytes, state: Settled) -> None:
        """End a pending row."""
        ...

    def open(self, key: bytes, visitor: Visitor) -> None:
        """Keep a new visitor's record; nothing happens if the key is taken."""
        ...

    def read(self, key: bytes, *, now: float) -> Visitor | None:
        """The visitor's record."""
        ...

    def charge(self, key: bytes, *, jti: str, profile: bytes, now: float) -> tuple[Charge, int]:
        """Apply :func:`challenge.core.visitors.charge` to the record.

        :returns: what was decided, and the units left.
        """
        ...

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


def day_is_open(day: int, now: float) -> bool:
    """Whether a day's key may exist at `now`."""
    return 0 <= now - day * 86400 < 48 * 3600
