"""When a server may have lost rows, what names the epoch before is asked for again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from challenge.core.models import Charge
from challenge.errors import StoreUnavailable
from challenge.stores import redis as redis_store
from challenge.stores.redis import RedisStore
from challenge.tally.selling import Seller

from ..redis_servers import RedisServer, serve_redis
from ..test_selling import Key
from ..test_tally import World, body_of
from .conformance import (
    KEY,
    NOW,
    charge,
    view,
    visitor,
)
from .redis_stores import code_of, fail_over, store_on

OLD_EPOCH = "store_changed"


def forget(server: RedisServer) -> None:
    server.client().flushall()


LOSSES = {"restart": RedisServer.restart, "flush": forget, "failover": fail_over}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with serve_redis("redis", tmp_path) as server, closing(store_on(server)) as store:
        world = World(store)
        world.server = server  # type: ignore[attr-defined]
        yield world


@pytest.mark.parametrize("loss", LOSSES)
def test_what_names_an_epoch_with_lost_rows_is_asked_for_again(world: World, loss: str) -> None:
    token, spent, unspent = world.buy(), body_of(world.ask()), body_of(world.ask())
    world.admit(token, "ada")
    world.redeem(spent)
    before = world.store.epoch
    LOSSES[loss](world.server)  # type: ignore[attr-defined]
    # Who meets the loss is told that the store is away; who comes again is told what it is.
    codes = [code_of(lambda: world.redeem(spent + b" ")) for _ in range(3)]
    assert codes[-1] == OLD_EPOCH
    assert set(codes) <= {OLD_EPOCH, "store_unavailable"}
    assert world.store.epoch != before
    assert code_of(lambda: world.redeem(unspent)) == OLD_EPOCH
    assert code_of(lambda: world.admit(token, "ada")) == OLD_EPOCH
    world.clock.now += 31
    again = world.buy()
    assert world.opens(again, *range(30)) == 20


@pytest.mark.parametrize("loss", LOSSES)
def test_control_with_one_epoch_for_ever_a_challenge_is_spent_twice(
    world: World, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = body_of(world.ask())
    world.redeem(spent)
    epoch = world.store.epoch
    monkeypatch.setattr(RedisStore, "epoch", property(lambda self: epoch))
    monkeypatch.setattr(redis_store.scripts, "SPEND", Unguarded(redis_store.scripts.SPEND, epoch))
    LOSSES[loss](world.server)  # type: ignore[attr-defined]
    world.clock.now += 31
    codes = [code_of(lambda: world.redeem(spent + b" ")) for _ in range(3)]
    # A failover loses what had not been copied; this one had lost nothing.
    assert ("fine" in codes) is (loss != "failover")


class Unguarded:
    """The script, whose caller finds the epoch whatever was lost."""

    def __init__(self, script: Any, epoch: str) -> None:
        self._script, self._epoch = script, epoch.encode()

    def run_with(self, lease: Any, keys: Any, arguments: Any, *more: Any) -> Any:
        return [self._script.run(lease, keys, *arguments), self._epoch]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("then", ["meets it", "after another has met it"])
def test_a_loss_between_check_and_spend_grants_nothing(
    world: World, loss: str, then: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = body_of(world.ask())
    world.redeem(spent)
    buyer = Seller._buyer

    def interrupted(seller: Seller, *asked: Any) -> Any:
        """Comes when the epoch has been compared."""
        monkeypatch.setattr(Seller, "_buyer", buyer)
        LOSSES[loss](world.server)  # type: ignore[attr-defined]
        if then != "meets it":
            run_in_thread(lambda: [code_of(world.store.ping) for _ in range(2)])
            run_in_thread(lambda: world.store._pool.drop())
            run_in_thread(lambda: code_of(world.store.ping))
        return buyer(seller, *asked)

    monkeypatch.setattr(Seller, "_buyer", interrupted)
    assert code_of(lambda: world.redeem(spent + b" ")) == "store_unavailable"
    assert code_of(lambda: world.redeem(spent + b" ")) == OLD_EPOCH


def run_in_thread(call: Callable[[], Any]) -> None:
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_a_loss_between_check_and_charge_opens_nothing(own: RedisServer) -> None:
    """What is there after a failover may be a record as it was before its last charges."""
    store = store_on(own)
    store.open(KEY, visitor(left=1))
    before = store.epoch
    fail_over(own)
    with pytest.raises(StoreUnavailable):
        store.charge(KEY, view(1), epoch=before, now=NOW)
    assert charge(store, KEY, view(1)).charge is Charge.CHARGED


def test_a_restart_in_good_order_is_a_new_epoch_for_all_workers(own: RedisServer) -> None:
    one, other = store_on(own), store_on(own)
    assert one.epoch == other.epoch
    before = one.epoch
    own.restart()
    for store in (one, other):
        code_of(store.ping)
        store.ping()
    assert one.epoch == other.epoch != before


def test_workers_that_knew_another_days_key_learn_the_new_one(world: World) -> None:
    """After a loss all workers know visitors by one key again."""
    other = World(store_on(world.server))  # type: ignore[attr-defined]
    first = world.buy()
    assert other.opens(first, 1) == 1
    forget(world.server)  # type: ignore[attr-defined]
    for each in (world, other):
        for _ in range(2):
            code_of(lambda each=each: each.redeem(body_of(each.ask())))
    fresh = World(store_on(world.server))  # type: ignore[attr-defined]
    # Its dice would fall as those of the first have fallen.
    fresh.tally._books._random = os.urandom
    token = fresh.buy()
    assert [each.opens(token, 1) for each in (world, other, fresh)] == [1, 1, 1]


@pytest.mark.parametrize("keyed", [False, True])
def test_who_buys_on_after_a_failover_does_not_get_back_what_it_had_spent(
    world: World, keyed: bool
) -> None:
    """The record may be as it was before the last charges: what is left in it was opened."""
    key = Key()
    body = key.body if keyed else body_of
    offer = world.ask()
    token = world.redeem(body(offer)).token
    [row] = world.server.client().keys("*:v*")  # type: ignore[attr-defined]
    kept = world.server.client().dump(row)  # type: ignore[attr-defined]
    assert world.opens(token, *range(20)) == 20
    world.server.client().restore(row, 100_000, kept, replace=True)  # type: ignore[attr-defined]
    fail_over(world.server)  # type: ignore[attr-defined]
    world.clock.now += 61
    for _ in range(2):
        code_of(world.store.ping)
    again = world.redeem(body(world.ask(token)))
    assert again.remaining == 20
    assert world.opens(again.token, *range(100, 140)) == 20
