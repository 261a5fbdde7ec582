"""What one request costs the server: ask, redeem, and the gate, on each store."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from itertools import count
from pathlib import Path

from challenge import keys
from challenge.config import Settings
from challenge.core import puzzles
from challenge.core.models import Client
from challenge.stores import Store, from_uri
from challenge.tally import Tally
from challenge.wire import Ask

from ._report import Figure, microseconds, publish

CLIENT = Client(ip_address("192.0.2.1"))
ASK = Ask(report="", action="page", resource="/people/ada", units=1)
SALES = 300


def tally_over(store: Store, budget: int) -> Tally:
    """A tally whose puzzles any answers solve, so that solving is not measured."""
    settings = Settings(price_ms=0, budget=budget, ramp=(budget,), band_burst=10**8)
    return Tally(
        settings,
        keys.make(os.urandom),
        store,
        clock=time.time,
        sleep=time.sleep,
        random=os.urandom,
    )


def bodies(tally: Tally, number: int) -> Iterator[bytes]:
    """Redemptions of challenges that nobody has redeemed."""
    for _ in range(number):
        challenge = tally.quote(ASK, None, CLIENT).challenge
        yield json.dumps({"challenge": challenge, "answers": [0] * 16}).encode()


def figures_of(name: str, store: Store) -> Iterator[Figure]:
    """The costs over one store, in microseconds."""
    tally = tally_over(store, budget=1000)
    fresh = bodies(tally, SALES * 7)
    waiting = list(fresh)

    def redeem() -> str:
        return tally.redeem(waiting.pop(), CLIENT).token

    def figure(what: str, call: Callable[[], object], calls: int) -> Figure:
        return Figure(f"gate.{name}.{what}_us", microseconds(call, calls=calls), "us")

    token = redeem()
    waiting.extend(bodies(tally, 1))
    yield figure("ask", lambda: tally.quote(ASK, None, CLIENT), SALES)
    yield figure("redeem", redeem, SALES)
    tally.admit(token, "ada", CLIENT)
    yield figure("revisit", lambda: tally.admit(token, "ada", CLIENT), 1000)
    profiles = count()
    yield figure("charge", lambda: tally.admit(token, str(next(profiles)), CLIENT), 140)


def verify_figure() -> Figure:
    """Checking sixteen answers."""
    kind = puzzles.get("sha256")
    puzzle, seed, answers = kind.puzzle(0), os.urandom(32), (0,) * 16
    cost = microseconds(lambda: kind.meets_targets(seed, puzzle, answers), calls=2000)
    return Figure("gate.verify_us", cost, "us", note="16 sha256 answers")


def main() -> None:
    """Measure and publish."""
    figures = [verify_figure()]
    with tempfile.TemporaryDirectory() as folder:
        for name, uri in (("memory", "memory://"), ("sqlite", "sqlite:///bench.db")):
            store = from_uri(uri, folder=Path(folder), max_bytes=2**30)
            figures += figures_of(name, store)
            store.close()
    publish("gate", figures)


if __name__ == "__main__":
    main()
