"""Two machines on one store: one challenge is one grant, while another server takes over."""

from __future__ import annotations

import base64
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.crc import key_slot

from challenge.stores.redis_cluster import PARTS

from .redis_cluster_servers import Cluster, Move, start_cluster
from .serving import Server, post_together, serve
from .solving import ASK, REDEEM, solve
from .stores.redis_watched import fail_over, serve_watched
from .test_races import APP, BUDGET, open_profiles

#: redemptions that each machine gets at once: as many the same as different
CALLS = 40


@contextmanager
def two_machines(folder: Path, uri: str, **env: str) -> Iterator[list[Server]]:
    setting = {"CHALLENGE_STORE_URI": uri, **env}
    with ExitStack() as stack:
        yield [stack.enter_context(serve(APP, folder, workers=2, **setting)) for _ in range(2)]


class Race:
    """What came of redeeming a challenge again and again, and of asking for profiles with it."""

    def __init__(self, machines: list[Server]) -> None:
        self.machines = machines
        self.offer = offered(machines[0])
        self.tokens: set[str] = set()
        self.answers: Counter[tuple[int, str]] = Counter()
        self.views: Counter[int] = Counter()
        self._body = json.dumps(
            {"challenge": self.offer["challenge"], "answers": solve(self.offer)}
        ).encode()

    @property
    def id(self) -> bytes:
        """The challenge's, by which it is kept as spent."""
        claims = json.loads(_decode(self.offer["challenge"].split(".")[1]))
        return _decode(claims["jti"])

    def redeem(self) -> None:
        """On both machines at once."""
        same = [self._body] * (CALLS // 2)
        bodies = [same + [self._body + b" " * (2 * n + at) for n in range(1, 21)] for at in (0, 1)]
        with ThreadPoolExecutor(2) as pool:
            told = list(pool.map(post_together, self.machines, (REDEEM, REDEEM), bodies))
        for status, text in told[0] + told[1]:
            fields = json.loads(text)
            self.answers[status, fields.get("code", "")] += 1
            if status == 201:
                self.tokens.add(fields["token"])

    def view(self, count: int) -> None:
        """Ask both machines for profiles, each for others, none twice."""
        [token] = self.tokens
        first = sum(self.views.values())
        halves = (range(first, first + count // 2), range(first + count // 2, first + count))
        with ThreadPoolExecutor(2) as pool:
            for seen in pool.map(open_profiles, self.machines, (token, token), halves):
                self.views += seen


def offered(machine: Server) -> dict[str, Any]:
    """A challenge. A worker that starts while the store is away knows no epoch, and signs none."""
    ends = time.monotonic() + 60
    while True:
        status, _, body = machine.call("POST", ASK, {"Content-Type": "application/json"}, b"{}")
        if status == 201:
            return dict(json.loads(body))
        assert status == 503
        assert time.monotonic() < ends
        time.sleep(0.05)


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


# -- a cluster, and a slot that moves


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield start_cluster("valkey", tmp_path_factory.mktemp("races"), stack)


@contextmanager
def restless(cluster: Cluster, slot: int) -> Iterator[list[int]]:
    """While the block runs, a slot moves on and on. Where it came to is told."""
    came: list[int] = []
    ends = threading.Event()
    dice = random.Random(7)

    def go() -> None:
        while not ends.is_set():
            source = cluster.owner(slot)
            move = Move(cluster, slot, source, (source + dice.choice((1, 2))) % 3)
            move.begin()
            time.sleep(0.02)
            move.carry_all(steps=2, pause=0.02)
            move.end()
            came.append(move.target)

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(go)
        try:
            yield came
        finally:
            ends.set()
            going.result(30)


def visitors_slot(cluster: Cluster, prefix: str, known: set[bytes]) -> int:
    """That of the one visitor who has come since."""
    rows = {key for number in range(3) for key in cluster.client(number).keys(f"{prefix}:v*")}
    [row] = rows - known
    known |= rows
    return key_slot(row)


@pytest.mark.timeout(1200)
def test_two_machines_on_a_cluster_are_one_while_a_slot_moves(
    rounds: int, tmp_path: Path, cluster: Cluster
) -> None:
    uri = cluster.uri.replace("=1000", "=2000")
    prefix, known = uri.partition("prefix=")[2].partition("&")[0], set[bytes]()
    with two_machines(tmp_path, uri) as machines:
        for _ in range(rounds // 5):
            race = Race(machines)
            with restless(cluster, key_slot(b"{s%d}" % (race.id[0] % PARTS))) as moves:
                race.redeem()
                race.redeem()
            assert len(race.tokens) == 1
            assert set(race.answers) <= {(201, ""), (409, "spent"), (409, "in_progress")}
            with restless(cluster, visitors_slot(cluster, prefix, known)) as others:
                race.view(100)
            assert race.views == {200: BUDGET, 403: 100 - BUDGET}
            assert moves
            assert others


def test_control_who_looks_and_then_spends_grants_twice(tmp_path: Path, cluster: Cluster) -> None:
    with two_machines(tmp_path, cluster.uri, READ_THEN_WRITE="0.05") as machines:
        race = Race(machines)
        race.redeem()
        assert len(race.tokens) > 1


# -- a master that another takes over from


@pytest.mark.timeout(1200)
def test_two_machines_are_one_while_a_replica_takes_over(rounds: int, tmp_path: Path) -> None:
    for number in range(1 + rounds // 20):
        folder = tmp_path / str(number)
        folder.mkdir()
        with serve_watched(folder) as watched, two_machines(folder, watched.uri()) as machines:
            early, late = Race(machines), Race(machines)
            early.redeem()
            early.view(10)
            assert early.views == {200: 10}
            take_over = (watched.master.stop, partial(fail_over, watched))[number % 2]
            with ThreadPoolExecutor(1) as pool:
                over = pool.submit(take_over)
                ends = time.monotonic() + 60
                while (403, "store_changed") not in late.answers:
                    assert time.monotonic() < ends
                    early.redeem()
                    late.redeem()
                    early.view(10)
                over.result()
            assert len(early.tokens) == 1
            assert len(late.tokens) <= 1
            assert early.views[200] <= BUDGET
            fresh = race_of_all(machines)
            fresh.view(30)
            assert fresh.views == {200: BUDGET, 403: 30 - BUDGET}


def race_of_all(machines: list[Server]) -> Race:
    """One that all workers take part in, as soon as each has found the new master."""
    ends = time.monotonic() + 60
    while True:
        race = Race(machines)
        race.redeem()
        if {status for status, _ in race.answers} <= {201, 409}:
            return race
        assert time.monotonic() < ends
