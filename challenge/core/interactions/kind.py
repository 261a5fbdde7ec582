"""What every kind of interaction shares: its protocol."""

from __future__ import annotations

from typing import Protocol


class Kind(Protocol):
    """One kind of interaction. Kinds keep no state."""

    #: the name on the wire
    name: str

    def takes_ms(self, seed: bytes) -> int:
        """How long it is to be done, in milliseconds.

        :param seed: what it varies with, 2 bytes at least.
        """
        ...

    def plausible(self, takes_ms: int, took_ms: int) -> bool:
        """Whether a person who was asked for `takes_ms` may have taken `took_ms`."""
        ...
