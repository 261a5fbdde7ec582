"""Whatever a Redis server says, or fails to say, nothing is granted for it and nothing crosses."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from redis.connection import Connection

from challenge.core.bands import Wanted
from challenge.core.models import Lane
from challenge.errors import StoreUnavailable
from challenge.stores import redis_pool, redis_sentinel
from challenge.stores.base import Ban
from challenge.stores.breaker import FAILURES, REST_SECONDS, Breaker
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address

from ..redis_proxy import Fate, Proxy, break_off, proxy_to, reset, swallow
from ..redis_servers import RedisServer
from .conformance import (
    BAND,
    BODY,
    END,
    HOLDER,
    HOME,
    ID,
    KEY,
    NOW,
    digest,
    purchase,
    view,
    visitor,
)

PREFIXES = (f"f-{number}" for number in itertools.count())
#: What a server may say to a command, and the code that it comes to.
REPLIES: dict[str, tuple[Fate, str]] = {
    "READONLY": (b"-READONLY You can't write against a read only replica.\r\n", ""),
    "LOADING": (b"-LOADING Redis is loading the dataset in memory\r\n", ""),
    "OOM": (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n", "store_full"),
    "NOSCRIPT": (b"-NOSCRIPT No matching script. Please use EVAL.\r\n", ""),
    "BUSY": (b"-BUSY Redis is busy running a script.\r\n", ""),
    "MISCONF": (b"-MISCONF Redis is configured to save RDB snapshots\r\n", ""),
    "NOPERM": (b"-NOPERM this user has no permissions to run the command\r\n", ""),
    "NOAUTH": (b"-NOAUTH Authentication required.\r\n", ""),
    "WRONGTYPE": (b"-WRONGTYPE Operation against a key of the wrong kind\r\n", ""),
    "MOVED": (b"-MOVED 3999 127.0.0.1:6381\r\n", ""),
    "ASK": (b"-ASK 3999 127.0.0.1:6381\r\n", ""),
    "CROSSSLOT": (b"-CROSSSLOT Keys in request don't hash to the same slot\r\n", ""),
    "CLUSTERDOWN": (b"-CLUSTERDOWN Hash slot not served\r\n", ""),
    "MASTERDOWN": (b"-MASTERDOWN Link with MASTER is down\r\n", ""),
    "TRYAGAIN": (b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", ""),
    "NOREPLICAS": (b"-NOREPLICAS Not enough good replicas to write.\r\n", ""),
    "too many clients": (b"-ERR max number of clients reached\r\n", ""),
    "a script's fault": (b"-ERR Error running script: @user_script:1: nil value\r\n", ""),
    "an error without words": (b"-\r\n", ""),
    "a number": (b":7\r\n", ""),
    "a word": (b"+PONG\r\n", ""),
    "words": (b"*2\r\n$3\r\nabc\r\n$3\r\ndef\r\n", ""),
    "bytes that are no text": (b"*2\r\n$2\r\n\xff\xfe\r\n$2\r\n\xff\xfe\r\n", ""),
    "no protocol": (b"HTTP/1.1 400 Bad Request\r\n", ""),
    "a length that is none": (b"$x\r\n", ""),
    "nothing": (swallow, ""),
    "a reset": (reset, ""),
    "half a reply": (break_off, ""),
}
BAN = Ban(b"k" * 16, 4, 32, "all", "reason", "operator", int(NOW), END)
VERBS: dict[str, Callable[[RedisStore], Any]] = {
    "spend": lambda s: s.spend(ID, BODY, b"claims", now=NOW, expires=END),
    "settle": lambda s: s.settle(ID, "granted", b"claims", since=NOW),
    "unspend": lambda s: s.unspend(ID, since=NOW),
    "open": lambda s: s.open(KEY, visitor()),
    "read": lambda s: s.read(KEY, now=NOW),
    "charge": lambda s: s.charge(KEY, view(1), now=NOW),
    "refund": lambda s: s.refund(KEY, digest(1), 1, HOME),
    "move": lambda s: s.move(KEY, HOME, count=20, becomes=21, now=NOW),
    "top_up": lambda s: s.top_up(KEY, purchase(1), now=NOW),
    "reserve": lambda s: s.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW),
    "release": lambda s: s.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=0),
    "levels": lambda s: s.levels(KEY),
    "ban": lambda s: s.ban(BAN, limit=9, now=NOW),
    "lift": lambda s: s.lift(KEY),
    "bans": lambda s: s.bans(now=NOW),
    "day_key": lambda s: s.day_key(int(NOW) // 86400, b"1" * 32, now=NOW),
    "ping": lambda s: s.ping(),
}


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    with proxy_to(redis_server.port) as proxy:
        yield proxy


def rested() -> float:
    """A clock so quick that nobody rests."""
    return time.monotonic() * 1e6


def opened(proxy: Proxy, timeout: float = 0.2, **options: Any) -> RedisStore:
    address = Address("127.0.0.1", proxy.port, prefix=next(PREFIXES), timeout=timeout, **options)
    return RedisStore(address, clock=rested)


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_that_is_none_is_an_unavailable_store(proxy: Proxy, reply: str) -> None:
    fate, code = REPLIES[reply]
    store = opened(proxy, timeout=0.1 if fate is swallow else 1)
    store.open(KEY, visitor())
    for name, verb in VERBS.items():
        proxy.fate = lambda words: fate
        try:
            answer = verb(store)
        except StoreUnavailable as refusal:
            assert refusal.code == (code or "store_unavailable"), name
        else:
            pytest.fail(f"{name} answers {answer}")
        proxy.fate = lambda words: None
        store._pool.drop()
        assert store.epoch


def test_control_every_verb_is_done_where_nothing_is_spoilt(proxy: Proxy) -> None:
    store = opened(proxy)
    for verb in VERBS.values():
        verb(store)


@pytest.mark.parametrize("lost", ["the command", "the reply"])
def test_a_verb_that_timed_out_may_be_repeated(
    proxy: Proxy, redis_server: RedisServer, lost: str
) -> None:
    """Whether it was done or not, done again it grants no more than once."""
    hasty, store = opened(proxy, timeout=0.15), opened(Proxy(0, redis_server.port), timeout=2)
    hasty._prefix = store._prefix
    verbs = {"EVALSHA", "SET"}

    def spoilt(call: Callable[[RedisStore], Any]) -> Any:
        """The answer to a call whose first try times out."""
        while not hasty._pool._idle:
            with suppress(StoreUnavailable):
                hasty.ping()
        if lost == "the command":
            proxy.fate = lambda words: swallow if words[0].decode() in verbs else None
        else:
            proxy.delay = lambda words: 1 if words[0].decode() in verbs else 0
        with pytest.raises(StoreUnavailable):
            call(hasty)
        proxy.fate, proxy.delay = lambda words: None, lambda words: 0.0
        return call(store)

    again = spoilt(lambda s: s.spend(ID, BODY, b"claims", now=NOW, expires=END))
    # Done, it is another's: who repeats it waits, or takes over what the first has fixed.
    assert again.state == ("won" if lost == "the command" else "pending")
    taken = store.spend(ID, BODY, b"other", now=NOW + 11, expires=END)
    assert (taken.state, taken.claims) == ("won", b"claims")
    spoilt(lambda s: s.settle(ID, "granted", b"final", since=NOW + 11))
    assert store.spend(ID, BODY, b"", now=NOW + 12, expires=END).claims == b"final"

    granted = spoilt(lambda s: s.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW))
    assert granted.units == 4
    assert store.levels(KEY).band == int(NOW * 1000) + 4 * 60_000, "taken once"
    spoilt(lambda s: s.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=1))
    assert store.levels(KEY).band == int(NOW * 1000) + 60_000, "put back once"

    spoilt(lambda s: s.open(KEY, visitor(left=3)))
    charged = spoilt(lambda s: s.charge(KEY, view(1), now=NOW))
    assert charged.left == 2, "charged once"
    assert spoilt(lambda s: s.top_up(KEY, purchase(1, units=7), now=NOW))
    assert store.read(KEY, now=NOW).left == 9, "sold once"  # type: ignore[union-attr]
    spoilt(lambda s: s.move(KEY, b"elsewher", count=0, becomes=5, now=NOW))
    before = store.read(KEY, now=NOW)
    assert before is not None
    assert before.home(b"elsewher").charged == 5
    store.charge(KEY, view(2), now=NOW)
    spoilt(lambda s: s.refund(KEY, digest(2), 1, HOME))
    after = store.read(KEY, now=NOW)
    assert after is not None
    assert (after.left, after.bought) == (9, 11), "given back once"
    key = spoilt(lambda s: s.day_key(int(NOW) // 86400, b"1" * 32, now=NOW))
    assert key == b"1" * 32


# -- replies that come too late


def crossed(store: RedisStore, proxy: Proxy, rounds: int, *, slow: bool) -> tuple[int, int]:
    """Of calls that 16 callers make, how many time out, and how many get another's reply."""
    keys, slowly = [digest(number) * 2 for number in range(16)], Random(1)
    quick = opened(proxy, timeout=2)
    quick._prefix = store._prefix
    for at, key in enumerate(keys):
        quick.open(key, visitor(left=at + 1))
    if slow:
        proxy.delay = lambda words: slowly.uniform(0, 0.04) if words[0] == b"GET" else 0

    def call(caller: int) -> tuple[int, int]:
        late, wrong, dice = 0, 0, Random(caller)
        for _ in range(rounds):
            at = dice.randrange(16)
            try:
                record = store.read(keys[at], now=NOW)
                wrong += record is None or record.left != at + 1
            except StoreUnavailable:
                late += 1
        return late, wrong

    with ThreadPoolExecutor(16) as pool:
        counts = list(pool.map(call, range(16)))
    return sum(late for late, _ in counts), sum(wrong for _, wrong in counts)


def test_of_thousands_of_late_replies_none_reaches_another(proxy: Proxy) -> None:
    late, wrong = crossed(opened(proxy, timeout=0.02), proxy, 200, slow=True)
    assert late > 1000
    assert wrong == 0


def test_control_connections_that_are_kept_mix_replies_up(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Connection] = []
    give_back = redis_pool.Pool.give_back

    def keep(self: Any, connection: Connection, generation: object, *, fit: bool) -> None:
        give_back(self, connection, generation, fit=True)

    def make(address: Address) -> Connection:
        made.append(redis_pool.connection_to(address))
        return made[-1]

    with monkeypatch.context() as patch:
        patch.setattr(redis_sentinel, "connection_to", make)
        patch.setattr(Connection, "disconnect", lambda self, *args, **kwargs: None)
        patch.setattr(redis_pool, "_is_quiet", lambda connection: True)
        patch.setattr(redis_pool.Pool, "drop", lambda self: None)
        patch.setattr(redis_pool.Pool, "give_back", keep)
        _, wrong = crossed(opened(proxy, timeout=0.02), proxy, 10, slow=True)
    for connection in made:
        connection.disconnect()
    assert wrong > 10


class Cancelled(BaseException):
    """What ends a call from outside, as gevent's GreenletExit does."""


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
    store = RedisStore(Address("127.0.0.1", proxy.port, prefix=next(PREFIXES), timeout=0.1))
    store.open(KEY, visitor())
    proxy.fate = lambda words: swallow
    for _ in range(FAILURES):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.charge(KEY, view(1), now=NOW)
        assert time.monotonic() - began < 0.5
    asked = len(proxy.seen)
    began = time.monotonic()
    for _ in range(1000):
        with pytest.raises(StoreUnavailable):
            store.charge(KEY, view(1), now=NOW)
    assert time.monotonic() - began < 0.5
    assert len(proxy.seen) == asked
    proxy.fate = lambda words: None
    time.sleep(REST_SECONDS + 0.1)
    assert store.charge(KEY, view(1), now=NOW).left == 19


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
    store = RedisStore(Address("127.0.0.1", proxy.port, prefix=next(PREFIXES)))
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
    assert len(keys) == 6


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
