"""The bench of the stores measures what it says: a view's trips, and a visitor's bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import store as bench
from challenge.stores.redis import RedisStore
from challenge.stores.redis_pool import Lease


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "ROUNDS", 1)
    monkeypatch.setattr(bench, "VISITORS", 2)


def test_a_view_is_one_trip_and_a_visitor_400_bytes(tmp_path: Path) -> None:
    ask = Lease.ask
    found = {figure.id: figure for figure in bench.measure_all(tmp_path)}
    for kind in bench.SERVED:
        assert found[f"store.{kind}_roundtrips"].value == 1
        assert found[f"store.{kind}_bytes"].ok
        assert 5 < found[f"store.{kind}_redeem_roundtrips"].value < 15
    for kind in bench.STORES:
        for what in ("gate", "revisit", "redeem"):
            half, most = (found[f"store.{kind}_{what}_p{percent}_us"].value for percent in (50, 99))
            assert 0 < half <= most
    assert Lease.ask is ask


def test_control_a_store_that_looks_first_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = RedisStore.charge

    def looks_first(store: RedisStore, key: bytes, *asked: object, now: float) -> object:
        store.read(key, now=now)
        return charge(store, key, *asked, now=now)  # type: ignore[arg-type]

    monkeypatch.setattr(RedisStore, "charge", looks_first)
    found = {figure.id: figure for figure in bench.measure_all(tmp_path)}
    assert found["store.redis_roundtrips"].value == 2
    assert not found["store.redis_roundtrips"].ok
