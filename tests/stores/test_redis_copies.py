"""Where a server has replicas, a sale waits for one of them; not for ever, and not for a view."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from flask import Flask

from challenge import Gate
from challenge.cli import checks
from challenge.cli.doctor import examine
from challenge.core.models import Charge
from challenge.stores.redis import RedisStore
from challenge.stores.redis_pool import Lease

from ..redis_proxy import late_copies
from ..redis_servers import RedisServer, serve_redis
from ..test_tally import World
from .conformance import BODY, ID, KEY, NOW, charge, purchase, spend, view, visitor
from .redis_stores import store_on, until

#: seconds by which a replica is behind
BEHIND = 0.04


class Pair:
    """A master, and a replica that is behind."""

    def __init__(self, master: RedisServer, replica: RedisServer) -> None:
        self.master = master
        self.replica = replica

    def waits(self) -> int:
        """How often the master was asked to wait for a replica; greetings wait for none."""
        told = self.master.client().info("commandstats").get("cmdstat_wait", {"calls": 0})
        return int(told["calls"])

    def has(self, kind: bytes) -> bool:
        """Whether the replica has rows of a kind."""
        return bool(self.replica.client().keys(b"tallygate:" + kind + b"*"))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    folders = [tmp_path / name for name in ("master", "replica")]
    for folder in folders:
        folder.mkdir()
    with ExitStack() as stack:
        at_once = ("--repl-diskless-sync-delay", "0")
        master = stack.enter_context(serve_redis("valkey", folders[0], *at_once))
        port = stack.enter_context(late_copies(master.port, BEHIND))
        follows = ("--replicaof", "127.0.0.1", str(port))
        replica = stack.enter_context(serve_redis("valkey", folders[1], *follows))
        until(lambda: replica.client().info("replication")["master_link_status"] == "up")
        until(lambda: master.client().info("replication")["slave0"]["state"] == "online")
        yield Pair(master, replica)


def test_what_was_sold_is_on_a_replica(pair: Pair) -> None:
    with closing(store_on(pair.master)) as store:
        World(store).buy()
        assert pair.has(b"v")
        assert pair.has(b"s")


def test_control_without_waiting_it_is_not(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisStore, "_copied", lambda self, lease, sale: [])
    with closing(store_on(pair.master)) as store:
        World(store).buy()
        # What is sold last is behind.
        assert not pair.has(b"s") or not pair.has(b"v")


def test_each_verb_that_sells_waits_and_no_other(pair: Pair) -> None:
    with closing(store_on(pair.master)) as store:
        store.open(b"another", visitor())
        spending = spend(store, ID, BODY)
        before = pair.waits()
        store.open(KEY, visitor())
        assert pair.waits() == before + 1
        assert store.top_up(KEY, purchase(1), now=NOW)
        assert pair.waits() == before + 2
        assert store.settle(ID, "granted", b"", since=spending.since)
        assert pair.waits() == before + 3
        assert charge(store, KEY, view(1)).charge is Charge.CHARGED
        store.refund(KEY, b"", 0, b"network")
        store.levels(KEY)
        assert pair.waits() == before + 3


def test_waiting_is_no_trip_of_its_own(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    trips, ask = [], Lease.ask
    with closing(store_on(pair.master)) as store:
        store.open(KEY, visitor())
        monkeypatch.setattr(Lease, "ask", lambda *told: (trips.append(told), ask(*told))[1])
        store.open(b"another", visitor())
    assert len(trips) == 1


def test_a_replica_that_halts_stops_no_sale_and_is_told_of_once(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    assert pair.replica.process
    with closing(store_on(pair.master)) as store:
        world = World(store)
        world.buy()
        os.kill(pair.replica.process.pid, signal.SIGSTOP)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert world.opens(world.buy(), 1, 2) == 2
        assert caplog.text.count("no replica had a sale") == 1
        os.kill(pair.replica.process.pid, signal.SIGCONT)
        until(lambda: world.buy() and not store._copies_late)


def test_once_no_replica_is_left_none_is_waited_for(pair: Pair) -> None:
    with closing(store_on(pair.master)) as store:
        world = World(store)
        pair.replica.stop()
        until(lambda: pair.master.client().info("replication")["connected_slaves"] == 0)
        store.ping()
        before = pair.waits()
        world.buy()
        assert pair.waits() == before


def test_nor_where_there_never_was_one(own: RedisServer) -> None:
    with closing(store_on(own)) as store:
        store.ping()
        before = own.client().info("commandstats")["cmdstat_wait"]["calls"]
        World(store).buy()
        assert own.client().info("commandstats")["cmdstat_wait"]["calls"] == before


def test_the_doctor_says_that_a_master_may_sell_alone(pair: Pair) -> None:
    with closing(store_on(pair.master)) as store:
        alone = checks.store_copies(store.masters())
        pair.master.client().config_set("min-replicas-to-write", 1)
        watched = checks.store_copies(store.masters())
    assert alone is not None
    assert watched is not None
    assert (alone.level, watched.level) == ("advice", "ok")
    assert "min-replicas-to-write" in alone.advice


def test_and_nothing_where_there_is_no_replica(own: RedisServer) -> None:
    with closing(store_on(own)) as store:
        assert checks.store_copies(store.masters()) is None


def test_it_is_asked_by_its_command(pair: Pair, tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.config["CHALLENGE_STORE_URI"] = pair.master.uri
    Gate(app)
    assert "beside them" in " ".join(found.text for found in examine(app, time.time()))
