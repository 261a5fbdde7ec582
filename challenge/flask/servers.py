"""What a site's own servers call, with its secret: siteverify and charges."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from .. import strict, wire
from ..core.models import Client
from ..core.models import Response as FormResponse
from ..errors import (
    ChallengeError,
    Expired,
    InProgress,
    Malformed,
    Queued,
    SecretRefused,
    Spent,
    TokenRefused,
    WrongMediaType,
)
from ..tally.books import CLASS_UNITS
from .answers import json_answer
from .client import client, current_tally

log = logging.getLogger("challenge")

FORM = "application/x-www-form-urlencoded"
#: seconds that a caller who was refused for a time is told to wait, where nothing says how long
RETRY_AFTER_S = 2


def siteverify() -> Response:
    """`POST /siteverify`: whether a response is good, as users of reCAPTCHA and Turnstile know it.

    Always 200 with `success`, but for callers that have to wait: 429 and 503.
    """
    try:
        return json_answer(_verified(), 200)
    except Queued as error:
        answer = json_answer(_failure("internal-error"), 429)
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    except ChallengeError as error:
        if error.status < 500:
            return json_answer(_failure(_public_code(error)), 200)
        log.error("siteverify: %s %r", error.code, error.detail)
        answer = json_answer(_failure("internal-error"), 503)
        answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer


def charge() -> Response:
    """`POST /v1/charges`: charge a clearance's budget for a service that verified it offline."""
    tally = current_tally()
    tally.check_secret(_bearer(), client(tally.settings))
    if request.mimetype != "application/json":
        raise WrongMediaType(request.mimetype)
    call = wire.read_charge(_body())
    if call.sensitivity not in CLASS_UNITS:
        raise Malformed("sensitivity", code="sensitivity_malformed")
    admission = tally.admit(
        call.token, call.profile, Client(call.address), sensitivity=call.sensitivity
    )
    fields = {
        "remaining": admission.remaining,
        "charged": admission.units,
        "expires_in": admission.expires_in,
    }
    return json_answer(fields, 200)


def _verified() -> dict[str, Any]:
    tally = current_tally()
    call = wire.read_siteverify(_fields())
    if not call.secret:
        return _failure("missing-input-secret")
    tally.check_secret(call.secret, client(tally.settings))
    if not call.response:
        return _failure("missing-input-response")
    if call.sitekey not in ("", tally.settings.site_key, *tally.settings.test_keys):
        return _failure("sitekey-mismatch")
    return _success(tally.verify_response(call.response, call.idempotency_key))


def _fields() -> dict[str, object]:
    """The fields of a form or of a JSON object, none of which may stand there twice.

    :raises Malformed: for anything else, and for anything in the query.
    """
    if request.query_string:
        raise Malformed("fields in the query", code="field_unknown")
    if request.mimetype == "application/json":
        return strict.read_object(_body())
    if request.mimetype == FORM:
        return strict.read_form(_body())
    raise Malformed(request.mimetype, code="unsupported_media_type")


def _body() -> bytes:
    return request.stream.read(strict.BODY_MAX + 1)


def _bearer() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _success(response: FormResponse) -> dict[str, Any]:
    issued = datetime.fromtimestamp(response.issued, UTC)
    return {
        "success": True,
        "challenge_ts": issued.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "hostname": response.hostname,
        "error-codes": [],
        "action": response.action,
        "cdata": response.cdata,
    }


def _failure(code: str) -> dict[str, Any]:
    return {"success": False, "error-codes": [code]}


def _public_code(error: ChallengeError) -> str:
    """The error in the words that users of siteverify know."""
    if isinstance(error, SecretRefused):
        return "invalid-input-secret"
    if isinstance(error, (Spent, Expired)):
        return "timeout-or-duplicate"
    if isinstance(error, TokenRefused):
        return "invalid-input-response"
    if isinstance(error, InProgress):
        return "internal-error"
    return "bad-request"
