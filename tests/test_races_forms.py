"""A response is good once, however many ask at one moment, over four processes."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator

import pytest

from .independent_client import Client
from .serving import Server, post_together, serve
from .test_races import APP, CALLS, WORKERS
from .test_responses import SECRET, VERIFY

#: an address gets thirty responses at once
MOST_ROUNDS = 10


@pytest.fixture(scope="module", params=[{}, {"READ_THEN_WRITE": "0.005"}], ids=["", "control"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder, env = tmp_path_factory.mktemp("forms"), {"CHALLENGE_SITE_SECRET": SECRET}
    with serve(APP, folder, workers=WORKERS, **env, **request.param) as server:
        yield server


def successes(server: Server, bodies: list[bytes]) -> int:
    answers = post_together(server, VERIFY, bodies)
    assert Counter(status for status, _ in answers) == {200: len(bodies)}
    return sum(json.loads(body)["success"] for _, body in answers)


def test_of_200_calls_at_once_one_succeeds(server: Server, request: pytest.FixtureRequest) -> None:
    good = []
    for _ in range(MOST_ROUNDS):
        fields = {"secret": SECRET, "response": Client(server.url).response("signup")}
        good.append(successes(server, [json.dumps(fields).encode()] * CALLS))
    if "control" in request.node.name:
        assert max(good) > 1, "who looks first and writes then says yes to several"
    else:
        assert good == [1] * MOST_ROUNDS


def test_one_key_gets_one_answer_and_others_none(server: Server) -> None:
    for _ in range(3):
        fields = {"secret": SECRET, "response": Client(server.url).response("signup")}
        first = fields | {"idempotency_key": str(uuid.uuid4())}
        body = json.dumps(first).encode()
        assert successes(server, [body]) == 1
        assert successes(server, [body] * 20) == 20
        other = fields | {"idempotency_key": str(uuid.uuid4())}
        assert successes(server, [json.dumps(other).encode()] * 20) == 0
