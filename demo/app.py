"""The demo site: a small directory whose profiles are protected by Tallygate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from flask import Blueprint, Flask, Response, abort, current_app, render_template

from challenge import Gate
from demo.portrait import portrait
from demo.scraping import scraper
from demo.town import TOWN, Member, members

SEED = 1907  # the year on the Market Hall
PEOPLE = 48

PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# An SVG opened by itself is a document; this one may load and run nothing.
PHOTO_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

gate = Gate()
pages = Blueprint("town", __name__)


@dataclass(frozen=True)
class Directory:
    """The members of one app, in directory order and by handle."""

    people: tuple[Member, ...]
    by_handle: Mapping[str, Member]

    def letters(self) -> Iterator[tuple[str, list[Member]]]:
        """The members under the letters of a printed directory."""
        for letter, group in groupby(self.people, key=lambda member: member.letter):
            yield letter, list(group)


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """Make the demo.

    Beside the keys of the library, `DEMO_SEED` and `DEMO_MEMBERS` choose the town and
    `DEMO_INSTANCE_PATH` an absolute instance folder; the default is Flask's own.
    """
    given = dict(config or {})
    instance = given.get("DEMO_INSTANCE_PATH")
    app = Flask(__name__, instance_path=None if instance is None else str(instance))
    app.config.update({"DEMO_SEED": SEED, "DEMO_MEMBERS": PEOPLE} | given)
    people = members(int(app.config["DEMO_SEED"]), int(app.config["DEMO_MEMBERS"]))
    app.extensions["directory"] = Directory(people, {member.handle: member for member in people})
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.register_blueprint(pages)
    app.register_blueprint(scraper)
    app.register_error_handler(404, not_found)
    app.context_processor(lambda: {"town": TOWN})
    app.after_request(with_policies)
    gate.init_app(app)
    return app


def directory() -> Directory:
    """The directory of the app that serves this request."""
    return cast(Directory, current_app.extensions["directory"])


def member_or_404(handle: str) -> Member:
    """The member of this handle; everybody else is not found, in the same words."""
    return directory().by_handle.get(handle) or abort(404)


@pages.get("/")
def home() -> str:
    """Everybody, with what everybody may read."""
    return render_template("home.html", directory=directory())


@pages.get("/people/<handle>")
@gate.protect("handle")
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
@gate.protect("handle")
def contact(handle: str) -> str:
    """E-mail, phone and address alone: what the public card fetches on request."""
    return render_template("contact.html", member=member_or_404(handle))


@pages.get("/cards/<handle>")
def card(handle: str) -> str:
    """The public card: the page is open, its personal part is not in it."""
    return render_template("card.html", member=member_or_404(handle))


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
