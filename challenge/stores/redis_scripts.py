"""The steps that a Redis server runs for a store, each in one piece: `lua/*.lua`, one a verb."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from .redis_pool import Command, Lease

_FOLDER = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and the hash by which a server knows it. Nothing is ever put into its text."""

    name: str
    text: bytes
    sha: str

    def run(
        self, lease: Lease, keys: Sequence[bytes], *arguments: bytes | str | int | float
    ) -> Any:
        """What it returns.

        :raises StoreUnavailable: if it cannot be run, or fails.
        """
        return self.run_with(lease, keys, arguments)[0]

    def run_with(
        self,
        lease: Lease,
        keys: Sequence[bytes],
        arguments: Sequence[bytes | str | int | float],
        *more: Command,
    ) -> list[Any]:
        """What it returns, and the replies to more commands sent with it, to be done after it."""
        return lease.checked(self.ask_with(lease, keys, arguments, *more))

    def ask_with(
        self,
        lease: Lease,
        keys: Sequence[bytes],
        arguments: Sequence[bytes | str | int | float],
        *more: Command,
    ) -> list[Any]:
        """The same; a server's error stands for its reply."""
        command = ("EVALSHA", self.sha, len(keys), *keys, *arguments)
        replies = lease.ask(command, *more)
        if isinstance(replies[0], redis.exceptions.NoScriptError):
            # The server has started again, or its scripts were flushed. Nothing was done.
            self.load(lease)
            replies = lease.ask(command, *more)
        return replies

    def load(self, lease: Lease) -> None:
        """Have the server know it."""
        lease.call("SCRIPT", "LOAD", self.text)


def _read(name: str) -> Script:
    text = (_FOLDER / f"{name}.lua").read_bytes()
    # The protocol's own name for a script; nothing is protected by it.
    return Script(name, text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


SPEND = _read("spend")
SETTLE = _read("settle")
UNSPEND = _read("unspend")
CHARGE = _read("charge")
SWAP = _read("swap")
RESERVE = _read("reserve")
RELEASE = _read("release")
BAN = _read("ban")
DAY_KEY = _read("day_key")
EPOCH = _read("epoch")
CLUSTER_EPOCH = _read("cluster_epoch")
CLUSTER_MARK = _read("cluster_mark")
ALL = (SPEND, SETTLE, UNSPEND, CHARGE, SWAP, RESERVE, RELEASE, BAN, DAY_KEY, EPOCH)
