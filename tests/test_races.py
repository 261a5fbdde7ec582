"""One challenge is one grant and one budget, over four processes; each race has a control."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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


def identical_bodies(server: Server) -> None:
    """200 copies of one redemption: one token, nothing but 201 and 409, one budget."""
    body = redemption(ask(server))
    answers = post_together(server, REDEEM, [body] * CALLS)
    assert {status for status, _ in answers} <= {201, 409}
    codes = {json.loads(text)["code"] for status, text in answers if status == 409}
    assert codes <= {"in_progress"}
    tokens = {json.loads(text)["token"] for status, text in answers if status == 201}
    assert len(tokens) == 1
    assert open_profiles(server, tokens.pop(), range(BUDGET + 10)) == {200: BUDGET, 403: 10}


def different_bodies(server: Server) -> None:
    """200 different redemptions of one challenge: one grant, one budget."""
    offer = ask(server)
    fields = {"challenge": offer["challenge"], "answers": solve(offer)}
    bodies = [(json.dumps(fields) + " " * spaces).encode() for spaces in range(CALLS)]
    answers = post_together(server, REDEEM, bodies)
    statuses = Counter(status for status, _ in answers)
    assert statuses == {201: 1, 409: CALLS - 1}
    codes = {json.loads(text)["code"] for status, text in answers if status == 409}
    assert codes == {"spent"}
    [token] = [json.loads(text)["token"] for status, text in answers if status == 201]
    assert open_profiles(server, token, range(BUDGET + 10)) == {200: BUDGET, 403: 10}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("race", [identical_bodies, different_bodies])
def test_one_challenge_is_one_grant(race: Any, rounds: int, tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=WORKERS) as server:
        for _ in range(rounds):
            race(server)


@pytest.mark.parametrize("race", [identical_bodies, different_bodies])
def test_control_read_then_write_grants_more(race: Any, tmp_path: Path) -> None:
    served = serve(APP, tmp_path, workers=WORKERS, READ_THEN_WRITE="1")
    with served as server, pytest.raises(AssertionError):
        for _ in range(5):
            race(server)


def spend_budget(server: Server) -> None:
    """One clearance, 200 profiles at once: exactly the budget opens."""
    body = redemption(ask(server))
    [(status, text)] = post_together(server, REDEEM, [body])
    assert status == 201
    opened = open_profiles(server, json.loads(text)["token"], range(CALLS))
    assert opened == {200: BUDGET, 403: CALLS - BUDGET}


def test_a_budget_is_exact_over_processes(rounds: int, tmp_path: Path) -> None:
    with serve(APP, tmp_path, workers=WORKERS) as server:
        for _ in range(rounds):
            spend_budget(server)


def test_control_a_budget_read_and_then_written_is_not(tmp_path: Path) -> None:
    served = serve(APP, tmp_path, workers=WORKERS, READ_THEN_WRITE="1")
    with served as server, pytest.raises(AssertionError):
        for _ in range(5):
            spend_budget(server)


def test_a_spent_challenge_stays_spent_over_a_restart(tmp_path: Path) -> None:
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
    (tmp_path / "challenge.db").unlink()
    with serve(APP, tmp_path, workers=2) as server:
        # The control: without the row the same challenge would be granted to another body.
        assert post_together(server, REDEEM, [body + b" "])[0][0] == 201
