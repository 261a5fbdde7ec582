"""The description in OpenAPI against answers that random bodies never get."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from .describing import Document, objections, resolved, written
from .independent_client import Answer, Client, solve
from .serving import serve
from .test_responses import SECRET


@dataclass
class Watched(Client):
    """A client that remembers what it was told, and by which call."""

    told: list[tuple[str, Answer]] = field(default_factory=list)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = super().send(method, path, body, headers)
        if path.startswith("/challenge/"):
            called = path.removeprefix("/challenge").partition("?")[0]
            if called.startswith("/static/"):
                called = "/static/{name}"
            self.told.append((f"{method.lower()} {called}", answer))
        return answer

    def tell(self, path: str, fields: object, **headers: str) -> Answer:
        sent = {"Content-Type": "application/json", **headers}
        return self.send("POST", f"/challenge/{path}", json.dumps(fields).encode(), sent)


def contradictions(document: Document, call: str, answer: Answer) -> list[str]:
    """How an answer differs from what the document says of this call."""
    method, path = call.split()
    responses = document["paths"][path][method]["responses"]
    if str(answer.status) not in responses:
        return [f"{call}: {answer.status}"]
    response = resolved(document, responses[str(answer.status)])
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    if media_type not in response["content"]:
        return [f"{call}: {media_type}"]
    found = []
    for name, header in response.get("headers", {}).items():
        header = resolved(document, header)
        value: object = answer.headers.get(name.lower())
        if header["schema"].get("type") == "integer" and isinstance(value, str):
            value = int(value)
        if value is not None or header.get("required"):
            found += objections(document, header["schema"], value)
    if media_type.endswith("json"):
        found += objections(document, response["content"][media_type]["schema"], answer.json)
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[str, Answer]]]:
    """What a client is told that buys, reads, repeats itself, fills in a form, and guesses."""
    folder = tmp_path_factory.mktemp("answers")
    with serve("tests.racing:create_app()", folder, workers=1, CHALLENGE_SITE_SECRET=SECRET) as at:
        client = Watched(at.url)
        client.read("/people/ada")
        client.standing()
        offer = client.ask({"buys": "response"}).json
        answers = solve(offer["challenge"], offer["puzzle"])
        body = json.dumps({"challenge": offer["challenge"], "answers": answers}).encode()
        client.post("clearances", body)
        for again in (body, body, body + b" "):
            client.post("responses", again)
        form = {"secret": SECRET, "response": client.response("signup")}
        token = client.cookie.partition("=")[2]
        charge = {"token": token, "profile": "bea", "address": "192.0.2.7"}
        for secret in (SECRET, SECRET, *["wrong"] * 11):
            client.tell("siteverify", form | {"secret": secret})
            client.tell("v1/charges", charge, Authorization=f"Bearer {secret}")
        for path in ("v1/wait?to=/", "jwks.json", "static/challenge.js", "static/none.js"):
            client.send("GET", f"/challenge/{path}")
        client.send("GET", "/challenge/healthz", headers={"Authorization": f"Bearer {SECRET}"})
        yield client.told


def test_what_a_real_client_is_told_is_as_described(told: list[tuple[str, Answer]]) -> None:
    assert [c for call, answer in told for c in contradictions(written(), call, answer)] == []
    statuses = {(call.partition(" ")[2], answer.status) for call, answer in told}
    assert statuses == {
        ("/v1/challenges", 201),
        ("/v1/clearances", 201),
        ("/v1/clearances", 403),
        ("/v1/clearance", 200),
        ("/v1/responses", 201),
        ("/v1/responses", 409),
        ("/siteverify", 200),
        ("/siteverify", 429),
        ("/v1/charges", 200),
        ("/v1/charges", 401),
        ("/v1/charges", 429),
        ("/v1/wait", 200),
        ("/jwks.json", 200),
        ("/static/{name}", 200),
        ("/static/{name}", 404),
        ("/healthz", 200),
    }


def test_control_another_document_is_contradicted(told: list[tuple[str, Answer]]) -> None:
    document = written()
    for name in ("Sale", "Receipt", "Charged", "Verified"):
        schema = document["components"]["schemas"][name]
        schema["required"] = [*schema["required"], "more"]
    wrong = {call for call, answer in told if contradictions(document, call, answer)}
    assert wrong == {
        "post /v1/clearances",
        "post /v1/responses",
        "post /v1/charges",
        "post /siteverify",
    }
