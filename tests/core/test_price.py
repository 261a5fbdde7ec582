"""What a sale holds and costs, and what a visitor bought lately."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core.price import HUMAN_PACE, Work, price
from challenge.core.recent import DAY_SECONDS, Pace, Recent

RAMP = (5, 10, 20)
WORK = Work(first_ms=200, further_ms=100, base=100, max_ms=2000)
ROOM = 20
NOON = 20_000 * DAY_SECONDS + DAY_SECONDS // 2
bought = st.integers(0, 2_000)
units = st.integers(1, 50)


@pytest.mark.parametrize(
    ("before", "size"), [(0, 5), (4, 5), (5, 10), (14, 10), (15, 20), (34, 20), (10_000, 20)]
)
def test_sales_grow_with_what_was_bought(before: int, size: int) -> None:
    assert price(work=WORK, ramp=RAMP, bought=before, room=ROOM).budget == size


@given(bought, st.integers(1, ROOM), units)
def test_a_part_costs_its_part(before: int, room: int, most: int) -> None:
    whole = price(work=WORK, ramp=RAMP, bought=before, room=room)
    part = price(work=WORK, ramp=RAMP, bought=before, room=room, most=most)
    assert part.budget == min(most, whole.budget)
    assert part.work_ms / part.budget == pytest.approx(whole.work_ms / whole.budget)


@given(st.lists(units, max_size=30))
def test_nobody_saves_by_buying_parts(parts: list[int]) -> None:
    """To own as much, whoever buys parts has worked at least as long as who buys wholes."""
    owned = worked = 0.0
    for most in parts:
        quote = price(work=WORK, ramp=RAMP, bought=int(owned), room=ROOM, most=most)
        owned, worked = owned + quote.budget, worked + quote.work_ms
    wholes = wholes_worked = 0.0
    while wholes < owned:
        quote = price(work=WORK, ramp=RAMP, bought=int(wholes), room=ROOM)
        # Of the last sale, what is needed.
        share = min(1, (owned - wholes) / quote.budget)
        wholes, wholes_worked = wholes + quote.budget, wholes_worked + quote.work_ms * share
    assert worked >= wholes_worked - 1e-6


def test_a_ramp_by_number_of_sales_would_be_cheaper_in_parts() -> None:
    """The control: what the rule above is there to stop."""
    by_sales = [
        price(work=WORK, ramp=RAMP, bought=sum(RAMP[:sale]), room=ROOM, most=most)
        for sale, most in enumerate((1, 1, 20))
    ]
    honest = price(work=WORK, ramp=RAMP, bought=0, room=ROOM).work_ms
    owned = sum(quote.budget for quote in by_sales)
    assert owned == 22
    # 22 units for less than two whole sales, which give 15.
    assert sum(quote.work_ms for quote in by_sales) < 2 * honest


def work_at(before: int, room: int = ROOM) -> float:
    return price(work=WORK, ramp=RAMP, bought=before, room=room).work_ms


def test_what_sales_cost() -> None:
    assert work_at(0) == 200, "a first page"
    assert work_at(5) == work_at(15) == work_at(75) == 100
    assert work_at(395) == 395
    assert work_at(795) == pytest.approx(2 * work_at(395), rel=0.01), "twice for twice as many"
    assert work_at(2_015) == work_at(10**6) == 2_000


@given(bought, st.integers(1, 500), st.integers(1, ROOM))
def test_further_sales_never_get_cheaper_and_are_bounded(before: int, more: int, room: int) -> None:
    before += RAMP[0]
    cheap, dear = work_at(before, room), work_at(before + more, room)
    assert 100 <= cheap <= dear <= 2_000


@given(st.integers(5, 3_000), st.integers(0, 2 * DAY_SECONDS), st.integers(0, DAY_SECONDS))
def test_a_price_falls_as_the_day_passes(units: int, pause: int, more: int) -> None:
    recent = Recent().plus(units, NOON)

    def each(at: float) -> float:
        quote = price(work=WORK, ramp=RAMP, bought=recent.last(at), room=ROOM)
        return quote.work_ms if quote.budget > RAMP[0] else 0

    assert each(NOON + pause + more) <= each(NOON + pause)
    assert work_at(recent.last(NOON + 2 * DAY_SECONDS)) == 200, "a new day, a first sale"


def test_a_further_sale_costs_no_more_than_a_first() -> None:
    free = Work(first_ms=0, further_ms=100, base=100, max_ms=2_000)
    assert price(work=free, ramp=RAMP, bought=10_000, room=ROOM).work_ms == 0


def test_the_most_that_it_grows_to_makes_no_sale_cheaper() -> None:
    hard = Work(first_ms=9_000, further_ms=5_000, base=100, max_ms=2_000)
    costs = [price(work=hard, ramp=RAMP, bought=n, room=ROOM).work_ms for n in (0, 5, 5_000)]
    assert costs == [9_000, 5_000, 5_000]


def test_yesterdays_units_fade() -> None:
    recent = Recent().plus(40, NOON)
    assert recent.last(NOON) == 40
    assert recent.last(NOON + DAY_SECONDS // 2 - 1) == 40
    assert recent.last(NOON + DAY_SECONDS) == 20
    assert recent.last(NOON + 1.5 * DAY_SECONDS) == 0
    later = recent.plus(7, NOON + DAY_SECONDS)
    assert later.last(NOON + DAY_SECONDS) == 27
    assert later.plus(1, NOON + 3 * DAY_SECONDS).last(NOON + 3 * DAY_SECONDS) == 1


@given(st.lists(st.tuples(st.integers(0, 2 * DAY_SECONDS), units), max_size=20))
def test_what_was_bought_since_midnight_counts_whole_and_nothing_counts_twice(
    sales: list[tuple[int, int]],
) -> None:
    recent, now, all_sold = Recent(), float(NOON), []
    for pause, sold in sales:
        now += pause
        recent = recent.plus(sold, now)
        all_sold.append((now, sold))
    midnight = now // DAY_SECONDS * DAY_SECONDS
    assert recent.last(now) >= sum(sold for at, sold in all_sold if at >= midnight)
    two_days = midnight - DAY_SECONDS
    assert recent.last(now) <= sum(sold for at, sold in all_sold if at >= two_days)


@given(st.integers(0, 10 * DAY_SECONDS), st.integers(0, DAY_SECONDS))
def test_it_never_rises_by_itself(pause: int, more: int) -> None:
    recent = Recent().plus(30, NOON).plus(30, NOON + DAY_SECONDS)
    assert recent.last(NOON + pause + more) <= recent.last(NOON + pause) or pause < DAY_SECONDS


def test_a_clock_set_back_forgets_nothing() -> None:
    recent = Recent().plus(30, NOON).plus(5, NOON - 3 * DAY_SECONDS)
    assert recent.last(NOON) == 35


def test_who_opens_more_than_a_person_does_buys_little_at_a_time() -> None:
    def quoted(pace: int, before: int = 35, room: int = ROOM) -> tuple[int, float]:
        quote = price(work=WORK, ramp=RAMP, bought=before, room=room, pace=pace)
        return quote.budget, quote.work_ms

    assert quoted(HUMAN_PACE) == (20, 100)
    assert quoted(HUMAN_PACE + 1) == (5, 100), "as much work for a quarter of it"
    assert quoted(HUMAN_PACE + 1, before=0) == quoted(0, before=0), "a first sale is as small"
    assert quoted(HUMAN_PACE + 1, room=3) == (3, 100)


def test_pace_is_of_the_last_five_minutes() -> None:
    slot = 1_800_000_000.0
    pace = Pace()
    for second in range(0, 600, 8):
        pace = pace.plus(1, slot + second)
        assert pace.last(slot + second) <= HUMAN_PACE, "a page in eight seconds is a person's"
    for second in range(600, 900, 6):
        pace = pace.plus(1, slot + second)
    assert pace.last(slot + 899) > HUMAN_PACE, "one in six is not, for long"
    assert pace.last(slot + 1_500) == 0
