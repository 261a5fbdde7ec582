"""A watched demo that serves one visit, and what it told of it."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.serving import serve

PATIENCE_S = 60


@dataclass(frozen=True)
class Quote:
    """What behaviour did to the price of an ask."""

    factor: float
    reasons: tuple[str, ...]
    #: whether the visitor had a clearance already
    renews: bool
    #: as the browser sent it; empty if it said nothing
    report: str = ""


@dataclass(frozen=True)
class Told:
    """What the site saw of a visit."""

    #: profiles that opened, each once, in order
    opened: tuple[str, ...]
    #: clearances sold after the first
    renewals: int
    #: of all asks, in order
    quotes: tuple[Quote, ...]
    #: what BotD calls the browser; "" if nothing, None if it was not asked
    botd: str | None

    @property
    def first_renewal(self) -> Quote | None:
        """The first ask that renews, if there was one, with all that was odd until then.

        A gate remembers what a visitor paid for before, so this is what the renewal costs.
        """
        for count, quote in enumerate(self.quotes, 1):
            if quote.renews:
                until = self.quotes[:count]
                reasons = dict.fromkeys(reason for ask in until for reason in ask.reasons)
                return Quote(max(ask.factor for ask in until), tuple(reasons), renews=True)
        return None

    @property
    def factor(self) -> str:
        """The factor at the first renewal, in words."""
        return f"{renewal.factor:g}" if (renewal := self.first_renewal) else "no renewal"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Those of the first renewal."""
        return renewal.reasons if (renewal := self.first_renewal) else ()


#: of a visit that did not come to its end
NOTHING = Told(opened=(), renewals=0, quotes=(), botd=None)


@dataclass(frozen=True)
class Watched:
    """A running demo."""

    url: str
    _log: Path

    def _events(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        # The last line may be half written.
        lines = self._log.read_text().rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in lines]

    def opened(self) -> tuple[str, ...]:
        """The handles of the profiles that have opened, each once."""
        paths = [e["path"] for e in self._events() if e["event"] == "admitted"]
        return tuple(dict.fromkeys(p.split("/")[2] for p in paths if p.count("/") == 2))

    def wait_until_opened(self, handle: str) -> None:
        """Wait until the gate has let somebody through to this profile.

        :raises TimeoutError: if it does not within a minute.
        """
        end = time.monotonic() + PATIENCE_S
        while handle not in self.opened():
            if time.monotonic() > end:
                raise TimeoutError(f"{handle} does not open; opened: {self.opened()}")
            time.sleep(0.1)

    def told(self) -> Told:
        """All there is to tell by now."""
        events = self._events()
        verdicts = [e["verdict"] for e in events if e["event"] == "botd"]
        return Told(
            opened=self.opened(),
            renewals=max(0, sum(e["event"] == "sold" for e in events) - 1),
            quotes=tuple(_quote(e) for e in events if e["event"] == "quoted"),
            botd=_called(verdicts[-1]) if verdicts else None,
        )


def _quote(event: dict[str, Any]) -> Quote:
    factor, reasons = float(event["factor"]), tuple(event["reasons"])
    return Quote(factor, reasons, bool(event["renews"]), event["report"])


def _called(verdict: dict[str, Any]) -> str:
    return str(verdict.get("botKind", "bot")) if verdict["bot"] else ""


@contextmanager
def watched(botd: Path | None = None) -> Iterator[Watched]:
    """A demo of its own for one visit, so that no visit pays for the one before it."""
    with tempfile.TemporaryDirectory(prefix="tallygate-watched-") as name:
        folder = Path(name)
        env = {"BEHAVIOUR_LOG": str(folder / "told.jsonl"), "CHALLENGE_BEHAVIOUR": "true"}
        if botd is not None:
            env["BEHAVIOUR_BOTD"] = str(botd)
        with serve("bench.visits.site:create_app()", folder, workers=1, **env) as server:
            yield Watched(server.url, Path(env["BEHAVIOUR_LOG"]))
