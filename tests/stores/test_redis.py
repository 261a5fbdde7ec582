"""What a store on Redis and Valkey promises beyond the suite of all stores."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_servers import KINDS, RedisServer, serve_redis
from .conformance import StoreConformance

PREFIXES = (f"c-{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    with serve_redis(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def make_store(server: RedisServer) -> Iterator[Callable[[], RedisStore]]:
    stores: list[RedisStore] = []
    address = Address("127.0.0.1", server.port, prefix=next(PREFIXES), timeout=2)

    def make() -> RedisStore:
        stores.append(RedisStore(address))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


class TestRedis(StoreConformance):
    ends_by_callers_time = False
