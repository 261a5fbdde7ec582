"""`./run bench behaviour-tools` and `personas`: their way, their hands, what they leave behind."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from bench.behaviour_tools import script_bytes
from bench.visits import reports
from bench.visits.motion import Box, Hand
from bench.visits.processes import MARK, descendants, end_marked
from bench.visits.route import PROFILES, route
from bench.visits.watched import NOTHING, Quote
from demo.app import create_app

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


# -- the way


def test_everybody_on_the_way_is_linked_from_the_page_before(tmp_path: Path) -> None:
    way = route()
    app = create_app({"DEMO_INSTANCE_PATH": str(tmp_path), "CHALLENGE_MODE": "observe"})
    client = app.test_client()
    page = client.get("/", query_string={"q": way.query}).text
    for person in way.people:
        assert f'href="/people/{person.handle}"' in page
        page = client.get(f"/people/{person.handle}").text
        assert f'href="/cards/{person.handle}"' in page
    assert len({person.name for person in way.people}) == PROFILES


# -- the hands

TARGET = Box(900, 300, 200, 30)


@pytest.mark.parametrize("seed", range(20))
def test_a_hand_gets_where_it_wants_without_a_leap(seed: int) -> None:
    hand = Hand(Random(seed))
    x, y = hand.within(TARGET)
    steps = hand.reach((100, 800), (x, y))
    assert abs(steps[-1].x - x) <= 3 and abs(steps[-1].y - y) <= 3
    leaps = [max(abs(b.x - a.x), abs(b.y - a.y)) for a, b in pairwise(steps)]
    assert max(leaps) < 80
    # People need about half a second to a second and a half for such a way.
    assert 0.4 < sum(step.wait_s for step in steps) < 2.5


def test_a_hand_seldom_hits_the_centre() -> None:
    hand = Hand(Random(1))
    centre = TARGET.x + 80, TARGET.y + 15
    hits = 0
    for _ in range(200):
        x, y = hand.within(TARGET)
        hits += abs(x - centre[0]) <= 1 and abs(y - centre[1]) <= 1
    assert hits <= 4


# -- what is left behind


def test_what_bears_the_mark_is_ended_and_nothing_else(tmp_path: Path) -> None:
    mark, another = tmp_path / "one", tmp_path / "another"
    # As Chromium does: its environment says nothing, its arguments name its profile.
    named = [*SLEEP, f"--user-data-dir={mark}/profile"]
    ours = [
        subprocess.Popen(SLEEP, env=os.environ | {MARK: str(mark)}, start_new_session=True),
        subprocess.Popen(named, start_new_session=True),
    ]
    other = subprocess.Popen(SLEEP, env=os.environ | {MARK: str(another)})
    try:
        assert {process.pid for process in [*ours, other]} <= set(descendants(os.getpid()))
        end_marked(mark)
        assert [process.wait(10) < 0 for process in ours] == [True, True]
        assert other.poll() is None
    finally:
        for process in [*ours, other]:
            process.kill()
            process.wait()


# -- what is told


def quote(factor: float, *reasons: str, renews: bool = False) -> Quote:
    return Quote(factor, reasons, renews)


def test_a_renewal_costs_what_was_odd_until_then_and_no_more() -> None:
    first, renewal, later = (
        quote(2, "a"),
        quote(1, "b", renews=True),
        quote(8, "c", renews=True),
    )
    told = replace(NOTHING, quotes=(first, renewal, later))
    assert told.first_renewal == quote(2, "a", "b", renews=True)
    assert (told.factor, told.reasons) == ("2", ("a", "b"))


def test_without_a_renewal_nothing_is_told_of_it() -> None:
    told = replace(NOTHING, quotes=(quote(8, "a"),))
    assert (told.first_renewal, told.factor, told.reasons) == (None, "no renewal", ())


def test_the_largest_report_counts() -> None:
    small, large = Quote(1, (), renews=False, report="{}"), Quote(1, (), False, '{"a":1,"b":2}')
    visits = [replace(NOTHING, quotes=(small, large)), replace(NOTHING, quotes=(small,)), NOTHING]
    size, numbers = reports.figures("x", visits)
    assert (size.id, size.value, numbers.id, numbers.value) == (
        *("x.report_bytes", 13),
        *("x.report_numbers", 2),
    )
    assert size.ok and numbers.ok
    many = Quote(1, (), False, "{" + ",".join(f'"{n}":1' for n in range(25)) + "}")
    assert not list(reports.figures("x", [replace(NOTHING, quotes=(many,))]))[1].ok


def test_a_page_carries_little_for_it() -> None:
    figure = script_bytes()
    assert figure.ok, figure
    assert figure.value > 2000
