"""The app of the rounds of chaos; without epochs, for their control, where that is wanted."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask

from challenge.core.visitors import Charged, View
from challenge.stores import redis_scripts as scripts
from challenge.stores.redis import RedisStore

from ..racing import create_app as create_race
from ..waits import telling


class Forgetful(RedisStore):
    """Takes each server for the one that it knew."""

    @property
    def epoch(self) -> str:
        return "forever"

    def _spend(self, row: bytes, arguments: Any, mark: bytes) -> list[Any]:
        told = self._on(row, lambda lease: scripts.SPEND.run(lease, [row], *arguments))
        return [told, self.epoch.encode()]

    def charge(self, key: bytes, view: View, *, epoch: str, now: float) -> Charged:
        return super().charge(key, view, epoch=self._epoch, now=now)


def create_app() -> Flask:
    if "NO_EPOCH" in os.environ:
        from challenge.stores import redis as redis_store

        redis_store.RedisStore = Forgetful  # type: ignore[misc]
    app = create_race()
    app.wsgi_app = telling(app.wsgi_app)  # type: ignore[method-assign]
    return app
