"""class Gate: settings, keys and store of an app, and the decorators for its views."""

from __future__ import annotations

import atexit
import functools
import inspect
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, Flask, current_app, request

from .. import config, keys, stores
from ..config import Settings, Source
from ..core.baselines import Alarm
from ..core.behaviour import Assessment
from ..core.models import Response
from ..core.networks import Network
from ..core.proxies import SHARED_MULTIPLIER, ForgottenProxies
from ..errors import ChallengeError, ConfigError
from ..tally import Tally
from ..tally.books import CLASS_UNITS
from . import signals
from .checking import Profile, Rule, check
from .client import EXTENSION, FORGOTTEN, GATE, current_tally
from .pages import Previewer
from .routes import blueprint
from .sealing import sealed
from .templating import register

log = logging.getLogger("challenge")

View = TypeVar("View", bound=Callable[..., Any])
AccountLoader = Callable[[], object]


class Gate:
    """Gates routes that show a profile.

    ``Gate(app)``, or ``gate = Gate()`` and ``gate.init_app(app)``. One Gate may serve several
    apps; each has its own settings, keys and store.
    """

    def __init__(self, app: Flask | None = None) -> None:
        self.load_account: AccountLoader = lambda: None
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the settings, open keys and store, and add the routes.

        Settings come from `challenge.toml` in the instance folder, then `app.config`, then
        the environment. Without any, a key and a SQLite file are made in the instance folder.

        :raises ConfigError: if the app must not be started like this.
        """
        instance = Path(app.instance_path)
        settings = _settings(app, instance / "challenge.toml")
        if settings.unlimited_pass:
            log.critical(
                "CHALLENGE_UNLIMITED_PASS IS ON: one solved puzzle opens every page for a week."
                " It is there for measuring; do not use it for a site"
            )
        ring = keys.KeyFile(
            instance / settings.keys_path, random=secrets.token_bytes, clock=time.time
        )
        if ring.made:
            log.warning("made new keys: kid %s, file %s", ring.current.kid, settings.keys_path)
        store = stores.from_uri(
            settings.store_uri, folder=instance, max_bytes=settings.store_max_mb * 2**20
        )
        # Closed in good order, the store is known to have lost nothing (see stores/epoch.py).
        atexit.register(store.close)
        app.extensions[EXTENSION] = Tally(
            settings,
            ring,
            store,
            clock=time.time,
            sleep=time.sleep,
            random=secrets.token_bytes,
            ring=functools.partial(_ring, app),
            judged=functools.partial(_tell, app),
        )
        if settings.allow_test_keys:
            log.warning(
                "TEST KEYS ARE ALLOWED: whoever asks with the site key test-pass gets a response"
                " that verifies, for no work. Unset CHALLENGE_ALLOW_TEST_KEYS where visitors come"
            )
        app.extensions[GATE] = self
        app.extensions[FORGOTTEN] = ForgottenProxies(
            enabled=settings.trusted_proxies is None, found=_say_forgotten
        )
        app.register_blueprint(blueprint(), url_prefix=settings.url_prefix)
        register(app)
        app.wsgi_app = sealed(app.wsgi_app)  # type: ignore[assignment,method-assign]

    def account_loader(self, load: AccountLoader) -> AccountLoader:
        """Decorate the function that names the signed-in user of the current request.

        It returns a stable id, or None for nobody; or an :class:`challenge.Account`, which has
        the id and when the account was made. A signed-in user's sales count for the account
        too, from whatever network they come, and for half as much in the account's first day.
        """
        self.load_account = load
        return load

    def protect(
        self,
        profile: Profile,
        *,
        sensitivity: str = "normal",
        charge: bool = True,
        preview: Previewer | None = None,
    ) -> Callable[[View], View]:
        """Decorate a view so that it is served to admitted visitors only.

        A new profile costs units of the visitor's budget; one that was opened before is free,
        also by another route with the same value. What a 404 or 5xx answer cost is given back.

        :param profile: the name of the view argument whose value names the profile, or a
            callable that is given the view's arguments and returns it.
        :param sensitivity: "normal" (1 unit) or "high" (4 units, or 3 more than normal).
        :param charge: False for a part of the profile's page: the URL that
            `challenge_part(endpoint, ...)` prints on the page opens it without a charge, for
            the same visitor and 35 minutes.
        :param preview: a callable that is given the view's arguments and returns what anybody may
            know of the profile: a mapping with `title` and, if wanted, `description` and `image`
            (an absolute URL); None for nothing. The page that stands in for the profile shows it,
            and carries it as Open Graph tags.
        :raises ConfigError: if the view has no such argument, or there is no such class.
        """
        rule = _rule(profile, sensitivity, charge, preview)

        def decorate(view: View) -> View:
            signature = _check_argument(view, profile)

            @functools.wraps(view)
            def gated(*args: Any, **kwargs: Any) -> Any:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                refusal = check(rule, bound.arguments)
                if refusal is not None:
                    return refusal
                return current_app.ensure_sync(view)(*args, **kwargs)

            gated.challenge_rule = rule  # type: ignore[attr-defined]
            return gated  # type: ignore[return-value]

        return decorate

    def protect_blueprint(
        self, views: Blueprint, profile: Profile, *, sensitivity: str = "normal"
    ) -> None:
        """Gate every view of a blueprint but those marked :meth:`exempt`.

        A view without the argument that `profile` names is refused (503), not opened.
        """
        rule = _rule(profile, sensitivity, charge=True)

        @views.before_request
        def gated() -> Any:
            view = current_app.view_functions[request.endpoint or ""]
            exempt = getattr(view, "challenge_exempt", False)
            # A view with a rule of its own is checked by that; OPTIONS shows nothing.
            own = hasattr(view, "challenge_rule") or request.method == "OPTIONS"
            return None if exempt or own else check(rule, request.view_args or {})

    def verify_response(self, token: str | None, *, action: str) -> Response | None:
        """What a form's response says, if it is good; None if it is not. Each is good once.

        For views that take a protected form. Why one was refused is in the log, and where nobody
        can say whether it is good, it is not.

        :param token: the form's field `challenge-response`.
        :param action: what the form's widget names; a response for another action is refused.
        """
        try:
            response = current_tally().verify_response(token or "")
        except ChallengeError as error:
            level = logging.ERROR if error.status >= 500 else logging.INFO
            log.log(level, "response for %s refused, %s: %r", action, error.code, error.detail)
            return None
        if response.action != action:
            log.info("response for %s refused: it is for %s", action, response.action)
            return None
        return response

    def exempt(self, view: View) -> View:
        """Decorate a view of a gated blueprint that everybody may see."""
        view.challenge_exempt = True  # type: ignore[attr-defined]
        return view


def _rule(
    profile: Profile, sensitivity: str, charge: bool, preview: Previewer | None = None
) -> Rule:
    if sensitivity not in CLASS_UNITS:
        raise ConfigError(f"sensitivity {sensitivity!r}: one of {', '.join(CLASS_UNITS)}")
    return Rule(profile, sensitivity, charge, preview)


def _settings(app: Flask, file: Path) -> Settings:
    def unknown(key: str) -> None:
        log.warning("environment variable %s is no setting", key)

    return config.load(
        Source(file.name, config.read_toml(file)),
        Source("app.config", app.config),
        # Cluster managers put variables of such names there, so they are no error.
        Source("the environment", os.environ, unknown),
    )


def _tell(app: Flask, judged: Assessment, renews: bool) -> None:
    signals.challenge_quoted.send(app, factor=judged.factor, reasons=judged.reasons, renews=renews)


def _ring(app: Flask, alarm: Alarm) -> None:
    signals.alarm_raised.send(app, alarm=alarm)


def _say_forgotten(network: Network) -> None:
    log.error(
        "A PROXY IS NOT NAMED: a peer in %s sends X-Forwarded-For, so all visitors behind it look"
        " like one and share the band of %d networks. Set CHALLENGE_TRUSTED_PROXIES to its address,"
        " or to none if there is no proxy (docs/proxies.md)",
        network,
        SHARED_MULTIPLIER,
    )


def _check_argument(view: Callable[..., Any], profile: Profile) -> inspect.Signature:
    signature = inspect.signature(view)
    if not callable(profile) and profile not in signature.parameters:
        raise ConfigError(f"protect({profile!r}): {view.__qualname__} has no such argument")
    return signature
