"""One report from many visitors: the first few pay what all pay, those that follow pay for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.core.behaviour import FLAGGED_FROM, MOVEMENT, REPLAYED_FROM
from challenge.core.models import Lane, Offer
from challenge.core.sketches import STEPS
from challenge.errors import StoreUnavailable
from challenge.flask import signals
from challenge.stores.memory import MemoryStore
from challenge.stores.sqlite import SQLiteStore
from challenge.tally import replays
from challenge.wire import Ask

from .solving import ASK, REDEEM, redemption
from .test_selling import DAY, Key
from .test_tally import HOME, World, body_of

HUMAN = {
    **{"start": 150, "stop": 120, "plateau": 300, "spread": 420, "acceleration": 170},
    **{"jerk": 330, "bow": 420, "detour": 260, "straight": 300, "jitter": 200},
}
FORGED = json.dumps({"windows": 3, "clicks": 4, "moves": 300, **HUMAN})
#: as it comes to be more dear
COPIES = REPLAYED_FROM + 3


def moved(number: int) -> str:
    """Somebody's movement, that of nobody else."""
    return json.dumps({"windows": 4, **HUMAN, "bow": 20 + number * STEPS["bow"]})


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "store.db")
    yield World(store)
    store.close()


def ask(world: World, report: str, clearance: str | None = None) -> Offer:
    return world.tally.quote(Ask(report, "page", "/", 1), clearance, HOME)


def claims(offer: Offer) -> dict[str, Any]:
    payload = offer.challenge.split(".")[1]
    found: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return found


def factors(world: World, *reports: str) -> list[int]:
    """What each of so many new visitors is asked for, one after the other."""
    found = []
    for report in reports:
        offer = ask(world, report)
        found.append(claims(offer)["factor"])
        world.redeem(body_of(offer))
    return found


# -- over HTTP


def visit(client: FlaskClient, report: str) -> None:
    offer = client.post(ASK, json={"report": report})
    assert offer.status_code == 201
    assert "replayed" not in offer.text
    sold = client.post(REDEEM, data=redemption(offer.get_json()), content_type="application/json")
    assert sold.status_code == 201, sold.text


def heard(app: Flask, *reports: str) -> list[tuple[int, tuple[str, ...]]]:
    """Factor and reasons that each of so many browsers is quoted."""
    told: list[tuple[int, tuple[str, ...]]] = []

    def hear(_: Flask, factor: int, reasons: tuple[str, ...], renews: bool) -> None:
        told.append((factor, reasons))

    with signals.challenge_quoted.connected_to(hear, sender=app):
        for report in reports:
            visit(app.test_client(), report)
    return told


CHEAP: tuple[int, tuple[str, ...]] = (1, ())
DEAR = (FLAGGED_FROM, ("replayed",))


def test_one_forged_report_from_many_browsers(make_app: Callable[..., Flask]) -> None:
    told = heard(make_app(), *[FORGED] * COPIES)
    assert told == [CHEAP] * REPLAYED_FROM + [DEAR] * (COPIES - REPLAYED_FROM)


def test_control_without_sketches_all_pay_the_same(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "cells", lambda _: ())
    assert heard(make_app(), *[FORGED] * COPIES) == [CHEAP] * COPIES


def test_a_site_may_do_without(make_app: Callable[..., Flask]) -> None:
    app = make_app(behaviour="false")
    assert heard(app, *[FORGED] * COPIES) == [CHEAP] * COPIES


@pytest.mark.parametrize(
    "report",
    ["", "{}", json.dumps({"keys": 80, "inputs": 80, "scrolls": 9}),
     json.dumps({"windows": 2, "clicks": 4, **HUMAN}),
     json.dumps({"windows": 0, **dict.fromkeys(MOVEMENT, 0)}), json.dumps(HUMAN)],
    ids=["silent", "empty", "a keyboard", "two windows", "zeros", "no windows"],
)  # fmt: skip
def test_who_does_not_move_is_like_nobody(make_app: Callable[..., Flask], report: str) -> None:
    assert heard(make_app(), *[report] * COPIES) == [CHEAP] * COPIES


def test_who_moves_in_another_way_is_like_nobody(make_app: Callable[..., Flask]) -> None:
    assert heard(make_app(), *map(moved, range(COPIES))) == [CHEAP] * COPIES


# -- the tally


def test_nearly_the_same_is_the_same(world: World) -> None:
    near = [json.dumps({"windows": 3 + n, **HUMAN, "jerk": 330 + n}) for n in range(COPIES)]
    assert factors(world, *near)[REPLAYED_FROM:] == [FLAGGED_FROM] * (COPIES - REPLAYED_FROM)


def test_one_visitor_is_not_several(world: World) -> None:
    key = Key()
    token = None
    for number in range(COPIES):
        offer = ask(world, FORGED, token)
        assert claims(offer)["factor"] == 1
        token = world.redeem(key.body(offer)).token
        world.opens(token, *(f"{number} {n}" for n in range(20)))
    assert factors(world, FORGED) == [1]


def test_asking_is_not_sending(world: World) -> None:
    for _ in range(3 * COPIES):
        ask(world, FORGED)
    assert factors(world, FORGED) == [1]


def test_who_asks_often_before_redeeming_is_flagged_where_it_redeems(world: World) -> None:
    offers = [ask(world, FORGED) for _ in range(COPIES)]
    assert {claims(offer)["factor"] for offer in offers} == {1}
    tokens = [world.redeem(Key().body(offer)).token for offer in offers]
    next_asks = [claims(ask(world, "", token)) for token in tokens if world.opens(token, *range(9))]
    lanes = [Lane[asked["lane"].upper()] for asked in next_asks]
    flagged = [lane is Lane.FLAGGED for lane in lanes]
    assert flagged == [False] * REPLAYED_FROM + [True] * (COPIES - REPLAYED_FROM)


def test_a_day_forgets(world: World) -> None:
    factors(world, *[FORGED] * COPIES)
    world.clock.now += DAY - world.clock.now % DAY - 1
    assert factors(world, FORGED) == [FLAGGED_FROM]
    world.clock.now += 1
    assert factors(world, FORGED) == [1]


def test_another_site_or_day_has_other_sketches(world: World) -> None:
    here = claims(ask(world, FORGED))["sketch"]
    assert claims(ask(world, FORGED))["sketch"] == here
    assert len(base64.urlsafe_b64decode(here + "=")) == 8
    # The same keys, but a store of its own.
    there = World(MemoryStore())
    there.tally._books._random = lambda n: b"x" * n
    assert claims(ask(there, FORGED))["sketch"] != here
    world.clock.now += DAY
    assert claims(ask(world, FORGED))["sketch"] != here


def test_a_challenge_without_movement_has_no_sketch(world: World) -> None:
    assert "sketch" not in claims(ask(world, ""))
    assert "sketch" not in claims(ask(world, json.dumps({"windows": 2, **HUMAN})))


def test_a_store_that_is_down_is_no_evidence_and_no_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    factors(world, *[FORGED] * COPIES)

    def down(*_: Any, **__: Any) -> int:
        raise StoreUnavailable("down")

    for verb in ("other_senders", "note_sender", "day_key"):
        with monkeypatch.context() as patch:
            patch.setattr(world.store, verb, down)
            patch.setattr(world.tally._books, "_day_keys", {})
            offer = ask(world, FORGED)
            assert claims(offer)["factor"] == (FLAGGED_FROM if verb == "note_sender" else 1)
            if verb != "day_key":
                assert world.redeem(body_of(offer)).budget == 20


def test_what_is_read_where_is_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows for a report with three windows, none for any other."""
    read: list[bytes] = []
    kept = world.store.other_senders

    def counted(key: bytes, *rest: Any, **more: Any) -> int:
        read.append(key)
        others: int = kept(key, *rest, **more)
        return others

    monkeypatch.setattr(world.store, "other_senders", counted)
    ask(world, json.dumps({"windows": 2, "clicks": 9, **HUMAN}))
    assert read == []
    ask(world, FORGED)
    assert [len(key) for key in read] == [2, 2]
