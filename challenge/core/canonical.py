"""The one way in which parts are joined before they are signed or hashed."""

from __future__ import annotations

import struct

_LENGTH = struct.Struct("<I")


def canonical(*parts: str | bytes) -> bytes:
    """Join parts so that no two different lists of parts give the same bytes.

    Each part is its length as a little-endian u32, then its bytes; text is UTF-8.
    Vectors: `tests/vectors/canonical.json`. What stands first, and is the same each time, may be
    joined once: `canonical(a, b)` is `canonical(a) + canonical(b)`.

    :raises UnicodeEncodeError: for text with a lone surrogate.
    """
    joined: list[bytes] = []
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        joined += (_LENGTH.pack(len(data)), data)
    return b"".join(joined)
