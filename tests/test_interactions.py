"""Where a price is high, work is not all: something is done, or waited out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from challenge.core.behaviour import INTERACTION_FROM
from challenge.core.interactions.evidence import seal
from challenge.core.models import Interaction, Offer
from challenge.errors import (
    InteractionRefused,
    InteractionRequired,
    Malformed,
    Queued,
    TooEarly,
)
from challenge.stores.memory import MemoryStore
from challenge.stores.sqlite import SQLiteStore
from challenge.wire import Ask

from .solving import ASK, REDEEM, redemption
from .test_selling import Key
from .test_tally import HOME, START, World, body_of

#: what programs do by default: two kinds of clicks come to a factor of five, one to three
VERY_ODD = json.dumps({"clicks": 6, "short_clicks": 6, "centre_clicks": 6})
ODD = json.dumps({"clicks": 6, "short_clicks": 6, "keys": 9, "short_keys": 9})


@pytest.fixture(params=["memory", "sqlite"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    store = MemoryStore() if request.param == "memory" else SQLiteStore(tmp_path / "store.db")
    yield World(store)
    store.close()


@pytest.fixture
def key() -> Key:
    return Key()


def ask(
    world: World, report: str = VERY_ODD, clearance: str | None = None, buys: str = "clearance"
) -> Offer:
    return world.tally.quote(Ask(report, "page", "/", 1, buys), clearance, HOME)


def asked(offer: Offer) -> Interaction:
    assert offer.interaction is not None
    return offer.interaction


def held(offer: Offer, after_ms: int = 0, took_ms: int | None = None) -> dict[str, Any]:
    took_ms = asked(offer).ms if took_ms is None else took_ms
    sealed = seal(offer.challenge, "hold", after_ms, took_ms)
    return {"kind": "hold", "after_ms": after_ms, "took_ms": took_ms, "seal": sealed}


def test_from_five_on_a_button_is_to_be_held(world: World) -> None:
    offer = ask(world)
    assert asked(offer).kind == "hold"
    assert 1000 <= asked(offer).ms <= 1800
    assert asked(offer).wait_ms == 30_000
    world.clock.now += 2
    assert world.redeem(body_of(offer, interaction=held(offer))).budget == 20


def test_control_below_nothing_is(world: World) -> None:
    assert INTERACTION_FROM == 5
    offer = ask(world, ODD)
    assert offer.interaction is None
    assert world.redeem(body_of(offer)).budget == 20


def test_answers_alone_buy_nothing_and_spend_nothing(world: World) -> None:
    offer = ask(world)
    world.clock.now += 2
    with pytest.raises(InteractionRequired):
        world.redeem(body_of(offer))
    assert world.redeem(body_of(offer, interaction=held(offer))).budget == 20


def test_control_a_site_may_do_without(tmp_path: Path) -> None:
    world = World(MemoryStore(), interaction="none")
    offer = ask(world)
    assert offer.interaction is None
    assert world.redeem(body_of(offer)).budget == 20


def test_one_may_wait_instead(world: World) -> None:
    offer = ask(world)
    body = body_of(offer, interaction={"kind": "wait"})
    world.clock.now = START + 29
    with pytest.raises(TooEarly) as early:
        world.redeem(body)
    assert early.value.retry_in_ms == 1000
    world.clock.now = START + 30
    assert world.redeem(body).budget == 20


def test_what_was_held_for_one_challenge_is_no_good_for_another(world: World) -> None:
    first, second = ask(world), ask(world)
    world.clock.now += 4
    with pytest.raises(InteractionRefused):
        world.redeem(body_of(second, interaction=held(first, took_ms=1800)))
    assert world.redeem(body_of(second, interaction=held(second, took_ms=1800))).budget == 20


def test_it_varies_from_challenge_to_challenge(world: World) -> None:
    assert len({asked(ask(world)).ms for _ in range(20)}) > 10


def test_nobody_claims_time_that_has_not_passed(world: World) -> None:
    offer = ask(world)
    body = body_of(offer, interaction=held(offer, after_ms=900))
    with pytest.raises(TooEarly):
        world.redeem(body)
    world.clock.now += 3
    assert world.redeem(body).budget == 20


def test_wrong_ones_use_up_what_may_be_sent_wrong(world: World) -> None:
    offer = ask(world)
    bodies = (body_of(offer), body_of(offer, interaction=held(offer, took_ms=3)))
    for n in range(60):
        with pytest.raises((InteractionRequired, InteractionRefused)):
            world.redeem(bodies[n % 2])
    with pytest.raises(Queued) as refused:
        world.redeem(bodies[0])
    assert refused.value.code == "too_many_failures"


def test_who_waits_has_half_the_challenges_life_for_it() -> None:
    world = World(MemoryStore(), quote_lifetime=40, interaction_wait=60)
    assert asked(ask(world)).wait_ms == 20_000


def test_for_a_day_each_renewal_asks_again(world: World, key: Key) -> None:
    offer = ask(world)
    world.clock.now += 2
    body = json.loads(key.body(offer)) | {"interaction": held(offer)}
    token = world.redeem(json.dumps(body).encode()).token
    world.opens(token, *range(10))
    assert asked(ask(world, "", token)).kind == "hold"


def test_a_form_is_only_dearer(world: World) -> None:
    assert ask(world, buys="response").interaction is None


@pytest.mark.parametrize("shown", [None, 7, [], "wait", True])
def test_what_is_no_object_is_malformed(world: World, shown: object) -> None:
    with pytest.raises(Malformed) as refused:
        world.redeem(body_of(ask(world), interaction=shown))
    assert refused.value.code == "interaction_malformed"


def test_it_is_refused_where_nothing_was_asked(world: World) -> None:
    offer = world.ask()
    with pytest.raises(Malformed) as refused:
        world.redeem(body_of(offer, interaction={"kind": "wait"}))
    assert refused.value.code == "interaction_unasked"
    assert world.redeem(body_of(offer)).budget == 20


# -- over HTTP


def test_the_offer_says_what_is_to_be_done(client: FlaskClient) -> None:
    plain = client.post(ASK, json={}).get_json()
    assert "interaction" not in plain
    odd = client.post(ASK, json={"report": VERY_ODD}).get_json()
    assert odd["interaction"].keys() == {"kind", "ms", "wait_ms"}
    refused = client.post(REDEEM, data=redemption(odd), content_type="application/json")
    assert (refused.status_code, refused.get_json()["code"]) == (403, "interaction_required")
    body = json.loads(redemption(odd)) | {"interaction": {"kind": "wait"}}
    early = client.post(REDEEM, json=body)
    assert (early.status_code, early.get_json()["code"]) == (425, "too_early")
    assert 28_000 < early.get_json()["retry_in_ms"] <= 30_000
