"""`./run bench behaviour`: what it computes with is right, and it sees a model that was changed."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from random import Random

import pytest

from bench import _pointer, behaviour
from bench._drawn import drawn
from bench._logistic import auc, fit, quantile, wilson
from bench._movement import FOLDS, Seen, as_recorded, fold, seen
from bench._pointer import Mouse, Recording
from bench._views import PEOPLE, TOOLS
from challenge import kinematics

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node")


def test_the_fit_finds_the_model_that_drew_the_classes() -> None:
    random = Random(1)
    rows = [(random.gauss(100, 30), random.gauss(-5, 2), random.gauss(0, 1)) for _ in range(4000)]
    odds = [2 * (row[0] - 100) / 30 - (row[1] + 5) / 2 for row in rows]
    classes = [int(random.random() < 1 / (1 + 2.718281828**-odd)) for odd in odds]
    model = fit(rows, classes, [1 / len(rows)] * len(rows), 1e-6)
    assert model.weights == pytest.approx((2, -1, 0), abs=0.15)
    assert model.score((100, -5, 0)) == pytest.approx(0, abs=0.15)


def test_shares_of_rows_count() -> None:
    rows, classes = [(0.0,), (0.0,), (1.0,), (1.0,)], [0, 1, 0, 1]
    assert fit(rows, classes, [0.25] * 4, 0.01).weights[0] == pytest.approx(0)
    assert fit(rows, classes, [0.4, 0.1, 0.1, 0.4], 0.01).weights[0] > 0.5


def test_areas_quantiles_and_intervals() -> None:
    assert auc([1, 2, 3], [4, 5]) == 1
    assert auc([1, 2, 3], [2]) == 0.5
    assert [quantile(range(1, 101), share) for share in (0.98, 0.995, 1)] == [98, 100, 100]
    assert wilson(5, 100) == pytest.approx((0.0215, 0.1118), abs=1e-4)
    assert wilson(0, 252) == pytest.approx((0, 0.0150), abs=1e-4)
    assert wilson(0, 0) == (0, 1)


def test_each_person_is_tried_once_and_by_a_model_that_has_not_seen_them() -> None:
    people = [
        Seen(Mouse(group, f"{number}", "mouse", []), {}) for group in "ab" for number in range(7)
    ]
    tried = []
    for number in range(FOLDS):
        rest, now = fold(people, number)
        assert not {id(one) for one in rest} & {id(one) for one in now}
        assert len(rest) + len(now) == len(people)
        tried += now
    assert sorted(map(id, tried)) == sorted(map(id, people))


def test_views_keep_the_order_of_time_and_the_rest_at_the_end() -> None:
    [mouse] = [one for one in drawn(1, 2) if one.name == "curve, even"]
    for view in (*PEOPLE.values(), *TOOLS.values()):
        for one in view(mouse.recordings):
            times = [t for t, _, _ in one.moves]
            assert times == sorted(times)
            assert one.end >= times[-1]


def test_the_same_seed_draws_the_same() -> None:
    assert list(drawn(3, 1)) == list(drawn(3, 1))
    assert list(drawn(3, 1)) != list(drawn(4, 1))


@needs_node
def test_the_committed_model_knows_drawn_movement_that_it_was_not_fitted_to() -> None:
    names, mice = seen(list(drawn(behaviour.SEED + 1, 4)), behaviour.PLAIN)
    model = kinematics.model()
    assert tuple(names) == model.names
    scores = [
        model.score(dict(zip(names, map(int, row), strict=True)))
        for mouse in mice
        for row in as_recorded(mouse)
    ]
    assert len(scores) > 80
    assert sum(score > model.threshold for score in scores) / len(scores) > 0.9


def test_a_changed_model_is_not_the_committed_one() -> None:
    kept = json.loads(kinematics.path().read_text())
    assert behaviour.is_committed(kept)
    assert behaviour.is_committed(
        {**kept, "provenance": {**kept["provenance"], "fitted": "2000-01-01"}}
    )
    assert not behaviour.is_committed({**kept, "intercept": kept["intercept"] + 0.0001})
    assert not behaviour.is_committed({**kept, "provenance": {**kept["provenance"], "seed": 0}})


def test_people_are_read_in_the_order_of_their_trials(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    move = {"t_ms": 0.0, "x": 1, "y": 2, "type": "move"}
    click = {"t_ms": 90.0, "x": 1, "y": 2, "type": "click"}
    sessions = [
        {"set": "s", "user": "u", "device": "mouse", "t0_ms": 5, "ev": [{**move, "x": 9}, click]},
        {"set": "s", "user": "u", "device": "mouse", "t0_ms": 2, "ev": [move, click]},
        {"set": "s", "user": "u", "device": "mouse", "t0_ms": 9, "ev": [click]},
    ]
    with gzip.open(folder / "s.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(session) + "\n" for session in sessions)
    [mouse] = _pointer.read(tmp_path)
    assert mouse.recordings == [Recording([(0.0, 1, 2)], 90.0), Recording([(0.0, 9, 2)], 90.0)]
    with pytest.raises(FileNotFoundError):
        _pointer.read(folder)
