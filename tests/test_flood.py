"""Junk redemptions from one network, and an honest visitor who comes from another meanwhile."""

from __future__ import annotations

import base64
import http.client
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from .flooding import flood, flooding, most, request
from .serving import Server, serve
from .solving import ASK, REDEEM, redemption

APP = "tests.racing:create_app()"
WORKERS = 2
SETTINGS = {
    "CHALLENGE_TRUSTED_PROXIES": "127.0.0.1",
    "CHALLENGE_PRICE_MS": "5",
    "CHALLENGE_QUOTE_LIFETIME": "600",
}
ON, OFF = "60", "1000000"
FLOODER, ACCOMPLICE, HONEST = "198.51.100.7", "198.51.100.8", "203.0.113.9"
#: who visits at a time, and what a visit may take
VISITORS, LONGEST = 2, 10.0
REACH = 0.99

Junk = Callable[[Server], list[bytes]]


class Site:
    """Calls to a server from an address."""

    def __init__(self, server: Server, address: str) -> None:
        self.server = server
        self.headers = {"X-Forwarded-For": address, "Content-Type": "application/json"}

    def post(self, path: str, body: bytes) -> dict[str, object]:
        status, _, answer = self.server.call("POST", path, self.headers, body)
        assert status == 201, answer
        fields: dict[str, object] = json.loads(answer)
        return fields

    def read(self, token: object) -> int:
        cookie = {"Cookie": f"__Host-challenge-main={token}"}
        return self.server.call("GET", "/people/ada", self.headers | cookie)[0]


# -- junk


def forged(server: Server) -> list[bytes]:
    """Challenges that nobody has signed, each another."""
    challenge = str(Site(server, FLOODER).post(ASK, b"{}")["challenge"])
    unsigned = challenge.rpartition(".")[0]
    signatures = (base64.urlsafe_b64encode(os.urandom(32)).rstrip(b"=") for _ in range(500))
    tokens = (f"{unsigned}.{signature.decode()}" for signature in signatures)
    return [json.dumps({"challenge": token, "answers": [1] * 16}).encode() for token in tokens]


def wrong(server: Server, length: int = 16) -> list[bytes]:
    """A real challenge with wrong answers."""
    challenge = Site(server, FLOODER).post(ASK, b"{}")["challenge"]
    bodies = ({"challenge": challenge, "answers": [10**12 + n] * length} for n in range(500))
    return [json.dumps(body).encode() for body in bodies]


def longest(server: Server) -> list[bytes]:
    """The dearest to look at: with as many answers as a body holds."""
    return wrong(server, 1000)


def replayed(server: Server) -> list[bytes]:
    """A redemption that has been sold, word for word and in other words."""
    body = sold(server)
    return [body + b" " * spaces for spaces in (*range(500), *[0] * 500)]


def repeated(server: Server) -> list[bytes]:
    """A redemption that has been sold, word for word: it gets its token again each time."""
    return [sold(server)]


def sold(server: Server) -> bytes:
    site = Site(server, ACCOMPLICE)
    body = redemption(site.post(ASK, b"{}"))
    site.post(REDEEM, body)
    return body


# -- visits


class Visits(list[tuple[bool, float]]):
    """Of each visit whether its page came, and after how many seconds."""

    @property
    def share(self) -> float:
        """Of visits whose page came in time."""
        return sum(came and took <= LONGEST for came, took in self) / len(self)

    def __str__(self) -> str:
        ordered = sorted(took for _, took in self)
        p99 = ordered[int(len(ordered) * 0.99)]
        return (
            f"{self.share:.1%} of {len(self)} visits within {LONGEST:.0f} s,"
            f" p50 {median(ordered):.2f} s, p99 {p99:.2f} s"
        )


def visit(site: Site) -> bool:
    """Ask, solve, redeem and read, as somebody who has never been here."""
    try:
        offer = site.post(ASK, b"{}")
        sale = site.post(REDEEM, redemption(offer))
        return site.read(sale["token"]) == 200
    except (AssertionError, OSError, http.client.HTTPException):
        return False


def visits(server: Server, address: str, seconds: float) -> Visits:
    """Visits one after the other, by a few at a time, until the time is up."""
    ends, seen, site = time.monotonic() + seconds, Visits(), Site(server, address)

    def come() -> None:
        while (start := time.monotonic()) < ends:
            came = visit(site)
            seen.append((came, time.monotonic() - start))

    threads = [threading.Thread(target=come) for _ in range(VISITORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


# -- the flood


@dataclass(frozen=True)
class Outcome:
    """A flood, and the visits meanwhile."""

    #: calls a second that were sent
    rate: float
    statuses: dict[int, int]
    visits: Visits

    def __str__(self) -> str:
        return f"{self.rate:.0f}/s sent, answers {self.statuses}; {self.visits}"


@contextmanager
def site(folder: Path, failure_burst: str = ON) -> Iterator[Server]:
    with serve(
        APP, folder, workers=WORKERS, **SETTINGS, CHALLENGE_FAILURE_BURST=failure_burst
    ) as server:
        yield server


def requests_of(server: Server, junk: Junk) -> Sequence[bytes]:
    return [request(server.port, REDEEM, FLOODER, body) for body in junk(server)]


def just_answered(server: Server, junk: Junk, seconds: float) -> float:
    """Junk redemptions a second, when each answer is followed by the next call."""
    with flooding() as process:
        return process.submit(most, server.port, requests_of(server, junk), seconds).result()


def under_flood(
    server: Server, junk: Junk, rate: float, seconds: float, *,
    visitor: str = HONEST, settle: float = 1,
) -> Outcome:  # fmt: skip
    """Visits while so many junk redemptions a second are sent.

    :param settle: seconds of flood before the first visit.
    """
    requests, whole = requests_of(server, junk), seconds + settle + 1
    with flooding() as process:
        flooded = process.submit(flood, server.port, requests, rate, whole)
        time.sleep(settle)
        seen = visits(server, visitor, seconds)
        told = flooded.result()
    return Outcome(told.sent / whole, dict(told.statuses), seen)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with site(tmp_path_factory.mktemp("flood")) as server:
        yield server


@pytest.fixture(scope="module")
def rate(server: Server) -> float:
    """Half of what can just be answered of the dearest junk."""
    return just_answered(server, longest, 1) / 2


def test_a_visitor_from_elsewhere_is_served(server: Server, rate: float) -> None:
    outcome = under_flood(server, longest, rate, 2)
    assert outcome.statuses[429] > outcome.rate, "the flood has come, and was refused"
    assert max(outcome.statuses) < 500
    assert outcome.visits.share >= REACH


def test_control_a_visitor_from_the_same_network_is_not(server: Server, rate: float) -> None:
    assert under_flood(server, longest, rate, 1, visitor=FLOODER).visits.share < REACH


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("junk", [forged, wrong, longest, replayed, repeated])
def test_a_visitor_is_served_for_half_a_minute(
    server: Server, junk: Junk, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = just_answered(server, junk, 5)
    outcome = under_flood(server, junk, answered / 2, 30)
    with capsys.disabled():
        print(f"\n{junk.__name__}: {answered:.0f}/s can just be answered, {outcome}")
    assert max(outcome.statuses) < 500
    assert outcome.visits.share >= REACH


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_control_without_a_budget_the_same_flood_keeps_visitors_out(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rate = just_answered(server, longest, 5) / 2
    with site(tmp_path, failure_burst=OFF) as unguarded:
        outcome = under_flood(unguarded, longest, rate, 15, settle=15)
    with capsys.disabled():
        print(f"\nwithout a budget: {outcome}")
    assert outcome.visits.share < REACH
