"""What templates can print: the script, and the URLs of parts."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from ..errors import ConfigError
from .checking import current_admission
from .client import current_tally
from .pages import asset_url, say, script_prefix
from .parts import PARAMETER, place


def register(app: Flask) -> None:
    """Make the functions known to the app's templates."""
    app.jinja_env.globals.update(
        challenge_script=challenge_script,
        challenge_gate=challenge_gate,
        challenge_part=challenge_part,
    )


def challenge_script(nonce: str | None = None) -> Markup:
    """The script tag. On a gated page it says what remains, and the script renews in time.

    :param nonce: the page's CSP nonce, if it has one.
    """
    settings = current_tally().settings
    attributes = {
        "src": asset_url("challenge.js"),
        "data-prefix": script_prefix(),
        "data-site": settings.site_key,
    }
    admission = current_admission()
    if admission is not None:
        attributes["data-remaining"] = str(admission.remaining)
        attributes["data-expires-in"] = str(admission.expires_in)
    if nonce is not None:
        attributes["nonce"] = nonce
    printed = Markup(" ").join(Markup('{}="{}"').format(k, v) for k, v in attributes.items())
    return Markup("<script {} async></script>").format(printed)


def challenge_gate(url: str, label: str = "") -> Markup:
    """The place of a public page where a personal part is fetched when somebody asks for it.

    :param url: of a gated view of this site. Of its page the children of the element with
        `data-challenge-field` are shown, else those of `<main>` or `<body>`.
    :param label: of the button, or of the link where there are no scripts.
    """
    return Markup(
        '<challenge-gate src="{0}"><a href="{0}" rel="nofollow">{1}</a></challenge-gate>'
    ).format(url, label or say("show"))


def challenge_part(endpoint: str, **arguments: Any) -> str:
    """The URL of a part of this page, which its visitor may fetch without a charge.

    :param endpoint: of a view that is protected with `charge=False`.
    :param arguments: the view's.
    """
    admission = current_admission()
    if endpoint.startswith("."):
        endpoint = f"{request.blueprint}{endpoint}" if request.blueprint else endpoint[1:]
    rule = getattr(current_app.view_functions.get(endpoint), "challenge_rule", None)
    if admission is None or rule is None or rule.charge:
        return url_for(endpoint, **arguments)
    tally = current_tally()
    # As the request will have them: url_for drops None, and takes `_external` and the like.
    named = {k: v for k, v in arguments.items() if v is not None and not k.startswith("_")}
    try:
        where = place(tally.settings, endpoint, named, rule.value(named))
    except (TypeError, ConfigError):
        return url_for(endpoint, **arguments)
    ticket = tally.sign_part(where, admission.visitor)
    return url_for(endpoint, **arguments | {PARAMETER: ticket})
