"""How many bytes of a Redis server's memory rows take, and how long they live."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Any

import redis

from challenge.core.models import Client

from ._store_sites import PROFILES, Reader, Site

#: kinds of rows, by the letter in their keys
KINDS = {"v": "visitor", "s": "spent", "b": "band", "r": "reservation"}
#: how often a row is copied to see what it takes: it fills a table of the server's nearly
COPIES, AT_ONCE = 16_000, 1_000


@dataclass(frozen=True, slots=True)
class Row:
    """What a row of a kind takes."""

    #: how many there were for each visitor
    number: float
    #: with what the server needs to find it and to end it
    bytes: float
    #: seconds from its last writing on
    life: float


def rows(site: Site) -> dict[str, Row]:
    """Of each kind, those that its visitors have left on its one server."""
    [client] = site.servers.clients
    # Somebody came before those that are counted.
    return {name: _row(client, kind, site.visitors + 1) for kind, name in KINDS.items()}


def _row(client: redis.Redis, kind: str, visitors: int) -> Row:
    keys: list[Any] = client.keys(f"tallygate:{kind}*")
    longest = max(keys, key=lambda key: client.memory_usage(key) or 0)
    life = max(client.pttl(key) for key in keys) / 1000
    before = _used(client)
    for _ in range(COPIES // AT_ONCE):
        with client.pipeline(transaction=False) as pipeline:
            for _ in range(AT_ONCE):
                copy = longest[:-16] + secrets.token_hex(8).encode()
                pipeline.execute_command("COPY", longest, copy, "DB", 1)
            assert all(pipeline.execute())
    taken = (_used(client) - before) / COPIES
    with client.pipeline(transaction=False) as pipeline:
        pipeline.execute_command("SELECT", 1)
        pipeline.flushdb()
        pipeline.execute_command("SELECT", 0)
        pipeline.execute()
    return Row(len(keys) / visitors, taken, life)


def _used(client: redis.Redis) -> int:
    return int(client.info("memory")["used_memory"])


def visitor_bytes(site: Site, readers: Sequence[Reader], *, moved: bool = False) -> int:
    """The most that a record takes, key and all, after 20 profiles and the sales for them.

    :param moved: whether the last of them is opened from another network.
    """
    before = set(_visitors(site))
    with site.uncounted():
        site.read(readers, PROFILES - 1)
        for reader in readers:
            client = _neighbour(reader.client) if moved else reader.client
            site.view(replace(reader, client=client), PROFILES - 1)()
    taken = _visitors(site)
    return max(taken[key] for key in taken.keys() - before)


def _visitors(site: Site) -> dict[Any, int]:
    return {
        key: client.memory_usage(key) or 0
        for client in site.servers.clients
        for key in client.keys("*:v*")
    }


def _neighbour(client: Client) -> Client:
    return replace(client, address=ip_address(int(client.address) + 2**28))
