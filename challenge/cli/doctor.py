"""`flask challenge doctor`: what is wrong with this site, in plain words."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
from flask import Flask

from .. import assets
from ..errors import ConfigError, StoreUnavailable
from ..keys import Stored, read
from ..stores import Store
from . import checks
from .checks import Finding
from .loading import keys_path, load_app, tally_of

MOUNTS = Path("/proc/mounts")


@click.command("doctor")
def doctor() -> None:
    """Check keys, store, proxies, clock and bundle; exit 1 if there is a problem."""
    try:
        app = load_app()
    except ConfigError as error:
        findings = [checks.not_started(error), checks.bundle(assets.folder())]
    else:
        findings = list(examine(app, time.time()))
    for finding in findings:
        click.echo(f"{finding.level:<8} {finding.text}")
        if finding.advice:
            click.echo(f"{'':<8} -> {finding.advice}")
    problems = sum(finding.level == "problem" for finding in findings)
    click.echo(f"{problems} problem{'' if problems == 1 else 's'}")
    click.get_current_context().exit(1 if problems else 0)


def examine(app: Flask, now: float) -> Iterator[Finding]:
    """All findings about an app that starts."""
    tally, instance = tally_of(app), Path(app.instance_path)
    yield from _examine_keys(keys_path(app), now)
    yield checks.store_works(tally.store)
    file = checks.store_file(tally.settings.store_uri, instance)
    if file is not None:
        yield from _examine_store_file(file.resolve(), tally.settings.store_max_mb * 2**20)
    server = checks.store_server(tally.settings.store_uri)
    if server is not None:
        yield server
        yield from _examine_copies(tally.store)
    yield checks.workers(tally.store.shared_between_processes, os.environ)
    yield checks.proxies(tally.settings.trusted_proxies)
    yield checks.unlimited_pass(tally.settings.unlimited_pass)
    yield checks.debug_mode(app.debug)
    yield checks.keys_for_tests(tally.settings.allow_test_keys)
    yield checks.site_secret(tally.settings.site_secret)
    yield checks.bundle(assets.folder())


def _examine_keys(path: Path, now: float) -> Iterator[Finding]:
    yield checks.keys_file(path, checks.current_user())
    stored: Stored | ConfigError
    try:
        stored, _ = read(path)
    except ConfigError as error:
        stored = error
    except OSError as error:
        stored = ConfigError(f"{path}: {error.strerror}", code="keys_unreadable")
    yield checks.keys_content(stored, now)
    newest = 0
    if isinstance(stored, Stored):
        newest = max((entry.made for entry in stored.clearance), default=0)
        yield checks.key_age(newest, now)
    yield checks.clock(now, newest)


def _examine_copies(store: Store) -> Iterator[Finding]:
    # Who has named such a server has its driver.
    from ..stores.redis_served import Served

    masters = []
    if isinstance(store, Served):
        # That it does not answer has been said.
        with suppress(StoreUnavailable):
            masters = store.masters()
    if (found := checks.store_copies(masters)) is not None:
        yield found


def _examine_store_file(file: Path, max_bytes: int) -> Iterator[Finding]:
    if MOUNTS.exists():
        yield checks.file_system(file, MOUNTS.read_text(errors="replace"))
    size = sum(part.stat().st_size for part in file.parent.glob(f"{file.name}*"))
    yield checks.disk(shutil.disk_usage(file.parent).free, size, max_bytes)
