"""The demo site: a town's directory whose profiles are protected by Tallygate."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import cast

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from challenge import Gate
from challenge.errors import ChallengeError
from challenge.flask.client import EXTENSION, cookie
from challenge.flask.client import headers as client_headers
from challenge.tally import Tally
from challenge.wire import REPORT_MAX
from demo.directory import Directory, Sheet, sheet, spread
from demo.odd import NUMBERS, judged
from demo.portrait import portrait
from demo.reporting import reporting
from demo.scraping import scraper
from demo.town import TOWN, Member, members
from demo.yours import headers_shown, left, read_clearance

SEED = 1907  # the year on the Market Hall
PEOPLE = 2400
QUERY_MAX = 80  # characters

PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The gate's own pages look like the town's: the colours of town.css.
GATE_COLOURS = (
    "paper=#f8f4ea", "ink=#1e1b16", "soft=#4b463c", "pencil=#d9d1bf", "accent=#14523c",
    "dark-paper=#11191a", "dark-ink=#efe8d8", "dark-soft=#bdb8aa", "dark-pencil=#2c3a3a",
    "dark-accent=#98d6b6", "dark-warning=#e6b04d",
)  # fmt: skip
# An SVG opened by itself is a document; this one may load and run nothing.
PHOTO_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

gate = Gate()
pages = Blueprint("town", __name__)


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Make the demo.

    Beside the keys of the library, `DEMO_SEED` and `DEMO_MEMBERS` choose the town and
    `DEMO_INSTANCE_PATH` an absolute instance folder; the default is Flask's own.
    """
    given = dict(config or {})
    instance = given.get("DEMO_INSTANCE_PATH")
    app = Flask(__name__, instance_path=None if instance is None else str(instance))
    own = {
        "CHALLENGE_NAME": TOWN,
        "CHALLENGE_COLOURS": GATE_COLOURS,
        "SEND_FILE_MAX_AGE_DEFAULT": 300,
    }
    app.config.update({"DEMO_SEED": SEED, "DEMO_MEMBERS": PEOPLE} | own | given)
    seed = int(app.config["DEMO_SEED"])
    app.extensions["directory"] = Directory(members(seed, int(app.config["DEMO_MEMBERS"])), seed)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    app.register_blueprint(scraper)
    app.register_blueprint(reporting(gate))
    app.register_error_handler(404, not_found)
    app.context_processor(lambda: {"town": TOWN})
    app.after_request(with_policies)
    gate.init_app(app)
    return app


def directory() -> Directory:
    """The directory of the app that serves this request."""
    return cast(Directory, current_app.extensions["directory"])


def tally() -> Tally:
    """The gate of the app that serves this request."""
    return cast(Tally, current_app.extensions[EXTENSION])


def member_or_404(handle: str) -> Member:
    """The member of this handle; everybody else is not found, in the same words."""
    return directory().by_handle.get(handle) or abort(404)


def preview(handle: str) -> dict[str, str] | None:
    """What everybody may know of a profile before it opens; None for nobody's."""
    member = directory().by_handle.get(handle)
    if member is None:
        return None
    return {"title": f"{member.name}, {member.role.lower()}", "description": member.line}


@pages.get("/")
def home() -> str:
    """Some of the town; or the people of a letter, or whom a search finds, page by page."""
    query = " ".join(request.args.get("q", "").split())[:QUERY_MAX]
    letter = request.args.get("letter", "").upper()
    found: Sequence[Member]
    if query:
        found, letter = directory().search(query), ""
    elif letter:
        found = directory().letters.get(letter) or abort(404)
    else:
        found = directory().some
    return render_template(
        "home.html",
        directory=directory(),
        # What finds nobody may be somebody's e-mail: it is not printed as it came.
        query=query if found else spread(query),
        asked=bool(query),
        letter=letter,
        count=len(found),
        sheet=sheet_or_404(found, request.args.get("page", "1")),
    )


def sheet_or_404(people: Sequence[Member], number: str) -> Sheet:
    """That page of a list; a list has no others."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", number, re.ASCII):
        abort(404)
    return sheet(people, int(number)) or abort(404)


@pages.get("/people/<handle>")
@gate.protect("handle", preview=preview)
def person(handle: str) -> str:
    """A whole profile."""
    member = member_or_404(handle)
    ties = [member_or_404(tie) for tie in member.ties]
    return render_template("person.html", member=member, ties=ties)


@pages.get("/people/<handle>/photo")
@gate.protect("handle", charge=False)
def photo(handle: str) -> Response:
    """The portrait; as personal as the profile, and part of its page."""
    drawing = portrait(member_or_404(handle).portrait_seed)
    response = Response(drawing, mimetype="image/svg+xml")
    response.headers["Content-Security-Policy"] = PHOTO_POLICY
    return response


@pages.get("/people/<handle>/contact")
@gate.protect("handle", preview=preview)
def contact(handle: str) -> str:
    """E-mail, phone and address alone: what the public card fetches on request."""
    return render_template("contact.html", member=member_or_404(handle))


@pages.get("/cards/<handle>")
def card(handle: str) -> str:
    """The public card: the page is open, its personal part is not in it."""
    return render_template("card.html", member=member_or_404(handle))


@pages.get("/protection")
def protection() -> str:
    """How these profiles are protected: what a visitor may want to know."""
    return render_template("protection.html", settings=tally().settings)


@pages.get("/yours")
def yours() -> Response:
    """What the visitor's own browser has sent and holds, for nobody else and kept nowhere."""
    settings, now = tally().settings, time.time()
    token = cookie(settings)
    try:
        holding = tally().holding(token)
    except ChallengeError:
        holding = None
    response = make_response(
        render_template(
            "yours.html",
            headers=headers_shown(request.headers.items()),
            token=token,
            said=read_clearance(token, now) if token else None,
            holding=holding,
            left=left(holding),
            numbers=NUMBERS,
            settings=settings,
            prefix=request.script_root + settings.url_prefix,
        )
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@pages.post("/yours/odd")
def odd() -> dict[str, object]:
    """What the report that was sent comes to, for the page that shows it; kept nowhere."""
    report = request.get_data(as_text=True)
    if len(report.encode()) > REPORT_MAX:
        abort(413)
    return judged(report, client_headers())


@pages.get("/favicon.ico")
def favicon() -> AnyResponse:
    """Where browsers look on pages that name no icon."""
    return redirect(url_for("static", filename="tally.svg"), 301)


@pages.get("/healthz")
def healthz() -> Response:
    """Says that the process answers."""
    return Response("ok", mimetype="text/plain")


def not_found(_error: Exception) -> tuple[str, int]:
    """One page for everything that is not here, whoever asks."""
    return render_template("not_found.html"), 404


def with_policies(response: Response) -> Response:
    """Add the site's security headers where a view or the gate has not set its own."""
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
