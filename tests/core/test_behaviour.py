"""Evidence and the factor: it only adds, it is capped, and nothing odd is neutral."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core import behaviour
from challenge.core.behaviour import (
    CAPS,
    FACTOR_MAX,
    FLAGGED_FROM,
    NEUTRAL,
    PARTS,
    REPLAYED_FROM,
    RULES,
    SIGNALS,
    SILENT,
    Assessment,
    Headers,
    known,
)
from challenge.kinematics import model

MODEL = model()


def assess(values: Mapping[str, int], headers: Headers) -> Assessment:
    return behaviour.assess(values, headers, MODEL)


reports = st.dictionaries(st.sampled_from(sorted(SIGNALS)), st.integers(0, 9999)).map(
    lambda values: {name: min(value, SIGNALS[name]) for name, value in values.items()}
)
CHROME = Headers(agent_major=156, hint_major=156)
#: what is no part of anything
ALONE = ("driver_calls", "keyless_inputs", "nameless_calls", "glimpses")


def reasons(headers: Headers = SILENT, **values: int) -> tuple[str, ...]:
    return assess(values, headers).reasons


def test_who_sends_nothing_is_neutral() -> None:
    assert assess({}, SILENT) == NEUTRAL
    assert assess({}, CHROME) == NEUTRAL


@pytest.mark.parametrize(
    "values",
    [
        {"hints_major": 156},
        {"clicks": 40, "short_clicks": 1, "centre_clicks": 3, "teleports": 2},
        {"keys": 300, "short_keys": 3, "keyless_inputs": 9},
        {"keyless_inputs": 3},
        {"nameless_calls": 1, "glimpses": 5},
        {"moves": 900, "single_moves": 500, "scrolls": 400, "scripted_scrolls": 30},
        {"scrolls": 19, "scripted_scrolls": 19},
    ],
    ids=[
        "chromium",
        "a mouse",
        "a typist",
        "few letters",
        "a bookmarklet",
        "a reader",
        "an anchor",
    ],
)
def test_people_are_neutral(values: dict[str, int]) -> None:
    assert assess(values, CHROME) == NEUTRAL


@pytest.mark.parametrize(
    ("headers", "values", "factor"),
    [
        (SILENT, {"webdriver": 1}, 8),
        (SILENT, {"globals": 1}, 8),
        (SILENT, {"driver_calls": 1}, 8),
        (Headers(headless=True), {}, 8),
        (SILENT, {"clicks": 6, "short_clicks": 6, "centre_clicks": 6}, 5),
        (CHROME, {"hints_major": 149}, 3),
        (Headers(agent_major=156), {"hints_major": 156}, 3),
        (SILENT, {"worker_differs": 1}, 3),
        (SILENT, {"worker_differs": 1, "permissions_differ": 1, "webdriver_gone": 1}, 4),
        (SILENT, {"clicks": 6, "short_clicks": 6}, 3),
        (SILENT, {"moves": 50, "single_moves": 50}, 2),
        (
            SILENT,
            {
                "moves": 50, "single_moves": 50, "scrolls": 99, "scripted_scrolls": 99,
                "nameless_calls": 99, "glimpses": 99,
            },
            2,
        ),
        (SILENT, {"keyless_inputs": 9}, 3),
        (SILENT, {"keyless_inputs": 9, "nameless_calls": 2}, 4),
        (SILENT, {"keyless_inputs": 9, "keys": 10}, 1),
        (SILENT, {"clicks": 1, "short_clicks": 2}, 6),
    ],
)  # fmt: skip
def test_what_it_comes_to(headers: Headers, values: dict[str, int], factor: int) -> None:
    assert assess(values, headers).factor == factor


def test_what_an_extension_or_a_touchpad_does_is_below_the_flagged_lane() -> None:
    assert 1 + CAPS["environment"] <= FLAGGED_FROM
    weak = [rule for rule in RULES if rule.group == "weak"]
    assert len(weak) >= 4
    assert CAPS["weak"] == 1
    for rule in RULES:
        if rule.group == "environment":
            assert 1 + rule.points < FLAGGED_FROM


@given(reports, st.sampled_from([SILENT, CHROME, Headers(headless=True), Headers(156, 149)]))
def test_the_factor_is_bounded_and_its_reasons_are_named(
    values: dict[str, int], headers: Headers
) -> None:
    found = assess(values, headers)
    assert 1 <= found.factor <= FACTOR_MAX
    assert (found.factor > 1) == bool(found.reasons)
    assert set(found.reasons) <= {rule.name for rule in RULES}


@given(reports, st.sampled_from(sorted(PARTS)), st.integers(1, 50))
def test_more_of_what_is_odd_never_lowers_it(values: dict[str, int], part: str, more: int) -> None:
    """One more click that is odd in each way is one more click."""
    whole = PARTS[part]
    consistent = {**values}
    for odd, all_ in PARTS.items():
        consistent[odd] = min(values.get(odd, 0), values.get(all_, 0))
    after = {**consistent, whole: values.get(whole, 0) + more}
    after |= {odd: consistent[odd] + more for odd, all_ in PARTS.items() if all_ == whole}
    assert assess(after, SILENT).factor >= assess(consistent, SILENT).factor


@given(reports, st.sampled_from(ALONE), st.integers(1, 50))
def test_more_of_what_is_counted_alone_never_lowers_it(
    values: dict[str, int], name: str, more: int
) -> None:
    after = {**values, name: min(values.get(name, 0) + more, SIGNALS[name])}
    assert assess(after, SILENT).factor >= assess(values, SILENT).factor


@pytest.mark.parametrize("name", ALONE)
def test_control_enough_of_each_counts(name: str) -> None:
    assert assess({name: 6}, SILENT).factor > 1


def test_of_what_is_new_only_a_drivers_own_calls_reach_the_flagged_lane_alone() -> None:
    assert assess({"keyless_inputs": 9999}, SILENT).factor < FLAGGED_FROM
    weak = {"nameless_calls": 9999, "glimpses": 9999}
    assert assess(weak, SILENT).factor == 2
    assert assess({"driver_calls": 1}, SILENT).factor >= FLAGGED_FROM


@given(reports, st.sampled_from([n for n, most in SIGNALS.items() if most == 1]))
def test_a_contradiction_never_lowers_it(values: dict[str, int], name: str) -> None:
    assert assess({**values, name: 1}, CHROME).factor >= assess(values, CHROME).factor


@given(reports, st.integers(0, 9), st.integers(0, 9))
def test_more_others_with_the_same_never_lower_it(
    values: dict[str, int], some: int, more: int
) -> None:
    few = behaviour.assess(values, SILENT, MODEL, some)
    assert behaviour.assess(values, SILENT, MODEL, some + more).factor >= few.factor


def test_what_several_have_sent_is_flagged() -> None:
    found = [behaviour.assess({}, SILENT, MODEL, others) for others in range(REPLAYED_FROM + 1)]
    assert found[:-1] == [NEUTRAL] * REPLAYED_FROM
    assert found[-1] == Assessment(FLAGGED_FROM, ("replayed",))


@pytest.mark.parametrize(
    "fields",
    [
        {"clicks": -1},
        {"clicks": 10_000},
        {"webdriver": 2},
        {"clicks": True},
        {"clicks": "6"},
        {"clicks": None},
        {"clicks": [1]},
        {"mouse": 1},
    ],
)
def test_what_no_browser_of_ours_sends_says_nothing(fields: dict[str, object]) -> None:
    assert known(fields) is None
    assert known({"clicks": 6, "webdriver": 0}) == {"clicks": 6, "webdriver": 0}


def test_movement_of_a_program_makes_it_dearer_and_takes_three_windows() -> None:
    worst = {
        name: 1000 if weight > 0 else 0
        for name, weight in zip(MODEL.names, MODEL.weights, strict=True)
    }
    best = {name: 1000 - value for name, value in worst.items()}
    assert assess({"windows": 3, **worst}, SILENT) == Assessment(3, ("movement",))
    assert assess({"windows": 2, **worst}, SILENT) == NEUTRAL
    assert assess({"windows": 200, **best}, SILENT) == NEUTRAL


def test_a_hand_that_trembles_is_not_judged_by_how_it_moves() -> None:
    worst = {
        name: 1000 if weight > 0 else 0
        for name, weight in zip(MODEL.names, MODEL.weights, strict=True)
    }
    trembling = {"windows": 9, **worst, "straight": 67}
    steady = trembling | {"straight": 186}
    assert assess(trembling, SILENT) == NEUTRAL
    assert assess(steady, SILENT).reasons == ("movement",), "the control"


def test_the_model_knows_what_a_report_may_say() -> None:
    assert set(MODEL.names) == set(behaviour.MOVEMENT)
