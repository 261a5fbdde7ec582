"""`lua/charge.lua` does what core/visitors.py does, to the byte; changed, it is found out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from challenge.core import visitors
from challenge.core.alternating import Trail, Trails
from challenge.core.digests import CHARGED_MAX, DIGEST_BYTES
from challenge.core.models import Charge
from challenge.core.recent import Pace, Recent
from challenge.core.visitors import Home, View, Visitor
from challenge.stores import redis_scripts
from challenge.stores.compact import pack, unpack
from challenge.stores.redis import RedisStore
from challenge.stores.redis_scripts import Script
from challenge.stores.redis_uri import Address

from ..redis_servers import KINDS, serve_redis

NOW = 1_800_000_000
KEY = b"k" * 16
#: Few, so that they meet; some are found in others that stand beside each other.
DIGESTS = [bytes(8), b"\0\0\0\0\0\0\0\1", b"\1" + bytes(7), *(bytes([n]) * 8 for n in range(2, 12))]
NETWORKS = [b"network" + bytes([n]) for n in range(10)]
JTIS = ["AAAAAAAAAAAAAAAAAAAAAA", "sale-1", "j" * 22, ""]
MOMENTS = [0, NOW - 86_400, NOW - 600, NOW - 599, NOW - 1, NOW, NOW + 1, NOW + 60, NOW + 3600]
FILLER = b"".join(number.to_bytes(8, "big") for number in range(10**6, 10**6 + CHARGED_MAX))

COUNTS = [0, 1, 2, 4, 5, 20, 127, 128, 300, 16_384, 10**6]
TIMES = [NOW, NOW + 0.25, NOW + 59.999, NOW + 299, NOW + 300, NOW + 599.5, NOW + 3600.000001]
Case = tuple[Visitor, list[tuple[View, float]]]


def some_of(dice: Random, things: list[Any], most: int) -> list[Any]:
    return dice.sample(things, dice.randint(0, min(most, len(things))))


def trail(dice: Random) -> Trail:
    places = some_of(dice, NETWORKS, 8)
    returns = [dice.choice([NOW - 700, NOW - 599, NOW - 5]) for _ in range(dice.choice([0, 1, 4]))]
    return Trail(tuple(places), tuple(sorted(returns))) if places else Trail()


def charged(dice: Random) -> bytes:
    """Digests that meet those of the views; at times as many as are kept, or others behind."""
    few, dealt = b"".join(some_of(dice, DIGESTS, 10)), dice.random()
    if dealt < 0.2:
        return FILLER[len(few) :] + few
    return few + FILLER[: dice.randint(8, 40) * DIGEST_BYTES] if dealt < 0.4 else few


def record(dice: Random) -> Visitor:
    """Any record, also such as no sale makes."""
    spent, later = dice.choice(COUNTS), dice.randint(0, 3)
    networks = some_of(dice, NETWORKS, 8)
    return Visitor(
        jti=dice.choice(JTIS),
        previous_jti=dice.choice(JTIS),
        previous_until=dice.choice(MOMENTS),
        thumbprint=dice.choice(["", "t" * 43, "AAAA"]),
        sales=dice.choice(COUNTS),
        last_challenge=dice.choice([b"", b"c" * 16]),
        since=NOW - dice.choice(COUNTS),
        bought=spent + later + dice.randint(0, 6),
        spent=spent,
        recent=Recent(dice.choice([0, NOW // 86_400 + 1]), dice.choice(COUNTS), 3),
        pace=Pace(NOW // 300 - dice.randint(-1, 3), dice.choice(COUNTS), dice.choice(COUNTS)),
        factor=dice.randint(1, 64),
        judged=dice.choice(MOMENTS),
        later=later,
        later_from=dice.choice(MOMENTS),
        homes=tuple(
            Home(network, dice.choice([spent, spent + 2, spent + 9, 7])) for network in networks
        ),
        moves_level=dice.choice([0, NOW, NOW + 3420, NOW + 3421, NOW + 9999]),
        trails=Trails(trail(dice), trail(dice)),
        charged=charged(dice),
        unconfirmed=b"".join(some_of(dice, DIGESTS, 8)),
        ends=NOW + 3600 - dice.randint(0, 30),
        expires=dice.choice([NOW, NOW + 3600, NOW + 90_000, NOW + 90_000]),
    )


def view(dice: Random, shown: str) -> tuple[View, float]:
    network = dice.choice(NETWORKS)
    paid = dice.sample(DIGESTS, dice.randint(1, 2))
    return View(
        jti=dice.choice(JTIS) if dice.random() < 0.2 else shown,
        network=network,
        place=dice.choice([network, NETWORKS[0]]),
        version=dice.choice([4, 6]),
        budget=dice.choice([4, 20]),
        digests=tuple((digest, dice.randint(1, 3)) for digest in paid),
    ), dice.choice(TIMES)


def case(seed: int) -> Case:
    """A record, and views of which most show its clearance."""
    dice = Random(seed)
    visited = record(dice)
    return visited, [view(dice, visited.jti) for _ in range(dice.randint(1, 8))]


@dataclass
class Bench:
    """A store to put records into, and to charge them."""

    store: RedisStore

    def differs(self, seed: int) -> str:
        """Where the script and the core part ways; empty if nowhere."""
        record, asked = case(seed)
        name = self.store._key(b"v", KEY)
        self.store._pool.call("SET", name, pack(record), "PX", 60_000)
        for view, now in asked:
            after, expected = visitors.charge(record, view, now)
            assert after is not None
            answer = self.store.charge(KEY, view, epoch=self.store.epoch, now=now)
            kept = self.store._pool.call("GET", name)
            if answer != expected:
                return f"{expected} is told as {answer}"
            if kept != pack(after):
                return f"{after} is kept as {kept!r}"
            record = after
        return ""


@pytest.fixture(scope="module", params=KINDS)
def bench(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    with serve_redis(request.param, tmp_path_factory.mktemp(request.param)) as server:
        store = RedisStore(Address("127.0.0.1", server.port, timeout=2))
        yield Bench(store)
        store.close()


@settings(max_examples=500)
@given(seed=some.integers(0, 2**32))
def test_the_script_is_the_core(bench: Bench, seed: int) -> None:
    assert not bench.differs(seed)


def test_every_answer_is_among_what_is_compared() -> None:
    answers = set()
    for seed in range(500):
        visited, asked = case(seed)
        for shown, now in asked:
            kept, charged = visitors.charge(visited, shown, now)
            answers.add(charged.charge)
            visited = kept or visited
    assert answers == set(Charge)


#: What could be wrong with it.
WRONG = {
    "a unit too many": ("if cost > left then", "if cost > left + 1 then"),
    "units that are for later": ("and v.later or 0", "and 0 or 0"),
    "another home's units": ("math.max(count, v.spent)", "math.max(count, v.bought)"),
    "a clearance that was replaced": ("now < v.previous_until", "true"),
    "a record that has ended": ("if v.expires <= now then", "if v.expires < now then"),
    "what stands across two digests": ("(from - 1) % DIGEST ~= 0", "false"),
    "a charge that is confirmed": ("changed, v.unconfirmed = true, kept", "changed = true"),
    "too many to confirm": ("#v.unconfirmed > UNCONFIRMED_MAX", "false"),
    "more profiles than are kept": ("-CHARGED_MAX * DIGEST", "-CHARGED_MAX * DIGEST - DIGEST"),
    "who alternates": ("now - trail_.returns[1] < WITHIN", "now - trail_.returns[1] < 0"),
    "whose key cannot be proved": ("v.thumbprint ~= '\\0'", "true"),
    "who holds a whole budget": ("and left < budget and", "and"),
    "a return": ("one.returns[#one.returns + 1]", "one.returns[1]"),
    "new homes too soon": ("if not known and wait > 0", "if false"),
    "known homes": ("if not known and wait > 0", "if wait > 0"),
    "a pace of long ago": ("slot == v.pace[1] + 1 and", "true and"),
    "a place out of order": ("place <= last or", ""),
    "a place too far back": ("or place > MARKED", ""),
    "others before those in order": ("marked + (others > 0 and 1 or 0)", "marked"),
    "a moment before the end": ("return base + (apart + 1) / 2", "return base - apart / 2"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_control_a_script_that_is_wrong_is_found_out(
    wrong: str, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, changed = (text.encode() for text in WRONG[wrong])
    text = redis_scripts.CHARGE.text
    assert text.count(right) == 1
    script = script_of(text.replace(right, changed))
    monkeypatch.setattr(redis_scripts, "CHARGE", script)
    assert any(bench.differs(seed) for seed in range(3000)), "nobody would have noticed"


def script_of(text: bytes) -> Script:
    return Script("charge", text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


@given(seed=some.integers(0, 2**32))
def test_what_is_packed_is_unpacked(seed: int) -> None:
    visited = record(Random(seed))
    assert unpack(pack(visited)) == visited


def test_what_is_no_record_is_said_to_be_none() -> None:
    whole = pack(record(Random(1)))
    for end in range(20):
        with pytest.raises(ValueError, match="no visitor's record"):
            unpack(whole[:end])
