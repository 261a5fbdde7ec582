"""The `hold` kind: a button is held until its ring is full.

Who can't hold one presses it once to start and once to stop. Nothing says which of the two was
done: the server has no business knowing.
"""

from __future__ import annotations

LEAST_MS = 1000
#: how much longer it may be asked for
VARIES_MS = 800
#: who has started it and not come back by then has left
LONGEST_MS = 60_000


class Hold:
    """A ring that takes from 1 to 1.8 seconds to fill."""

    name = "hold"

    def takes_ms(self, seed: bytes) -> int:
        """From `LEAST_MS` to `LEAST_MS` + `VARIES_MS`, every one as likely."""
        return LEAST_MS + int.from_bytes(seed[:2], "big") * (VARIES_MS + 1) // 2**16

    def plausible(self, takes_ms: int, took_ms: int) -> bool:
        """Whether the ring was full before it ended."""
        return takes_ms <= took_ms <= LONGEST_MS
