"""A store on a cluster: the suite of all stores, and one epoch though each server may lose rows."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from challenge.core.models import Charge
from challenge.errors import ConfigError, StoreUnavailable
from challenge.stores import from_uri
from challenge.stores.redis_cluster import PARTS, ClusterStore

from ..redis_cluster_servers import Cluster, said, start_cluster
from ..redis_servers import RedisServer
from ..test_tally import World, body_of
from .conformance import BODY, ID, StoreConformance, charge, digest, spend, view, visitor
from .redis_stores import ACL, ROOT, code_of, until, workers
from .test_redis_faults import VERBS

OLD_EPOCH = "store_changed"
#: what the docs add for a cluster
CLUSTER_RIGHTS = re.findall(
    r"`(\+[a-z|]+)`", re.findall(r"A cluster needs .*", (ROOT / "docs/redis.md").read_text())[0]
)


@pytest.fixture(scope="module", params=[pytest.param("redis", marks=pytest.mark.slow), "valkey"])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster(request.param, tmp_path_factory.mktemp("cluster"), stack)


class TestCluster(StoreConformance):
    ends_by_callers_time = False

    @pytest.fixture
    def make_store(self, cluster: Cluster) -> Iterator[Callable[[], ClusterStore]]:
        uri = cluster.uri
        with workers(lambda: cluster.open(uri)) as make:
            yield make


def test_workers_that_come_one_after_the_other_share_an_epoch(cluster: Cluster) -> None:
    uri = cluster.uri
    stores = [cluster.open(uri) for _ in range(3)]
    for number in range(200):
        store = stores[number % 3]
        spending = spend(store, digest(number)[::-1] * 2, BODY)
        assert spending.state == "won"
    assert len({store.epoch for store in stores}) == 1
    for store in stores:
        store.ping()
        store.close()


def test_spent_challenges_are_on_all_servers(cluster: Cluster) -> None:
    with closing(cluster.open(cluster.uri)) as store:
        found = {store._owner(store._mark(part)) for part in range(PARTS)}
        assert len(found) == 3


def test_what_is_no_cluster_is_refused(cluster: Cluster, redis_server: RedisServer) -> None:
    for uri in (
        f"redis+cluster://127.0.0.1:{redis_server.port}",
        f"redis://127.0.0.1:{cluster.masters[0].port}",
    ):
        with pytest.raises(ConfigError):
            from_uri(uri, folder=Path(), max_bytes=1)


def test_a_key_that_has_moved_is_found(cluster: Cluster) -> None:
    with closing(cluster.open(cluster.uri)) as store:
        for number in range(12):
            first = ("127.0.0.1", cluster.masters[number % 3].port)
            # What it knows is wrong for two keys in three.
            store._slots = [(0, 16_383, first)]
            key = digest(number) * 2
            store.open(key, visitor())
            assert charge(store, key, view(1)).charge is Charge.CHARGED


def test_marks_that_were_not_all_written_are_written_by_who_finds_out(cluster: Cluster) -> None:
    """As if whoever began the epoch had died over it."""
    with closing(cluster.open(cluster.uri)) as store:
        store.ping()
        key, newer = store._key(b"e"), f"{int(time.time() * 1000) + 99_999}-new"
        store._call(key, "HSET", key, "epoch", newer)
        store.close()
        until(lambda: store.ping() or store.epoch == newer)
        with pytest.raises(StoreUnavailable):
            spend(store, ID, BODY)
        for number in range(PARTS):
            spending = spend(store, digest(number)[::-1] * 2, BODY)
            assert spending.state == "won"
        assert store.epoch == newer


def test_the_rights_that_the_docs_give_are_enough(cluster: Cluster) -> None:
    for server in cluster.masters:
        server.client().execute_command(*ACL, *CLUSTER_RIGHTS)
    uri = cluster.uri.partition("?")[0].replace("://", "://gate:pass%2Fword%40x@")
    uri += "?timeout_ms=1000"
    try:
        for verb in VERBS.values():
            with closing(cluster.open(uri)) as store:
                verb(store)
        for server in cluster.masters:
            server.client().execute_command(*ACL)
        with pytest.raises(ConfigError):
            cluster.open(uri)
    finally:
        for server in cluster.masters:
            server.client().execute_command("ACL", "DELUSER", "gate")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster("valkey", tmp_path, stack, replicas=1)


def flush(cluster: Cluster, number: int) -> None:
    cluster.masters[number].client().flushall()


def restart(cluster: Cluster, number: int) -> None:
    cluster.masters[number].restart()
    until(lambda: said(cluster.masters[number].client())["cluster_state"] == "ok")


def fail_over(cluster: Cluster, _: int) -> None:
    cluster.masters[0].stop()
    assert cluster.replica is not None
    client = cluster.replica.client()
    until(lambda: client.info("replication")["role"] == "master")
    until(lambda: said(client)["cluster_state"] == "ok")


def spent_on(world: World, server: RedisServer) -> bytes:
    """The body of a challenge whose row is on a server, redeemed."""
    while True:
        body = body_of(world.ask())
        before = set(server.client().keys("*:s{*"))
        world.redeem(body)
        if set(server.client().keys("*:s{*")) - before:
            return body


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_server_that_is_flushed_begins_an_epoch(cluster: Cluster, number: int) -> None:
    asks_again_after(flush, cluster, number)


def test_who_takes_a_masters_place_begins_an_epoch(own: Cluster) -> None:
    asks_again_after(fail_over, own, 0)


@pytest.mark.slow
def test_a_master_that_starts_again_begins_an_epoch(own: Cluster) -> None:
    asks_again_after(restart, own, 1)


def asks_again_after(loss: Callable[[Cluster, int], None], own: Cluster, number: int) -> None:
    """What names the epoch before is asked for again, and selling goes on."""
    store: Any = own.open(own.uri)
    world = World(store)
    token = world.buy()
    spent = spent_on(world, own.masters[number])
    before = store.epoch
    loss(own, number)
    codes = []
    until(lambda: codes.append(code_of(lambda: world.redeem(spent + b" "))) or is_over(codes))
    assert set(codes) <= {OLD_EPOCH, "store_unavailable"}, codes
    assert store.epoch != before
    assert code_of(lambda: world.admit(token, "ada")) == OLD_EPOCH
    world.clock.now += 31
    sold = []
    until(lambda: buys(world, sold))
    assert world.opens(sold[0], *range(30)) == 20
    other = own.open(own.uri)
    assert spend(other, b"another challeng", BODY).state == "won"
    for each in (store, other):
        each.close()


def is_over(codes: list[str]) -> bool:
    return codes[-1] != "store_unavailable"


def buys(world: World, sold: list[str]) -> bool:
    with suppress(StoreUnavailable):
        sold.append(world.buy())
    return bool(sold)


def test_control_without_marks_a_flush_is_not_noticed(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(cluster.open(cluster.uri))
    spent = spent_on(world, cluster.masters[1])
    flush(cluster, 1)
    epoch = world.store.epoch.encode()
    monkeypatch.setattr(ClusterStore, "_spent_keys", with_echo(world.store, epoch))
    assert code_of(lambda: world.redeem(spent + b" ")) == "fine"
    world.store.close()


def with_echo(store: Any, epoch: bytes) -> Callable[..., tuple[bytes, bytes]]:
    """Rows as they are, and the epoch where no flush reaches it."""
    find = ClusterStore._spent_keys

    def spent_keys(self: Any, challenge: bytes) -> tuple[bytes, bytes]:
        row, _ = find(self, challenge)
        kept = self._key(b"y", b"{s%d}" % (challenge[0] % PARTS))
        self._call(kept, "SET", kept, epoch)
        return row, kept

    return spent_keys
