"""Reads the demo's pages as a check from outside would: values in any spelling, and elements."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import quote, quote_plus

VOID = {"br", "hr", "img", "input", "link", "meta"}


def spellings(value: str) -> set[str]:
    """Every way in which a page might write this value."""
    escaped = html.escape(value)
    return {
        value,
        escaped,
        escaped.replace("&#x27;", "&#39;"),
        "".join(f"&#{ord(letter)};" for letter in value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
    }


def told(body: str, values: tuple[str, ...]) -> list[str]:
    """Those of the values that the body contains in some spelling."""
    return [value for value in values if any(spelling in body for spelling in spellings(value))]


class Finder:
    """Finds values in bodies as `told` does, and quickly when there are thousands of them."""

    START = 10  # characters

    def __init__(self, values: Iterable[str]) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        for value in values:
            for spelling in spellings(value):
                assert len(spelling) >= self.START, spelling
                self._by_start.setdefault(spelling[: self.START], []).append((spelling, value))

    def told(self, body: str) -> list[str]:
        """Those of the values that the body contains in some spelling, sorted."""
        return sorted(
            {
                value
                for at in range(len(body) - self.START + 1)
                for spelling, value in self._by_start.get(body[at : at + self.START], ())
                if body.startswith(spelling, at)
            }
        )


class Page(HTMLParser):
    """A parsed page: its elements, and its text inside and outside of `data-personal`."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.personal_images: list[str | None] = []
        self.personal = ""
        self.public = ""
        self._open: list[bool] = []
        self.feed(body)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.elements.append((tag, given))
        inside = "data-personal" in given or any(self._open)
        if inside and tag == "img":
            self.personal_images.append(given.get("src"))
        text = " ".join(value for value in given.values() if value)
        self._tell(text, inside)
        if tag not in VOID:
            self._open.append("data-personal" in given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._tell(data, any(self._open))

    def _tell(self, text: str, inside: bool) -> None:
        if inside:
            self.personal += f"\n{text}"
        else:
            self.public += f"\n{text}"

    def links(self) -> list[str]:
        """Where the page's links lead."""
        return [given["href"] or "" for tag, given in self.elements if tag == "a"]

    def people(self) -> list[str]:
        """The handles of the profiles that it links to, as often as it does."""
        profiles = [link for link in self.links() if link.startswith("/people/")]
        return [link.removeprefix("/people/") for link in profiles]

    def count(self, tag: str) -> int:
        """How many elements of this name the page has."""
        return sum(name == tag for name, _ in self.elements)
