"""Whatever the servers of a cluster say, or fail to say, nothing is granted for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from challenge.core.models import Charge
from challenge.errors import StoreUnavailable
from challenge.stores.redis import RedisStore
from challenge.stores.redis_cluster import ClusterStore
from challenge.stores.redis_slots import SlotStore

from ..redis_cluster_servers import Cluster, moving, said, start_cluster
from ..redis_proxy import Fate, Proxy, proxy_to
from ..redis_servers import RedisServer, free_port
from ..test_tally import World
from .conformance import BODY, KEY, NOW, charge, digest, spend, view, visitor
from .redis_stores import code_of, until
from .slot_load import SLOT, challenge, visitor_key
from .test_redis_faults import VERBS

#: commands that name keys
KEYED = (b"EVALSHA", b"GET", b"SET", b"HDEL", b"HGETALL")
#: what a server says to them; {next} is the port of another, {own} its own, {dead} nobody's
REPLIES = {
    "CROSSSLOT": "-CROSSSLOT Keys in request don't hash to the same slot",
    "CLUSTERDOWN": "-CLUSTERDOWN The cluster is down",
    "a slot that nobody has": "-CLUSTERDOWN Hash slot not served",
    "TRYAGAIN": "-TRYAGAIN Multiple keys request during rehashing of slot",
    "MOVED to a dead server": "-MOVED 3999 127.0.0.1:{dead}",
    "ASK of a dead server": "-ASK 3999 127.0.0.1:{dead}",
    "MOVED, of each to the next": "-MOVED 3999 127.0.0.1:{next}",
    "ASK, of each to the next": "-ASK 3999 127.0.0.1:{next}",
    "MOVED to itself": "-MOVED 3999 127.0.0.1:{own}",
    "MOVED, and no host": "-MOVED 3999 :{next}",
    "MOVED, and no port": "-MOVED 3999 127.0.0.1:",
    "MOVED, and no more": "-MOVED",
    "READONLY": "-READONLY You can't write against a read only replica.",
    "LOADING": "-LOADING Redis is loading the dataset in memory",
    "MASTERDOWN": "-MASTERDOWN Link with MASTER is down",
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster("valkey", tmp_path_factory.mktemp("faults"), stack)


@pytest.fixture
def proxies(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Proxy]]:
    """Ways to the servers, which stores take."""
    at = SlotStore._at
    with ExitStack() as stack:
        ways = {one.port: stack.enter_context(proxy_to(one.port)) for one in cluster.masters}

        def through(self: Any, node: tuple[str, int]) -> Any:
            address = at(self, node)
            way = ways.get(address.port)
            return replace(address, port=way.port) if way else address

        monkeypatch.setattr(SlotStore, "_at", through)
        yield list(ways.values())


def spoil(cluster: Cluster, proxies: list[Proxy], reply: str) -> None:
    dead = free_port()
    for number, proxy in enumerate(proxies):
        ports = {"own": proxy.upstream, "next": cluster.masters[(number + 1) % 3].port}
        said = reply.format(dead=dead, **ports).encode() + b"\r\n"
        proxy.fate = lambda words, said=said: said if words[0] in KEYED else None  # type: ignore[misc]


def mend(proxies: list[Proxy]) -> None:
    for proxy in proxies:
        proxy.fate = lambda _: None


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_that_is_none_is_an_unavailable_store(
    cluster: Cluster, proxies: list[Proxy], reply: str
) -> None:
    with closing(cluster.open(cluster.uri.replace("=1000", "=50"))) as store:
        for name, verb in VERBS.items():
            until(lambda verb=verb: (store.epoch, verb(store), True)[2])
            if name == "ping":
                # It asks for no key.
                continue
            seen = sum(len(proxy.seen) for proxy in proxies)
            spoil(cluster, proxies, REPLIES[reply])
            with pytest.raises(StoreUnavailable) as refusal:
                verb(store)
            mend(proxies)
            assert refusal.value.code == "store_unavailable", name
            assert sum(len(proxy.seen) for proxy in proxies) - seen < 300, "it gives up"


@pytest.mark.parametrize("kind", [b"MOVED", b"ASK", b"TRYAGAIN"])
@pytest.mark.parametrize("again", [False, True])
def test_a_mark_that_has_moved_does_not_spend_again(
    cluster: Cluster,
    proxies: list[Proxy],
    kind: bytes,
    again: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The row's step was done: the control does it again, and sees itself as somebody else."""
    if again:
        monkeypatch.setattr(ClusterStore, "_spend", RedisStore._spend)
    with closing(cluster.open(cluster.uri)) as store:
        _, mark = store._spent_keys(challenge(1))
        told: list[bytes] = []

        def fate(words: list[bytes]) -> Fate:
            if words[0] != b"GET" or told:
                return None
            told.append(words[1])
            return b"-%s %d 127.0.0.1:%d\r\n" % (kind, SLOT, cluster.masters[1].port)

        store.ping()
        for proxy in proxies:
            proxy.fate = fate
        spending = spend(store, challenge(1), BODY)
        assert (spending.state, told) == ("pending" if again else "won", [mark])


def test_servers_that_do_not_say_which_host_they_are(cluster: Cluster) -> None:
    """`MOVED 3999 :6381` means the host that was asked."""
    option = "cluster-preferred-endpoint-type"
    for number in range(3):
        cluster.client(number).config_set(option, "unknown-endpoint")
    try:
        with closing(cluster.open(cluster.uri)) as store:
            assert {host for host, _ in store._masters()} == {"127.0.0.1"}
            store._slots = [(0, 16_383, ("127.0.0.1", server.port)) for server in cluster.masters]
            store.open(visitor_key(1), visitor())
            with moving(cluster, SLOT) as move:
                move.carry_all(steps=1, pause=0)
                charged = charge(store, visitor_key(1), view(1))
            assert charged.charge is Charge.CHARGED
            assert set(store._pools) == {("127.0.0.1", one.port) for one in cluster.masters}
    finally:
        for number in range(3):
            cluster.client(number).config_set(option, "ip")


def test_a_server_unknown_so_far_is_greeted(cluster: Cluster) -> None:
    with closing(cluster.open(cluster.uri)) as store:
        store.open(visitor_key(1), visitor())
        with moving(cluster, SLOT) as move:
            move.carry_all(steps=1, pause=0)
            gone = store._pools.pop(("127.0.0.1", cluster.masters[move.target].port))
            gone.drop()
            seen: list[Any] = []
            greet, store._greet = store._greet, lambda lease: seen.append(greet(lease))  # type: ignore[method-assign]
            assert charge(store, visitor_key(1), view(1)).charge is Charge.CHARGED
            assert len(seen) == 1


# -- a cluster that has lost a third


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster("valkey", tmp_path, stack)


def test_servers_that_are_silent_are_not_waited_for_one_after_the_other(own: Cluster) -> None:
    with closing(own.open(own.uri.replace("=1000", "=400"))) as store:
        store.open(KEY, visitor())
        store.close()
        store._looked_at = float("-inf")
        for server in own.masters:
            signalled(server, signal.SIGSTOP)
        began = time.monotonic()
        # What a page asks for.
        assert code_of(lambda: store.bans(now=NOW)) == "store_unavailable"
        assert code_of(lambda: charge(store, KEY, view(1))) == "store_unavailable"
        assert time.monotonic() - began < 2.5 * 0.4
        for server in own.masters[1:]:
            signalled(server, signal.SIGCONT)
        store._nodes = [("127.0.0.1", server.port) for server in own.masters]
        assert code_of(store._find_servers) == "store_unavailable"
        assert code_of(store._find_servers) == "fine"
        signalled(own.masters[0], signal.SIGCONT)


def signalled(server: RedisServer, what: signal.Signals) -> None:
    assert server.process
    os.kill(server.process.pid, what)


@pytest.mark.parametrize("whole", ["yes", pytest.param("no", marks=pytest.mark.slow)])
def test_while_a_third_is_lost_nothing_is_sold_and_then_all_is_asked_again(
    own: Cluster, whole: str
) -> None:
    """`cluster-require-full-coverage`: whether the others still answer."""
    for number in range(3):
        own.client(number).config_set("cluster-require-full-coverage", whole)
    store: Any = own.open(own.uri.replace("=1000", "=200"))
    world = World(store)
    token = world.buy()
    world.admit(token, "ada")
    keys = {owner: key_on(store, own, owner) for owner in range(3)}
    for key in keys.values():
        store.open(key, visitor())
    epoch, lost = store.epoch, own.owner(key_slot(store._mark(0)))
    own.masters[lost].stop()
    others = [number for number in range(3) if number != lost]
    for number in others:
        until(lambda number=number: "fail" in str(own.client(number).cluster("nodes")))
    if whole == "yes":
        for number in others:
            until(lambda number=number: said(own.client(number))["cluster_state"] == "fail")
    for number, key in keys.items():
        answers = whole == "no" and number != lost
        code = code_of(lambda key=key: store.read(key, now=NOW))
        assert code == ("fine" if answers else "store_unavailable"), number
    for _ in range(2):
        store._looked = float("-inf")
        assert code_of(world.buy) == "store_unavailable"
        assert code_of(store.ping) == "store_unavailable"
    world.ask()
    own.masters[lost].start()
    until(lambda: said(own.client(others[0]))["cluster_state"] == "ok")
    until(lambda: (store.ping(), store.epoch != epoch)[1])
    assert code_of(lambda: world.admit(token, "ada")) == "store_changed"
    world.clock.now += 31
    sold: list[str] = []
    until(lambda: sold or sold.append(world.buy()))
    assert world.opens(sold[0], *range(30)) == 20
    store.close()


def key_on(store: ClusterStore, cluster: Cluster, owner: int) -> bytes:
    """A visitor's whose row is on a server."""
    port = cluster.masters[owner].port
    return next(
        key
        for key in (digest(number) * 2 for number in range(1000))
        if store._owner(store._key(b"v", key))[1] == port
    )
