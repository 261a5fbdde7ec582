"""Replays: the same movement from several visitors.

Asking reads how many others have sent it, redeeming writes that this visitor has. Neither fails for
it: where the store does not answer, there is no evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..core.behaviour import Values
from ..core.digests import DIGEST_BYTES
from ..core.models import Identity
from ..core.sketches import HALF_BYTES, ROW_BYTES, cells
from ..errors import StoreUnavailable
from .books import DAY, Books


class Replays:
    """Sketches of reports under the day's key, and who has sent them today."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def seen(self, values: Values, visitor: Identity | None, now: float) -> tuple[bytes, int]:
        """A report's sketch, and how many others have sent one half of it. Only reads.

        :param visitor: who asks, if that is known.
        :returns: an empty sketch for a report that has none.
        """
        store = self._books.store
        try:
            sketch = b"".join(
                self._books.keyed("sketch", str(grid), cell, now=now)[:HALF_BYTES]
                for grid, cell in enumerate(cells(values))
            )
            rows = self._rows(sketch, visitor, now)
            others = [store.other_senders(*row, now=now) for row in rows]
        except StoreUnavailable:
            return b"", 0
        return sketch, max(others, default=0)

    def note(self, sketch: bytes, visitor: Identity, now: float) -> int:
        """Note that a visitor has sent a sketch, until the day ends (UTC).

        :returns: how many others had sent one half of it before.
        """
        store, ends = self._books.store, (int(now) // DAY + 1) * DAY
        try:
            rows = self._rows(sketch, visitor, now)
            others = [store.note_sender(*row, now=now, expires=ends) for row in rows]
        except StoreUnavailable:
            return 0
        return max(others, default=0)

    def _rows(
        self, sketch: bytes, visitor: Identity | None, now: float
    ) -> Iterator[tuple[bytes, bytes, bytes]]:
        """Of each half the row's key, the half, and what stands for the visitor in that row."""
        for at in range(0, len(sketch), HALF_BYTES):
            half = sketch[at : at + HALF_BYTES]
            sender = b""
            if visitor is not None:
                # Another one in each row, so that rows cannot be joined.
                sender = self._books.keyed("sender", half, visitor.sub, now=now)[:DIGEST_BYTES]
            yield half[:ROW_BYTES], half, sender
