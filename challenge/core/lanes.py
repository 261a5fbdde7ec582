"""Which lane of a network's band a sale comes out of."""

from __future__ import annotations

from .digests import DIGEST_BYTES
from .models import Lane
from .visitors import Visitor

#: Seconds after the first sale, and profiles charged since, from which on a visitor is known. Who
#: has been sold fewer units has read enough with those.
KNOWN_AFTER = 60
KNOWN_PROFILES = 3


def lane_of(reader: Visitor | None, *, proved: bool, now: float) -> Lane:
    """The lane that a visitor's record earns.

    :param reader: the record of who reads on; None for a first sale.
    :param proved: whether the record's own browser key has signed for it.
    """
    if reader is None:
        return Lane.NEW
    if not reader.thumbprint:
        return Lane.FLAGGED if reader.trails.alternates(now) else Lane.NEW
    # Profiles that an earlier record paid for are carried, but were not spent on here. One of
    # the high class counts for two.
    profiles = min(reader.spent, len(reader.charged) // DIGEST_BYTES)
    earned = now - reader.since >= KNOWN_AFTER and profiles >= min(KNOWN_PROFILES, reader.bought)
    return Lane.KNOWN if proved and earned else Lane.NEW
