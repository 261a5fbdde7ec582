"""Whatever a Redis server says, or fails to say, nothing is granted for it and nothing crosses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from challenge.core.bands import Wanted
from challenge.core.models import Lane
from challenge.errors import StoreUnavailable
from challenge.stores.base import Ban
from challenge.stores.redis import RedisStore

from ..redis_proxy import Fate, Proxy, break_off, reset, swallow
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
    charge,
    digest,
    purchase,
    spend,
    view,
    visitor,
)
from .redis_stores import opened

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
    "spend": lambda s: spend(s, ID, BODY, b"claims"),
    "settle": lambda s: s.settle(ID, "granted", b"claims", since=NOW),
    "unspend": lambda s: s.unspend(ID, since=NOW),
    "open": lambda s: s.open(KEY, visitor()),
    "read": lambda s: s.read(KEY, now=NOW),
    "charge": lambda s: charge(s, KEY, view(1)),
    "refund": lambda s: s.refund(KEY, digest(1), 1, HOME),
    "move": lambda s: s.move(KEY, HOME, count=20, becomes=21, now=NOW),
    "top_up": lambda s: s.top_up(KEY, purchase(1), now=NOW),
    "reserve": lambda s: s.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW),
    "release": lambda s: s.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=0),
    "levels": lambda s: s.levels(KEY),
    "ban": lambda s: s.ban(BAN, limit=9, now=NOW),
    "lift": lambda s: s.lift(KEY),
    "note_sender": lambda s: s.note_sender(b"\1\2", b"half", KEY, now=NOW, expires=int(NOW) + 60),
    "other_senders": lambda s: s.other_senders(b"\1\2", b"half", KEY, now=NOW),
    "bans": lambda s: s.bans(now=NOW),
    "day_key": lambda s: s.day_key(int(NOW) // 86400, b"1" * 32, now=NOW),
    "ping": lambda s: s.ping(),
}


@pytest.mark.parametrize("reply", REPLIES)
def test_every_reply_that_is_none_is_an_unavailable_store(proxy: Proxy, reply: str) -> None:
    fate, code = REPLIES[reply]
    store = opened(proxy, timeout=0.1 if fate is swallow else 1)
    store.open(KEY, visitor())
    for name, verb in VERBS.items():
        # Not what `spend` asks before: it would end there.
        spared = b"" if name == "ping" else b"INFO"
        proxy.fate = lambda words, spared=spared: None if words[0] == spared else fate  # type: ignore[misc]
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

    again = spoilt(lambda s: spend(s, ID, BODY, b"claims"))
    # Done, it is another's: who repeats it waits, or takes over what the first has fixed.
    assert again.state == ("won" if lost == "the command" else "pending")
    taken = spend(store, ID, BODY, b"other", now=NOW + 11)
    assert (taken.state, taken.claims) == ("won", b"claims")
    spoilt(lambda s: s.settle(ID, "granted", b"final", since=NOW + 11))
    assert spend(store, ID, BODY, now=NOW + 12).claims == b"final"

    granted = spoilt(lambda s: s.reserve(KEY, ID, BAND, Wanted(4, 1, 0), holder=HOLDER, now=NOW))
    assert granted.units == 4
    assert store.levels(KEY).band == int(NOW * 1000) + 4 * 60_000, "taken once"
    spoilt(lambda s: s.release(KEY, ID, BAND, lane=Lane.NEW, holder=HOLDER, keep=1))
    assert store.levels(KEY).band == int(NOW * 1000) + 60_000, "put back once"

    spoilt(lambda s: s.open(KEY, visitor(left=3)))
    charged = spoilt(lambda s: charge(s, KEY, view(1)))
    assert charged.left == 2, "charged once"
    assert spoilt(lambda s: s.top_up(KEY, purchase(1, units=7), now=NOW))
    assert store.read(KEY, now=NOW).left == 9, "sold once"  # type: ignore[union-attr]
    spoilt(lambda s: s.move(KEY, b"elsewher", count=0, becomes=5, now=NOW))
    before = store.read(KEY, now=NOW)
    assert before is not None
    assert before.home(b"elsewher").charged == 5
    charge(store, KEY, view(2))
    spoilt(lambda s: s.refund(KEY, digest(2), 1, HOME))
    after = store.read(KEY, now=NOW)
    assert after is not None
    assert (after.left, after.bought) == (9, 11), "given back once"
    key = spoilt(lambda s: s.day_key(int(NOW) // 86400, b"1" * 32, now=NOW))
    assert key == b"1" * 32


@pytest.mark.parametrize("reply", [b":7\r\n", b"*1\r\n$1\r\nx\r\n", b"$-1\r\n", b"+x\r\n"])
def test_an_epoch_that_is_none_is_an_unavailable_store(proxy: Proxy, reply: bytes) -> None:
    """Beside a row that was won."""
    store = opened(proxy)
    store.ping()
    proxy.fate = lambda words: reply if words[0] == b"GET" else None
    with pytest.raises(StoreUnavailable):
        spend(store, ID, BODY, b"claims")
