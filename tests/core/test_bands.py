"""Bands: at most a burst and a rate, whatever is asked, and what is put back counts again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from challenge.core.bands import HOUR_MS, UNTOUCHED, Band, Granted, Levels, Wanted, release, reserve
from challenge.core.models import Lane

NOW = 1_800_000_000_000
BAND = Band(burst=300, per_hour=48)


def take(
    level: Levels, most: int, *, at: int = NOW, least: int = 1, wait: int = 0
) -> tuple[Levels, Granted]:
    return reserve(level, BAND, Wanted(most, least, wait), at)


def test_a_burst_then_a_rate() -> None:
    level, granted = take(UNTOUCHED, 300)
    assert granted == Granted(300, NOW)
    assert take(level, 5)[1] == Granted(0, 0, retry_ms=75_000)
    assert take(level, 5, at=NOW + 74_999)[1].units == 0
    assert take(level, 5, at=NOW + 75_000)[1] == Granted(1, NOW + 75_000)
    assert take(level, 500, at=NOW + HOUR_MS)[1].units == 48


def test_fewer_now_rather_than_more_later() -> None:
    level, _ = take(UNTOUCHED, 298)
    assert take(level, 5, wait=600_000)[1] == Granted(2, NOW)
    assert take(level, 5, least=4, wait=600_000)[1] == Granted(4, NOW + 150_000)


def test_a_later_start_has_its_limit() -> None:
    level, _ = take(UNTOUCHED, 300)
    starts = []
    while (granted := take(level, 5, wait=600_000))[1].units:
        level = granted[0]
        starts.append(granted[1].start_ms - NOW)
    assert starts == [75_000 * n for n in range(1, 9)]
    assert granted[1].retry_ms == 75_000
    assert granted[0] == level, "a refusal takes nothing"


def test_what_is_put_back_counts_again() -> None:
    level, _ = take(UNTOUCHED, 300)
    assert take(release(level, BAND, 20, Lane.NEW), 50)[1].units == 20


def test_a_wider_band() -> None:
    assert BAND.times(3) == Band(900, 144)
    assert BAND.times(3).unit_ms == 25_000


@given(
    st.lists(st.tuples(st.integers(0, 7_200_000), st.integers(1, 400), st.integers(1, 40)),
             max_size=60)
)  # fmt: skip
def test_never_more_than_burst_and_rate(asks: list[tuple[int, int, int]]) -> None:
    now, level, given_out = NOW, UNTOUCHED, []
    for pause, most, least in asks:
        now += pause
        level, granted = take(level, max(most, least), at=now, least=least)
        given_out.append((now, granted.units))
    for start, _ in given_out:
        for end, _ in given_out:
            taken = sum(units for at, units in given_out if start <= at <= end)
            assert taken <= BAND.burst + (max(0, end - start) // BAND.unit_ms) + 1 or end < start
