"""class Gate: settings, keys and store of an app, and the decorator for its views."""

from __future__ import annotations

import functools
import inspect
import logging
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask, Response, after_this_request, current_app

from .. import config, keys, stores
from ..config import Settings, Source
from ..errors import ChallengeError, ConfigError
from ..tally import Tally
from .answers import refuse_page, seal_page
from .client import EXTENSION, cookie, current_tally
from .routes import blueprint

log = logging.getLogger("challenge")

View = TypeVar("View", bound=Callable[..., Any])
Profile = str | Callable[..., object]


class Gate:
    """Gates routes that show a profile.

    ``Gate(app)``, or ``gate = Gate()`` and ``gate.init_app(app)``. One Gate may serve several
    apps; each has its own settings, keys and store.
    """

    def __init__(self, app: Flask | None = None) -> None:
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
        ring, made = keys.load_or_make(instance / settings.keys_path, secrets.token_bytes)
        if made:
            log.warning("made new keys: kid %s, file %s", ring.current.kid, settings.keys_path)
        store = stores.from_uri(
            settings.store_uri, folder=instance, max_bytes=settings.store_max_mb * 2**20
        )
        app.extensions[EXTENSION] = Tally(
            settings,
            ring,
            store,
            clock=time.time,
            sleep=time.sleep,
            random=secrets.token_bytes,
        )
        app.register_blueprint(blueprint(), url_prefix=settings.url_prefix)

    def protect(self, profile: Profile) -> Callable[[View], View]:
        """Decorate a view so that it is served to admitted visitors only.

        A new profile costs a unit of the visitor's budget; one that was opened before is free,
        also by another route with the same value.

        :param profile: the name of the view argument whose value names the profile, or a
            callable that is given the view's arguments and returns it.
        :raises ConfigError: if the view has no such argument.
        """

        def decorate(view: View) -> View:
            _check_argument(view, profile)

            @functools.wraps(view)
            def gated(*args: Any, **kwargs: Any) -> Any:
                value = profile(**kwargs) if callable(profile) else kwargs[profile]
                try:
                    tally = current_tally()
                    remaining = tally.admit(cookie(tally.settings), str(value)).remaining
                except ChallengeError as error:
                    return refuse_page(error)

                # Also reached by the answer of an error handler, if the view raises.
                @after_this_request
                def seal(response: Response) -> Response:
                    return seal_page(response, remaining)

                return current_app.ensure_sync(view)(*args, **kwargs)

            return gated  # type: ignore[return-value]

        return decorate


def _settings(app: Flask, file: Path) -> Settings:
    def unknown(key: str) -> None:
        log.warning("environment variable %s is no setting", key)

    return config.load(
        Source(file.name, config.read_toml(file)),
        Source("app.config", app.config),
        # Cluster managers put variables of such names there, so they are no error.
        Source("the environment", os.environ, unknown),
    )


def _check_argument(view: Callable[..., Any], profile: Profile) -> None:
    if callable(profile):
        return
    parameters = inspect.signature(view).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if profile not in parameters and not takes_any:
        raise ConfigError(f"protect({profile!r}): {view.__qualname__} has no such argument")
