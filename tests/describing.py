"""The description in OpenAPI, and what a schema of it has against a value."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from .serving import ROOT

YAML = ROOT / "docs" / "openapi.yaml"
SERVED = ROOT / "challenge" / "openapi.json"

Document = dict[str, Any]


def written() -> Document:
    """The document, to do with as one likes."""
    return deepcopy(_parsed())


@cache
def _parsed() -> Document:
    document: Document = yaml.safe_load(YAML.read_text())
    return document


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Path, method and operation of each call."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def objections(document: Document, schema: Document, value: object) -> list[str]:
    """What the document's schema has against a value."""
    whole = {**schema, "components": document["components"]}
    found = Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value)
    return [error.message for error in found]


def resolved(document: Document, part: Document) -> Document:
    """The part itself, or what it refers to."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].split("/")[1:]:
        found = found[name]
    return found
