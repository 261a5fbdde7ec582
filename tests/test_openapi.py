"""The description in OpenAPI: valid, the one that is served, and what the server really does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from itertools import count
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError
from schemathesis import APIOperation, Case, CheckContext, GenerationMode, Response
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi import checks

from .describing import SERVED, Document, objections, operations, resolved, written
from .serving import Server, serve
from .test_protocol_codes import table_of_codes
from .test_responses import SECRET

EXAMPLES = 40
#: JSON Schema has no words for how a number is written, the length of text in bytes, and addresses
#: that no host has
UNSAYABLE = {"json_number", "report_too_large", "address_malformed"}


def accepts_what_is_allowed(ctx: CheckContext, answer: Response, case: Case) -> bool | None:
    is_problem = answer.headers["content-type"] == ["application/problem+json"]
    if is_problem and answer.json()["code"] in UNSAYABLE:
        return None
    return checks.positive_data_acceptance(ctx, answer, case)


CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    accepts_what_is_allowed,
    checks.negative_data_rejection,
]
ADDRESSES = count(0x20010DB8 << 96, 1 << 64)

# -- the document


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(written()).validate()


def test_control_a_document_with_a_lost_part_is_not_valid() -> None:
    document = written()
    del document["info"]["version"]
    with pytest.raises(OpenAPIValidationError):
        OpenAPIV31SpecValidator(document).validate()


def test_what_is_served_is_what_is_written() -> None:
    assert json.loads(SERVED.read_text()) == written(), "run ./run build and commit"


def test_it_is_served_to_all_and_kept_for_five_minutes(make_app: Callable[..., Flask]) -> None:
    answer = make_app(url_prefix="/gate").test_client().get("/gate/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.get_json() == written()


def test_every_route_is_described(make_app: Callable[..., Flask]) -> None:
    described = {(path, method.upper()) for path, method, _ in operations(written())}
    routes = set()
    for rule in make_app().url_map.iter_rules():
        path = rule.rule.removeprefix("/challenge").replace("<", "{").replace(">", "}")
        # All that is not described is not found; a site's colours are one more static file.
        if rule.endpoint.startswith("challenge.") and rule.endpoint not in (
            "challenge.nothing",
            "challenge.theme",
        ):
            routes |= {(path, m) for m in rule.methods or () if m not in ("HEAD", "OPTIONS")}
    assert routes == described


def schemas_with_examples(document: Document) -> Iterator[tuple[str, Document, Any]]:
    """Where it stands, schema and value of each example of a body."""
    for path, _, operation in operations(document):
        bodies = {"body": operation.get("requestBody", {})} | operation["responses"]
        for place, body in bodies.items():
            for media_type in body.get("content", {}).values():
                for name, example in media_type.get("examples", {}).items():
                    shared = example.get("$ref", "").rpartition("/")[2]
                    value = (document["components"]["examples"][shared] if shared else example)[
                        "value"
                    ]
                    yield f"{path} {place} {name}", media_type["schema"], value


def wrong_examples(document: Document) -> list[str]:
    return [
        f"{place}: {objections(document, schema, value)}"
        for place, schema, value in schemas_with_examples(document)
        if objections(document, schema, value)
    ]


def test_every_example_is_what_its_schema_says() -> None:
    assert len(list(schemas_with_examples(written()))) > 10
    assert wrong_examples(written()) == []


def test_control_a_wrong_example_is_found() -> None:
    document = written()
    # As YAML would read the digits without quotes.
    sold = document["paths"]["/v1/challenges"]["post"]["responses"]["201"]["content"]
    sold["application/json"]["examples"]["page"]["value"]["puzzle"]["threshold"] = 17179869184
    assert len(wrong_examples(document)) == 1


def codes(document: Document) -> set[tuple[int, str]]:
    """Each status with each code that it can have."""
    found = set()

    def look(status: int, part: object) -> None:
        if isinstance(part, dict):
            if "$ref" in part:
                look(status, resolved(document, part))
            for name, below in part.items():
                if name == "code" and "enum" in below:
                    found.update((status, code) for code in below["enum"])
                look(status, below)
        elif isinstance(part, list):
            for below in part:
                look(status, below)

    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            look(int(status), response)
    return found


def test_its_codes_are_those_of_the_protocols_page() -> None:
    only_gated_pages = {(403, "clearance_required"), (503, "prefetch")}
    assert codes(written()) == table_of_codes() - only_gated_pages


# -- the document against a server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"CHALLENGE_TRUSTED_PROXIES": "127.0.0.1", "CHALLENGE_SITE_SECRET": SECRET}
    folder = tmp_path_factory.mktemp("openapi")
    with serve("tests.racing:create_app()", folder, workers=1, **settings) as server:
        yield server


def fuzz(server: Server, operation: APIOperation, mode: GenerationMode) -> None:
    """Call an operation with what the document allows, or with what it does not.

    :raises Failure: or a group of them, for an answer that is not as the document says.
    """

    @seed(20261123)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def conforms(case: Case) -> None:
        # Each call from a network of its own: else wrong secrets would soon hide all else.
        headers = {"X-Forwarded-For": str(IPv6Address(next(ADDRESSES)))}
        if operation.path == "/v1/charges":
            headers["Authorization"] = f"Bearer {SECRET}"
        answer = case.call(base_url=f"{server.url}/challenge", headers=headers)
        case.validate_response(answer, checks=checks_of(operation.path))

    conforms()


def checks_of(path: str) -> list[Any]:
    # Siteverify says 200 and no, whatever is wrong, as its users expect.
    return [c for c in CHECKS if path != "/siteverify" or c is not checks.negative_data_rejection]


def described(document: Document, label: str) -> APIOperation:
    schema = schemathesis.openapi.from_dict(document)
    found = {operation.ok().label: operation.ok() for operation in schema.get_all_operations()}
    return found[label]


LABELS = [f"{method.upper()} {path}" for path, method, _ in operations(written())]
WITH_INPUT = [label for label in LABELS if label.startswith("POST") or label.endswith("wait")]


@pytest.mark.parametrize("label", LABELS)
def test_what_is_allowed_is_answered_as_described(server: Server, label: str) -> None:
    fuzz(server, described(written(), label), GenerationMode.POSITIVE)


@pytest.mark.parametrize("label", WITH_INPUT)
def test_what_is_not_allowed_is_refused_as_described(server: Server, label: str) -> None:
    fuzz(server, described(written(), label), GenerationMode.NEGATIVE)


def without_a_field(document: Document) -> None:
    offer = document["components"]["schemas"]["Offer"]
    del offer["properties"]["wait_ms"]
    offer["required"].remove("wait_ms")


def with_another_limit(document: Document) -> None:
    document["components"]["schemas"]["Ask"]["properties"]["units"]["maximum"] = 5000


def with_another_media_type(document: Document) -> None:
    content = document["paths"]["/v1/challenges"]["post"]["responses"]["201"]["content"]
    content["text/plain"] = content.pop("application/json")


def without_a_status(document: Document) -> None:
    del document["paths"]["/v1/challenges"]["post"]["responses"]["400"]


def without_a_code(document: Document) -> None:
    schema = document["paths"]["/v1/challenges"]["post"]["responses"]["400"]["content"]
    schema["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"] = [
        "json_malformed"
    ]


@pytest.mark.parametrize(
    "alter",
    [without_a_field, with_another_limit, with_another_media_type, without_a_status,
     without_a_code],
)  # fmt: skip
def test_control_another_document_is_contradicted(
    server: Server, alter: Callable[[Document], None]
) -> None:
    document = written()
    alter(document)
    operation = described(document, "POST /v1/challenges")
    with pytest.raises((Failure, FailureGroup)):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            fuzz(server, operation, mode)
