"""The visitor's verbs, for stores that can run a step on a record while nobody else does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

from ..core import purchases, visitors
from ..core.purchases import Purchase
from ..core.visitors import Charged, View, Visitor
from .base import demand_epoch

T = TypeVar("T")
Seen = TypeVar("Seen")


class RecordVerbs(ABC, Generic[Seen]):
    """Verbs of :class:`challenge.stores.base.Store`; `Seen` tells a record's states apart."""

    _epoch: str

    @property
    def epoch(self) -> str:
        """See :class:`Store`."""
        return self._epoch

    @abstractmethod
    def read(self, key: bytes, *, now: float) -> Visitor | None:
        """See :class:`Store`."""

    @abstractmethod
    def _update(self, key: bytes, step: Callable[[Visitor | None], tuple[Visitor | None, T]]) -> T:
        """Replace the record by what `step` makes of it, atomically, and return its answer."""

    @abstractmethod
    def _look(self, key: bytes, now: float) -> tuple[Visitor | None, Seen]:
        """The record, and its state."""

    @abstractmethod
    def _swap(self, key: bytes, seen: Seen, after: Visitor) -> bool:
        """Put a record in place of the one seen, unless that has changed; whether it was done.

        :param after: expires when the one seen does.
        """

    def charge(self, key: bytes, view: View, *, epoch: str, now: float) -> Charged:
        """See :class:`Store`."""
        demand_epoch(epoch, self.epoch)
        # Most revisits and refusals change nothing, and need no lock. What changes something holds
        # if the record is still as it was seen.
        before, seen = self._look(key, now)
        after, charged = visitors.charge(before, view, now)
        if after is None or after == before or self._swap(key, seen, after):
            return charged
        return self._update(key, lambda visitor: visitors.charge(visitor, view, now))

    def refund(self, key: bytes, paid: bytes, units: int, network: bytes) -> bool:
        """See :class:`Store`."""
        return self._update(key, lambda visitor: visitors.refund(visitor, paid, units, network))

    def move(self, key: bytes, network: bytes, *, count: int, becomes: int, now: float) -> None:
        """See :class:`Store`."""
        self._update(
            key, lambda v: visitors.move(v, network, count=count, becomes=becomes, now=now)
        )

    def top_up(self, key: bytes, sale: Purchase, *, now: float) -> bool:
        """See :class:`Store`."""
        return self._update(key, lambda visitor: purchases.top_up(visitor, sale, now))
