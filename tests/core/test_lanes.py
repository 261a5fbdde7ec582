"""Lanes: together one band, each with what it is guaranteed, and nobody kept out by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from challenge.core.alternating import RETURNS
from challenge.core.bands import HOUR_MS, UNTOUCHED, Band, Granted, Levels, Wanted, release, reserve
from challenge.core.lanes import KNOWN_AFTER, KNOWN_PROFILES, lane_of
from challenge.core.models import Lane
from challenge.core.visitors import Visitor

from .test_visitors import HERE, NOW, THERE, charge, purchase, view
from .test_visitors import first_purchase as first

BAND = Band(burst=300, per_hour=48, shares=(50, 30, 5))
UNDIVIDED = replace(BAND, shares=())
START = 1_800_000_000_000
BACKLOG = 600_000
MINUTE = 60_000


@dataclass
class Network:
    """A band, and a clock to turn."""

    band: Band = BAND
    levels: Levels = UNTOUCHED
    now: int = START

    def ask(self, lane: Lane, most: int, *, least: int = 1, wait: int = 0) -> Granted:
        wanted = Wanted(most, least, wait, lane)
        self.levels, granted = reserve(self.levels, self.band, wanted, self.now)
        return granted

    def drain(self, lane: Lane) -> int:
        """Take all there is for a lane; how many units that was."""
        return self.ask(lane, 10**6).units


# -- what there is


def test_a_lane_alone_has_all_but_what_the_others_are_guaranteed() -> None:
    assert [Network().drain(lane) for lane in Lane] == [195, 135, 60]


def test_all_lanes_together_have_the_band() -> None:
    network = Network()
    assert [network.drain(lane) for lane in (Lane.NEW, Lane.FLAGGED, Lane.KNOWN)] == [135, 15, 150]
    assert [network.drain(lane) for lane in Lane] == [0, 0, 0]


def test_a_lane_whose_others_are_full_gets_all_that_comes_back() -> None:
    network = Network()
    network.drain(Lane.NEW)
    network.now += HOUR_MS
    assert network.drain(Lane.NEW) == 48


def test_a_guarantee_is_kept_while_another_lane_owes() -> None:
    network = Network()
    network.drain(Lane.NEW)
    late = network.ask(Lane.NEW, 4, least=2, wait=BACKLOG)
    assert (late.units, late.start_ms - START) == (2, 500_000)
    assert network.ask(Lane.NEW, 1, wait=BACKLOG).retry_ms == 150_000
    assert network.drain(Lane.KNOWN) == 150
    assert network.drain(Lane.FLAGGED) == 15


def test_a_wait_that_was_promised_holds_whatever_others_take() -> None:
    network = Network()
    network.drain(Lane.NEW)
    promised = network.ask(Lane.NEW, 1, wait=BACKLOG)
    for _ in range(20):
        network.drain(Lane.KNOWN)
        network.drain(Lane.FLAGGED)
        network.now += 12_500
    assert network.now == promised.start_ms
    # What was sold for this moment has come back by now: the band owes nobody.
    assert network.levels.band <= network.now + BAND.burst * BAND.unit_ms


@pytest.mark.parametrize("lane", Lane)
def test_what_is_put_back_counts_again(lane: Lane) -> None:
    network = Network()
    whole = network.drain(lane)
    network.levels = release(network.levels, BAND, 20, lane)
    assert network.drain(lane) == 20
    assert Network().drain(lane) == whole


# -- properties

lanes = st.sampled_from(list(Lane))
asks = st.lists(
    st.tuples(st.integers(0, 40 * MINUTE), lanes, st.integers(1, 300), st.integers(1, 4),
              st.sampled_from([0, BACKLOG]), st.integers(0, 3)),
    max_size=60,
)  # fmt: skip
shares = st.tuples(st.integers(1, 60), st.integers(1, 30), st.integers(1, 10))


def run(network: Network, asked: list[tuple[int, Lane, int, int, int, int]]) -> list[Granted]:
    """What is granted; a quarter of the sales are put back in part."""
    sold = []
    for pause, lane, most, least, wait, back in asked:
        network.now += pause
        granted = network.ask(lane, max(most, least), least=least, wait=wait)
        kept = granted.units - (granted.units // 2 if back == 0 and granted.units > 4 else 0)
        network.levels = release(network.levels, network.band, granted.units - kept, lane)
        sold.append(Granted(kept, granted.start_ms))
    return sold


def excess(band: Band, sold: list[Granted]) -> int:
    """By how many units some window's sales exceed the band's burst and rate."""
    sold = [sale for sale in sold if sale.units]
    most = 0
    for first_sale in sold:
        for last_sale in sold:
            start, end = first_sale.start_ms, last_sale.start_ms
            inside = sum(sale.units for sale in sold if start <= sale.start_ms <= end)
            most = max(most, inside - band.burst - (end - start) // band.unit_ms)
    return most


@settings(max_examples=400, deadline=None)
@given(asks, shares)
def test_together_they_are_one_band_in_any_window(
    asked: list[tuple[int, Lane, int, int, int, int]], guaranteed: tuple[int, int, int]
) -> None:
    band = replace(BAND, shares=guaranteed)
    assert excess(band, run(Network(band), asked)) <= 0


def test_control_a_band_for_each_lane_would_be_three() -> None:
    networks = [Network(UNDIVIDED) for _ in Lane]
    sold = [network.ask(Lane.NEW, 300) for network in networks]
    assert excess(BAND, sold) == 600


@settings(max_examples=300, deadline=None)
@given(asks, lanes, shares)
def test_no_lane_falls_below_its_guarantee_through_others(
    asked: list[tuple[int, Lane, int, int, int, int]],
    lane: Lane,
    guaranteed: tuple[int, int, int],
) -> None:
    """It gets at least what a band of its own, as wide as its guarantee, would give."""
    network = Network(replace(BAND, shares=guaranteed))
    share = guaranteed[lane]
    unit = -(-BAND.unit_ms * 100 // share)
    held, now = BAND.burst * share * unit // 100, START
    full = held
    for pause, who, most, least, wait, _ in asked:
        network.now += pause
        held, now = min(full, held + network.now - now), network.now
        if who is not lane:
            network.ask(who, max(most, least), least=least, wait=wait)
            continue
        granted = network.ask(lane, most).units
        assert granted >= min(most, held // unit)
        held -= min(held, granted * unit)


def test_control_without_lanes_others_take_it_all() -> None:
    network = Network(UNDIVIDED)
    assert network.drain(Lane.NEW) == 300
    assert network.drain(Lane.KNOWN) == 0


# -- the neighbour who rotates identities


def needs(band: Band, units: int, rivals: Callable[[Network], None]) -> list[int]:
    """When each of so many units, wanted one after the other, is had; milliseconds."""
    network, had = Network(band), []
    for _ in range(units):
        rivals(network)
        while not network.ask(Lane.KNOWN, 1).units:
            network.now += 5_000
            rivals(network)
        had.append(network.now - START)
    return had


def nobody(network: Network) -> None:
    """No neighbour at all."""


def rotates(network: Network) -> None:
    """Takes whatever there is for new visitors at every moment, and books all that is for later."""
    network.drain(Lane.NEW)
    while network.ask(Lane.NEW, 1, wait=BACKLOG).units:
        pass


def test_who_rotates_identities_delays_the_known_at_most_as_if_there_were_two_of_each() -> None:
    alone, beside = needs(BAND, 400, nobody), needs(BAND, 200, rotates)
    assert max(beside[:150]) == 0, "half of the burst is there whatever the neighbour does"
    for number, waited in enumerate(beside):
        assert waited <= alone[2 * number + 1] + 5_000
    gaps = [later - earlier for earlier, later in pairwise(beside[150:])]
    usual = [later - earlier for earlier, later in pairwise(alone[300:])]
    assert max(gaps) <= 2 * max(usual) + 5_000


def test_control_without_lanes_the_known_wait_for_ever() -> None:
    network = Network(UNDIVIDED)
    for _ in range(1_000):
        rotates(network)
        assert not network.ask(Lane.KNOWN, 1).units
        network.now += 5_000


# -- who is in which lane


def reader(*, key: str = "mine", profiles: int = KNOWN_PROFILES) -> Visitor:
    record = first(purchase(thumbprint=key))
    for number in range(profiles):
        record, _ = charge(record, view(number))
    return record


LATER = NOW + KNOWN_AFTER


def test_known_is_who_has_read_a_while_and_proves_it() -> None:
    assert lane_of(reader(), proved=True, now=LATER) is Lane.KNOWN
    assert lane_of(None, proved=True, now=LATER) is Lane.NEW
    assert lane_of(reader(), proved=False, now=LATER) is Lane.NEW
    assert lane_of(reader(), proved=True, now=LATER - 1) is Lane.NEW
    assert lane_of(reader(profiles=2), proved=True, now=LATER) is Lane.NEW
    assert lane_of(reader(key=""), proved=True, now=LATER) is Lane.NEW


def test_who_was_sold_one_unit_is_known_by_it() -> None:
    record = first(purchase(thumbprint="mine", units=1))
    assert lane_of(record, proved=True, now=LATER) is Lane.NEW
    record, _ = charge(record, view(0))
    assert lane_of(record, proved=True, now=LATER) is Lane.KNOWN


def test_profiles_that_an_earlier_record_paid_for_make_nobody_known() -> None:
    copied = first(purchase(thumbprint="mine"), reader(key=""))
    assert len(copied.charged) == len(reader().charged)
    assert lane_of(copied, proved=True, now=LATER) is Lane.NEW


def test_a_bearer_that_alternates_is_flagged() -> None:
    record = reader(key="")
    for number in range(RETURNS + 1):
        assert lane_of(record, proved=False, now=NOW) is Lane.NEW
        record, _ = charge(record, view(0, network=(THERE, HERE)[number % 2]))
    assert lane_of(record, proved=False, now=NOW) is Lane.FLAGGED
    assert lane_of(record, proved=False, now=NOW + 3600) is Lane.NEW
