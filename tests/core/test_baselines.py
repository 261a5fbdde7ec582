"""What is usual in an hour, and what is alarming."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from challenge.core.baselines import HOUR_SECONDS, HOURS, Hours, limit

NOON = 500_000 * HOUR_SECONDS
LEAST = 100


def bought(*units: int, every: int = HOUR_SECONDS) -> Hours:
    """Somebody who bought so much in one hour after the other, at the beginning of the next."""
    hours, now = Hours(), NOON
    for amount in units:
        hours = hours.at(now).plus(amount, 1)
        now += every
    return hours.at(now)


def test_who_is_new_is_judged_by_the_least() -> None:
    assert limit(Hours(), Hours(), LEAST) == LEAST


def test_three_times_ones_own_or_the_sites_whichever_is_more() -> None:
    assert limit(bought(200), Hours(), LEAST) == 600
    assert limit(Hours(), bought(200), LEAST) == 600
    assert limit(bought(200), bought(50), LEAST) == 600
    assert limit(bought(10), bought(20), LEAST) == LEAST


def test_hours_in_which_nothing_was_bought_are_not_usual() -> None:
    """Else each morning would be alarming."""
    assert bought(200, 100, every=50 * HOUR_SECONDS).mean == 150


def test_of_a_site_the_mean_of_its_buyers_counts() -> None:
    site = Hours().at(NOON)
    for _ in range(10):
        site = site.plus(30, 1).plus(10, 0)
    assert site.at(NOON + HOUR_SECONDS).mean == 40


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80))
def test_the_mean_stays_within_what_was_bought(units: list[int]) -> None:
    hours = bought(*units)
    assert min(units) - 1e-6 <= hours.mean <= max(units) + 1e-6
    assert hours.hours <= HOURS


def test_what_is_long_gone_fades() -> None:
    assert bought(*[400] * 24, *[40] * 24 * 5).mean < 50


def test_a_clock_set_back_changes_nothing() -> None:
    hours = bought(200).plus(7, 1)
    assert hours.at(NOON - 9_000) == hours
