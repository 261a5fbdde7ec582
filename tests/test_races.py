"""One challenge is one grant and one budget, over four processes; each race has a control."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import pytest

from .serving import Server, post_together, serve
from .solving import ASK, REDEEM, redemption, solve

APP = "tests.racing:create_app()"
WORKERS = 4
CALLS = 200
BUDGET = 20


def ask(server: Server) -> dict[str, Any]:
    status, _, body = server.call("POST", ASK, {"Content-Type": "application/json"}, b"{}")
    assert status == 201
    offer: dict[str, Any] = json.loads(body)
    return offer


def open_profiles(server: Server, token: str, names: range) -> Counter[int]:
    """Ask for profiles with a clearance, many at once."""
    cookie = {"Cookie": f"challenge-main={token}", "Accept": "application/json"}

    def view(name: int) -> int:
        return server.call("GET", f"/people/{name}", cookie)[0]

    with ThreadPoolExecutor(16) as pool:
        return Counter(pool.map(view, names))


@dataclass(frozen=True)
class Outcome:
    """What came of a race."""

    #: how often each status came, of redeeming
    statuses: Counter[int]
    codes: set[str]
    #: different tokens that were given out
    tokens: set[str]
    #: how often each status came, of asking for ten profiles more than a budget has
    views: Counter[int]

    @property
    def over_granted(self) -> bool:
        """Whether more was given than one challenge buys, and nothing else went wrong."""
        healthy = {*self.statuses, *self.views} <= {200, 201, 403, 409}
        return healthy and (len(self.tokens) > 1 or self.views[200] > BUDGET)


def redeem_together(server: Server, bodies: list[bytes], views: int = BUDGET + 10) -> Outcome:
    answers = post_together(server, REDEEM, bodies)
    fields = [(status, json.loads(text)) for status, text in answers]
    tokens = {body["token"] for status, body in fields if status == 201}
    opened: Counter[int] = Counter()
    for token in tokens:
        opened += open_profiles(server, token, range(views))
    codes = {body["code"] for status, body in fields if status != 201}
    return Outcome(Counter(status for status, _ in fields), codes, tokens, opened)


def identical_bodies(server: Server) -> Outcome:
    """200 copies of one redemption."""
    return redeem_together(server, [redemption(ask(server))] * CALLS)


def different_bodies(server: Server) -> Outcome:
    """200 different redemptions of one challenge."""
    offer = ask(server)
    fields = {"challenge": offer["challenge"], "answers": solve(offer)}
    bodies = [(json.dumps(fields) + " " * spaces).encode() for spaces in range(CALLS)]
    return redeem_together(server, bodies)


def one_body(server: Server) -> Outcome:
    """One redemption, and 200 profiles asked for at once."""
    return redeem_together(server, [redemption(ask(server))], views=CALLS)


@pytest.mark.timeout(1200)
def test_r01_identical_redemptions_are_one_grant(rounds: int, tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=WORKERS) as server:
        for _ in range(rounds):
            outcome = identical_bodies(server)
            assert outcome.statuses.keys() <= {201, 409}
            assert outcome.codes <= {"in_progress"}
            assert len(outcome.tokens) == 1
            assert outcome.views == {200: BUDGET, 403: 10}


@pytest.mark.timeout(1200)
def test_r07_different_redemptions_are_one_grant(rounds: int, tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=WORKERS) as server:
        for _ in range(rounds):
            outcome = different_bodies(server)
            assert outcome.statuses == {201: 1, 409: CALLS - 1}
            assert outcome.codes == {"spent"}
            assert outcome.views == {200: BUDGET, 403: 10}


@pytest.mark.timeout(1200)
def test_r03_a_budget_is_exact_over_processes(rounds: int, tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=WORKERS) as server:
        for _ in range(rounds):
            assert one_body(server).views == {200: BUDGET, 403: CALLS - BUDGET}


@pytest.mark.timeout(1200)
def test_r02_two_machines_on_one_redis_are_one(
    rounds: int, tmp_path: Path, store_uri: Callable[[str], str]
) -> None:
    setting = {"CHALLENGE_STORE_URI": store_uri("redis"), "workers": 2}
    with serve(APP, tmp_path, **setting) as one, serve(APP, tmp_path, **setting) as other:
        for _ in range(rounds // 5):
            offer = ask(one)
            fields = {"challenge": offer["challenge"], "answers": solve(offer)}
            body = json.dumps(fields).encode()
            bodies = [[body] * (CALLS // 4) + [body + b" " * n] * (CALLS // 4) for n in (1, 2)]
            with ThreadPoolExecutor(2) as pool:
                told = list(pool.map(post_together, (one, other), (REDEEM, REDEEM), bodies))
            answers = [(status, json.loads(text)) for part in told for status, text in part]
            tokens = {fields["token"] for status, fields in answers if status == 201}
            assert {status for status, _ in answers} <= {201, 409}
            assert len(tokens) == 1
            [token] = tokens
            with ThreadPoolExecutor(2) as pool:
                halves = (range(CALLS // 2), range(CALLS // 2, CALLS))
                views = list(pool.map(open_profiles, (one, other), (token, token), halves))
            assert views[0] + views[1] == {200: BUDGET, 403: CALLS - BUDGET}


@pytest.mark.parametrize("race", [identical_bodies, different_bodies, one_body])
def test_control_read_then_write_grants_more(
    race: Callable[[Server], Outcome], tmp_path: Path
) -> None:
    with serve(APP, tmp_path, workers=WORKERS, READ_THEN_WRITE="0.005") as server:
        assert any(race(server).over_granted for _ in range(5))


def test_r04_a_spent_challenge_stays_spent_over_a_restart(tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=2) as server:
        offer = ask(server)
        body = redemption(offer)
        [(status, before)] = post_together(server, REDEEM, [body])
        assert status == 201
    with serve(APP, tmp_path, workers=2) as server:
        [(status, after), (other, text)] = [
            post_together(server, REDEEM, [sent])[0] for sent in (body, body + b" ")
        ]
        assert (status, json.loads(after)["token"]) == (201, json.loads(before)["token"])
        assert (other, json.loads(text)["code"]) == (409, "spent")
    connection = apsw.Connection(str(tmp_path / "challenge.db"))
    connection.execute("DELETE FROM spent")
    connection.close()
    with serve(APP, tmp_path, workers=2) as server:
        # The control: without the row the same challenge would be granted to another body.
        assert post_together(server, REDEEM, [body + b" "])[0][0] == 201
