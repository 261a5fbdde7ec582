"""What templates can print: the script, the places of gates and widgets, the URLs of parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, request, url_for
from markupsafe import Markup

from ..errors import ConfigError
from .checking import current_admission
from .client import current_tally
from .pages import asset_url, current_settings, current_words, say, script_prefix
from .parts import PARAMETER, place

#: what a widget says, by the names that it has in the page
WIDGET_WORDS = {
    "idle": "widget_idle",
    "working": "heading",
    "count": "count",
    "slow": "slow",
    "ready": "widget_ready",
    "sending": "widget_sending",
    "queue": "widget_queue",
    "expired": "widget_expired",
    "renew": "widget_renew",
    "retry": "retry",
    "connection": "connection",
    "busy": "widget_busy",
    "refused": "widget_refused",
    "failed": "failed",
    "unsupported": "widget_unsupported",
}


def register(app: Flask) -> None:
    """Make the functions known to the app's templates."""
    app.jinja_env.globals.update(
        challenge_script=challenge_script,
        challenge_gate=challenge_gate,
        challenge_part=challenge_part,
        challenge_widget=challenge_widget,
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
    if settings.behaviour:
        attributes["data-reports"] = ""
    if nonce is not None:
        attributes["nonce"] = nonce
    return Markup("<script {} async></script>").format(_attributes(attributes))


def challenge_gate(url: str, label: str = "") -> Markup:
    """The place of a public page where a personal part is fetched when somebody asks for it.

    :param url: of a gated view of this site. Of its page the children of the element with
        `data-challenge-field` are shown, else those of `<main>` or `<body>`.
    :param label: of the button, or of the link where there are no scripts.
    """
    return Markup(
        '<challenge-gate src="{0}"><a href="{0}" rel="nofollow">{1}</a></challenge-gate>'
    ).format(url, label or say("show"))


def challenge_widget(action: str = "", **attributes: object) -> Markup:
    """The place of a form's widget, with its words in the visitor's language.

    Without scripts it says that the form can't be sent, and where to find a person.

    :param action: what the form is for; whoever verifies its response compares it.
    :param attributes: of the element, `_` for `-`: `size="compact"`, `refresh_expired="manual"`.
        `language` is the one that it speaks, whatever the visitor's is. True and False are
        written so; None is left out.
    """
    spoken = current_words(str(attributes.get("language") or ""))
    given = {"action": action or None, **attributes}
    printed = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    printed |= {"lang": spoken.code, "dir": spoken.direction}
    printed |= {f"data-text-{name}": spoken.say(word) for name, word in WIDGET_WORDS.items()}
    contact = current_settings().contact
    link = Markup(' <a href="{}">{}</a>').format(contact, spoken.say("contact")) if contact else ""
    return Markup(
        "<challenge-widget {}><noscript><p>{}{}</p></noscript></challenge-widget>"
    ).format(_attributes(printed), spoken.say("widget_no_scripts"), link)


def _attributes(printed: Mapping[str, object]) -> Markup:
    texts = {k: str(v).lower() if isinstance(v, bool) else v for k, v in printed.items()}
    return Markup(" ").join(Markup('{}="{}"').format(k, v) for k, v in texts.items())


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
