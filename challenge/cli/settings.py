"""`flask challenge config`: every setting, its value in force, and who set it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
from flask import Flask

from ..config import PREFIX, UNLIMITED, Settings, read_toml
from .loading import load_app_or_say_why, tally_of

TABLE_HEAD = "| setting | default | unit | what it does |\n| --- | --- | --- | --- |"
HIDDEN = "(set, not shown)"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting, as it may be shown to anybody who may see the terminal."""

    name: str
    value: str
    unit: str
    default: str
    origin: str
    doc: str


@click.command("config")
@click.option("--markdown", is_flag=True, help="The table of docs/configuration.md instead.")
def config(markdown: bool) -> None:
    """Print every setting: value in force, unit, default, where it came from."""
    if markdown:
        click.echo(markdown_table())
        return
    app = load_app_or_say_why()
    for row in rows(tally_of(app).settings, sources(app)):
        unit = "" if row.unit in ("text", "path", "URI", "kind") else f" {row.unit}"
        click.echo(f"{PREFIX}{row.name} = {row.value}{unit}")
        click.echo(f"    {row.doc}")
        click.echo(f"    from: {row.origin}; default: {row.default}; unit: {row.unit}")


def sources(app: Flask) -> dict[str, Mapping[str, Any]]:
    """The places that the Gate reads settings from, by name; a later one wins."""
    return {
        "challenge.toml": read_toml(Path(app.instance_path) / "challenge.toml"),
        "app.config": app.config,
        "the environment": os.environ,
    }


def rows(settings: Settings, places: Mapping[str, Mapping[str, Any]]) -> Iterator[Row]:
    """All settings in the order of :class:`Settings`, secrets hidden."""
    for item in fields(Settings):
        key = PREFIX + item.name.upper()
        setters = [place for place, values in places.items() if key in values]
        if settings.unlimited_pass and item.name in UNLIMITED:
            setters.append(f"{PREFIX}UNLIMITED_PASS")
        yield Row(
            name=item.name.upper(),
            value=_visible(item.name, getattr(settings, item.name)),
            unit=item.metadata["unit"],
            default=_text(item.default),
            origin=setters[-1] if setters else "default",
            doc=item.metadata["doc"],
        )


def markdown_table() -> str:
    """The table of docs/configuration.md."""
    lines = [TABLE_HEAD]
    for item in fields(Settings):
        shown = _text(item.default)
        default = shown if shown in ("none", "empty", "not set") else f"`{shown}`"
        cells = [f"`{item.name.upper()}`", default, item.metadata["unit"], item.metadata["doc"]]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _visible(name: str, value: object) -> str:
    text = _text(value)
    if name.endswith("_secret"):
        return HIDDEN if value else text
    if name.endswith("_uri"):
        # It may carry a password, before the host or in its query.
        return re.sub(r"(?<=//).*@", "***@", re.sub(r"\?.*", "?***", text))
    return text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list, frozenset)):
        return ",".join(str(item) for item in value) or "none"
    if value is None:
        return "not set"
    return str(value) or "empty"
