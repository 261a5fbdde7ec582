"""Sales grow for who reads as a person does; who opens more at once buys a first sale each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from challenge.core import price
from challenge.stores import Store

from .test_selling import Key
from .test_tally import World, body_of

RAMP = (5, 10, 20)
PERSON, PROGRAM = 8, 1


@pytest.fixture(params=["memory", "sqlite", "redis"])
def world(request: pytest.FixtureRequest, open_store: Callable[[str], Store]) -> World:
    return World(open_store(request.param), ramp=RAMP, band_burst=10_000)


def sales(world: World, seconds: int, *, keyed: bool, profiles: int = 150) -> list[int]:
    """What is sold to who opens a profile each so many seconds."""
    key, clearance, left, sold = Key(), None, 0, []
    for profile in range(profiles):
        if left == 0:
            sale = (
                key.buy(world, clearance) if keyed else world.redeem(body_of(world.ask(clearance)))
            )
            clearance, left = sale.token, sale.remaining
            sold.append(sale.budget)
        left = world.admit(clearance, profile).remaining
        world.clock.now += seconds
    return sold


@pytest.mark.parametrize("keyed", [True, False])
def test_a_persons_sales_grow(world: World, keyed: bool) -> None:
    assert sales(world, PERSON, keyed=keyed)[:5] == [5, 10, 20, 20, 20]


@pytest.mark.parametrize("keyed", [True, False])
def test_a_programs_shrink_again(world: World, keyed: bool) -> None:
    assert sales(world, PROGRAM, keyed=keyed)[:8] == [5, 10, 20, 20, 5, 5, 5, 5]


def test_control_without_a_pace_they_grow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price, "HUMAN_PACE", 1_000_000)
    assert sales(world, PROGRAM, keyed=True)[:6] == [5, 10, 20, 20, 20, 20]


def test_who_slows_down_is_a_person_again(world: World) -> None:
    key = Key()
    sale = key.buy(world)
    profile = 0
    for _ in range(8):
        for _ in range(sale.remaining):
            world.admit(sale.token, profile)
            profile += 1
        sale = key.buy(world, sale.token)
    assert sale.budget == 5
    for _ in range(sale.remaining):
        world.admit(sale.token, profile)
        profile += 1
    world.clock.now += 600
    assert key.buy(world, sale.token).budget == 20


def test_a_profile_opened_again_is_no_haste(world: World) -> None:
    key = Key()
    sale = key.buy(world)
    for _ in range(100):
        world.admit(sale.token, "ada")
    for profile in range(4):
        world.admit(sale.token, profile)
    assert key.buy(world, sale.token).budget == 10
