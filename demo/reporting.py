"""The form that tells the town of a profile that should not be as it is."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from challenge import Gate
from demo.directory import Directory
from demo.town import Member

ACTION = "report"
REASONS = {
    "wrong": "Something on it is wrong",
    "somebody-else": "Somebody else has made it in this person's name",
    "insult": "It insults or threatens somebody",
    "other": "Something else",
}
WORDS_MAX = 1000  # characters

UNCHOSEN = "Choose what is wrong with the profile, then send the form again."
TOO_LONG = f"Say it in {WORDS_MAX:,} characters, then send the form again."
UNDONE = (
    "Your browser's piece of work did not come with the form, or came too late."
    " It is being done anew below; send the form once more."
)


def reporting(gate: Gate) -> Blueprint:
    """The pages of the form. What it is sent is looked at and thrown away."""
    pages = Blueprint("reporting", __name__)

    @pages.get("/report")
    def form() -> str:
        return shown(reported(request.args.get("profile", "")))

    @pages.post("/report")
    def send() -> tuple[str, int] | Response:
        member = reported(request.form.get("profile", ""))
        if request.form.get("reason") not in REASONS:
            return shown(member, UNCHOSEN), 400
        if len(request.form.get("words", "")) > WORDS_MAX:
            return shown(member, TOO_LONG), 400
        # Last of all, since a response is good once.
        if gate.verify_response(request.form.get("challenge-response"), action=ACTION) is None:
            return shown(member, UNDONE), 403
        return redirect(url_for("reporting.thanks"), 303)

    @pages.get("/report/thanks")
    def thanks() -> str:
        return render_template("thanks.html")

    return pages


def reported(handle: str) -> Member:
    """The member of this handle; everybody else is not found."""
    directory = cast(Directory, current_app.extensions["directory"])
    return directory.by_handle.get(handle) or abort(404)


def shown(member: Member, problem: str = "") -> str:
    """The form, with what its sender has filled in already."""
    return render_template(
        "report.html",
        member=member,
        action=ACTION,
        reasons=REASONS,
        chosen=request.form.get("reason"),
        words=request.form.get("words", "")[:WORDS_MAX],
        most=WORDS_MAX,
        problem=problem,
    )
