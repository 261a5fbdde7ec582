"""A log, replayed as if every client had run our script: who would have got what.

That is the strongest client. One that does not run the script gets nothing.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest

from ..config import Settings
from ..core.networks import Network, prefixes
from .browser import Browser
from .counting import Count
from .logs import Hit
from .loop import Steps, Task
from .world import World

#: visitors and networks that are told apart at one time, and pages that one waits for
VISITORS_MAX, NETWORKS_MAX, PENDING_MAX = 50_000, 20_000, 100


@dataclass
class _Visitor:
    browser: Browser
    wanted: deque[str] = field(default_factory=deque)
    task: Task | None = None
    busy: bool = False


class Replay:
    """A site that the visitors of a log come to. A visitor is an address and a user agent.

    Memory is bounded: the visitor that came longest ago is forgotten, and is new when it comes
    again; networks that wanted little are told together.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        visitors_max: int = VISITORS_MAX,
        networks_max: int = NETWORKS_MAX,
    ) -> None:
        self.settings = settings
        self.networks: dict[Network, Count] = {}
        #: networks that are not told apart
        self.others = Count()
        self.others_number = 0
        self.visitors = 0
        self.began = self.ended = 0.0
        self._visitors_max = visitors_max
        self._networks_max = networks_max
        self._known: OrderedDict[tuple[int, int], _Visitor] = OrderedDict()
        self._world: World | None = None

    def play(self, hits: Iterable[Hit]) -> None:
        """Let the visitors come as the log says, and finish what they have begun.

        :raises StoreUnavailable: if they make more records than a million.
        """
        for hit in hits:
            if self._world is None:
                self._world = World(self.settings, start=hit.at, rows_max=1_000_000)
                self.began = hit.at
            self._world.loop.run(hit.at)
            self.ended = max(self.ended, hit.at)
            self._come(self._world, hit)
        if self._world is not None:
            self._world.loop.run()

    def everybody(self) -> Count:
        """All networks together."""
        whole = Count()
        for count in (self.others, *self.networks.values()):
            whole.merge(count)
        return whole

    def greediest(self, number: int) -> list[tuple[Network, Count]]:
        """The networks that wanted most."""
        return nlargest(number, self.networks.items(), key=lambda item: item[1].wanted)

    def _come(self, world: World, hit: Hit) -> None:
        key = (int(hit.address), hash(hit.agent))
        visitor = self._known.get(key)
        if visitor is None:
            self._forget_one()
            self.visitors += 1
            count = self._network(prefixes(hit.address)[0])
            visitor = _Visitor(Browser(world, lambda: hit.address, count))
            self._known[key] = visitor
        self._known.move_to_end(key)
        if len(visitor.wanted) >= PENDING_MAX:
            visitor.browser.count.wanted += 1
            visitor.browser.count.refused += 1
            return
        visitor.wanted.append(hit.profile)
        if not visitor.busy:
            visitor.busy = True
            visitor.task = world.loop.spawn(_read(visitor))

    def _forget_one(self) -> None:
        if len(self._known) < self._visitors_max:
            return
        _, visitor = self._known.popitem(last=False)
        visitor.browser.leave()
        if visitor.task is not None:
            visitor.task.cancel()
        lost = len(visitor.wanted)
        visitor.browser.count.wanted += lost
        visitor.browser.count.refused += lost

    def _network(self, network: Network) -> Count:
        count = self.networks.get(network)
        if count is None:
            if len(self.networks) >= self._networks_max:
                self._fold()
            count = self.networks[network] = Count()
        return count

    def _fold(self) -> None:
        kept = dict(self.greediest(self._networks_max // 2))
        for network, count in self.networks.items():
            if network not in kept:
                self.others.merge(count)
                self.others_number += 1
        self.networks = kept


def _read(visitor: _Visitor) -> Steps[None]:
    while visitor.wanted:
        yield from visitor.browser.open(visitor.wanted.popleft())
    visitor.busy = False
