"""Fewer units at once for a slow device: never less work for each."""

from __future__ import annotations

import pytest

from challenge.core.models import Offer
from challenge.errors import ClearanceRequired
from challenge.wire import Ask

from .test_selling import Key, key, world
from .test_tally import HOME, World, configure

__all__ = ["key", "world"]


def expected_tries(offer: Offer) -> float:
    return offer.puzzle.count * 2**64 / (offer.puzzle.threshold + 1)


def test_a_slow_device_buys_a_part_at_the_same_price_each(world: World) -> None:
    configure(world, price_ms=200, ramp=(5, 10, 20))
    whole = world.ask()
    for units, most, budget in ((1, 1, 1), (1, 3, 3), (1, 50, 5), (4, 2, 4)):
        part = world.tally.quote(Ask("", "page", "/", units, most=most), None, HOME)
        assert part.budget == budget
        each = expected_tries(part) / budget
        assert each == pytest.approx(expected_tries(whole) / whole.budget, rel=1e-6)


def test_a_part_is_sold_as_the_part_that_was_quoted(world: World, key: Key) -> None:
    configure(world, price_ms=0, ramp=(5, 10, 20))
    part = world.tally.quote(Ask("", "page", "/", 1, most=2), None, HOME)
    token = world.redeem(key.body(part)).token
    world.opens(token, 1, 2)
    with pytest.raises(ClearanceRequired):
        world.admit(token, 3)
    # And brings nobody up the ramp: two units of the first five.
    assert world.ask(token).budget == 5
