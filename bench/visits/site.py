"""The demo, which writes down what its gate does, and a page on which BotD says what it thinks.

`BEHAVIOUR_LOG` names the file of its JSON lines, `BEHAVIOUR_BOTD` BotD's module, if there is one.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, g, request, send_file

from challenge.flask import signals
from demo import app as demo

BOTD_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>BotD</title><p>BotD</p>
<script type="module">
import { load } from "/bench/botd.js";
const body = JSON.stringify((await load({ monitoring: false })).detect());
await fetch("/bench/verdict", { method: "POST", body });
document.body.dataset.verdict = body;
</script>
"""


def create_app() -> Flask:
    """The demo with a listener, for gunicorn."""
    app = demo.create_app()
    log = Path(os.environ["BEHAVIOUR_LOG"])

    def told(event: str, **about: object) -> None:
        line = {"event": event, "at": time.time(), **about}
        line |= {"path": request.path, "user_agent": request.headers.get("User-Agent", "")}
        # One write to a file that is open for appending: lines of two workers do not mix.
        with log.open("ab", buffering=0) as file:
            file.write(json.dumps(line).encode() + b"\n")

    def admitted(_: object, remaining: int, charged: int, **_more: object) -> None:
        told("admitted", remaining=remaining, charged=charged)

    def sold(_: object, units: int, **_more: object) -> None:
        told("sold", units=units)

    def quoted(
        _: object, factor: float, reasons: tuple[str, ...], renews: bool, **_more: object
    ) -> None:
        report = json.loads(g.body).get("report", "")
        told("quoted", factor=factor, reasons=list(reasons), renews=renews, report=report)

    def keep_body() -> None:
        # What the gate reads off the wire is gone.
        g.body = request.environ["wsgi.input"].read(request.content_length or 0)
        request.environ["wsgi.input"] = io.BytesIO(g.body)

    app.before_request(keep_body)
    signals.page_admitted.connect(admitted, app, weak=False)
    signals.clearance_sold.connect(sold, app, weak=False)
    signals.challenge_quoted.connect(quoted, app, weak=False)
    _add_botd(app, lambda verdict: told("botd", verdict=verdict))
    return app


def _add_botd(app: Flask, tell: Callable[[object], None]) -> None:
    def page() -> Response:
        # It looks where no policy of ours may keep it from looking.
        return Response(
            BOTD_PAGE, headers={"Content-Security-Policy": "script-src * 'unsafe-inline'"}
        )

    def verdict() -> tuple[str, int]:
        tell(request.get_json(force=True))
        return "", 204

    app.add_url_rule("/bench/botd", view_func=page)
    app.add_url_rule("/bench/verdict", view_func=verdict, methods=["POST"])
    if module := os.environ.get("BEHAVIOUR_BOTD"):
        app.add_url_rule(
            "/bench/botd.js", "module", lambda: send_file(module, mimetype="text/javascript")
        )
