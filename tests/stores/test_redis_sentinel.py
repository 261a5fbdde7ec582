"""A store whose master is found by sentinels: when another takes over, it follows and says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from challenge.errors import ConfigError, StoreUnavailable
from challenge.stores import from_uri

from ..redis_proxy import proxy_to, swallow
from ..redis_servers import free_port
from ..test_tally import World, body_of
from .conformance import KEY, visitor
from .redis_stores import code_of, until
from .redis_watched import Watched, fail_over, serve_watched

#: a store that keeps nothing of its own
IN_NONE: dict[str, Any] = {"folder": Path(), "max_bytes": 1}


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with serve_watched(tmp_path) as watched:
        yield watched


@pytest.mark.parametrize(
    "how",
    ["the master is killed", pytest.param("another is made master", marks=pytest.mark.slow)],
)
def test_who_takes_over_is_followed_and_begins_an_epoch(watched: Watched, how: str) -> None:
    store: Any = from_uri(watched.uri(), folder=Path(), max_bytes=1)
    world = World(store)
    token, spent, unspent = world.buy(), body_of(world.ask()), body_of(world.ask())
    world.admit(token, "ada")
    world.redeem(spent)
    before = store.epoch
    if how == "the master is killed":
        watched.master.stop()
    else:
        fail_over(watched)
    until(lambda: watched.replica.client().info("replication")["role"] == "master")
    until(lambda: (store.ping(), store.epoch != before)[1])
    for body in (spent + b" ", unspent):
        until(lambda body=body: code_of(lambda: world.redeem(body)) != "store_unavailable")
        assert code_of(lambda body=body: world.redeem(body)) == "store_changed"
    assert code_of(lambda: world.admit(token, "ada")) == "store_changed"
    world.clock.now += 31
    assert world.opens(world.buy(), *range(30)) == 20
    assert watched.replica.client().dbsize() > 1
    store.close()


def test_a_sentinel_that_is_away_is_passed_over(watched: Watched) -> None:
    away = f"127.0.0.1:{free_port()}"
    store = from_uri(watched.uri(away, "no.invalid:1"), folder=Path(), max_bytes=1)
    store.open(KEY, visitor())
    assert watched.master.client().dbsize() == 2
    store.close()


def test_a_name_that_no_sentinel_knows_stops_the_start(watched: Watched) -> None:
    with pytest.raises(ConfigError, match="know no other"):
        from_uri(watched.uri().replace("/gate/", "/other/"), folder=Path(), max_bytes=1)


def test_while_no_sentinel_answers_nothing_is_granted(watched: Watched) -> None:
    watched.sentinel.stop()
    store = from_uri(watched.uri(), folder=Path(), max_bytes=1)
    with pytest.raises(StoreUnavailable, match="no sentinel answers"):
        store.open(KEY, visitor())
    watched.sentinel.process = None
    conf = watched.sentinel.folder / "sentinel.conf"
    watched.sentinel.start(str(conf), "--sentinel")
    until(lambda: (store.open(KEY, visitor()), True)[1])
    store.close()


def test_of_sentinels_that_are_silent_one_is_waited_for(watched: Watched) -> None:
    """A page makes up to two calls that wait, so three time-outs in each were too many."""
    with ExitStack() as stack:
        ways = [stack.enter_context(proxy_to(watched.sentinel.port)) for _ in range(3)]
        uri = watched.uri(*(f"127.0.0.1:{way.port}" for way in ways)).replace("=500", "=100")
        store: Any = from_uri(uri.replace(f",127.0.0.1:{watched.sentinel.port}", ""), **IN_NONE)
        store.open(KEY, visitor())
        for way in ways:
            way.seen.clear()
            way.fate = lambda words: swallow
        store.close()
        for count in (1, 2, 3):
            assert code_of(store.ping) == "store_unavailable"
            assert sum(len(way.seen) for way in ways) == count
        # Each had its turn; the first to answer is found before the store is left alone.
        assert [len(way.seen) for way in ways] == [1, 1, 1]
        ways[1].fate = lambda words: None
        assert "fine" in [code_of(store.ping) for _ in range(2)]
        store.close()


def test_at_the_start_a_silent_sentinel_is_passed_over(watched: Watched) -> None:
    """So what is unfit stops the start, whoever is silent."""
    with proxy_to(watched.sentinel.port) as way:
        way.fate = lambda words: swallow
        uri = watched.uri(f"127.0.0.1:{way.port}").replace("=500", "=100")
        with pytest.raises(ConfigError, match="know no other"):
            from_uri(uri.replace("/gate/", "/other/"), **IN_NONE)
        store = from_uri(uri, **IN_NONE)
        store.open(KEY, visitor())
        assert way.seen
        store.close()
