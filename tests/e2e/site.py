"""The demo as browser tests need it: it keeps a log of its calls, and can be made awkward.

A browser that has been to `/e2e/odd?lacks=a,b` is served a bundle that finds no `a` and no `b`, in
its pages and in its workers. With `forgets=1` its clearance cookies never reach it; with `slow=1`
it gets its challenges late; with `brief=1` it is told that responses end soon; with `reports=1` it
reports to the site what its pages' policy forbids; with `policy=1` that policy forbids WebAssembly;
with `gone=x` files of the bundle whose names begin with `x` are not there. This works in every
engine alike, whatever its driver can do. The file named by E2E_CLOCK says by how many seconds the
gate's clock is ahead.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as WSGIResponse

from challenge.flask import extension
from demo import app as demo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_BUNDLE = re.compile(r"/challenge/static/challenge\.[0-9a-f]+\.js")
_LACKS = "e2e-lacks"
_FORGETS = "e2e-forgets"
_SLOW = "e2e-slow"
_BRIEF = "e2e-brief"
_REPORTS = "e2e-reports"
_POLICY = "e2e-policy"
_GONE = "e2e-gone"
#: long enough to open a second tab meanwhile
_SLOW_S = 3
_BRIEF_S = 2


def create_app() -> Flask:
    """The demo with hooks, for gunicorn."""
    if "E2E_CLOCK" in os.environ:
        _shift_clock(Path(os.environ["E2E_CLOCK"]))
    app = demo.create_app()
    app.add_url_rule("/e2e/odd", view_func=_odd)
    app.add_url_rule("/e2e/shared", view_func=_shared)
    app.add_url_rule("/e2e/violation", view_func=_violation, methods=["POST"])
    app.add_url_rule("/e2e/posted", view_func=_posted, methods=["POST"])
    app.wsgi_app = _Hooks(app.wsgi_app, Path(os.environ["E2E_LOG"]))  # type: ignore[method-assign]
    return app


def _shift_clock(ahead: Path) -> None:
    def now() -> float:
        return time.time() + float(ahead.read_text())

    extension.time = SimpleNamespace(time=now, sleep=time.sleep)  # type: ignore[assignment]


def _odd() -> Response:
    response = Response("<!doctype html><title>odd</title><p id=odd>odd", mimetype="text/html")
    response.set_cookie(_LACKS, request.args.get("lacks", "").replace(",", "+"))
    for cookie in (_FORGETS, _SLOW, _BRIEF, _REPORTS, _POLICY, _GONE):
        response.set_cookie(cookie, request.args.get(cookie.removeprefix("e2e-"), ""))
    return response


def _violation() -> tuple[str, int]:
    """Takes a browser's report; that it came is in the log."""
    return "", 204


def _shared() -> Response:
    """A page that scripts of every other site may read."""
    response = Response("<!doctype html><main data-personal>theirs</main>", mimetype="text/html")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _posted() -> Response:
    """What a form has sent, field by field."""
    return Response(json.dumps([*request.form.items(multi=True)]), mimetype="text/plain")


class _Hooks:
    def __init__(self, app: WSGIApplication, log: Path) -> None:
        self._app = app
        self._log = log

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        begun = time.time()
        asked = Request(environ)
        lacks = [name for name in asked.cookies.get(_LACKS, "").split("+") if name]
        altered = bool(lacks and _BUNDLE.fullmatch(asked.path))
        if altered:
            environ["HTTP_ACCEPT_ENCODING"] = "identity"
            environ.pop("HTTP_IF_NONE_MATCH", None)
        if asked.cookies.get(_SLOW) and asked.path.endswith("/v1/challenges"):
            time.sleep(_SLOW_S)
        answer = WSGIResponse.from_app(self._app, environ)
        gone = asked.cookies.get(_GONE)
        if gone and asked.path.startswith(f"/challenge/static/{gone}"):
            answer = WSGIResponse("gone", 404)
        if altered:
            answer.set_data("".join(map(_without, lacks)).encode() + answer.get_data())
        if asked.cookies.get(_FORGETS):
            kept = [c for c in answer.headers.getlist("Set-Cookie") if "challenge-main" not in c]
            answer.headers.setlist("Set-Cookie", kept)
        if asked.cookies.get(_BRIEF) and asked.path.endswith("/v1/responses"):
            answer.set_data(json.dumps(json.loads(answer.get_data()) | {"expires_in": _BRIEF_S}))
        if asked.cookies.get(_REPORTS) and "Content-Security-Policy" in answer.headers:
            answer.headers["Content-Security-Policy"] += "; report-uri /e2e/violation"
        if asked.cookies.get(_POLICY) and "Content-Security-Policy" in answer.headers:
            policy = answer.headers["Content-Security-Policy"]
            answer.headers["Content-Security-Policy"] = policy.replace(" 'wasm-unsafe-eval'", "")
        self._note(asked, answer, begun)
        return answer(environ, start)

    def _note(self, asked: Request, answer: WSGIResponse, begun: float) -> None:
        call = {
            "method": asked.method,
            "path": asked.path,
            "status": answer.status_code,
            "purpose": asked.headers.get("Sec-Purpose", ""),
            "begun": begun,
            "ended": time.time(),
        }
        # One write to a file that is open for appending: lines of two workers do not mix.
        with self._log.open("ab", buffering=0) as log:
            log.write(json.dumps(call).encode() + b"\n")


def _without(name: str) -> str:
    """JavaScript after which `name`, such as `navigator.locks`, is not there."""
    owner, _, last = f"globalThis.{name}".rpartition(".")
    return f"Object.defineProperty({owner},'{last}',{{value:undefined,configurable:true}});"
