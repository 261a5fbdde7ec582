"""`./run bench replay`: copies are the recording they are made from, and a day is a site's."""

from __future__ import annotations

import shutil
from random import Random

import pytest

from bench import replay
from bench._copies import Playing, day, farm, flagged, met
from bench._drawn import drawn
from bench._movement import Seen, seen
from challenge.core.behaviour import MOVEMENT, REPLAYED_FROM
from challenge.core.sketches import SENDERS_MAX

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node")
REPORT = {"windows": 3, **dict.fromkeys(MOVEMENT, 300)}


def some_mice() -> list[Seen]:
    curves = [mouse for mouse in drawn(2, 6) if mouse.name.startswith("curve")]
    return seen(curves, replay.VIEWS, 1)[1]


def test_a_day_counts_as_a_site_does() -> None:
    assert list(met([REPORT] * 12)) == [*range(SENDERS_MAX), *[SENDERS_MAX] * 4]
    assert flagged([REPORT] * 12) == [False] * REPLAYED_FROM + [True] * (12 - REPLAYED_FROM)
    assert not any(flagged([{**REPORT, "windows": 2}] * 12))
    assert not any(flagged([{**REPORT, "bow": 40 * number} for number in range(12)]))


def test_a_copy_is_not_far_from_its_recording() -> None:
    recordings = next(drawn(1, 2)).recordings
    assert Playing(0, 0, frames=False).of(recordings, Random(1)) == [*recordings]
    for playing in replay.PLAYINGS.values():
        for one, copy in zip(recordings, playing.of(recordings, Random(1)), strict=True):
            times = [t for t, _, _ in copy.moves]
            assert times == sorted(times)
            assert copy.end >= times[-1]
            (_, x, y), (_, copied_x, copied_y) = one.moves[-1], copy.moves[-1]
            assert abs(x - copied_x) + abs(y - copied_y) < 12


@needs_node
def test_copies_are_seen_and_visitors_of_a_day_are_not() -> None:
    mice = some_mice()
    [copies] = farm(mice[:1], Playing(0, 0, frames=False), 20, seed=1)
    assert len(copies) == 20
    assert sum(flagged(copies)) == 20 - REPLAYED_FROM
    visitors = day(mice, replay.FRAMES, 3, 40, seed=1)
    assert len(visitors) == 40
    assert all(report.keys() == {"windows", *MOVEMENT} for report in visitors)
    assert day(mice, replay.FRAMES, 3, 40, seed=1) == visitors
