"""The demo as a program sees it that takes pages: calls, and who is in the directory."""

from __future__ import annotations

import http.client
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: all of 127/8 is this machine; the reader comes from 127.0.0.1, which is another network
ADDRESS = "127.9.0.1"
PUBLIC_PAGES_MAX = 500


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_profile(self) -> bool:
        """Whether it is a page with personal details, and not something in its place."""
        return self.status == 200 and b"data-personal" in self.body

    @property
    def wait_s(self) -> float:
        """For how long it asks to wait; 0 if it does not."""
        if self.status == 425:
            return float(json.loads(self.body)["retry_in_ms"]) / 1000
        return float(self.headers.get("Retry-After", 0))


@dataclass(frozen=True)
class Site:
    """A demo on a loopback port, as the scraper's address sees it."""

    port: int
    address: str = ADDRESS
    #: by status
    answers: Counter[int] = field(default_factory=Counter)

    def call(self, method: str, path: str, cookie: str = "", body: bytes = b"") -> Answer:
        """Status, headers and body."""
        headers = {"Accept": "text/html", "Cookie": cookie, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(self.address, 0)
        )
        try:
            connection.request(method, path, body, {k: v for k, v in headers.items() if v})
            response = connection.getresponse()
            self.answers[response.status] += 1
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


class Links(HTMLParser):
    """Where a page's links lead."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the target of a link."""
        self.found += [value for name, value in attrs if tag == "a" and name == "href" and value]


def handles_of(site: Site) -> list[str]:
    """Everybody in the directory, from `/` and every `/?...` that is linked from there on."""
    pages, handles = ["/"], dict[str, None]()
    for page in pages:
        for link in Links(site.call("GET", page).body).found:
            path = link.partition("#")[0]
            if path.startswith("/?") and path not in pages and len(pages) < PUBLIC_PAGES_MAX:
                pages.append(path)
            if person := re.fullmatch(r"/people/([^/?]+)", path):
                handles[person[1]] = None
    return list(handles)
