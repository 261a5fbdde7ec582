"""Stores on Redis as tests open them, and what all of these tests ask."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from challenge.errors import ChallengeError, StoreUnavailable
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_proxy import Proxy
from ..redis_servers import RedisServer, free_port

ROOT = Path(__file__).parent.parent.parent
#: the rights that the docs give
RIGHTS = re.findall(r"^user gate on .*$", (ROOT / "docs" / "redis.md").read_text(), re.MULTILINE)
ACL = ["ACL", "SETUSER", *RIGHTS[0].replace("PASSWORD", "pass/word@x").split()[1:]]
URI = "redis://gate:pass%2Fword%40x@127.0.0.1:{port}/0"


_PREFIXES = (f"f-{number}" for number in itertools.count())
S = TypeVar("S", bound=RedisStore)


@contextmanager
def workers(open_store: Callable[[], S]) -> Iterator[Callable[[], S]]:
    """A function that gives the store of one of sixteen workers, in turns."""
    stores: list[S] = []
    turns = itertools.count()

    def make() -> S:
        if len(stores) < 16:
            stores.append(open_store())
            return stores[-1]
        return stores[next(turns) % 16]

    yield make
    for store in stores:
        store.close()


def store_on(server: RedisServer, **options: Any) -> RedisStore:
    """A store on a server of the tests."""
    return RedisStore(Address("127.0.0.1", server.port, timeout=2, **options))


def code_of(call: Callable[[], Any]) -> str:
    """What a call is refused with."""
    try:
        call()
    except ChallengeError as error:
        return error.code
    return "fine"


def fail_over(server: RedisServer) -> None:
    """Another history of writes goes on under the same address."""
    client = server.client()
    client.replicaof("127.0.0.1", free_port())
    client.replicaof("NO", "ONE")
    # As a sentinel does when it has made another the master.
    client.client_kill_filter(_type="normal", skipme=True)


def until(holds: Callable[[], Any]) -> None:
    """Wait for it; that the store is away is no answer yet."""
    deadline = time.monotonic() + 20
    while True:
        with suppress(StoreUnavailable):
            if holds():
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def rested() -> float:
    """A clock so quick that nobody rests."""
    return time.monotonic() * 1e6


def opened(proxy: Proxy, timeout: float = 0.2, **options: Any) -> RedisStore:
    address = Address("127.0.0.1", proxy.port, prefix=next(_PREFIXES), timeout=timeout, **options)
    return RedisStore(address, clock=rested)
