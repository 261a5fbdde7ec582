"""The bodies of the HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .core.networks import Address, UnknownAddress, client_address
from .errors import Malformed
from .strict import read_object

REPORT_MAX = 600
#: far more than any page costs
UNITS_MAX = 1000
#: a challenge or clearance, in characters
TOKEN_MAX = 2048

_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_RESOURCE = re.compile(r"/[\x21-\x7e]{0,2047}", re.ASCII)
_CDATA = re.compile(r"[A-Za-z0-9_-]{0,255}", re.ASCII)
#: what a challenge can buy; each is redeemed at its own call only
BUYS_CLEARANCE, BUYS_RESPONSE = "clearance", "response"
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
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
    #: units that the device wants at once, if it can't do the work for more
    most: int | None = None


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
    #: what shows that an interaction was done; still untyped but for being an object
    interaction: dict[str, Any] | None = None


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
    _only(fields, "report", "action", "resource", "units", "buys", "cdata", "sitekey", "most")
    report = _text(fields, "report", default="")
    action = _text(fields, "action", default="page")
    resource = _text(fields, "resource", default="/")
    if len(report.encode()) > REPORT_MAX:
        raise Malformed(f"report over {REPORT_MAX} bytes", code="report_too_large")
    if not _ACTION.fullmatch(action):
        raise Malformed("action", code="action_malformed")
    if not _RESOURCE.fullmatch(resource):
        raise Malformed("resource", code="resource_malformed")
    units = _units(fields, "units") or 1
    most = _units(fields, "most")
    buys = _text(fields, "buys", default=BUYS_CLEARANCE)
    if buys not in (BUYS_CLEARANCE, BUYS_RESPONSE):
        raise Malformed("buys", code="buys_malformed")
    cdata = _text(fields, "cdata", default="")
    if not _CDATA.fullmatch(cdata):
        raise Malformed("cdata", code="cdata_malformed")
    sitekey = _text(fields, "sitekey", default="")
    return Ask(report, action, resource, units, buys, cdata, sitekey, most)


def _units(fields: dict[str, Any], name: str) -> int | None:
    units = fields.get(name)
    if name not in fields:
        return None
    if type(units) is not int or not 1 <= units <= UNITS_MAX:
        raise Malformed(name, code="units_malformed")
    return units


def read_redemption(body: bytes) -> Redemption:
    """:raises Malformed: unless the body is exactly a redemption."""
    fields = read_object(body)
    _only(fields, "challenge", "answers", "interaction", "key", "proof")
    if "answers" not in fields:
        raise Malformed("answers", code="field_missing")
    if ("key" in fields) != ("proof" in fields):
        raise Malformed("key and proof go together", code="field_missing")
    return Redemption(
        challenge=_text(fields, "challenge"),
        answers=fields["answers"],
        key=_key(fields["key"]) if "key" in fields else None,
        proof=_text(fields, "proof", default=""),
        interaction=_interaction(fields),
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


def _only(fields: dict[str, Any], *known: str) -> None:
    if not fields.keys() <= set(known):
        raise Malformed(f"{len(fields.keys() - set(known))} names", code="field_unknown")


def _interaction(fields: dict[str, Any]) -> dict[str, Any] | None:
    value = fields.get("interaction")
    if "interaction" in fields and not isinstance(value, dict):
        raise Malformed("interaction", code="interaction_malformed")
    return value


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
