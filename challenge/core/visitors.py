"""A visitor's record: what is left of the budget, and which profiles it has been spent on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .models import Charge

#: bytes of a keyed profile digest
DIGEST_BYTES = 8
#: How many charged profiles a record remembers, newest kept. Bounds a record to 8 KiB; a
#: profile that drops out costs a unit again.
CHARGED_MAX = 1024


@dataclass(frozen=True, slots=True)
class Visitor:
    """The one record that the gate touches. Stores keep it under a keyed hash of `sub`."""

    #: the sale in force
    jti: str
    #: units left
    left: int
    #: units ever bought
    bought: int
    #: keyed hash of the network at which the budget was bought
    home: bytes
    #: digests of charged profiles, `DIGEST_BYTES` each, oldest first
    charged: bytes
    #: Unix seconds after which the record may be forgotten
    expires: int

    def has_charged(self, profile: bytes) -> bool:
        """Whether this exact profile digest has been charged."""
        at = self.charged.find(profile)
        # A match that straddles two digests is another profile's bytes, not a charge.
        while at >= 0 and at % DIGEST_BYTES:
            at = self.charged.find(profile, at + 1)
        return at >= 0


def carried(charged: bytes, more: bytes = b"") -> bytes:
    """The charged set with `more` behind it, cut to the newest `CHARGED_MAX`."""
    return (charged + more)[-CHARGED_MAX * DIGEST_BYTES :]


def charge(
    visitor: Visitor | None, *, jti: str, profile: bytes, now: float
) -> tuple[Visitor | None, Charge]:
    """Ask the record for one profile.

    Pure: returns the record as it is to be kept and what was decided. Units charged never
    exceed units sold; a profile that was charged before is free.
    """
    if visitor is None or visitor.expires <= now:
        return visitor, Charge.UNKNOWN
    if visitor.jti != jti:
        return visitor, Charge.REPLACED
    if visitor.has_charged(profile):
        return visitor, Charge.REVISIT
    if visitor.left < 1:
        return visitor, Charge.EMPTY
    kept = replace(visitor, left=visitor.left - 1, charged=carried(visitor.charged, profile))
    return kept, Charge.CHARGED
