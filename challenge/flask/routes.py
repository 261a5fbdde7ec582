"""The gate's own routes, under the configured prefix."""

from __future__ import annotations

import hmac
import re
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import HTTPException

from .. import assets, strict, wire
from ..config import Settings
from ..errors import ChallengeError, ForeignOrigin, WrongMediaType
from . import signals
from .answers import json_answer, problem
from .client import client, cookie, current_tally, headers, passes_queue, set_cookie
from .servers import charge, siteverify
from .theming import theme_file
from .waiting import wait

HASHED_MAX_AGE = 365 * 86_400
FIXED_MAX_AGE = 300
JWKS_MAX_AGE = 300
OPENAPI_MAX_AGE = 300
HOSTNAME_MAX = 253
_DEFAULT_PORT = re.compile(r":(80|443)\Z")


def blueprint() -> Blueprint:
    """A new blueprint; each app has its own."""
    routes = Blueprint("challenge", "challenge", template_folder="templates")
    routes.add_url_rule("/v1/challenges", "ask", _ask, methods=["POST"])
    routes.add_url_rule("/v1/clearances", "redeem", _redeem, methods=["POST"])
    routes.add_url_rule("/v1/responses", "respond", _respond, methods=["POST"])
    routes.add_url_rule("/v1/charges", "charge", charge, methods=["POST"])
    routes.add_url_rule("/siteverify", "siteverify", siteverify, methods=["POST"])
    routes.add_url_rule("/v1/clearance", "holding", _holding)
    routes.add_url_rule("/v1/wait", "wait", wait)
    routes.add_url_rule("/jwks.json", "jwks", _jwks)
    routes.add_url_rule("/healthz", "healthz", _healthz)
    routes.add_url_rule("/openapi.json", "openapi", _openapi)
    routes.add_url_rule("/static/<name>", "static_file", _static_file)
    routes.add_url_rule("/static/theme.<digest>.css", "theme", theme_file)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes.add_url_rule("/<path:name>", "nothing", _nothing, methods=methods)
    routes.register_error_handler(ChallengeError, problem)
    routes.register_error_handler(HTTPException, _http_problem)
    return routes


def _nothing(name: str) -> Response:
    return _coded(404, "not_found")


def _http_problem(error: HTTPException) -> Response:
    return _coded(error.code or 500, error.name.lower().replace(" ", "_"))


def _coded(status: int, code: str) -> Response:
    body = {"type": "about:blank", "status": status, "code": code}
    return json_answer(body, status, "application/problem+json")


def _body(settings: Settings) -> bytes:
    """The body of a browser's call, after the checks that cost nothing.

    :raises WrongMediaType: unless it says it is JSON.
    :raises ForeignOrigin: if another site's page sends it.
    """
    if request.mimetype != "application/json":
        raise WrongMediaType(request.mimetype)
    origin = request.headers.get("Origin")
    if origin not in settings.allowed_origins:
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise ForeignOrigin("Sec-Fetch-Site")
        # Hosts only: behind a proxy that ends TLS the scheme seen here is not the browser's.
        if origin is not None and _host_of(origin) != _DEFAULT_PORT.sub("", request.host):
            raise ForeignOrigin("Origin is not Host")
    return request.stream.read(strict.BODY_MAX + 1)


def _host_of(origin: str) -> str | None:
    scheme, separator, host = origin.partition("://")
    return _DEFAULT_PORT.sub("", host) if scheme and separator and host else None


def _ask() -> Response:
    tally = current_tally()
    who = client(tally.settings)
    tally.bans.refuse(who.address)
    ask = wire.read_ask(_body(tally.settings))
    offer = asdict(tally.quote(ask, cookie(tally.settings), who, headers()))
    offer["puzzle"]["threshold"] = f"{offer['puzzle']['threshold']:016x}"
    if offer["interaction"] is None:
        del offer["interaction"]
    return json_answer(offer, 201)


def _redeem() -> Response:
    tally = current_tally()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    try:
        who = client(tally.settings, signed_in=True)
        tally.bans.refuse(who.address)
        sale = tally.redeem(_body(tally.settings), who)
    except ChallengeError as error:
        signals.redeem_refused.send(app, code=error.code)
        raise
    signals.clearance_sold.send(app, units=sale.budget)
    body = asdict(sale)
    del body["current"], body["renewable"]
    response = json_answer(body, 201)
    if sale.current:
        set_cookie(response, tally.settings, sale)
    return response


def _respond() -> Response:
    tally = current_tally()
    who = client(tally.settings)
    tally.bans.refuse(who.address)
    body = _body(tally.settings)
    return json_answer(asdict(tally.respond(body, who, _hostname())), 201)


def _hostname() -> str:
    """Of the page that calls: where its Origin says so, since another site's may call too."""
    host = _host_of(request.headers.get("Origin", "")) or request.host
    return re.sub(r":[0-9]*\Z", "", host)[:HOSTNAME_MAX]


def _holding() -> Response:
    tally = current_tally()
    holding = tally.holding(cookie(tally.settings))
    if holding is None or passes_queue(holding):
        return _coded(404, "no_clearance")
    return json_answer(asdict(holding), 200)


def _jwks() -> Response:
    response = json_answer(current_tally().keys.jwks(), 200, "application/jwk-set+json")
    response.headers["Cache-Control"] = f"public, max-age={JWKS_MAX_AGE}"
    return response


def _healthz() -> Response:
    tally = current_tally()
    store = tally.health()
    healthy = store == "ok"
    body: dict[str, Any] = {"status": "ok" if healthy else "degraded"}
    secret = tally.settings.site_secret
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if secret and hmac.compare_digest(secret.encode(), shown.encode()):
        body["store"] = store
        body["keys"] = [key.kid for key in tally.keys.signers]
        body["proxies"] = [str(network) for network in tally.settings.trusted_proxies or ()]
    return json_answer(body, 200 if healthy else 503)


def _openapi() -> Response:
    response = Response(_openapi_json(), content_type="application/json")
    response.headers["Cache-Control"] = f"public, max-age={OPENAPI_MAX_AGE}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@cache
def _openapi_json() -> bytes:
    return (files("challenge") / "openapi.json").read_bytes()


def _static_file(name: str) -> Response:
    asset = assets.load().get(name)
    if asset is None:
        return _nothing(name)
    coding = request.accept_encodings.best_match([*assets.ENCODINGS, "identity"], "identity")
    response = Response(asset.bodies[coding], content_type=asset.content_type)
    if coding != "identity":
        response.headers["Content-Encoding"] = coding
    lasting = name == asset.hashed
    max_age = f"max-age={HASHED_MAX_AGE}, immutable" if lasting else f"max-age={FIXED_MAX_AGE}"
    response.headers["Cache-Control"] = f"public, {max_age}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.add("Accept-Encoding")
    response.set_etag(f"{asset.hashed}-{coding}")
    response.make_conditional(request)
    return response
