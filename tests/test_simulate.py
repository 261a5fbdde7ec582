"""Every row of the table at the defaults; and controls: without the protection a row fails."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from challenge.config import Settings
from challenge.core import puzzles
from challenge.simulate import floods, puzzle, takers
from challenge.simulate.rows import Row, Run
from challenge.simulate.scenes import SCENES, play
from challenge.tally import alarms

ROOT = Path(__file__).parent.parent
WIDE = replace(Settings(), band_burst=2_000, lanes=())


@cache
def rows(name: str, run: Run | None = None) -> dict[str, Row]:
    """A scene's rows by id, played once."""
    return {row.id: row for row in play(name, run or Run())}


def must_hold(name: str, *ids: str) -> None:
    for row_id in ids or (f"simulate.{name}",):
        row = rows(name)[row_id]
        assert row.ok, f"{row.id}: {row.value:g} {row.unit}, must reach {row.reach:g} ({row.note})"


@pytest.mark.parametrize(
    "name",
    [
        "reader",
        "heavy_reader",
        "shared_address",
        "neighbour",
        "roaming",
        "shared_token",
        "funnel",
        "hundred_networks",
    ],
)
def test_the_row_holds(name: str) -> None:
    must_hold(name)


def test_an_operator_hears_of_a_hundred_networks_within_ten_minutes() -> None:
    must_hold("hundred_networks", "simulate.hundred_networks.alarm")


def test_control_who_hears_of_nothing_less_than_a_band_hears_of_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarms, "LEAST_NETWORK", 10_000)
    deaf = play("hundred_networks", Run())
    assert {row.id: row.ok for row in deaf}["simulate.hundred_networks.alarm"] is False


def test_nobody_is_refused_who_roams_and_nothing_is_asked_twice() -> None:
    must_hold("roaming", "simulate.roaming", "simulate.roaming.refused")


def test_a_listed_carrier_refuses_nobody_and_lets_few_wait() -> None:
    must_hold("carrier_nat", "simulate.carrier_nat", "simulate.carrier_nat.waits")
    assert rows("carrier_nat")["simulate.carrier_nat.unlisted"].value > 0


@pytest.mark.parametrize("prefix", ["", ".56", ".accounts"])
def test_one_network_stays_within_its_band(prefix: str) -> None:
    name = f"simulate.one_network{prefix}"
    must_hold("one_network", name, f"{name}.hour")


@pytest.mark.slow
def test_one_network_of_every_width_stays_within_its_band() -> None:
    got = rows("one_network", Run(size="usual"))
    assert {"simulate.one_network.64", "simulate.one_network.24"} < got.keys()
    assert [row.id for row in got.values() if row.ok is False] == []


@pytest.mark.slow
def test_a_hundred_networks_played_one_by_one_get_what_the_sample_says() -> None:
    whole = rows("hundred_networks", Run(size="whole"))["simulate.hundred_networks"]
    assert whole.ok
    assert whole.value == pytest.approx(rows("hundred_networks")[whole.id].value, rel=0.02)


@pytest.mark.parametrize("name", ["rotating", "slow_low"])
def test_what_is_not_stopped_is_told(name: str) -> None:
    got = rows(name)
    assert got[f"simulate.{name}"].value >= 200_000
    assert got[f"simulate.{name}.usd_per_million"].value > 0
    rang = got[f"simulate.{name}.alarm"].unit == "min"
    assert rang == (name == "rotating"), "twenty a day are seen by no count"


def test_the_unlimited_pass_is_told_by_what_was_measured() -> None:
    measured = json.loads((ROOT / "demo" / "scrape.json").read_text())["figures"]
    figures = {figure["id"]: figure["value"] for figure in measured}
    rate = figures["scrape.unlimited.pages"] / figures["scrape.unlimited.directory_s"]
    assert pytest.approx(rate, rel=0.01) == floods.UNLIMITED_PAGES_PER_S
    assert rows("unlimited_pass_factor")["simulate.unlimited_pass_factor"].value > 10_000


@pytest.mark.parametrize("way", takers.WAYS)
def test_control_a_wide_band_gives_one_network_much_more(way: takers.Way) -> None:
    with puzzle.registered():
        got, _ = takers.taken(Run(WIDE), 32, way, seconds=60)
    assert got.opened == 2000


def test_control_a_wide_band_is_enough_for_people_who_share_it() -> None:
    assert rows("shared_address", Run(WIDE))["simulate.shared_address"].ok


def test_control_without_lanes_a_neighbour_keeps_out_those_let_in_before() -> None:
    bare = rows("neighbour", Run(replace(Settings(), lanes=())))["simulate.neighbour"]
    assert bare.ok is False


def test_control_a_clearance_that_holds_more_opens_more() -> None:
    big = replace(Settings(), budget=40, ramp=(40,))
    assert rows("shared_token", Run(big))["simulate.shared_token"].value == 40


@pytest.mark.parametrize("name", ["heavy_reader", "reader"])
def test_control_a_dear_puzzle_is_seen_by_readers(name: str) -> None:
    ms = 60_000
    settings = replace(Settings(), price_ms=ms, price_further_ms=ms, price_max_ms=ms)
    dear = rows(name, Run(settings))
    assert not dear[f"simulate.{name}"].ok


def test_the_same_seed_gives_the_same_history() -> None:
    def told(seed: int) -> list[float]:
        return [row.value for row in play("heavy_reader", Run(seed=seed))]

    assert told(7) == told(7)
    assert told(7) != told(8)


def test_the_page_tells_every_scene() -> None:
    page = (ROOT / "docs" / "how-the-price-works.md").read_text()
    assert [name for name in SCENES if f"`simulate.{name}`" not in page] == []


def test_every_scene_of_the_issue_is_there() -> None:
    assert list(SCENES) == [
        *("reader", "heavy_reader", "shared_address", "neighbour", "carrier_nat", "roaming"),
        *("one_network", "shared_token", "funnel", "hundred_networks", "rotating", "slow_low"),
        "unlimited_pass_factor",
    ]


def test_the_simulated_puzzle_is_for_simulations_only() -> None:
    assert puzzle.NAME not in puzzles.names()
    with puzzle.registered():
        assert puzzle.NAME in puzzles.names()
    assert puzzle.NAME not in puzzles.names()


def test_the_simulated_puzzle_goes_whatever_happens() -> None:
    with pytest.raises(RuntimeError), puzzle.registered():
        raise RuntimeError
    assert puzzle.NAME not in puzzles.names()
