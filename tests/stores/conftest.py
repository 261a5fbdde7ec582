"""Servers for the tests of stores on Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..redis_proxy import Proxy, proxy_to
from ..redis_servers import KINDS, RedisServer, serve_redis


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    with serve_redis(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    """A server that the test may stop."""
    with serve_redis("valkey", tmp_path) as server:
        yield server


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    with proxy_to(redis_server.port) as proxy:
        yield proxy
