"""Strict JSON, and the two bodies of the browser."""

from __future__ import annotations

import json

import pytest

from challenge.errors import Malformed
from challenge.strict import BODY_MAX, read_object
from challenge.wire import read_ask, read_redemption


def code_of(body: bytes) -> str:
    with pytest.raises(Malformed) as refusal:
        read_object(body)
    return refusal.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json_malformed"),
        (b"[]", "json_malformed"),
        (b"null", "json_malformed"),
        (b'"text"', "json_malformed"),
        (b"{}{}", "json_malformed"),
        (b"{'a': 1}", "json_malformed"),
        (b'{"a": 1,}', "json_malformed"),
        (b'{"a": "line\nbreak"}', "json_malformed"),
        (b'\xef\xbb\xbf{"a": 1}', "json_malformed"),
        ('{"a": 1}'.encode("utf-16"), "text_malformed"),
        (b'{"a": "\xff"}', "text_malformed"),
        (b'{"a": "\xed\xa0\x80"}', "text_malformed"),
        (b'{"a": "\\ud800"}', "text_malformed"),
        (b'{"a": ["\\udfff"]}', "text_malformed"),
        (b'{"\\ud800": 1}', "text_malformed"),
        (b'{"a": NaN}', "json_number"),
        (b'{"a": Infinity}', "json_number"),
        (b'{"a": -Infinity}', "json_number"),
        (b'{"a": 1e999}', "json_number"),
        (b'{"a": 1.0}', "json_number"),
        (b'{"a": 9007199254740993}', "json_number"),
        (b'{"a": -9007199254740993}', "json_number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "json_number"),
        (b'{"a": 1, "a": 1}', "json_duplicate_name"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "json_duplicate_name"),
        (b'{"a": ' + b"[" * 8 + b"]" * 8 + b"}", "json_too_deep"),
        (b"[" * BODY_MAX, "json_too_deep"),
        (b'{"a":' * 3000, "json_too_deep"),
        (b'{"a": "' + b"x" * BODY_MAX + b'"}', "body_too_large"),
    ],
    ids=lambda value: str(value)[:32],
)
def test_what_is_refused(body: bytes, code: str) -> None:
    assert code_of(body) == code


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b' {"a": [1, -1, 0, true, null, "\\ud83d\\ude00"]} ',
        b'{"a": 9007199254740992}',
        b'{"a": ' + b"[" * 7 + b"]" * 7 + b"}",
        b'{"[[[[[[[[[[[[": "]]]]]}}}}}\\"[[[[[[[["}',
    ],
)
def test_what_is_read(body: bytes) -> None:
    assert read_object(body) == json.loads(body)


def test_an_ask() -> None:
    ask = read_ask(b'{"report": "1 2 3", "action": "page", "resource": "/people/ada"}')
    assert (ask.report, ask.action, ask.resource) == ("1 2 3", "page", "/people/ada")
    assert (ask.units, read_ask(b'{"units": 4}').units) == (1, 4)
    assert (ask.most, read_ask(b'{"most": 4}').most) == (None, 4)
    empty = read_ask(b"{}")
    assert (empty.report, empty.action, empty.resource) == ("", "page", "/")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"budget": 1000}, "field_unknown"),
        ({"report": 1}, "field_type"),
        ({"report": None}, "field_type"),
        ({"action": ["page"]}, "field_type"),
        ({"report": "é" * 301}, "report_too_large"),
        ({"action": ""}, "action_malformed"),
        ({"action": "a b"}, "action_malformed"),
        ({"action": "a" * 65}, "action_malformed"),
        ({"action": "page\n"}, "action_malformed"),
        ({"resource": "https://example.org/"}, "resource_malformed"),
        ({"resource": "/é"}, "resource_malformed"),
        ({"units": 0}, "units_malformed"),
        ({"units": 1001}, "units_malformed"),
        ({"units": True}, "units_malformed"),
        ({"units": "4"}, "units_malformed"),
        ({"most": 0}, "units_malformed"),
        ({"most": 1001}, "units_malformed"),
        ({"most": True}, "units_malformed"),
        ({"most": None}, "units_malformed"),
        ({"resource": "/" * 2049}, "resource_malformed"),
    ],
    ids=str,
)
def test_no_ask(body: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_ask(json.dumps(body).encode())
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "field_missing"),
        ({"challenge": "x"}, "field_missing"),
        ({"answers": []}, "field_missing"),
        ({"challenge": 1, "answers": []}, "field_type"),
        ({"challenge": "x", "answers": [], "threshold": "ffffffffffffffff"}, "field_unknown"),
    ],
    ids=str,
)
def test_no_redemption(body: dict[str, object], code: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_redemption(json.dumps(body).encode())
    assert refusal.value.code == code
