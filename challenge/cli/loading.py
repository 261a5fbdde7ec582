"""The app that a command is about."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask
from flask.cli import ScriptInfo

from ..errors import ConfigError
from ..flask.client import EXTENSION
from ..tally import Tally


def load_app() -> Flask:
    """The app that `flask --app` names.

    :raises ConfigError: if its Gate refuses to start.
    :raises click.ClickException: if there is no app, or no Gate in it.
    """
    app = click.get_current_context().ensure_object(ScriptInfo).load_app()
    if EXTENSION not in app.extensions:
        raise click.ClickException("this app has no Gate: call Gate(app) in it")
    return app


def load_app_or_say_why() -> Flask:
    """The same, for commands that can do nothing without one."""
    try:
        return load_app()
    except ConfigError as error:
        raise click.ClickException(
            f"the app does not start: {error.detail} ({error.code})"
        ) from error


def tally_of(app: Flask) -> Tally:
    """The app's gate, apart from HTTP."""
    tally: Tally = app.extensions[EXTENSION]
    return tally


def keys_path(app: Flask) -> Path:
    """Where the app's keys are."""
    return Path(app.instance_path) / tally_of(app).settings.keys_path
