"""`flask challenge bans add|list|lift`."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network

import click
from flask.cli import AppGroup

from ..core.networks import Network
from ..errors import ChallengeError
from ..stores.base import Effect
from ..tally.bans import DAYS_MAX
from .loading import load_app_or_say_why, tally_of

_DOES: dict[Effect, str] = {"all": "all", "unproved": "new visitors", "flag": "flagged"}

bans = AppGroup("bans", help="Keep networks out for a time.")


class NetworkType(click.ParamType[Network]):
    """An address or a network, such as 192.0.2.0/24 or 2001:db8::/48."""

    name = "network"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Network:
        """The network that the text names."""
        try:
            return ip_network(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@bans.command("add", with_appcontext=False)
@click.argument("network", type=NetworkType())
@click.option("--reason", required=True, help="Why; shown in the list, to operators only.")
@click.option(
    "--hours", type=float, default=24, show_default=True, help=f"At most {DAYS_MAX * 24}."
)
def add(network: Network, reason: str, hours: float) -> None:
    """Ban NETWORK. Only a keyed hash of it is stored."""
    tally = tally_of(load_app_or_say_why())
    try:
        ban = tally.bans.add(network, reason=reason, origin="operator", hours=hours)
    except ChallengeError as error:
        raise click.ClickException(f"{error.detail} ({error.code})") from error
    click.echo(f"{network} is kept out until {_time(ban.expires)}. Workers obey within 5 s.")


@bans.command("list", with_appcontext=False)
def show() -> None:
    """List the bans in force, and what rules have marked. Networks are known by hash only."""
    rows = tally_of(load_app_or_say_why()).bans.all()
    for ban in rows:
        where = f"IPv{ban.version} /{ban.length}"
        click.echo(
            f"{ban.key.hex()[:12]}  {where:<10}  {_DOES[ban.effect]:<12}"
            f"  until {_time(ban.expires)}  {ban.origin}  {ban.reason}"
        )
    if not rows:
        click.echo("No bans.")


@bans.command("lift", with_appcontext=False)
@click.argument("network", type=NetworkType())
def lift(network: Network) -> None:
    """End the ban on exactly NETWORK, and what rules have marked it with."""
    if not tally_of(load_app_or_say_why()).bans.lift(network):
        raise click.ClickException(f"{network} is not banned")
    click.echo(f"{network} is let in again. Workers obey within 5 s.")


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
