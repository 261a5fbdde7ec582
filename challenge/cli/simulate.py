"""`flask challenge simulate`: who would get what, by your own log or the built-in population."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ..config import PREFIX, Settings, Source, load
from ..errors import ConfigError, StoreUnavailable
from ..simulate import logs, puzzle
from ..simulate.logs import PROFILES, Read
from ..simulate.replay import Replay
from ..simulate.report import Section, of_population, of_replay
from ..simulate.rows import Row, Run
from ..simulate.scenes import SCENES, play
from . import showing


class PatternType(click.ParamType[re.Pattern[str]]):
    """A regular expression with at most one group."""

    name = "regex"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> re.Pattern[str]:
        """The compiled expression."""
        try:
            return re.compile(str(value))
        except re.error as error:
            self.fail(f"{value}: {error}", param, ctx)


@click.command("simulate")
@click.option(
    "--log",
    "log_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An access log (common, combined, JSON lines; may be gzipped). Default: nobody's log,"
    " but the built-in population and its attackers.",
)
@click.option(
    "--profiles",
    type=PatternType(),
    default=PROFILES,
    help="Which paths are profiles; the first group names the profile. Default: /people/NAME,"
    " /users/NAME and the like.",
)
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Such as BAND_BURST=200."
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page too.")
@click.option("--show-addresses", is_flag=True, help="Name networks instead of ranking them.")
@click.option("--scene", "scenes", multiple=True, type=click.Choice(list(SCENES)))
def simulate(
    log_file: Path | None,
    profiles: re.Pattern[str],
    overrides: Sequence[str],
    html: Path | None,
    show_addresses: bool,
    scenes: Sequence[str],
) -> None:
    """Play visitors against the gate in simulated time: who waits, who is refused, who gets what.

    The gate's own code runs, with the default settings but for those that --set changes. Nothing
    is stored, no request is sent, and your site is not touched.
    """
    settings = _settings(overrides)
    with _unlogged():
        if log_file is None:
            sections = of_population(_play(settings, scenes or tuple(SCENES)))
        else:
            sections = _replay(log_file, profiles, settings, show_addresses)
    for line in showing.text(sections):
        click.echo(line)
    if html is not None:
        changed = ", ".join(overrides) or "the defaults"
        title = "Simulation: " + (log_file.name if log_file else "the built-in population")
        html.write_text(showing.page(sections, title=title, said=f"Settings: {changed}."))
        click.echo(f"\nWritten: {html}")


@contextmanager
def _unlogged() -> Iterator[None]:
    """Keep the warnings of a site that is only played out of the terminal."""
    log = logging.getLogger("challenge")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _settings(overrides: Sequence[str]) -> Settings:
    values = {}
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise click.BadParameter(f"{override!r} is not KEY=VALUE", param_hint="--set")
        values[PREFIX + key.upper().removeprefix(PREFIX)] = value
    try:
        return load(Source("--set", values))
    except ConfigError as error:
        raise click.ClickException(f"{error.detail} ({error.code})") from error


def _play(settings: Settings, scenes: Sequence[str]) -> list[Row]:
    rows: list[Row] = []
    with click.progressbar(scenes, label="Playing", item_show_func=str) as bar:
        for name in bar:
            rows += play(name, Run(settings))
    return rows


def _replay(
    log_file: Path, profiles: re.Pattern[str], settings: Settings, show_addresses: bool
) -> list[Section]:
    replay, read, told = Replay(settings), Read(), 0
    with click.progressbar(length=log_file.stat().st_size, label="Replaying") as bar:

        def at(position: int) -> None:
            nonlocal told
            bar.update(position - told)
            told = position

        try:
            with puzzle.registered():
                replay.play(logs.hits(log_file, profiles, read, at))
        except StoreUnavailable as error:
            raise click.ClickException(
                "more visitors in a day than fit in memory: replay a part of the log"
            ) from error
        except (OSError, EOFError) as error:
            raise click.ClickException(f"{log_file.name}: {error}") from error
    if not read.hits:
        raise click.ClickException(
            f"no request for a profile in {read.lines:,} lines ({read.unread:,} not understood):"
            " say with --profiles which paths are profiles"
        )
    return of_replay(replay, read, show_addresses=show_addresses)
