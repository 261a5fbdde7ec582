"""A set of keyed digests as bytes: they stand one after the other, oldest first."""

from __future__ import annotations

#: bytes of a keyed profile digest, and of a home's keyed hash
DIGEST_BYTES = 8
#: How many charged digests a record remembers, newest kept. Bounds a record to about 8 KiB; a
#: profile that drops out costs again.
CHARGED_MAX = 1024


def holds(digests: bytes, digest: bytes) -> bool:
    """Whether a digest is among digests that stand one after the other."""
    at = digests.find(digest)
    # A match that straddles two digests is no member.
    while at >= 0 and at % DIGEST_BYTES:
        at = digests.find(digest, at + 1)
    return at >= 0


def without(digests: bytes, gone: bytes) -> bytes:
    """The digests, less those of `gone`."""
    return b"".join(d for d in split(digests) if not holds(gone, d))


def split(digests: bytes) -> list[bytes]:
    """Digests that stand one after the other, as a list."""
    return [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)]


def carried(charged: bytes, more: bytes = b"") -> bytes:
    """The charged set with `more` behind it, cut to the newest `CHARGED_MAX`."""
    return (charged + more)[-CHARGED_MAX * DIGEST_BYTES :]
