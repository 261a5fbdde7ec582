"""The strict reading of JSON, and the bodies of the HTTP API."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from .core.networks import Address, UnknownAddress, client_address
from .errors import Malformed

BODY_MAX = 16 * 1024
DEPTH_MAX = 8
INTEGER_MAX = 2**53
REPORT_MAX = 600
#: far more than any page costs
UNITS_MAX = 1000
#: a challenge or clearance, in characters
TOKEN_MAX = 2048

# An unended string matches too, and nothing is tried twice: else 16 KiB cost a second.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_RESOURCE = re.compile(r"/[\x21-\x7e]{0,2047}", re.ASCII)
_CDATA = re.compile(r"[A-Za-z0-9_-]{0,255}", re.ASCII)
#: what a challenge can buy; each is redeemed at its own call only
BUYS_CLEARANCE, BUYS_RESPONSE = "clearance", "response"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
#: of a form
FIELDS_MAX = 20
#: longer than any address or site key
_SHORT_MAX = 100


@dataclass(frozen=True, slots=True)
class Ask:
    """The body of `POST /challenges`."""

    #: the behaviour report exactly as sent, empty without one
    report: str
    #: what the page says the challenge is for
    action: str
    #: the path of the page that asks, empty if it does not say
    resource: str
    #: units that the page costs: fewer would be of no use, so they are waited for
    units: int
    #: what the solved challenge is to buy: "clearance" or "response"
    buys: str = BUYS_CLEARANCE
    #: the page's own words about a response, handed to who verifies it
    cdata: str = ""
    #: whom the page takes the gate to be for; empty if it does not say
    sitekey: str = ""


@dataclass(frozen=True, slots=True)
class Redemption:
    """The body of `POST /clearances`."""

    #: the signed challenge
    challenge: str
    #: still untyped: the puzzle's kind knows their form
    answers: object
    #: the browser key's public half as a JWK, and its proof; both or none
    key: dict[str, str] | None
    proof: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The body of `POST /responses`."""

    #: the signed challenge
    challenge: str
    #: still untyped: the puzzle's kind knows their form
    answers: object


@dataclass(frozen=True, slots=True)
class ChargeCall:
    """The body of `POST /charges`."""

    #: the clearance
    token: str
    profile: str
    #: the client's, as the calling service sees it
    address: Address
    #: the profile's class
    sensitivity: str


@dataclass(frozen=True, slots=True)
class Siteverify:
    """The fields of `POST /siteverify`; empty where they were not sent."""

    secret: str
    response: str
    #: a UUID: a repeated call with it gets the same answer
    idempotency_key: str
    sitekey: str


def read_ask(body: bytes) -> Ask:
    """:raises Malformed: unless the body is exactly an ask."""
    fields = read_object(body)
    _only(fields, "report", "action", "resource", "units", "buys", "cdata", "sitekey")
    report = _text(fields, "report", default="")
    action = _text(fields, "action", default="page")
    resource = _text(fields, "resource", default="/")
    if len(report.encode()) > REPORT_MAX:
        raise Malformed(f"report over {REPORT_MAX} bytes", code="report_too_large")
    if not _ACTION.fullmatch(action):
        raise Malformed("action", code="action_malformed")
    if not _RESOURCE.fullmatch(resource):
        raise Malformed("resource", code="resource_malformed")
    units = fields.get("units", 1)
    if type(units) is not int or not 1 <= units <= UNITS_MAX:
        raise Malformed("units", code="units_malformed")
    buys = _text(fields, "buys", default=BUYS_CLEARANCE)
    if buys not in (BUYS_CLEARANCE, BUYS_RESPONSE):
        raise Malformed("buys", code="buys_malformed")
    cdata = _text(fields, "cdata", default="")
    if not _CDATA.fullmatch(cdata):
        raise Malformed("cdata", code="cdata_malformed")
    sitekey = _text(fields, "sitekey", default="")
    return Ask(report, action, resource, units, buys, cdata, sitekey)


def read_redemption(body: bytes) -> Redemption:
    """:raises Malformed: unless the body is exactly a redemption."""
    fields = read_object(body)
    _only(fields, "challenge", "answers", "key", "proof")
    if "answers" not in fields:
        raise Malformed("answers", code="field_missing")
    if ("key" in fields) != ("proof" in fields):
        raise Malformed("key and proof go together", code="field_missing")
    return Redemption(
        challenge=_text(fields, "challenge"),
        answers=fields["answers"],
        key=_key(fields["key"]) if "key" in fields else None,
        proof=_text(fields, "proof", default=""),
    )


def read_answered(body: bytes) -> Answered:
    """:raises Malformed: unless the body is exactly a challenge with its answers."""
    fields = read_object(body)
    _only(fields, "challenge", "answers")
    if "answers" not in fields:
        raise Malformed("answers", code="field_missing")
    return Answered(challenge=_text(fields, "challenge"), answers=fields["answers"])


def read_charge(body: bytes) -> ChargeCall:
    """:raises Malformed: unless the body is exactly a charge."""
    fields = read_object(body)
    _only(fields, "token", "profile", "address", "sensitivity")
    try:
        address = client_address(_text(fields, "address"), (), ())
    except UnknownAddress as error:
        raise Malformed("address", code="address_malformed") from error
    return ChargeCall(
        token=_text(fields, "token"),
        profile=_text(fields, "profile"),
        address=address,
        sensitivity=_text(fields, "sensitivity", default="normal"),
    )


def read_siteverify(fields: Mapping[str, object]) -> Siteverify:
    """The fields of a form or JSON object, each of which stands there once.

    :raises Malformed: for others than `secret`, `response`, `remoteip`, `idempotency_key` and
        `sitekey`, or of another form.
    """
    known = ("secret", "response", "remoteip", "idempotency_key", "sitekey")
    _only(dict(fields), *known)
    texts = {name: _text(dict(fields), name, default="") for name in known}
    if any(len(texts[name]) > _SHORT_MAX for name in ("remoteip", "idempotency_key", "sitekey")):
        raise Malformed("a field is too long", code="field_type")
    if texts["idempotency_key"] and not _UUID.fullmatch(texts["idempotency_key"]):
        raise Malformed("idempotency_key is no UUID", code="field_type")
    return Siteverify(
        secret=texts["secret"],
        response=texts["response"],
        idempotency_key=texts["idempotency_key"].lower(),
        sitekey=texts["sitekey"],
    )


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


def _only(fields: dict[str, Any], *known: str) -> None:
    if not fields.keys() <= set(known):
        raise Malformed(f"{len(fields.keys() - set(known))} names", code="field_unknown")


def _key(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or value.keys() != {"kty", "crv", "x", "y"}:
        raise Malformed("key", code="key_malformed")
    if (value["kty"], value["crv"]) != ("EC", "P-256"):
        raise Malformed("key", code="key_malformed")
    for name in ("x", "y"):
        if len(_text(value, name)) != 43:
            raise Malformed("key", code="key_malformed")
    return value


def _text(fields: dict[str, Any], name: str, *, default: str | None = None) -> str:
    if name not in fields:
        if default is None:
            raise Malformed(name, code="field_missing")
        return default
    value = fields[name]
    if not isinstance(value, str):
        raise Malformed(name, code="field_type")
    return value
