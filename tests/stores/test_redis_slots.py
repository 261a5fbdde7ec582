"""Slots that move between the servers of a cluster while their keys are in use."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest
from redis.crc import key_slot

from challenge.core.bands import Wanted
from challenge.core.models import Charge
from challenge.errors import StoreUnavailable
from challenge.stores import redis_slots
from challenge.stores.redis_cluster import ClusterStore
from challenge.stores.redis_pool import Command, Lease
from challenge.stores.redis_slots import Asking, SlotStore

from ..redis_cluster_servers import Cluster, Move, moving, start_cluster
from .conformance import BODY, END, HOLDER, NOW, OTHER, charge, view, visitor
from .slot_load import BAND, SLOT, Load, band_key, challenge, visitor_key
from .test_redis_faults import VERBS


@pytest.fixture(scope="module", params=[pytest.param("redis", marks=pytest.mark.slow), "valkey"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster(request.param, tmp_path_factory.mktemp("slots"), stack)


@pytest.fixture
def stores(cluster: Cluster) -> Iterator[list[ClusterStore]]:
    """Two machines."""
    uri = cluster.uri
    with closing(cluster.open(uri)) as one, closing(cluster.open(uri)) as other:
        yield [one, other]


@pytest.fixture
def store(stores: list[ClusterStore]) -> Iterator[ClusterStore]:
    """One whose epoch stays what it is."""
    epoch = stores[0].epoch
    yield stores[0]
    stores[0].close()
    stores[0].ping()
    assert stores[0].epoch == epoch


def spend(store: ClusterStore, number: int, body: bytes = BODY, now: float = NOW) -> str:
    return store.spend(
        challenge(number), body, b"claims", epoch=store.epoch, now=now, expires=END
    ).state


def give_up_early(store: ClusterStore) -> None:
    store._address = replace(store._address, timeout=0.1)


def moved_about(cluster: Cluster, rounds: int) -> Callable[[], None]:
    """The slot moves on, or back to where it was, again and again."""
    dice = random.Random(7)

    def move_about() -> None:
        for _ in range(rounds):
            source = cluster.owner(SLOT)
            move = Move(cluster, SLOT, source, (source + dice.choice((1, 2))) % 3)
            move.begin()
            move.carry_all(steps=6, pause=0.02)
            move.end()
            time.sleep(0.1)

    return move_about


@pytest.mark.timeout(600)
def test_while_a_slot_moves_nothing_is_refused_lost_or_granted_twice(
    cluster: Cluster, stores: list[ClusterStore], rounds: int
) -> None:
    load = Load(stores)
    load.during(moved_about(cluster, rounds * 2))
    load.check()
    assert len(load.wins) == load.rounds
    assert not load.refused


# -- where a row and its mark are


@pytest.mark.parametrize("mark_has_moved", [False, True])
@pytest.mark.parametrize("row_has_moved", [False, True])
def test_a_spent_challenge_is_spent_wherever_its_row_and_its_mark_are(
    cluster: Cluster, store: ClusterStore, row_has_moved: bool, mark_has_moved: bool
) -> None:
    assert spend(store, 1) == "won"
    store.settle(challenge(1), "granted", b"final", since=NOW)
    row, mark = store._spent_keys(challenge(1))
    with moving(cluster, SLOT) as move:
        for key, has_moved in ((row, row_has_moved), (mark, mark_has_moved)):
            if has_moved:
                move.carry(key)
        assert (spend(store, 1), spend(store, 1, OTHER)) == ("granted", "other")
        assert spend(store, 2) == "won"
        assert (spend(store, 2), spend(store, 2, OTHER)) == ("pending", "other")
        assert store.settle(challenge(2), "failed", b"", since=NOW)
        assert spend(store, 3) == "won"
        store.unspend(challenge(3), since=NOW)
        assert spend(store, 3, OTHER) == "won"
    told = [spend(store, number) for number in (1, 2, 3)]
    assert told == ["granted", "failed", "other"]


def test_a_server_that_gets_a_slot_may_not_know_the_scripts(
    cluster: Cluster, store: ClusterStore
) -> None:
    with moving(cluster, SLOT) as move:
        for number in (1, 2):
            cluster.client(move.target).script_flush()
            assert spend(store, number) == "won"
            assert spend(store, number) == "pending"


def test_marks_are_written_where_they_are(cluster: Cluster, store: ClusterStore) -> None:
    _, mark = store._spent_keys(challenge(1))
    with moving(cluster, SLOT) as move:
        move.carry(mark)
        store._write_marks(f"{int(time.time() * 1000) + 99_999}-new")
        assert mark not in move.left()
        store._write_marks(store.epoch)
        assert store._call(mark, "GET", mark).endswith(b"-new"), "not over a newer one"
        store._call(mark, "SET", mark, store.epoch)
        assert spend(store, 1) == "won"


def test_the_epoch_itself_may_move(cluster: Cluster, store: ClusterStore) -> None:
    key = store._key(b"e")
    with moving(cluster, key_slot(key)) as move:
        move.carry(key)
        store.close()
        assert spend(store, 1) == "won"


# -- who goes wrong


def test_control_who_does_not_say_asking_is_refused(
    cluster: Cluster, store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.open(visitor_key(1), visitor())
    assert spend(store, 1) == "won"
    monkeypatch.setattr(redis_slots, "Asking", Lease)
    give_up_early(store)
    with moving(cluster, SLOT) as move:
        assert spend(store, 1) == "pending"
        move.carry_all(steps=1, pause=0)
        for verb in (
            lambda: spend(store, 1),
            lambda: spend(store, 2),
            lambda: charge(store, visitor_key(1), view(1)),
        ):
            with pytest.raises(StoreUnavailable, match=r"ASK|MOVED"):
                verb()
    assert charge(store, visitor_key(1), view(1)).charge is Charge.CHARGED


def test_control_who_looks_only_where_keys_go_grants_twice(
    cluster: Cluster, store: ClusterStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if ASK, once said of one key, were true of all keys of the slot."""
    assert spend(store, 1) == "won"
    row, mark = store._spent_keys(challenge(1))
    with moving(cluster, SLOT) as move:
        goal, follow = ("127.0.0.1", cluster.masters[move.target].port), SlotStore._on

        def ahead(self: Any, key: bytes, do: Callable[[Lease], Any], **how: Any) -> Any:
            if key_slot(key) != SLOT:
                return follow(self, key, do, **how)
            with self._pool_of(goal).lease(Asking) as lease:
                return do(lease)

        move.carry(mark)
        with monkeypatch.context() as patched:
            patched.setattr(SlotStore, "_on", ahead)
            assert spend(store, 1, OTHER) == "won"
        assert spend(store, 1, OTHER) == "other"
        forget_at(cluster.masters[move.target].client(single_connection_client=True), row)


def forget_at(client: Any, key: bytes) -> None:
    """Take away a row that is at a server that does not have the slot yet."""
    client.execute_command("ASKING")
    assert client.execute_command("DEL", key) == 1
    client.close()


@pytest.mark.parametrize("looks", [True, False])
def test_who_asks_too_late_does_not_win(
    cluster: Cluster, stores: list[ClusterStore], looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ASK, and before the other server is asked, the slot moves on, back, and on again.

    The control does not look again.
    """
    slow, quick = stores
    row, _ = slow._spent_keys(challenge(1))
    way_to, told = SlotStore._way_to, []

    def late(self: Any, node: Any, way: type[Lease], *, aside: bool) -> Any:
        if way is Asking and self is slow and not told:
            there.carry_all(steps=1, pause=0)
            there.end()
            back.begin()
            back.carry_all(steps=1, pause=0)
            back.end()
            told.append(spend(quick, 1, OTHER))
            there.begin()
        return way_to(self, node, way, aside=aside)

    monkeypatch.setattr(SlotStore, "_way_to", late)
    if not looks:
        monkeypatch.setattr(ClusterStore, "_see", lambda *_, **__: None)
    with moving(cluster, SLOT) as there:
        back = Move(cluster, SLOT, there.target, there.source)
        if looks:
            with pytest.raises(StoreUnavailable, match="moved on"):
                spend(slow, 1)
        else:
            assert spend(slow, 1) == "won"
        assert told == ["won"]
        assert spend(slow, 1) == "other"
        forget_at(cluster.masters[there.target].client(single_connection_client=True), row)
    assert (spend(slow, 1), spend(quick, 1, OTHER)) == ("other", "pending")


# -- every verb


def keys_in(command: Command) -> list[bytes]:
    """The keys that a server finds in a command of the store."""
    name, *words = command
    if str(name) == "EVALSHA":
        return [bytes(key) for key in words[2 : 2 + int(words[1])]]  # type: ignore[arg-type]
    name = name.decode() if isinstance(name, bytes) else name
    return [bytes(words[0])] if name in ("GET", "SET", "HDEL", "HGETALL") else []  # type: ignore[arg-type]


@contextmanager
def keys_asked_for() -> Iterator[list[bytes]]:
    asked: list[bytes] = []
    ask = Lease.ask

    def spy(self: Lease, *commands: Command) -> list[Any]:
        asked.extend(key for command in commands for key in keys_in(command))
        return ask(self, *commands)

    with patch.object(Lease, "ask", spy):
        yield asked


@pytest.mark.parametrize("name", [name for name in VERBS if name != "ping"])
def test_every_verbs_keys_are_in_one_slot(store: ClusterStore, name: str) -> None:
    VERBS[name](store)
    with keys_asked_for() as asked:
        VERBS[name](store)
    assert asked
    assert len({key_slot(key) for key in asked}) == 1


def answers(store: ClusterStore, names: list[str]) -> dict[str, Any]:
    return {name: VERBS[name](store) for name in names}


@pytest.mark.parametrize("where", ["at the source", "at the target"])
def test_every_verb_answers_while_its_slot_moves(cluster: Cluster, where: str) -> None:
    """As another store does whose slots stay; new keys are at the target in any case."""
    names = [name for name in VERBS if name not in ("reserve", "ping")]
    with ExitStack() as stack:
        still, store = (stack.enter_context(closing(cluster.open(cluster.uri))) for _ in "12")
        epochs = still.epoch, store.epoch
        VERBS["reserve"](still)
        VERBS["reserve"](store)
        with keys_asked_for() as asked:
            first = answers(still, names)
        slots = {key_slot(key.replace(still._prefix, store._prefix)) for key in asked}
        moves = [stack.enter_context(moving(cluster, slot)) for slot in slots]
        if where == "at the target":
            for move in moves:
                move.carry_all(steps=1, pause=0)
        assert answers(store, names) == first
        # What was released is no key any more, and the other of the two is.
        names.remove("release")
        again = answers(still, names)
        assert answers(store, names) == again
        assert (still.epoch, store.epoch) == epochs


# -- two keys


def reserve(store: ClusterStore, number: int) -> int:
    wanted = Wanted(4, 1, 0)
    return store.reserve(band_key(), challenge(number), BAND, wanted, holder=HOLDER, now=NOW).units


def test_two_keys_are_waited_for(cluster: Cluster, store: ClusterStore) -> None:
    assert reserve(store, 1) == 4
    with moving(cluster, SLOT) as move:
        assert reserve(store, 1) == 4, "both are at the source"

        def end() -> None:
            move.carry_all(steps=1, pause=0)
            move.end()

        ending = threading.Timer(0.2, end)
        ending.start()
        assert reserve(store, 2) == 4
        ending.join()
    assert store.levels(band_key()).band == int(NOW * 1000) + 8 * BAND.unit_ms


def test_two_keys_of_a_slot_that_goes_on_moving_are_refused(
    cluster: Cluster, store: ClusterStore
) -> None:
    assert reserve(store, 1) == 4
    give_up_early(store)
    with moving(cluster, SLOT) as move:
        for keys in ([], store._band_keys(band_key())[:1]):
            if keys:
                move.carry(*keys)
            with pytest.raises(StoreUnavailable, match="TRYAGAIN"):
                reserve(store, 2)
    assert store.levels(band_key()).band == int(NOW * 1000) + 4 * BAND.unit_ms
    assert reserve(store, 2) == 4
