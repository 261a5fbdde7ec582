"""The browser's files: a fixed table of names, read once, compressed when they were built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

#: content codings that the build writes beside each file, best first
ENCODINGS = {"br": ".br", "gzip": ".gz"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the bundle."""

    name: str
    #: the name that changes with the content, and may be cached for good
    hashed: str
    content_type: str
    #: sha384, as in an `integrity` attribute
    integrity: str
    #: bytes by content coding; "identity" is always there
    bodies: Mapping[str, bytes]


def folder() -> Path:
    """Where the bundle is: in the installed package, or in a checkout beside it."""
    package = Path(str(files("challenge")))
    installed = package / "_static"
    return installed if installed.is_dir() else package.parent / "static" / "js" / "dist"


@cache
def load() -> Mapping[str, Asset]:
    """All assets by fixed name and by hashed name; any other name does not exist."""
    root = folder()
    table: dict[str, Asset] = {}
    for name, entry in json.loads((root / "manifest.json").read_text()).items():
        bodies = {
            coding: (root / (name + ending)).read_bytes() for coding, ending in ENCODINGS.items()
        }
        bodies["identity"] = (root / name).read_bytes()
        asset = Asset(
            name=name,
            hashed=entry["hashed"],
            content_type=entry["type"],
            integrity=entry["integrity"],
            bodies=MappingProxyType(bodies),
        )
        table[asset.name] = table[asset.hashed] = asset
    return MappingProxyType(table)
