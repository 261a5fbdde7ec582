"""A page waits for a silent server twice at most, at whatever moment that falls silent.

So with a time-out of 200 ms it is answered within 500 ms. Counted, not timed: a busy machine
changes nothing here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from challenge.flask.client import EXTENSION
from challenge.stores.redis import RedisStore

from ..redis_proxy import Fate, Proxy, swallow
from ..solving import buy
from .redis_stores import rested

MOST = 2
PREFIXES = (f"p-{number}" for number in itertools.count())


@dataclass
class Silence:
    """A server that says so much more, and then nothing."""

    left: int
    swallowed: list[bytes] = field(default_factory=list)

    def __call__(self, words: list[bytes]) -> Fate:
        if self.left > 0:
            self.left -= 1
            return None
        self.swallowed.append(words[0])
        return swallow


@pytest.fixture
def visitor(proxy: Proxy, make_app: Callable[..., Any]) -> Iterator[FlaskClient]:
    """One that has bought, on a store whose breaker's rests are over at once."""
    uri = f"redis://127.0.0.1:{proxy.port}?prefix={next(PREFIXES)}&timeout_ms=300"
    client = make_app(store_uri=uri).test_client()
    store = client.application.extensions[EXTENSION].store
    store._clock = store._pool._clock = store._pool._breaker._clock = rested
    proxy.fate = lambda words: None
    buy(client)
    yield client
    proxy.fate = lambda words: None


def pages(visitor: FlaskClient, proxy: Proxy, *, connected: bool) -> Iterator[list[bytes]]:
    """What each page waited for in vain, the server falling silent a trip later for each."""
    tally: Any = visitor.application.extensions[EXTENSION]
    for said in itertools.count():
        proxy.fate = lambda words: None
        assert visitor.get("/people/ada").status_code == 200
        if not connected:
            tally.store.close()
        # The bans are due to be read again, and so is the day's key.
        tally.bans._copy = type(tally.bans._copy)(float("-inf"), {})
        tally._books._day_keys = {}
        silence = proxy.fate = Silence(said)
        status = visitor.get("/people/ada").status_code
        if not silence.swallowed:
            assert status == 200
            return
        assert status in (200, 503)
        yield silence.swallowed


@pytest.mark.parametrize("connected", [True, False])
def test_a_page_waits_for_a_silent_server_twice_at_most(
    visitor: FlaskClient, proxy: Proxy, connected: bool
) -> None:
    waited = list(pages(visitor, proxy, connected=connected))
    # It fell silent before each of the trips: the bans, the day's key, the charge.
    assert len(waited) >= 3
    assert max(map(len, waited)) == MOST


def test_control_who_asks_again_by_itself_waits_longer(
    visitor: FlaskClient, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    day_key = RedisStore.day_key

    def insist(self: RedisStore, *asked: Any, **when: Any) -> bytes | None:
        try:
            return day_key(self, *asked, **when)
        except Exception:
            return day_key(self, *asked, **when)

    monkeypatch.setattr(RedisStore, "day_key", insist)
    assert max(map(len, pages(visitor, proxy, connected=True))) > MOST
