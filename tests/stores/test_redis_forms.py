"""What rows look like on a server: releases that run side by side must not misread each other's.

Whoever changes the form of a row gives it another name in `challenge/stores/redis.py`, and writes
the new one down here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

import pytest

from challenge.core.bands import Wanted
from challenge.core.models import Lane
from challenge.stores.redis import RedisStore

from ..redis_servers import RedisServer
from .conformance import (
    BAND,
    BODY,
    END,
    HOLDER,
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
from .redis_stores import store_on
from .test_redis_faults import BAN

NUMBERS = itertools.count()
#: in hexadecimal, by the letter in the name
FORMS = {
    # a network's band
    "b": "000098ff85317a42000000000000000000000000000000000000000000000000",
    # senders of a sketch
    "h": "0000000000000002c8d2496b000000000000000000000003",
    # bans
    "n": (
        "000000b274d2da415b342c2033322c2022616c6c222c2022726561736f6e222c20226f70"
        "657261746f72222c20313830303030303030302c20313830303030303230305d"
    ),
    # a reservation
    "r": "0000000000001040000000c585317a420000006175d2da4168686f6c6465722e2e",
    # a spent challenge
    "s": (
        "670000008074d2da41000000b274d2da4120626262626262626262626262626262626262"
        "62626262626262626262626262626772616e74656420636c61696d73"
    ),
    # a visitor
    "v": (
        "c8a5a7da063dd5028d010000d50202280100010128000101002c6a6a6a6a6a6a6a6a6a6a"
        "6a6a6a6a6a6a6a6a6a6a6a6a2c6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a00"
        "100000000000000001000000000000000101686f6d65686f6d65280201686f6d65686f6d"
        "6500000000000000000001"
    ),
}


@pytest.fixture
def store(redis_server: RedisServer) -> Iterator[RedisStore]:
    with closing(store_on(redis_server, prefix=f"form-{next(NUMBERS)}")) as store:
        yield store


def rows(store: RedisStore, server: RedisServer) -> dict[str, str]:
    """What is kept of each kind, by the letter in its name."""
    client, found = server.client(), {}
    for key in client.keys(store._prefix + b":*"):
        kind = key[len(store._prefix) + 1 :][:1].decode()
        kept = client.hgetall(key) if kind == "n" else client.get(key)
        found[kind] = b"".join(kept.values()).hex() if kind == "n" else kept.hex()
    return found


def test_rows_have_the_form_that_their_name_stands_for(
    store: RedisStore, redis_server: RedisServer
) -> None:
    store.open(KEY, visitor())
    store.top_up(KEY, purchase(1), now=NOW + 40)
    charge(store, KEY, view(1, jti=purchase(1).jti), now=NOW + 50)
    won = spend(store, ID, BODY, b"claims")
    store.settle(ID, "granted", b"granted claims", since=won.since)
    wanted = Wanted(4, 1, 0, lane=Lane.NEW)
    store.reserve(KEY, ID, BAND, wanted, holder=HOLDER, now=NOW)
    store.ban(BAN, limit=9, now=NOW)
    store.note_sender(digest(1), digest(2), digest(3), now=NOW, expires=END)
    found = rows(store, redis_server)
    del found["e"]
    assert found == FORMS
