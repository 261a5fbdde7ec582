"""A renewal charges its network's band for what is read of it, a few units ahead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from challenge.core.models import Client
from challenge.errors import Queued
from challenge.tally.admitting import AHEAD

from .test_selling import Key, at, key, world
from .test_tally import HOME, World, configure

__all__ = ["key", "world"]

FIRST, SECOND = 5, 10


def renewed(world: World, key: Key, *, burst: int, client: Client = HOME) -> str:
    """The token of a reader who has read the first sale and bought the second."""
    configure(world, ramp=(FIRST, SECOND, 20), band_burst=burst, band_per_hour=1, lanes=())
    first = key.buy(world, client=client)
    for number in range(FIRST):
        world.admit(first.token, number, client)
    sale = key.buy(world, first.token, client)
    assert (sale.budget, sale.remaining) == (SECOND, SECOND)
    return sale.token


def others_buy(world: World) -> int:
    """Units that new visitors can still buy on the same network."""
    bought = 0
    while True:
        try:
            sale = Key().buy(world)
        except Queued:
            return bought
        if sale.not_before_ms:
            return bought
        bought += sale.budget


def test_what_is_never_read_is_left_to_others(world: World, key: Key) -> None:
    renewed(world, key, burst=30)
    assert others_buy(world) == 30 - FIRST - 1


def test_what_is_read_is_charged(world: World, key: Key) -> None:
    token = renewed(world, key, burst=30)
    world.admit(token, 100)
    assert world.admit(token, 101).remaining == SECOND - 2
    assert others_buy(world) == 30 - FIRST - 1 - AHEAD


def test_nobody_opens_more_than_the_band_holds(world: World, key: Key) -> None:
    token = renewed(world, key, burst=FIRST + 1 + AHEAD + 1)
    opened = 0
    with pytest.raises(Queued) as refusal:
        for number in range(SECOND):
            world.admit(token, 100 + number)
            opened += 1
    assert opened == 1 + AHEAD + 1
    assert refusal.value.code == "network_busy"


def test_control_a_wider_band_opens_all(world: World, key: Key) -> None:
    token = renewed(world, key, burst=FIRST + SECOND)
    for number in range(SECOND):
        world.admit(token, 100 + number)


def test_many_pages_at_once_all_open(world: World, key: Key) -> None:
    token = renewed(world, key, burst=100)
    with ThreadPoolExecutor(SECOND) as threads:
        list(threads.map(lambda number: world.admit(token, 100 + number), range(SECOND)))


def test_an_account_is_charged_for_the_whole_sale(world: World, key: Key) -> None:
    """It has no home at which the rest could be charged later."""
    somebody = Client(HOME.address, account="ada")
    renewed(world, key, burst=100, client=somebody)
    # The account's hour has 30 units.
    with pytest.raises(Queued):
        for _ in range(4):
            sale = Key().buy(world, client=Client(at(7).address, account="ada"))
            if sale.not_before_ms:
                raise Queued("later", code="network_busy", retry_after=1)
    assert others_buy(world) == 100
