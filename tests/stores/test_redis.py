"""The suite of all stores on Redis and Valkey, and what a view and a visitor cost there."""

from __future__ import annotations

import base64
import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from challenge.core import visitors
from challenge.core.bands import Wanted
from challenge.core.models import Charge
from challenge.core.purchases import first_purchase, top_up
from challenge.core.visitors import Charged, View, Visitor
from challenge.stores.base import Spending
from challenge.stores.compact import pack
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_servers import RedisServer
from .conformance import (
    BAND,
    BODY,
    END,
    HOLDER,
    ID,
    KEY,
    NOW,
    StoreConformance,
    charge,
    purchase,
    spend,
    view,
    visitor,
)
from .redis_stores import store_on, workers

PREFIXES = (f"c-{number}" for number in itertools.count())


@pytest.fixture
def make_store(server: RedisServer) -> Iterator[Callable[[], RedisStore]]:
    address = Address("127.0.0.1", server.port, prefix=next(PREFIXES), timeout=2)
    with workers(lambda: RedisStore(address)) as make:
        yield make


class TestRedis(StoreConformance):
    ends_by_callers_time = False


class HastyRedis(RedisStore):
    """The negative control: looks first, decides, and writes in a step of its own."""

    def spend(self, challenge: bytes, *spent: Any, **about: Any) -> Spending:
        row = self._pool.call("GET", self._key(b"s", challenge))
        time.sleep(0.005)
        if row is None:
            # What came meanwhile is written over.
            self._pool.call("DEL", self._key(b"s", challenge))
        return super().spend(challenge, *spent, **about)

    def charge(self, key: bytes, view: View, *, epoch: str, now: float) -> Charged:
        after, charged = visitors.charge(self.read(key, now=now), view, now)
        time.sleep(0.005)
        if after is not None:
            self._pool.call("SET", self._key(b"v", key), pack(after), "KEEPTTL")
        return charged


@pytest.mark.parametrize(
    "race",
    [
        StoreConformance.test_one_of_many_callers_wins,
        StoreConformance.test_a_budget_is_exact_for_many_callers,
    ],
)
def test_control_read_then_write_loses_the_race(race: Any, own: RedisServer) -> None:
    with pytest.raises(AssertionError):
        race(StoreConformance(), lambda: HastyRedis(Address("127.0.0.1", own.port, timeout=2)))


# -- what a view costs


ASIDE = {"info", "client", "hello"}


def calls(server: RedisServer) -> dict[str, int]:
    """How often each command was called from outside of a script."""
    stats = server.client().info("commandstats")
    return {name.removeprefix("cmdstat_"): told["calls"] for name, told in stats.items()}


def test_a_view_is_one_trip_and_one_script(
    server: RedisServer, make_store: Callable[[], RedisStore]
) -> None:
    store = make_store()
    store.open(KEY, visitor(left=1000))
    charge(store, KEY, view(0))
    before = calls(server)
    for number in range(100):
        assert charge(store, KEY, view(number)).charge in (Charge.CHARGED, Charge.REVISIT)
    after = calls(server)
    called = {name: after[name] - before.get(name, 0) for name in after}
    # What a script calls is counted too; the rest is this test's own client.
    ours = {name: n for name, n in called.items() if n and name.split("|")[0] not in ASIDE}
    assert ours == {"evalsha": 100, "get": 100, "set": 100}


def reader(**changes: Any) -> Visitor:
    """Who has bought twice with a key, and has opened twenty profiles at home."""

    def named(number: int) -> str:
        return base64.urlsafe_b64encode(os.urandom(16)).rstrip(b"=").decode()

    thumbprint = base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=").decode()
    sale = replace(
        purchase(units=10, expires=int(NOW) + 88_230),
        thumbprint=thumbprint,
        jti=named(0),
        ends=int(NOW) + 1800,
    )
    further = replace(sale, number=1, units=20, reserved=20, challenge=b"n" * 16, jti=named(1))
    bought, _ = top_up(first_purchase(sale), further, NOW + 60)
    assert bought is not None
    return bought._replace(**changes)


def test_a_visitor_with_twenty_profiles_takes_at_most_400_bytes(
    server: RedisServer, request: pytest.FixtureRequest
) -> None:
    store = store_on(server, prefix="tallygate")
    record = reader()
    store.open(KEY, record)
    for number in range(20):
        shown = replace(view(number), jti=record.jti)
        assert charge(store, KEY, shown, now=NOW + 90).charge is Charge.CHARGED
    taken = server.client().memory_usage(store._key(b"v", KEY))
    assert taken is not None
    assert 0 < taken <= 400


def test_and_so_does_one_that_has_come_home_from_a_second_network(server: RedisServer) -> None:
    store, key = store_on(server, prefix="tallygate"), KEY[:-1] + b"2"
    record = reader()
    store.open(key, record)
    [home] = record.homes
    for number in range(20):
        there = b"a second" if number == 10 else home.network
        if number == 10:
            store.move(key, there, count=0, becomes=30, now=NOW + 90)
        shown = replace(view(number), jti=record.jti, network=there, place=there)
        assert charge(store, key, shown, now=NOW + 90).charge is Charge.CHARGED
    kept = store.read(key, now=NOW + 90)
    assert kept is not None
    assert (len(kept.homes), len(kept.trails.v4.returns)) == (2, 1)
    assert 0 < (server.client().memory_usage(store._key(b"v", key)) or 0) <= 400
    store.close()


def test_rows_leave_when_they_have_ended(
    server: RedisServer, make_store: Callable[[], RedisStore]
) -> None:
    store, client = make_store(), server.client()
    spend(store, ID, BODY)
    store.open(KEY, visitor())
    charge(store, KEY, view(1))
    store.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW)
    store.day_key(int(NOW) // 86400, b"1" * 32, now=NOW)
    lives = {
        key.removeprefix(store._prefix + b":")[:1]: client.pttl(key) / 1000
        for key in client.keys(store._prefix + b":*")
    }
    assert 200 < lives[b"s"] <= 260
    assert 200 < lives[b"v"] <= 260
    assert 230 < lives[b"b"] <= 241
    assert 890 < lives[b"r"] <= 900
    assert 0 < lives[b"d"] <= 48 * 3600
    assert lives[b"e"] < 0, "the epoch stays"
    store.top_up(KEY, purchase(1, expires=END + 500), now=NOW)
    assert 700 < client.pttl(store._key(b"v", KEY)) / 1000 <= 760
