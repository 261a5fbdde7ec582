"""The strict reading of what clients send: JSON and forms."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from .errors import Malformed

BODY_MAX = 16 * 1024
DEPTH_MAX = 8
INTEGER_MAX = 2**53
#: of a form
FIELDS_MAX = 20

# An unended string matches too, and nothing is tried twice: else 16 KiB cost a second.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def read_form(body: bytes) -> dict[str, object]:
    """The fields of a form (application/x-www-form-urlencoded), each of which stands there once.

    :raises Malformed: with a code that names what is wrong.
    """
    if len(body) > BODY_MAX:
        raise Malformed(f"{len(body)} bytes", code="body_too_large")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX,
            errors="strict",
        )  # fmt: skip
    except ValueError as error:
        raise Malformed(str(error), code="form_malformed") from error
    return _unique(list(pairs))


def read_object(body: bytes, *, limit: int = BODY_MAX) -> dict[str, Any]:
    """One JSON object, read strictly (RFC 8259, I-JSON's limits of RFC 7493).

    At most `limit` bytes and 8 levels, no duplicate names, whole numbers within 2^53 only
    (no field of ours is a fraction), well-formed Unicode.

    :raises Malformed: with a code that names what is wrong.
    """
    if len(body) > limit:
        raise Malformed(f"{len(body)} bytes", code="body_too_large")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(str(error), code="text_malformed") from error
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except ValueError as error:
        raise Malformed(str(error), code="json_malformed") from error
    if not isinstance(value, dict):
        raise Malformed("not an object", code="json_malformed")
    _check_text(value)
    return value


def _check_depth(text: str) -> None:
    # Before parsing: the parser itself gives up on deep nesting with a RecursionError.
    depth = 0
    for mark in re.findall(r"[\[\]{}]", _STRING.sub("", text)):
        depth += 1 if mark in "[{" else -1
        if depth > DEPTH_MAX:
            raise Malformed(f"over {DEPTH_MAX} levels", code="json_too_deep")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("a name stands twice", code="json_duplicate_name")
    return fields


def _integer(digits: str) -> int:
    # Length first: converting thousands of digits is slow, and refused by Python in its own way.
    if len(digits) > 17 or abs(number := int(digits)) > INTEGER_MAX:
        raise Malformed(f"{len(digits)} digits", code="json_number")
    return number


def _no_number(text: str) -> NoReturn:
    raise Malformed(text[:32], code="json_number")


def _check_text(value: object) -> None:
    # An escape can spell half a surrogate pair, which no later step could encode.
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Malformed(str(error), code="text_malformed") from error
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check_text(item)
