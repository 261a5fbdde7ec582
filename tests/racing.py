"""An app to race against: with the real store, or with one that reads and then writes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

from challenge import Gate
from challenge.core.visitors import Visitor
from challenge.flask.client import EXTENSION
from challenge.stores.base import TAKEOVER_AFTER, Spending
from challenge.stores.records import pack
from challenge.stores.redis import RedisStore
from challenge.stores.sqlite import SQLiteStore, row_id

T = TypeVar("T")
_PUT = "UPDATE visitors SET record = ? WHERE id = ?"


class ReadThenWrite(SQLiteStore):
    """The negative control: looks first, decides, and writes in a step of its own."""

    #: seconds between the two, in which others look too
    pause = 0.005
    #: seconds after which a repeated body may take over from a dead worker
    takeover_after = TAKEOVER_AFTER

    def spend(
        self,
        challenge: bytes,
        digest: bytes,
        claims: bytes,
        *,
        epoch: str,
        now: float,
        expires: int,
    ) -> Spending:
        with self._file.connection() as connection:
            row = connection.execute(
                "SELECT state, digest, claims, since FROM spent WHERE challenge = ?", (challenge,)
            ).fetchone()
        time.sleep(self.pause)
        if row is not None:
            state, winner, kept, since = row
            if winner != digest:
                return Spending("other", b"")
            if state != "pending" or since > now - self.takeover_after:
                return Spending(state, kept)
            claims = kept
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, 'pending', ?, ?)",
                (challenge, digest, claims, now, expires),
            )
        return Spending("won", claims, now)

    def _swap(self, key: bytes, seen: bytes | None, after: Visitor) -> bool:
        time.sleep(self.pause)
        with self._file.transaction() as connection:
            connection.execute(_PUT, (pack(after), row_id(key)))
        return True

    def _update(self, key: bytes, step: Callable[[Visitor | None], tuple[Visitor | None, T]]) -> T:
        visitor, answer = step(self.read(key, now=0))
        time.sleep(self.pause)
        if visitor is not None:
            with self._file.transaction() as connection:
                connection.execute(_PUT, (pack(visitor), row_id(key)))
        return answer


def look_then_spend(store: RedisStore, pause: float) -> None:
    """The same for a store on Redis."""
    spend = store._spend

    def look_and_spend(row: bytes, arguments: Any, epoch: bytes) -> list[Any]:
        if store._call(row, "GET", row) is None:
            time.sleep(pause)
            store._call(row, "DEL", row)
        return spend(row, arguments, epoch)

    store._spend = look_and_spend  # type: ignore[method-assign]


def create_app() -> Flask:
    app = Flask("tests.racing")
    app.config.update(CHALLENGE_PRICE_MS=0, CHALLENGE_RAMP=[20], CHALLENGE_BAND_BURST=100_000)
    # The races send one challenge with many bodies.
    app.config["CHALLENGE_FAILURE_BURST"] = 100_000
    gate = Gate(app)
    tally = app.extensions[EXTENSION]
    pause = os.environ.get("READ_THEN_WRITE")
    if pause and isinstance(tally.store, RedisStore):
        look_then_spend(tally.store, float(pause))
    elif pause:
        store = ReadThenWrite(tally.store._path)
        store.pause = float(pause)
        store.takeover_after = float(os.environ.get("TAKEOVER_AFTER", TAKEOVER_AFTER))
        tally._books.store = store

    @app.get("/people/<handle>")
    @gate.protect("handle")
    def person(handle: str) -> str:
        return f"the secret of {handle}"

    return app
