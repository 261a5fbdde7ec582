"""What the gate says to a person, in every language: one flat file each in `languages/`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """All texts in one language. Placeholders such as {seconds} are in braces."""

    #: of the language, as in an HTML `lang` attribute
    code: str
    #: "ltr" or "rtl", as in `dir`
    direction: str
    texts: Mapping[str, str]

    def say(self, name: str, **values: object) -> str:
        """One text with its placeholders filled in.

        :raises KeyError: if there is no such text.
        """
        text = self.texts[name]
        for placeholder, value in values.items():
            text = text.replace(f"{{{placeholder}}}", str(value))
        return text


def folder() -> Path:
    """Where the languages are."""
    return Path(str(files("challenge"))) / "languages"


@cache
def codes() -> tuple[str, ...]:
    """The languages that there are, the default one first."""
    found = sorted(path.stem for path in folder().glob("*.toml"))
    return (DEFAULT, *(code for code in found if code != DEFAULT))


@cache
def words(code: str) -> Words:
    """The texts of a language of :func:`codes`."""
    texts = tomllib.loads((folder() / f"{code}.toml").read_text(encoding="utf-8"))
    return Words(code, texts.pop("direction"), MappingProxyType(texts))


def choose(wanted: Iterable[str]) -> Words:
    """The first language of a list that there is, regions left out; else the default.

    :param wanted: language tags such as `de-AT`, the dearest first.
    """
    primary = (tag.partition("-")[0].lower() for tag in wanted)
    return words(next((code for code in primary if code in codes()), DEFAULT))
