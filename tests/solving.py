"""A visitor without a browser: asks, solves, redeems."""

from __future__ import annotations

import json
from typing import Any

from flask.testing import FlaskClient

from challenge.core import puzzles
from challenge.core.puzzles.sha256 import output

ASK = "/challenge/v1/challenges"
REDEEM = "/challenge/v1/clearances"


def solve(offer: dict[str, Any]) -> list[int]:
    """The smallest nonce of each sub-puzzle."""
    seed = puzzles.seed(offer["challenge"])
    threshold = int(offer["puzzle"]["threshold"], 16)
    answers = []
    for index in range(offer["puzzle"]["count"]):
        nonce = 0
        while output(seed, index, nonce) > threshold:
            nonce += 1
        answers.append(nonce)
    return answers


def redemption(offer: dict[str, Any]) -> bytes:
    """The body that redeems an offer."""
    return json.dumps({"challenge": offer["challenge"], "answers": solve(offer)}).encode()


def buy(client: FlaskClient) -> dict[str, Any]:
    """Buy a clearance; the client keeps the cookie."""
    offer = client.post(ASK, json={}).get_json()
    sale = client.post(REDEEM, data=redemption(offer), content_type="application/json")
    assert sale.status_code == 201, sale.text
    bought: dict[str, Any] = sale.get_json()
    return bought
