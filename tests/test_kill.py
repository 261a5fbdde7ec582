"""R05: killed at any moment, the gate grants nothing twice and forgets nothing it has sold.

Two ways to look. A storm: sixteen workers on one SQLite file, under load, of which a few are
killed with SIGKILL again and again. And step by step: a worker that dies at each step of a
redemption, one after the other, so that no step depends on luck.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw
import pytest

from challenge.core.models import Sale
from challenge.errors import ChallengeError, Spent
from challenge.stores import sqlite
from challenge.stores.base import TAKEOVER_AFTER
from challenge.stores.connections import SQLiteFile
from challenge.stores.records import unpack
from challenge.stores.sqlite import SQLiteStore

from .serving import Server, serve
from .solving import ASK, REDEEM, solve
from .test_selling import Key
from .test_tally import World

APP = "tests.racing:create_app()"
WORKERS = 16
#: threads of load, and how many of them share one visitor
CROWD, PER_VISITOR = 9, 3
#: where a reader may be from; the first is the most frequent
NETWORKS = ("198.51.100.7", "198.51.100.7", "198.51.100.7", "203.0.113.9", "192.0.2.200")
SETTINGS = {
    "CHALLENGE_TRUSTED_PROXIES": "127.0.0.1/32",
    "CHALLENGE_RAMP": "5,10,20",
    "CHALLENGE_BAND_BURST": "1000000",
    # Every body of the storm can still be repeated when it is over.
    "CHALLENGE_QUOTE_LIFETIME": "600",
}
#: for the control: others look between its look and its write, however busy the machine is
HASTY = {"READ_THEN_WRITE": "0.05", "TAKEOVER_AFTER": "2"}
RESETS = (ConnectionError, http.client.HTTPException)


# -- the storm


@dataclass
class Visitor:
    """Somebody who reads on; several threads share one, like the tabs of a browser."""

    #: None for a bearer
    key: Key | None
    token: str = ""
    #: profiles that were answered with 200
    opened: set[str] = field(default_factory=set)
    #: what was bought: units by challenge
    units: dict[str, int] = field(default_factory=dict)
    #: challenges asked for last, each with its two bodies
    offers: list[tuple[str, tuple[bytes, bytes]]] = field(default_factory=list)


@dataclass
class Storm:
    """The load, and everything that was answered to it."""

    server: Server
    visitors: list[Visitor] = field(default_factory=list)
    #: by what was asked, then status and code
    answers: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    #: by challenge: the tokens that it bought, and its bodies with their visitor
    tokens: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    bodies: dict[str, tuple[Visitor, tuple[bytes, bytes]]] = field(default_factory=dict)
    #: challenges of which it could not be learnt in time what became of them
    pending: list[str] = field(default_factory=list)
    resets: int = 0
    kills: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(
        self, kind: str, method: str, path: str, visitor: Visitor, network: str, body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON body; status 0 if the worker died over it."""
        headers = {"X-Forwarded-For": network, "Accept": "application/json"}
        if visitor.token:
            headers["Cookie"] = f"__Host-challenge-main={visitor.token}"
        if body:
            headers["Content-Type"] = "application/json"
        try:
            status, _, text = self.server.call(method, path, headers, body)
        except RESETS:
            with self.lock:
                self.resets += 1
            return 0, {}
        fields = json.loads(text) if text[:1] == b"{" else {}
        with self.lock:
            self.answers[kind, status, fields.get("code", "")] += 1
        return status, fields

    def ask(self, visitor: Visitor, network: str) -> None:
        """Get a challenge and solve it: two bodies, of which one at most may be granted."""
        status, offer = self.call("ask", "POST", ASK, visitor, network, b"{}")
        if status != 201:
            return
        fields = {"challenge": offer["challenge"], "answers": solve(offer)}
        if visitor.key is not None:
            fields |= {"key": visitor.key.jwk(), "proof": visitor.key.proof(offer["challenge"])}
        body = json.dumps(fields).encode()
        made = (offer["challenge"], (body, body + b" "))
        with self.lock:
            self.bodies[made[0]] = visitor, made[1]
            visitor.offers = [*visitor.offers[-3:], made]

    def redeem(
        self, visitor: Visitor, network: str, challenge: str, body: bytes
    ) -> tuple[int, str]:
        """Status and code."""
        status, sale = self.call("redeem", "POST", REDEEM, visitor, network, body)
        if status == 201:
            with self.lock:
                self.tokens[challenge].add(sale["token"])
                visitor.units[challenge] = sale["budget"]
                visitor.token = sale["token"]
        return status, sale.get("code", "")

    def view(self, visitor: Visitor, network: str, profile: str) -> int:
        status, _ = self.call("view", "GET", f"/people/{profile}", visitor, network)
        if status == 200:
            with self.lock:
                visitor.opened.add(profile)
        return status

    def take_part(self, visitor: Visitor, dice: random.Random, ended: threading.Event) -> None:
        """One thread of the load: buys, repeats itself, buys with another body, and reads."""
        while not ended.is_set():
            network = dice.choice(NETWORKS)
            act = dice.random()
            if act < 0.04 or not visitor.token:
                self.ask(visitor, network)
            if (act < 0.15 or not visitor.token) and visitor.offers:
                challenge, bodies = dice.choice(visitor.offers)
                self.redeem(visitor, network, challenge, dice.choice((bodies[0], *bodies)))
            elif visitor.token:
                seen = list(visitor.opened)[:1] if dice.random() < 0.3 else []
                self.view(visitor, network, *seen or [str(dice.randrange(10**6))])

    def settle(self) -> None:
        """Repeat every body until it is known what became of it, however its worker ended."""

        def repeat(challenge: str) -> None:
            visitor, bodies = self.bodies[challenge]
            end = time.monotonic() + 3 * TAKEOVER_AFTER
            for body in bodies:
                while self._is_open(visitor, challenge, body):
                    if time.monotonic() > end:
                        self.pending.append(challenge)
                        return
                    time.sleep(0.5)

        with ThreadPoolExecutor(CROWD) as pool:
            list(pool.map(repeat, list(self.bodies)))

    def _is_open(self, visitor: Visitor, challenge: str, body: bytes) -> bool:
        status, code = self.redeem(visitor, NETWORKS[0], challenge, body)
        return status in (0, 503) or code == "in_progress"

    def exhaust(self) -> None:
        """Let each visitor buy once more, and read on in many tabs until nothing is left."""

        def buy(visitor: Visitor) -> None:
            self.ask(visitor, NETWORKS[0])
            challenge, bodies = visitor.offers[-1]
            while self._is_open(visitor, challenge, bodies[0]):
                time.sleep(0.05)

        def read(visitor: Visitor, tab: int) -> None:
            for number in range(200):
                if self.view(visitor, NETWORKS[0], f"last-{tab}-{number}") == 403:
                    return

        with ThreadPoolExecutor(CROWD) as pool:
            readers = [v for v in self.visitors if v.token]
            list(pool.map(buy, readers))
            list(pool.map(read, *zip(*itertools.product(readers, range(CROWD)), strict=True)))


def workers_of(pid_file: Path) -> list[int]:
    """The worker processes of the gunicorn that wrote this file."""
    master = int(pid_file.read_text())
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def kill_some(storm: Storm, pid_file: Path, dice: random.Random) -> None:
    """Kill one to four workers at a random moment."""
    time.sleep(dice.uniform(0.02, 0.45))
    workers = workers_of(pid_file)
    for pid in dice.sample(workers, min(len(workers), dice.randint(1, 4))):
        os.kill(pid, signal.SIGKILL)
        storm.kills += 1


@contextmanager
def load(storm: Storm, seed: int) -> Iterator[None]:
    """Load while the block runs: half of the visitors with a browser key, half bearers."""
    ended = threading.Event()
    with ThreadPoolExecutor(CROWD) as pool:
        parts = []
        for number in range(CROWD):
            if number % PER_VISITOR == 0:
                storm.visitors.append(Visitor(Key() if number % 2 else None))
            dice = random.Random(f"{seed} {number}")
            parts.append(pool.submit(storm.take_part, storm.visitors[-1], dice, ended))
        try:
            yield
        finally:
            ended.set()
        for part in parts:
            part.result()


def storm_over(
    folder: Path,
    *,
    rounds: int,
    seed: int = 1,
    workers: int = WORKERS,
    how: str = "--preload",
    **env: str,
) -> Storm:
    """Rounds of kills under load; new visitors come every few rounds.

    :param how: with `--preload` a new worker is a fork; without, it opens the file as it starts.
    """
    pid_file = folder / "pid"
    env |= {"GUNICORN_CMD_ARGS": f"{how} --pid {pid_file}"}
    dice = random.Random(seed)
    with serve(APP, folder, workers=workers, **SETTINGS, **env) as server:
        storm = Storm(server)
        for first in range(0, rounds, 5):
            with load(storm, seed + first):
                for _ in range(min(5, rounds - first)):
                    kill_some(storm, pid_file, dice)
        storm.settle()
        storm.exhaust()
        if "READ_THEN_WRITE" not in env:
            recovers(server, pid_file, workers)
    return storm


def recovers(server: Server, pid_file: Path, workers: int) -> None:
    """All workers are back, and strangers are served without a hitch."""
    end = time.monotonic() + 20
    while len(workers_of(pid_file)) < workers:
        assert time.monotonic() < end, "workers are missing"
        time.sleep(0.1)
    after = Storm(server)
    for _ in range(2 * workers):
        stranger = Visitor(None)
        after.ask(stranger, NETWORKS[0])
        [(challenge, (body, _))] = stranger.offers
        assert after.redeem(stranger, NETWORKS[0], challenge, body)[0] == 201
        assert after.view(stranger, NETWORKS[0], "ada") == 200
    assert after.resets == 0


def over_granted(storm: Storm) -> set[str]:
    """What was given that nobody has paid for."""
    found = set()
    if storm.pending:
        found.add("a challenge stays pending")
    if any(len(tokens) > 1 for tokens in storm.tokens.values()):
        found.add("a challenge was granted twice")
    for visitor in storm.visitors:
        if len(visitor.opened) > sum(visitor.units.values()):
            found.add("more profiles were opened than units bought")
    return found


def unsound(storm: Storm, path: Path) -> set[str]:
    """What is wrong with the answers, or with the file that the workers have left."""
    found = {
        f"{kind} was answered with {status} {code}"
        for kind, status, code in storm.answers
        if status >= 500 and status != 503
    }
    connection = apsw.Connection(str(path))
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        found.add("the file is broken")
    records = [unpack(row[0]) for row in connection.execute("SELECT record FROM visitors")]
    claims = connection.execute("SELECT claims FROM spent WHERE state = 'granted'").fetchall()
    if any(record.spent > record.bought for record in records):
        found.add("a record has spent more than it bought")
    if sum(record.bought for record in records) != sum(json.loads(c)["budget"] for (c,) in claims):
        found.add("records hold what no challenge was granted for, or less")
    connection.close()
    return found


@pytest.mark.timeout(600)
def test_r05_killed_workers_grant_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    rounds = 200 if request.config.getoption("--slow") else 50
    storm = storm_over(tmp_path, rounds=rounds)
    assert over_granted(storm) | unsound(storm, tmp_path / "challenge.db") == set()
    assert storm.kills >= rounds
    assert storm.resets > 0, "no kill has hit a request"
    assert len(storm.tokens) > rounds
    assert sum(len(visitor.opened) for visitor in storm.visitors) > rounds


def test_r05_workers_that_open_the_file_under_load(rounds: int, tmp_path: Path) -> None:
    storm = storm_over(tmp_path, rounds=rounds, workers=3, how="")
    assert over_granted(storm) | unsound(storm, tmp_path / "challenge.db") == set()
    assert storm.kills >= rounds


def test_r05_control_read_then_write_grants_more(tmp_path: Path) -> None:
    found = set()
    wanted = {
        "a challenge was granted twice",
        "more profiles were opened than units bought",
        "records hold what no challenge was granted for, or less",
    }
    for seed in range(5):
        folder = tmp_path / str(seed)
        folder.mkdir()
        storm = storm_over(folder, rounds=5, seed=seed, **HASTY)
        found |= over_granted(storm) | unsound(storm, folder / "challenge.db")
        if wanted <= found:
            break
    assert wanted <= found


# -- step by step


class Killed(BaseException):
    """The worker is gone: nothing of it runs any more, and nothing is cleaned up."""


class Doomed(SQLiteFile):
    """A worker's file; the worker dies once it has written that often."""

    writes_left = 10**6

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        if not self.writes_left:
            raise Killed()
        with super().transaction() as connection:
            yield connection
        self.writes_left -= 1


class Worker(World):
    """A worker over a file that it shares with others; each throws dice of its own."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(SQLiteStore(path), ramp=(5, 10, 20), band_burst=300)
        for _ in range(10 * number):
            self.ask()
        self.file = Doomed(path, max_bytes=2**30)
        self.store._file = self.file


@dataclass(frozen=True)
class Aftermath:
    """What is there when a redemption has been repeated after its worker's death."""

    #: tokens that the body was given; what it was refused with before it might be taken over
    tokens: set[str]
    refusals: set[str]
    #: whether another body was granted
    other_won: bool
    #: units bought in all records, and charged to the narrow band and to the wide one
    bought: int
    charged: tuple[int, ...]


def redeem_and_die(
    folder: Path, writes: int, *, renewal: bool, costs: int
) -> tuple[bool, Aftermath]:
    """Redeem with a worker that dies after that many writes, and then with another.

    :param costs: units of the page that is wanted.
    :returns: whether it died, and what came of it.
    """
    path, key = folder / f"{renewal}-{writes}.db", Key()
    doomed, other = Worker(path, 1), Worker(path, 2)
    before = key.buy(doomed).token if renewal else None
    if before is not None:
        doomed.opens(before, 1, 2, 3)
    body = key.body(doomed.ask(before, units=costs))
    doomed.file.writes_left = writes
    tokens, refusals = set(), set()
    try:
        tokens.add(doomed.redeem(body).token)
        died = False
    except Killed:
        died = True
    other_won = False
    if writes:  # else nothing was spent, and whoever comes first may have it
        other_won = not isinstance(attempt(other, body + b" "), Spent)
    for wait in (1, TAKEOVER_AFTER, 1):
        answer = attempt(other, body)
        if isinstance(answer, Sale):
            tokens.add(answer.token)
        else:
            refusals.add(answer.code)
        other.clock.now += wait
    other_won = other_won or not isinstance(attempt(other, body + b" "), Spent)
    return died, Aftermath(tokens, refusals, other_won, *held(path, doomed.clock.now))


def attempt(worker: Worker, body: bytes) -> Sale | ChallengeError:
    try:
        return worker.redeem(body)
    except ChallengeError as error:
        return error


def held(path: Path, now: float) -> tuple[int, tuple[int, ...]]:
    """Units bought in all records, and charged to each band."""
    connection = apsw.Connection(str(path))
    records = [unpack(row[0]) for row in connection.execute("SELECT record FROM visitors")]
    levels = [row[0] for row in connection.execute("SELECT level_ms FROM bands")]
    connection.close()
    # A unit is 75 s of an address's band, and 25 s of its wider network's.
    charged = sorted(round((level - now * 1000) / 25_000) for level in levels)
    return sum(record.bought for record in records), tuple(charged)


def deaths(folder: Path, *, renewal: bool, costs: int = 1) -> Iterator[Aftermath]:
    """One redemption for each write that it makes, each dead after another one."""
    for writes in range(50):
        died, aftermath = redeem_and_die(folder, writes, renewal=renewal, costs=costs)
        yield aftermath
        if not died:
            assert writes >= 4, "spent, reserved twice, recorded, settled"
            return


# Of a renewal the bands are charged for what its page lacks, one unit at least, and for the rest
# when it is read.
@pytest.mark.parametrize(
    ("renewal", "costs", "units", "taken"), [(False, 1, 5, 5), (True, 1, 15, 6), (True, 4, 15, 7)]
)
def test_r05_dead_at_any_step_it_is_one_sale(
    tmp_path: Path, renewal: bool, costs: int, units: int, taken: int
) -> None:
    for aftermath in deaths(tmp_path, renewal=renewal, costs=costs):
        assert len(aftermath.tokens) == 1
        assert aftermath.refusals <= {"in_progress"}
        assert not aftermath.other_won
        assert aftermath.bought == units
        assert aftermath.charged == (taken, 3 * taken)


def test_r05_control_a_store_that_forgets_the_first_winner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "claims = iif(expires <= :now, excluded.claims, claims)"
    assert kept in sqlite._SPEND
    forgetful = sqlite._SPEND.replace(kept, "claims = excluded.claims")
    monkeypatch.setattr(sqlite, "_SPEND", forgetful)
    assert {aftermath.bought for aftermath in deaths(tmp_path, renewal=False)} == {5, 10}
