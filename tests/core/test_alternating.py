"""Alternation: who comes back all the time is told from who moves."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from challenge.core.alternating import PLACES_MAX, RETURNS, WITHIN_SECONDS, Trail, Trails
from challenge.core.models import Charge
from challenge.core.purchases import first_purchase, top_up
from challenge.core.visitors import PREVIOUS_GRACE, Visitor

from .test_visitors import HERE, NOW, THERE, charge, digest, purchase, view


def walk(*visits: tuple[bytes, int]) -> Trail:
    trail = Trail()
    for place, at in visits:
        trail = trail.at(place, at)
    return trail


def to_and_fro(every: int, times: int) -> Trail:
    return walk(*(((HERE, THERE)[number % 2], NOW + every * number) for number in range(times)))


def test_four_returns_in_ten_minutes_alternate_and_three_do_not() -> None:
    # The first two visits are no returns.
    assert not to_and_fro(10, 5).alternates(NOW + 50)
    assert to_and_fro(10, 6).alternates(NOW + 50)


def test_it_is_over_ten_minutes_after_the_fourth_last() -> None:
    trail = to_and_fro(10, 6)
    first = NOW + 20
    assert trail.alternates(first + WITHIN_SECONDS - 1)
    assert not trail.alternates(first + WITHIN_SECONDS)


@given(st.integers(200, 5_000), st.integers(0, 40))
def test_a_phone_that_changes_every_few_minutes_never_alternates(every: int, times: int) -> None:
    assert not to_and_fro(every, times).alternates(NOW + every * times)


def test_going_on_and_on_is_no_return_and_neither_is_staying() -> None:
    assert walk(*((digest(number), NOW) for number in range(50))).returns == ()
    assert walk(*((HERE, NOW + number) for number in range(50))).returns == ()


def test_both_ip_versions_at_once_are_no_moves() -> None:
    trails = Trails()
    for number in range(50):
        trails = trails.at((HERE, THERE)[number % 2], (4, 6)[number % 2], NOW)
    assert trails == Trails(Trail((HERE,)), Trail((THERE,)))
    mixed = Trail()
    for number in range(6):
        mixed = mixed.at((HERE, THERE)[number % 2], NOW)
    assert mixed.alternates(NOW), "the control: as one trail they would be"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 300)), max_size=80))
def test_a_trail_is_bounded_and_its_last_place_is_the_last(steps: list[tuple[int, int]]) -> None:
    trail, now = Trail(), NOW
    for place, pause in steps:
        now += pause
        trail = trail.at(digest(place), now)
        assert trail.places[-1] == digest(place)
        assert len(set(trail.places)) == len(trail.places) <= PLACES_MAX
        assert len(trail.returns) <= RETURNS
        assert list(trail.returns) == sorted(trail.returns)


# -- what the record makes of it


def alternating(key: str) -> Visitor:
    """A record that has come back four times, with units left."""
    record = first_purchase(purchase(thumbprint=key, units=10))
    record = record._replace(homes=tuple(record.homes[0]._replace(network=n, charged=10)
                                         for n in (HERE, THERE)))  # fmt: skip
    for number in range(5):
        record, answer = charge(record, view(1, network=(HERE, THERE)[number % 2]))
        assert answer.charge in (Charge.CHARGED, Charge.REVISIT)
    return record


def test_a_record_with_a_key_opens_nothing_until_it_is_renewed() -> None:
    record = alternating("mine")
    record, answer = charge(record, view(1, network=THERE))
    assert (answer.charge, answer.left) == (Charge.ALTERNATES, 9)
    renewed, done = top_up(record, purchase(1, thumbprint="mine"), NOW)
    assert done
    assert renewed.previous_until == NOW, "the clearance before has no grace"
    assert charge(renewed, view(2))[1].charge is Charge.REPLACED
    for network in (HERE, THERE, HERE):
        assert charge(renewed, view(1, network=network, jti="sale-1"))[1].charge is Charge.REVISIT


def test_control_a_record_that_stays_keeps_the_grace() -> None:
    record = first_purchase(purchase(thumbprint="mine"))
    renewed, _ = top_up(record, purchase(1, thumbprint="mine"), NOW)
    assert renewed.previous_until == NOW + PREVIOUS_GRACE


def test_a_full_clearance_and_a_bearer_are_not_refused() -> None:
    record = alternating("mine")
    full = replace(view(1, network=THERE), budget=9)
    assert charge(record, full)[1].charge is Charge.REVISIT
    assert charge(alternating(""), view(1, network=THERE))[1].charge is Charge.REVISIT


def test_another_record_carries_the_trail() -> None:
    record, _ = charge(alternating(""), view(1, network=THERE))
    assert record.trails.alternates(NOW)
    assert first_purchase(purchase(1), record).trails.alternates(NOW)
    assert not first_purchase(purchase(1)).trails.alternates(NOW)
