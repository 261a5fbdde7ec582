"""`flask challenge embed`: the script tag for pages that Jinja does not make."""

from __future__ import annotations

import click

from .. import assets
from .loading import load_app_or_say_why, tally_of


@click.command("embed")
def embed() -> None:
    """Print the script tag, pinned to this release's script (Subresource Integrity).

    Print it again after an upgrade: the script has another name then.
    """
    app = load_app_or_say_why()
    root = app.config["APPLICATION_ROOT"].rstrip("/") + tally_of(app).settings.url_prefix
    script = assets.load()["challenge.js"]
    src = f"{root}/static/{script.hashed}"
    click.echo(f'<script src="{src}" integrity="{script.integrity}" async></script>')
