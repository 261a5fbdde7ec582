"""`./run bench gate`: its stores hold what the verbs write, and what it finds is told rightly."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import pytest

from bench import _crowd, _gate_docs
from bench._crowd import MEMBERS, Crowd, Site, play
from bench._filling import fill
from bench._gate_docs import KINDS, table
from bench._gated import Gated
from bench._quiet import QUIET, Cost
from bench.gate import SIZES, URIS, Measured, figures
from challenge import keys
from challenge.config import Settings
from challenge.core.models import Client
from challenge.stores.memory import MemoryStore
from challenge.stores.sqlite import SQLiteStore
from challenge.tally.admitting import AHEAD

NUMBER = 3 * MEMBERS
SETTINGS = Settings(price_ms=0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "store.db")
    yield store
    store.close()


@pytest.fixture
def site(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(_crowd, "PLAYED", 2)
    return Site(SETTINGS, keys.make(os.urandom), store.day_key, time.time())


# -- what the stores are filled with


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_a_record_worn_by_another_is_what_the_verbs_write_for_it(site: Site, address: str) -> None:
    at = site.now - 500
    played = play(site, Client(ip_address("198.51.100.1")), at=at, random=Random(1))
    other = play(site, Client(ip_address(address)), at=at, random=Random(2))
    assert len(other.records) == MEMBERS
    for record, name, written in zip(played.records, other.names, other.records, strict=True):
        assert site.worn(record, name, site.home(name)) == written
        assert record != written
    assert played.levels == other.levels[:1] + other.levels[-1:]


def test_what_is_bought_and_read_is_what_a_reader_has(site: Site) -> None:
    household = play(site, Client(ip_address("192.0.2.1")), at=site.now - 500, random=Random(1))
    for more, record in enumerate(household.records):
        assert (record.sales, record.bought) == (3, 4 + 10 + 20)
        assert record.spent == len(record.charged) // 8 == _crowd.PAGES + more
    # One of them has to charge the band next; the others still have units of it.
    home = [record.homes[0].charged - record.spent for record in household.records]
    assert sorted(home) == [0, 1, 2, 3, 4]


def test_bulk_leaves_what_the_verbs_would(store: SQLiteStore, site: Site, tmp_path: Path) -> None:
    crowd = Crowd(site, store.epoch, NUMBER)
    fill(store, crowd)
    by_verbs = SQLiteStore(tmp_path / "verbs.db")
    in_memory = MemoryStore()
    fill(in_memory, crowd)
    for key, visitor in crowd.records():
        by_verbs.open(key, visitor)
        assert store.read(key, now=site.now) == in_memory.read(key, now=site.now) == visitor
    assert rows(store, "visitors") == rows(by_verbs, "visitors")
    assert len(rows(store, "visitors")) == NUMBER
    # Two networks of each IPv4 address, three of each IPv6 one.
    assert len(rows(store, "bands")) == 2 + 3 + 2
    for key, levels in crowd.bands():
        assert store.levels(key) == in_memory.levels(key) == levels
        assert levels.latest > site.now * 1000


def rows(store: SQLiteStore, table: str) -> list[tuple[Any, ...]]:
    with store._file.connection() as connection:
        return list(connection.execute(f"SELECT * FROM {table}"))  # noqa: S608


# -- what is measured


@pytest.fixture(params=URIS)
def gated(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gated:
    monkeypatch.setattr(_crowd, "PLAYED", 2)
    monkeypatch.setattr(QUIET, "patience", 0)
    return Gated(URIS[request.param], tmp_path, 1000)


def test_views_are_what_they_are_said_to_be(gated: Gated, monkeypatch: pytest.MonkeyPatch) -> None:
    store, taken = gated._worker.store, []
    reserve = store.reserve
    monkeypatch.setattr(store, "reserve", lambda *a, **k: taken.append(a) or reserve(*a, **k))
    # Visitors open one profile after the other, so that each of them is charged ahead once.
    for _ in range(AHEAD):
        visitors = range(10 * MEMBERS)
        covered = [index for index in visitors if gated._is_covered(index)]
        gated._views(gated._new(covered))
        assert not taken
        ahead = [index for index in visitors if index not in covered]
        assert len(ahead) == 10
        gated._views(gated._new(ahead))
        assert len({reservation for _, reservation, *_ in taken}) == 10
        taken.clear()
        gated._views(gated._old(visitors), units=0)


def test_a_round_measures_everything(gated: Gated) -> None:
    found = gated.round()
    assert found.keys() == {*KINDS, "later"}
    assert all(cost.loop_us > 0 for costs in found.values() for cost in costs)
    assert all(median(cost.us for cost in found[kind]) > 0 for kind in KINDS)


# -- what is made of it


def found(us: dict[int, float]) -> Measured:
    """As if each view had cost so much, and three times that on a busy machine."""
    costs = {
        (store, size): {
            kind: [Cost(us[size], 100.0)] + [Cost(3 * us[size], 200.0)] * 3
            for kind in (*KINDS, "later")
        }
        for size in SIZES
        for store in URIS
    }
    return Measured(costs, dict.fromkeys(costs, 2**30))


def test_the_quiet_part_counts() -> None:
    measured = found({10**3: 40.0, 10**4: 45.0, 10**5: 50.0, 10**6: 55.0})
    assert measured.us("sqlite", 10**6, "revisit") == 55
    assert measured.us("sqlite", 10**6, "charged") == 55 * 2
    assert measured.usual_us("sqlite", 10**6) == 165 * 2
    assert measured.growth("sqlite") == 55 / 40
    assert measured.slowness == 1
    told = {figure.id: figure for figure in figures(measured)}
    assert told["gate.sqlite_us"].ok
    assert told["gate.growth"].ok is False
    assert told["gate.memory_mib"].value == 1024
    assert {"gate.memory_us", "gate.sqlite_cold_us", "gate.redeem_us"} < told.keys()


def test_recording_replaces_what_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "cost.md"
    monkeypatch.setattr(_gate_docs, "PAGE", page)
    page.write_text(f"before\n{_gate_docs.START}\nold\n{_gate_docs.END}\nafter\n")
    lines = table("SQLite", SIZES, lambda size, kind: size / 10)
    for _ in range(2):
        _gate_docs.record([lines], "Words.")
        once = page.read_text()
        assert once.startswith(f"before\n{_gate_docs.START}\n\n{lines}\n\n")
        assert once.endswith(f"Words.\n\n{_gate_docs.END}\nafter\n")
        assert "old" not in once
    assert "| an ask | 100 | 1,000 | 10,000 | 100,000 |" in lines


def test_the_page_has_the_marks() -> None:
    page = Path(__file__).parents[1] / "docs" / _gate_docs.PAGE.name
    text = page.read_text()
    assert text.count(_gate_docs.START) == text.count(_gate_docs.END) == 1
