"""A gate over one filled store, and what its work costs in CPU time."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle, islice, repeat
from pathlib import Path
from random import Random
from typing import Any

import apsw
from flask import Flask
from werkzeug.http import parse_cookie
from werkzeug.test import create_environ

from challenge import Gate, keys
from challenge.config import Settings
from challenge.core.models import Client
from challenge.flask.client import EXTENSION
from challenge.stores import Store, from_uri
from challenge.stores.memory import MemoryStore
from challenge.stores.sqlite import SQLiteStore
from challenge.tally import Tally
from challenge.tally.admitting import AHEAD

from ._crowd import ASK, MEMBERS, BrowserKey, Crowd, Site, profile
from ._filling import fill
from ._quiet import Cost, timed

#: visitors that open a new profile in a round, if there are as many
VISITORS = 1000
#: how many of them in a worker that has not seen their clearance, beside another worker that writes
#: too, and in a whole application; how many visitors open an old profile, and how many buy
COLD, BESIDE, WHOLE, OLD, SALES = 60, 120, 100, 200, 30
COOKIE = "__Host-challenge-main"
#: what a browser sends, with another cookie before the gate's and one behind it
HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.5",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Cookie": "session=eyJfZnJlc2giOmZhbHNlfQ.aXNvbWV0aGluZw.c2lnbmF0dXJl; {}={}; theme=dark",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A view of a profile."""

    environ: dict[str, Any]
    client: Client
    profile: str

    @property
    def token(self) -> str | None:
        """The clearance that its cookies carry."""
        return parse_cookie(self.environ).get(COOKIE)

    def gated(self, worker: Tally) -> int:
        """The gate's part: the cookie, the token and the record; the units that were charged."""
        return worker.admit(self.token, self.profile, self.client).units


class Gated:
    """A worker of a site with `number` visitors.

    :param uri: `memory://`, or a SQLite file in the folder.
    """

    def __init__(self, uri: str, folder: Path, number: int) -> None:
        self._settings = Settings(price_ms=0)
        self._ring = keys.make(os.urandom)
        self._number = number
        self._folder = folder
        store = self._open(uri, folder)
        site = Site(self._settings, self._ring, store.day_key, time.time())
        self._crowd = Crowd(site, store.epoch, number)
        before = _resident()
        fill(store, self._crowd)
        files = [path.stat().st_size for path in folder.glob("store.db*")]
        #: what the store takes: of disk, or of memory if it has no file
        self.bytes = sum(files) or _resident() - before
        self._worker = self._new_worker(store)
        shared = store.shared_between_processes
        self._beside = self._new_worker(self._open(uri, folder) if shared else store)
        self._app = _app(folder, self._worker)
        random = Random(number)
        self._walk = cycle(random.sample(range(number), min(number, 20 * VISITORS)))
        #: how many profiles visitors have opened here
        self._opened: Counter[int] = Counter()
        self._buyers = (BrowserKey(random) for _ in count())
        self._houses = count(number // MEMBERS + 1)

    def _open(self, uri: str, folder: Path) -> Store:
        if uri == "memory://":
            # By default it holds a hundred thousand.
            return MemoryStore(rows_max=self._number + 100_000)
        return from_uri(uri, folder=folder, max_bytes=self._settings.store_max_mb * 2**20)

    def _new_worker(self, store: Store) -> Tally:
        return Tally(
            self._settings,
            self._ring,
            store,
            clock=time.time,
            sleep=time.sleep,
            random=os.urandom,
        )

    def round(self) -> dict[str, list[Cost]]:
        """What a view or call costs, by what it is; each time of other visitors."""
        for path in self._folder.glob("store.db*"):
            _read_through(path)
        visitors = list(islice(self._walk, min(VISITORS, self._number)))
        ahead = [index for index in visitors if not self._is_covered(index)]
        covered = iter([index for index in visitors if self._is_covered(index)])
        return {
            "ahead": self._views(self._new(ahead)),
            "cold": self._cold(self._new(islice(covered, COLD))),
            "beside": self._views(self._new(islice(covered, BESIDE)), self._worker, self._beside),
            "whole": self._whole(self._new(islice(covered, WHOLE))),
            **self._charged(self._new(covered)),
            "revisit": self._views(self._old(islice(self._walk, OLD)), units=0),
            **self._sales(),
        }

    def _is_covered(self, index: int) -> bool:
        """Whether the network's band was charged for the visitor's next profile."""
        record = self._crowd.played(index)
        return (record.homes[0].charged - record.spent - self._opened[index]) % AHEAD > 0

    def _new(self, indices: Iterable[int]) -> Iterator[Request]:
        for index in indices:
            yield self._request(index, self._crowd.played(index).spent + self._opened[index])
            self._opened[index] += 1

    def _old(self, indices: Iterable[int]) -> Iterator[Request]:
        return (self._request(index, 0) for index in indices)

    def _request(self, index: int, before: int) -> Request:
        """A view of the profile that a visitor opens after so many."""
        name = self._crowd.name(index)
        handle = profile(name.first_profile + before)
        headers = HEADERS | {"Cookie": HEADERS["Cookie"].format(COOKIE, self._crowd.token(index))}
        environ = create_environ(f"/people/{handle}", "https://example.org", headers=headers)
        environ["REMOTE_ADDR"] = str(name.client.address)
        return Request(environ, name.client, handle)

    def _charged(self, requests: Iterable[Request]) -> dict[str, list[Cost]]:
        """What views of new profiles cost, and what is left for later by each of them."""
        views, store = list(requests), self._worker.store
        _checkpoint(store)
        charged = self._views(views)
        _, [whole] = timed([partial(_checkpoint, store)])
        return {"charged": charged, "later": [Cost(whole.us / len(views), whole.loop_us)]}

    def _views(self, requests: Iterable[Request], *workers: Tally, units: int = 1) -> list[Cost]:
        """What views cost whose signatures are remembered.

        :param workers: who serves them in turns, if not the one.
        :param units: what each of them is charged.
        """
        turns = list(zip(requests, cycle(workers or (self._worker,)), strict=False))
        for request, worker in turns:
            _remember(worker, request)
        charged, costs = timed([partial(request.gated, worker) for request, worker in turns])
        assert {*charged} <= {units}, charged
        return costs

    def _cold(self, requests: Iterable[Request]) -> list[Cost]:
        """What views cost in a worker that has seen none of the clearances."""
        worker = self._new_worker(self._worker.store)
        # But it knows the keys of the days, and the bans.
        self._request(0, 0).gated(worker)
        charged, costs = timed([partial(request.gated, worker) for request in requests])
        assert {*charged} == {1}, charged
        return costs

    def _whole(self, requests: Iterable[Request]) -> list[Cost]:
        """What a route of an application costs more if it is gated."""
        views = list(requests)
        for request in views:
            _remember(self._worker, request)

        def serve(path: str) -> list[Cost]:
            environs = [v.environ | {"PATH_INFO": f"/{path}/{v.profile}"} for v in views]
            said, costs = timed([partial(self._client, environ) for environ in environs])
            assert {*said} == {"200 OK"}, said
            return costs

        pairs = zip(serve("people"), serve("plain"), strict=True)
        return [Cost(a.us - b.us, max(a.loop_us, b.loop_us)) for a, b in pairs]

    def _client(self, environ: dict[str, Any]) -> str:
        """Ask the application, as its server does; the status."""
        said: list[str] = []
        self._app(environ, lambda status, *_: said.append(status))  # type: ignore[arg-type]
        return said[0]

    def _sales(self) -> dict[str, list[Cost]]:
        """What an ask and a redeem cost, of browsers that come for the first time."""
        clients = [self._crowd.client(house) for house in islice(self._houses, SALES)]
        offers, asked = timed([partial(self._worker.quote, ASK, None, who) for who in clients])
        bodies = [next(self._buyers).body(offer.challenge) for offer in offers]
        calls = list(map(partial, repeat(self._worker.redeem), bodies, clients))
        return {"ask": asked, "redeem": timed(calls)[1]}


def _remember(worker: Tally, request: Request) -> None:
    """Let a worker see a clearance; the store is not asked."""
    worker.part_opens("0.", "", request.token)


def _checkpoint(store: Store) -> None:
    """Bring pages from the log into the file, as SQLite does by itself after a thousand."""
    if isinstance(store, SQLiteStore):
        with store._file.connection() as connection:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)


def _read_through(path: Path) -> None:
    """Let the system have a file in memory, as where visitors come all the time."""
    with path.open("rb", buffering=0) as file:
        while file.read(2**20):
            pass


def _resident() -> int:
    """Bytes of memory that this process has, where the system tells."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if told.exists() else 0


def _app(folder: Path, worker: Tally) -> Flask:
    """An application with a gated route, and one like it that is not gated."""
    app = Flask("bench", instance_path=str(folder))
    app.config["CHALLENGE_STORE_URI"] = "memory://"
    gate = Gate(app)
    app.extensions[EXTENSION] = worker

    def person(handle: str) -> str:
        return handle

    app.add_url_rule("/plain/<handle>", "plain", person)
    app.add_url_rule("/people/<handle>", "person", gate.protect("handle")(person))
    return app
