"""The bench of the stores measures what it says: trips, bytes, and what a server has done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bench import _full_server, _store_rows, _store_together
from bench import store as bench
from bench._store_sites import PROFILES, Site, Used, counted_trips, crowd
from challenge.core.visitors import View
from challenge.stores.redis import RedisStore
from challenge.stores.redis_pool import Lease


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for where, name, number in (
        (bench, "ROUNDS", 1),
        (bench, "VISITORS", 2),
        (bench, "SOME", 2),
        (bench, "FILLS", 1),
        (_store_rows, "COPIES", 1000),
        (_store_together, "READERS", 2),
        (_full_server, "COPIES", 3),
    ):
        monkeypatch.setattr(where, name, number)


def test_a_view_is_one_trip_and_a_visitor_400_bytes(tmp_path: Path) -> None:
    ask = Lease.ask
    found = {figure.id: figure for figure in bench.figures(bench.measure(tmp_path))}
    for kind in bench.SERVED:
        assert found[f"store.{kind}_roundtrips"].value == 1
        assert found[f"store.{kind}_bytes"].ok
        assert found[f"store.{kind}_moved_bytes"].value <= 400
        assert 5 < found[f"store.{kind}_redeem_roundtrips"].value < 15
        assert found[f"store.{kind}_gate_wire_bytes"].value > 150
    for kind in bench.STORES:
        for what in ("gate", "ahead", "revisit", "redeem"):
            half, most = (found[f"store.{kind}_{what}_p{percent}_us"].value for percent in (50, 99))
            assert 0 < half <= most
            assert found[f"store.{kind}_{what}_us"].value > 0
    assert found["store.sqlite_gate_ratio"].value == 1
    assert found["store.visit_sales"].value == 3
    assert found["store.visit_spent_rows"].value == 3
    assert 88_000 < found["store.visitor_life_s"].value < 88_300
    assert found["store.redis_visitor_row_bytes"].value > found["store.redis_bytes"].value
    assert len(found) == len({figure.id for figure in found.values()})
    assert Lease.ask is ask


def test_control_a_store_that_looks_first_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = RedisStore.charge

    def looks_first(store: RedisStore, key: bytes, seen: View, *, epoch: str, now: float) -> object:
        store.read(key, now=now)
        return charge(store, key, seen, epoch=epoch, now=now)

    monkeypatch.setattr(RedisStore, "charge", looks_first)
    with site_on(tmp_path, "redis") as site:
        site.round(list(islice(crowd(1), 2)))
        assert bench.asked_of_servers(site)["roundtrips"] == 2


@contextmanager
def site_on(folder: Path, kind: str) -> Iterator[Site]:
    """A warm worker over a new store."""
    with counted_trips() as trips, ExitStack() as stack:
        site = bench.opened(kind, folder, stack, trips)
        site.warm(next(crowd()))
        yield site


def test_what_is_sent_again_does_what_it_did(tmp_path: Path) -> None:
    with site_on(tmp_path, "valkey") as site, _full_server.recorded() as trips:
        [client] = site.servers.clients
        client.config_resetstat()
        visits = _full_server.full_of_visits(site, list(islice(crowd(1), 2)))
        stats: Any = client.info("commandstats")
        scripts = sum(command[0] == "EVALSHA" for trip in trips for command in trip)
        assert scripts > 2 * PROFILES
        # Each once as a worker asked for it, and three times again.
        assert stats["cmdstat_evalsha"]["calls"] == 4 * scripts
        views = _full_server.full_of_views(site, list(islice(crowd(9), 2)), at_once=20)
        assert 0 < views.visit_us < visits.visit_us
        assert not client.keys("t0*")


def test_control_views_that_are_not_paid_for_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_full_server, "_paid", lambda command, jti: command)
    with site_on(tmp_path, "valkey") as site, pytest.raises(AssertionError, match="did before"):
        # Clearances that were replaced open nothing.
        _full_server.full_of_views(site, list(islice(crowd(9), 2)), at_once=20)


def test_what_it_takes_to_ask_is_no_visits(tmp_path: Path) -> None:
    with site_on(tmp_path, "redis") as site:
        nothing = site.servers.asking()
        assert nothing.wire > 0
        readers = list(islice(crowd(1), 2))
        site.round(readers)
        few = site.costs["charged"].served
        assert few.scripts == 1
        # Where it is taken away, two views seem to be larger than they are.
        site._asking = Used()
        site.round(list(islice(crowd(50), 2)))
        more = site.costs["charged"].server[-1]
        assert more.wire - few.wire == pytest.approx(nothing.wire / 2, rel=0.2)
