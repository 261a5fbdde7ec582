"""A site in simulated time: the gate that production runs, a clock that jumps, seeded chance."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from itertools import count
from random import Random

from .. import keys
from ..config import Settings
from ..core.baselines import Alarm
from ..core.models import Client
from ..core.networks import Address
from ..stores.memory import MemoryStore
from ..tally import Tally
from . import puzzle
from .loop import Loop

#: noon in UTC, so that a day has a midnight in it, when the keys of networks change
NOON = 20_000 * 86_400 + 43_200
#: far more rows than any population here makes; a full store would refuse, loudly
ROWS_MAX = 5_000_000
_FIRST = int(IPv4Address("11.0.0.0"))


class World:
    """One site. The same settings and seed give the same history.

    :param start: Unix seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seed: int = 1,
        start: float = NOON,
        rows_max: int = ROWS_MAX,
    ) -> None:
        self.loop = Loop(start)
        self.start = start
        # Reproducible on purpose; nothing that is signed here opens anything.
        self.random = Random(seed)  # noqa: S311
        self._profiles = count()
        self.tally = Tally(
            replace(settings, puzzle=puzzle.NAME),
            keys.make(self.random.randbytes),
            MemoryStore(rows_max=rows_max),
            clock=self.loop.clock,
            sleep=_never,
            random=self.random.randbytes,
            ring=self._note,
        )
        #: when the site first told its operator that somebody takes very much, if it did
        self.alarm_at: float | None = None

    def _note(self, _: Alarm) -> None:
        if self.alarm_at is None:
            self.alarm_at = self.now

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self.loop.now

    def profile(self) -> str:
        """A profile that nobody has opened: to see one again is free, and no subject here."""
        return str(next(self._profiles))

    def client(self, address: Address, account: str = "") -> Client:
        """Who comes from an address, as the server would know it."""
        return Client(address, account)


def network_24(number: int, host: int = 1) -> Address:
    """An address in the /24 of this number."""
    return IPv4Address(_FIRST + number * 256 + host)


def _never(seconds: float) -> None:
    raise RuntimeError(f"somebody slept {seconds} s in earnest")
