"""What a person may be asked to do, and what shows that it was done."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge.core import interactions
from challenge.core.interactions.evidence import LONGEST_MS, check, seal
from challenge.core.interactions.hold import Hold
from challenge.core.models import Interaction
from challenge.errors import (
    ChallengeError,
    Expired,
    InteractionRefused,
    InteractionRequired,
    Malformed,
    TooEarly,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "interaction.json"
CHALLENGE = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"
ASKED = Interaction("hold", 1400, 30_000)


def held(after_ms: int = 500, took_ms: int = 1450, challenge: str = CHALLENGE) -> dict[str, Any]:
    sealed = seal(challenge, "hold", after_ms, took_ms)
    times = {"after_ms": after_ms, "took_ms": took_ms}
    return {"kind": "hold", **times, "seal": sealed}


def shown(
    evidence: object, asked: Interaction | None = ASKED, passed_ms: int = 5000
) -> ChallengeError | None:
    """How it is refused, if it is."""
    try:
        check(asked, evidence, CHALLENGE, passed_ms)  # type: ignore[arg-type]
    except ChallengeError as error:
        return error
    return None


def test_what_was_done_is_taken() -> None:
    assert shown(held()) is None


def test_the_seal_is_that_of_the_vectors() -> None:
    vectors = json.loads(VECTORS.read_text())
    assert len(vectors) >= 3
    for vector in vectors:
        parts = (vector["challenge"], vector["kind"], vector["after_ms"], vector["took_ms"])
        assert seal(*parts) == vector["seal"]


def test_nothing_shown_is_refused() -> None:
    assert isinstance(shown(None), InteractionRequired)


def test_control_where_nothing_is_asked_nothing_need_be_shown() -> None:
    assert shown(None, asked=None) is None


def test_nor_may_it() -> None:
    refused = shown(held(), asked=None)
    assert isinstance(refused, Malformed)
    assert refused.code == "interaction_unasked"


def test_it_is_done_to_the_end() -> None:
    assert shown(held(took_ms=1400)) is None
    assert isinstance(shown(held(took_ms=1399)), InteractionRefused)


def test_and_not_for_ever() -> None:
    asked = replace(ASKED, wait_ms=0)
    assert shown(held(took_ms=60_000), asked, 90_000) is None
    assert isinstance(shown(held(took_ms=60_001), asked, 90_000), InteractionRefused)


def test_it_is_for_one_challenge_only() -> None:
    assert isinstance(shown(held(challenge=CHALLENGE + "x")), InteractionRefused)


def test_whoever_makes_it_up_waits_as_long() -> None:
    early = shown(held(500, 1450), passed_ms=1200)
    assert isinstance(early, TooEarly)
    assert early.retry_in_ms == 750
    assert shown(held(500, 1450), passed_ms=1950) is None


def test_there_is_always_the_other_way() -> None:
    early = shown({"kind": "wait"}, passed_ms=29_000)
    assert isinstance(early, TooEarly)
    assert early.retry_in_ms == 1000
    assert shown({"kind": "wait"}, passed_ms=30_000) is None


def test_a_kind_that_is_no_more_is_asked_for_anew() -> None:
    asked = replace(ASKED, kind="gone")
    assert isinstance(shown(held() | {"kind": "gone"}, asked), Expired)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "press"},
        {"after_ms": 501},
        {"took_ms": 1500},
        {"seal": ""},
        {"seal": "A" * 43},
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    assert isinstance(shown(held() | changes), InteractionRefused)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": 1},
        {"kind": None},
        {"after_ms": -1},
        {"after_ms": LONGEST_MS + 1},
        {"after_ms": "500"},
        {"took_ms": True},
        {"took_ms": 1450.0},
        {"seal": 7},
        {"more": 1},
    ],
)
def test_what_is_of_another_form_is_malformed(changes: dict[str, Any]) -> None:
    refused = shown(held() | changes)
    assert isinstance(refused, Malformed)
    assert refused.code == "interaction_malformed"


@pytest.mark.parametrize("name", ["kind", "after_ms", "took_ms", "seal"])
def test_so_is_what_lacks_a_field(name: str) -> None:
    evidence = held()
    del evidence[name]
    assert isinstance(shown(evidence), Malformed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
NAMES = st.sampled_from(["kind", "after_ms", "took_ms", "seal", "more"])


@given(st.dictionaries(NAMES, JSON | st.sampled_from(["hold", "wait"])), st.integers(0, 10**9))
def test_nothing_else_gets_in(evidence: dict[str, Any], passed_ms: int) -> None:
    refused = shown(evidence, passed_ms=passed_ms)
    if evidence == {"kind": "wait"} and passed_ms >= ASKED.wait_ms:
        assert refused is None
    else:
        assert refused is not None


@given(st.binary(min_size=2, max_size=16))
def test_how_long_to_hold_is_from_one_second_to_almost_two(seed: bytes) -> None:
    assert 1000 <= Hold().takes_ms(seed) <= 1800


def test_it_varies_over_all_of_that() -> None:
    times = {Hold().takes_ms(n.to_bytes(2)) for n in range(2**16)}
    assert times == set(range(1000, 1801))


def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="hold"):
        interactions.register(Hold())
    assert interactions.names() == ("hold",)
