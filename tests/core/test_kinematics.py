"""The movement model: a score of whole numbers, and the model that is committed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import isfinite
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from challenge import kinematics
from challenge.core.kinematics import FULL, Model

SIGNALS = Path(__file__).parent.parent.parent / "static" / "js" / "src" / "signals"
MODEL = kinematics.model()
SMALL = Model(("a", "b"), (100.0, 200.0), (50.0, 25.0), (1.0, -2.0), 0.5, 3.0, 3)
integers = st.integers() | st.integers(-5, FULL + 5)
told = st.fixed_dictionaries(dict.fromkeys(MODEL.names, integers))


def test_a_score_is_the_weighed_distance_from_the_means() -> None:
    assert SMALL.score({"a": 100, "b": 200}) == 0.5
    assert SMALL.score({"a": 150, "b": 200}) == 1.5
    assert SMALL.score({"a": 100, "b": 250}) == 0.5 - 2 * 2
    assert SMALL.score({"a": 100, "b": 200, "windows": 7}) == 0.5


@given(told)
def test_any_whole_numbers_have_a_score_between_two_bounds(values: dict[str, int]) -> None:
    ends = [
        sorted(weight * (end - mean) / scale for end in (0, FULL))
        for mean, scale, weight in zip(MODEL.means, MODEL.scales, MODEL.weights, strict=True)
    ]
    score = MODEL.score(values)
    assert isfinite(score)
    assert sum(low for low, _ in ends) - 1e-9 <= score - MODEL.intercept
    assert score - MODEL.intercept <= sum(high for _, high in ends) + 1e-9


@given(told, st.sampled_from(MODEL.names), integers)
def test_each_feature_moves_the_score_one_way(
    values: dict[str, int], name: str, other: int
) -> None:
    low, high = sorted((values[name], other))
    rise = MODEL.score(values | {name: high}) - MODEL.score(values | {name: low})
    assert rise * MODEL.weights[MODEL.names.index(name)] >= 0


def test_what_is_missing_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        SMALL.score({"a": 1})


@pytest.mark.parametrize(
    "wrong",
    [{"means": (1.0,)}, {"scales": (1.0, 0.0)}, {"weights": (1.0, float("nan"))},
     {"names": ("a", "b", "c")}, {"threshold": float("inf")}],
)  # fmt: skip
def test_parts_that_do_not_fit_make_no_model(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="movement model"):
        replace(SMALL, **wrong)  # type: ignore[arg-type]


def listed(source: str) -> tuple[str, ...]:
    """The names in the browser's list of features."""
    [names] = re.findall(r"export const FEATURES = .*?\(\[(.*?)\]\)", source, re.DOTALL)
    return tuple(re.findall(r'"(\w+)"', names))


def test_the_model_knows_what_the_browser_tells_by_the_same_names() -> None:
    source = (SIGNALS / "kinematics.js").read_text()
    assert listed(source) == MODEL.names
    assert listed(source.replace('"jerk",', "")) != MODEL.names, "control"


def test_the_committed_model_says_where_it_comes_from() -> None:
    provenance = json.loads(kinematics.path().read_text())["provenance"]
    assert {"command", "seed", "people", "tools", "data_sha256"} <= provenance.keys()
    assert sum(provenance["people"].values()) >= 40
    assert MODEL.windows == 3
