"""`flask challenge keys new|rotate|revoke|list`. Private halves are never printed."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from flask.cli import AppGroup

from .. import keys as store
from ..errors import ConfigError
from ..keys import CLEARANCE_KEPT, Entry
from ..keys.file import make_stored
from .loading import keys_path, load_app_or_say_why, tally_of

Command = TypeVar("Command", bound=Callable[..., Any])

#: what to do about a refusal, by its code
HINTS = {"last_key": "; --rotate makes a new one first"}
TAKEN_UP = "Running workers take this up within a second; nothing needs a restart."

keys = AppGroup("keys", help="Make, rotate, revoke and list the site's keys.")


def _path_option(command: Command) -> Command:
    return click.option(
        "--path",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The keys file. Default: the app's own, CHALLENGE_KEYS_PATH.",
    )(command)


def _place(path: Path | None) -> Path:
    return keys_path(load_app_or_say_why()) if path is None else path


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in one line what cannot be done, without a traceback."""
    try:
        yield
    except ConfigError as error:
        raise click.ClickException(error.detail + HINTS.get(error.code, "")) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@keys.command("new", with_appcontext=False)
@_path_option
def new(path: Path | None) -> None:
    """Make a keys file, mode 0600. One that is there is never overwritten."""
    with _refusals():
        if path is None:
            app = load_app_or_say_why()
            path = keys_path(app)
            ring = tally_of(app).keys
            # A Gate without keys makes them, so loading the app may have done the work.
            made = isinstance(ring, store.KeyFile) and ring.made
        else:
            made = store.write_new(path, make_stored(secrets.token_bytes, time.time()))
        if not made:
            raise click.ClickException(f"{path} is there already; rotate renews its keys")
        kid = store.load(path).current.kid
    click.echo(f"Made {path}, mode 0600. {kid} signs.")
    click.echo("Back it up like a password; all workers of the site need this one file.")


@keys.command("rotate", with_appcontext=False)
@_path_option
def rotate(path: Path | None) -> None:
    """Add a key, which signs at once. The old ones go on verifying what they signed."""
    path = _place(path)
    with _refusals():
        done = store.rotate(path, secrets.token_bytes, time.time())
    click.echo(f"{done.kid} signs now.")
    for kid in done.dropped:
        click.echo(f"{kid} is dropped: nothing that it signed is valid any more.")
    click.echo(TAKEN_UP)


# A key id may begin with a hyphen; without this it would be taken for an option.
@keys.command("revoke", with_appcontext=False, context_settings={"ignore_unknown_options": True})
@click.argument("kid")
@click.option("--rotate", "rotating", is_flag=True, help="Add a new key first, which signs.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_path_option
def revoke(kid: str, rotating: bool, yes: bool, path: Path | None) -> None:
    """Refuse from now on whatever the key KID has signed."""
    path = _place(path)
    if not yes:
        click.echo("Visitors whose clearance this key has signed will be asked once more.")
        click.confirm(f"Revoke {kid}?", abort=True)
    with _refusals():
        store.revoke(path, kid, secrets.token_bytes, time.time(), rotating=rotating)
        current = store.load(path).current.kid
    click.echo(f"{kid} is revoked. {current} signs.")
    click.echo(TAKEN_UP)


@keys.command("list", with_appcontext=False)
@_path_option
def list_keys(path: Path | None) -> None:
    """List the clearance keys, oldest first: id, state, made, verifies until."""
    path = _place(path)
    with _refusals():
        stored, _ = store.read(path)
        current = stored.ring(time.time()).current.kid
    click.echo(f"{'KID':<43}  {'STATE':<8}  {'MADE':<20}  VERIFIES UNTIL")
    for entry in stored.clearance:
        state, until = _state(entry, current, time.time())
        click.echo(f"{entry.kid:<43}  {state:<8}  {_date(entry.made):<20}  {until}")


def _state(entry: Entry, current: str, now: float) -> tuple[str, str]:
    if entry.revoked:
        return "revoked", "-"
    if entry.retired is None:
        return "signs" if entry.kid == current else "verifies", "-"
    until = _date(entry.retired + CLEARANCE_KEPT)
    return ("retired" if entry.good(now, CLEARANCE_KEPT) else "ended"), until


def _date(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
