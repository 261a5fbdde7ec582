"""Replies that come late reach nobody else, and nobody waits for a server that is silent."""

from __future__ import annotations

import gc
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from redis.connection import Connection

from challenge.errors import StoreUnavailable
from challenge.stores import redis_connection, redis_pool, redis_sentinel
from challenge.stores.breaker import FAILURES, REST_SECONDS, Breaker
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_proxy import Proxy, swallow
from ..redis_servers import RedisServer
from .conformance import (
    KEY,
    NOW,
    charge,
    digest,
    purchase,
    view,
    visitor,
)
from .redis_stores import opened
from .test_redis_faults import VERBS

NUMBERS = itertools.count()


def crossed(store: RedisStore, proxy: Proxy, rounds: int, *, slow: bool) -> tuple[int, int]:
    """Of calls that 16 callers make, how many time out, and how many get another's reply."""
    slowly, quick = Random(1), opened(proxy, timeout=2)
    quick._prefix = store._prefix
    open_all(quick)
    if slow:
        proxy.delay = lambda words: slowly.uniform(0, 0.04) if words[0] == b"GET" else 0
    return called(store, rounds, StoreUnavailable)


def open_all(store: RedisStore) -> None:
    """A record for each of 16 callers, that tells whose it is."""
    for at in range(16):
        store.open(digest(at) * 2, visitor(left=at + 1))


def called(store: RedisStore, calls: int, ends: type[BaseException]) -> tuple[int, int]:
    """Of calls that 16 callers make, how many end so, and how many get another's reply."""

    def call(caller: int) -> tuple[int, int]:
        ended, wrong, dice = 0, 0, Random(caller)
        for _ in range(calls):
            at = dice.randrange(16)
            try:
                record = store.read(digest(at) * 2, now=NOW)
                wrong += record is None or record.left != at + 1
            except ends:
                ended += 1
        return ended, wrong

    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(call, range(16)))
    return sum(ended for ended, _ in counts), sum(wrong for _, wrong in counts)


def test_of_thousands_of_late_replies_none_reaches_another(proxy: Proxy, rounds: int) -> None:
    late, wrong = crossed(opened(proxy, timeout=0.02), proxy, 20 * rounds, slow=True)
    assert late > 100 * rounds
    assert wrong == 0


# Nothing is closed in it, which is its point.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_control_connections_that_are_kept_mix_replies_up(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []
    give_back = redis_pool.Pool.give_back

    def keep(self: Any, connection: Connection, generation: object, *, fit: bool) -> None:
        give_back(self, connection, generation, fit=True)

    def make(address: Address) -> Connection:
        made.append(redis_connection.connection_to(address))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(redis_sentinel, "connection_to", make)
        patch.setattr(Connection, "disconnect", lambda self, *args, **kwargs: None)
        patch.setattr(redis_pool, "_is_quiet", lambda connection: True)
        patch.setattr(redis_pool.Pool, "drop", lambda self: None)
        patch.setattr(redis_pool.Pool, "give_back", keep)
        _, wrong = crossed(opened(proxy, timeout=0.02), proxy, 10, slow=True)
    while made:
        made.pop().disconnect()
    gc.collect()
    assert wrong > 10


class Cancelled(BaseException):
    """What ends a call from outside, as gevent's GreenletExit does."""


def cancelled(store: RedisStore, calls: int, patch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Of calls that 16 callers make, how many are cancelled, and how many get another's reply."""
    open_all(store)
    read_response, dice = Connection.read_response, Random(1)

    def read(self: Connection, *args: Any, **kwargs: Any) -> Any:
        # Once before the reply is read, once after a part of those that were asked for.
        if dice.random() < 0.3:
            raise Cancelled
        return read_response(self, *args, **kwargs)

    with patch.context() as patched:
        patched.setattr(Connection, "read_response", read)
        return called(store, calls, Cancelled)


def test_of_ten_thousand_cancelled_calls_none_leaves_its_reply_to_another(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = Address("127.0.0.1", redis_server.port, prefix=f"s-{next(NUMBERS)}", timeout=5)
    ended, wrong = cancelled(RedisStore(address), 1250, monkeypatch)
    assert ended > 10_000
    assert wrong == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_control_a_connection_that_is_kept_leaves_it(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = Address("127.0.0.1", redis_server.port, prefix=f"s-{next(NUMBERS)}", timeout=5)
    store = RedisStore(address)
    give_back = redis_pool.Pool.give_back
    monkeypatch.setattr(redis_pool, "_is_quiet", lambda connection: True)
    monkeypatch.setattr(
        redis_pool.Pool, "give_back", lambda *given, fit: give_back(*given, fit=True)
    )
    _, wrong = cancelled(store, 20, monkeypatch)
    assert wrong > 10


@pytest.mark.parametrize("method", ["send_packed_command", "read_response", "pack_commands"])
def test_a_call_that_is_cancelled_takes_its_connection_along(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    store = opened(proxy)
    store.open(KEY, visitor())
    [before] = store._pool._idle

    def cancel(*_: Any, **__: Any) -> Any:
        raise Cancelled

    with monkeypatch.context() as patch:
        patch.setattr(Connection, method, cancel)
        with pytest.raises(Cancelled):
            store.read(KEY, now=NOW)
    assert store._pool._idle == []
    assert not before.is_connected
    assert store.read(KEY, now=NOW) == visitor()


def test_a_reply_that_lies_there_already_is_read_by_nobody(proxy: Proxy) -> None:
    store = opened(proxy)
    store.open(KEY, visitor())
    forged = b"$-1\r\n"
    proxy.fate = lambda words: b"+OK\r\n" + forged if words[0] == b"SET" else None
    store.open(digest(1) * 2, visitor())
    proxy.fate = lambda words: None
    time.sleep(0.05)
    assert store.read(KEY, now=NOW) == visitor()


# -- a server that does not answer


def test_nobody_waits_for_a_server_that_is_silent(proxy: Proxy) -> None:
    store = RedisStore(Address("127.0.0.1", proxy.port, prefix=f"s-{next(NUMBERS)}", timeout=0.1))
    store.open(KEY, visitor())
    proxy.fate = lambda words: swallow
    for _ in range(FAILURES):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            charge(store, KEY, view(1))
        assert time.monotonic() - began < 0.5
    asked = len(proxy.seen)
    began = time.monotonic()
    for _ in range(1000):
        with pytest.raises(StoreUnavailable):
            charge(store, KEY, view(1))
    assert time.monotonic() - began < 0.5
    # The last of those that were asked may be seen late.
    assert len(proxy.seen) <= asked + 1
    proxy.fate = lambda words: None
    time.sleep(REST_SECONDS + 0.1)
    assert charge(store, KEY, view(1)).left == 19


def test_after_a_rest_one_tries() -> None:
    now = [0.0]
    breaker = Breaker(lambda: now[0])
    for _ in range(FAILURES):
        breaker.enter()
        breaker.failed()
    with pytest.raises(StoreUnavailable):
        breaker.enter()
    now[0] += REST_SECONDS
    breaker.enter()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            breaker.enter()
    breaker.answered()
    for _ in range(3):
        breaker.enter()


def test_an_error_that_is_told_is_an_answer(proxy: Proxy) -> None:
    store = RedisStore(Address("127.0.0.1", proxy.port, prefix=f"s-{next(NUMBERS)}"))
    store.ping()
    proxy.fate = lambda words: b"-MISCONF no disk\r\n"
    for _ in range(3 * FAILURES):
        with pytest.raises(StoreUnavailable, match="MISCONF"):
            store.levels(KEY)


def test_more_callers_than_connections_wait_and_are_bounded(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_pool, "CONNECTIONS_MAX", 4)
    store = opened(proxy, timeout=0.5)
    store._pool._timeout = 10
    before = proxy.connections
    proxy.delay = lambda words: 0.005
    with ThreadPoolExecutor(32) as pool:
        levels = list(pool.map(lambda at: store.levels(digest(at)).latest, range(200)))
    assert levels == [0] * 200
    assert proxy.connections - before <= 4
    proxy.delay = lambda words: 1
    store._pool._timeout = 0.05
    began = time.monotonic()

    def times_out(_: int) -> str:
        with pytest.raises(StoreUnavailable) as refusal:
            store.levels(KEY)
        return refusal.value.detail

    with ThreadPoolExecutor(16) as pool:
        details = list(pool.map(times_out, range(16)))
    assert time.monotonic() - began < 5
    assert any("all connections" in detail for detail in details)


def test_what_a_row_is_not_is_refused(proxy: Proxy, redis_server: RedisServer) -> None:
    """A neighbour on the same server has written over our rows."""
    store, theirs = opened(proxy), redis_server.client()
    store.open(KEY, visitor())
    verbs = {"spend", "charge", "read", "top_up", "levels", "bans", "reserve", "refund", "move"}
    verbs |= {"note_sender", "other_senders"}
    for name in (*VERBS, "reserve", "ban"):
        VERBS[name](store)
    keys = [k for k in theirs.keys(store._prefix + b":*") if k != store._key(b"e")]
    for junk in (b"", b"\xff" * 5, b"\xff" * 300):
        for key in keys:
            theirs.delete(key)
            if key == store._key(b"n"):
                theirs.hset(key, b"k" * 16, junk)
            else:
                theirs.set(key, junk)
        for name in verbs:
            try:
                answer = VERBS[name](store)
            except StoreUnavailable:
                continue
            pytest.fail(f"{name} answers {answer} to {junk!r}")
    assert len(keys) == 7


def test_replies_come_to_who_asked_though_threads_share_the_store(proxy: Proxy) -> None:
    store = opened(proxy, timeout=2)
    assert crossed(store, proxy, 40, slow=False) == (0, 0)
    assert threading.active_count() < 100


def test_a_record_that_never_stands_still_is_given_up(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(proxy)
    store.open(KEY, visitor())
    monkeypatch.setattr(store, "_put", lambda *_: False)
    with pytest.raises(StoreUnavailable, match="too often"):
        store.top_up(KEY, replace(purchase(1), challenge=b"x" * 16), now=NOW)
