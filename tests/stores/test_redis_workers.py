"""Processes, greenlets and sites that share a server."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

from challenge.core.models import Charge

from ..redis_proxy import proxy_to, swallow
from ..redis_servers import RedisServer
from ..solving import ASK, REDEEM, buy, redemption
from .conformance import (
    KEY,
    charge,
    view,
    visitor,
)
from .redis_stores import ROOT, store_on

PREFIXES = (f"w-{number}" for number in itertools.count())


def test_a_connection_does_not_cross_a_fork(own: RedisServer) -> None:
    store = store_on(own)
    store.open(KEY, visitor())
    before = list(store._pool._idle)
    assert before
    child = os.fork()
    if child == 0:
        try:
            fine = not store._pool._idle
            charged = charge(store, KEY, view(1))
            fine = fine and charged.charge is Charge.CHARGED and before[0] not in store._pool._idle
            store.close()
            os._exit(0 if fine else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store._pool._idle == before
    assert charge(store, KEY, view(1)).charge is Charge.REVISIT


def test_a_fork_in_the_middle_of_a_call_gives_its_connection_to_nobody(own: RedisServer) -> None:
    store = store_on(own)
    store.open(KEY, visitor())
    with store._pool.lease() as lease:
        child = os.fork()
        if child == 0:
            try:
                lease.__exit__(None, None, None)
                os._exit(1 if store._pool._idle else 0)
            except BaseException:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert lease.call("PING") == b"PONG"


GREENLETS = """
import gevent.monkey
gevent.monkey.patch_all()
import random, sys
import gevent
from challenge.errors import StoreUnavailable
from challenge.stores.redis import RedisStore
from challenge.stores.redis_uri import Address
from tests.stores.conformance import NOW, digest, visitor

store = RedisStore(Address("127.0.0.1", int(sys.argv[1]), prefix="g", timeout=2))
keys = [digest(number) * 2 for number in range(20)]
for at, key in enumerate(keys):
    store.open(key, visitor(left=at + 1))
right = wrong = cancelled = 0

def call(seed):
    global right, wrong, cancelled
    dice = random.Random(seed)
    for _ in range(30):
        at = dice.randrange(20)
        try:
            with gevent.Timeout(dice.choice([dice.uniform(0.0002, 0.005), 5])):
                record = store.read(keys[at], now=NOW)
        except gevent.Timeout:
            cancelled += 1
            continue
        except StoreUnavailable:
            gevent.sleep(0.1)
            continue
        if record is not None and record.left == at + 1:
            right += 1
        else:
            wrong += 1

gevent.joinall([gevent.spawn(call, seed) for seed in range(20)], raise_error=True)
print(right, wrong, cancelled)
"""


def test_greenlets_that_are_cancelled_leave_no_reply_to_others(own: RedisServer) -> None:
    dice = Random(1)
    with proxy_to(own.port) as proxy:
        proxy.delay = lambda words: dice.uniform(0, 0.01) if words[0] == b"GET" else 0
        told = subprocess.run(
            [sys.executable, "-c", GREENLETS, str(proxy.port)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
    right, wrong, cancelled = map(int, told.stdout.split())
    assert wrong == 0
    assert right > 100
    assert cancelled > 100


# -- as a site


def test_a_site_whose_server_is_silent_denies_as_it_promises(
    make_app: Callable[..., Any], redis_server: RedisServer
) -> None:
    """Asks go on; redeeming and pages say 503 and when to come again; health is degraded."""
    with proxy_to(redis_server.port) as proxy:
        prefix = next(PREFIXES)
        app = make_app(store_uri=f"redis://127.0.0.1:{proxy.port}?prefix={prefix}&timeout_ms=100")
        client = app.test_client()
        buy(client)
        assert client.get("/people/ada").status_code == 200
        body = redemption(client.post(ASK, json={}).get_json())
        proxy.fate = lambda words: swallow
        for _ in range(8):
            asked = app.test_client().post(ASK, json={})
            redeemed = client.post(REDEEM, data=body, content_type="application/json")
            page = client.get("/people/ada")
            assert (asked.status_code, redeemed.status_code, page.status_code) == (201, 503, 503)
            assert int(redeemed.headers["Retry-After"]) > 0
            assert int(page.headers["Retry-After"]) > 0
            assert json.loads(redeemed.data)["code"] == "store_unavailable"
        assert app.test_client().get("/people/ada").status_code == 403
        assert client.get("/challenge/healthz").status_code == 503
