"""An app to race against: with the real store, or with one that reads and then writes."""

from __future__ import annotations

import os
import time

from flask import Flask

from challenge import Gate
from challenge.core import visitors
from challenge.core.models import Charge
from challenge.flask.client import EXTENSION
from challenge.stores.base import Spending
from challenge.stores.sqlite import SQLiteStore, _pack, _read


class ReadThenWrite(SQLiteStore):
    """The negative control: looks first, decides, and writes in a step of its own."""

    def spend(
        self, challenge: bytes, digest: bytes, claims: bytes, *, now: float, expires: int
    ) -> Spending:
        with self._connection() as connection:
            row = connection.execute(
                "SELECT state, digest, claims FROM spent WHERE challenge = ?", (challenge,)
            ).fetchone()
        time.sleep(0.005)
        if row is not None:
            return Spending(row[0], row[2]) if row[1] == digest else Spending("other", b"")
        with self._transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, 'pending', ?, ?)",
                (challenge, digest, claims, now, expires),
            )
        return Spending("won", claims)

    def charge(self, key: bytes, *, jti: str, profile: bytes, now: float) -> tuple[Charge, int]:
        with self._connection() as connection:
            visitor, answer = visitors.charge(
                _read(connection, key), jti=jti, profile=profile, now=now
            )
        time.sleep(0.005)
        if visitor is not None and answer is Charge.CHARGED:
            with self._transaction() as connection:
                connection.execute(
                    "UPDATE visitors SET record = ? WHERE key = ?", (_pack(visitor), key)
                )
        return answer, visitor.left if visitor is not None else 0


def create_app() -> Flask:
    app = Flask("tests.racing")
    app.config["CHALLENGE_PRICE_MS"] = 0
    gate = Gate(app)
    tally = app.extensions[EXTENSION]
    if os.environ.get("READ_THEN_WRITE"):
        tally.store = ReadThenWrite(tally.store._path)

    @app.get("/people/<handle>")
    @gate.protect("handle")
    def person(handle: str) -> str:
        return f"the secret of {handle}"

    return app
