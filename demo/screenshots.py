"""Pictures of the demo for the docs: `./run screenshots`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Route

from bench._chromium import chromium
from bench._site import Site, handles_of
from demo.app import SEED
from tests.serving import serve

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "img"
PERSONAL = "[data-personal]"
PROBLEM = "[data-challenge-problem]:not([hidden])"
#: the live region speaks once a second at most
SPOKEN_MS = 1500
#: enough for ink, paper, and a portrait
COLOURS = 32
#: the work is no part of any picture
SETTINGS = {"CHALLENGE_PRICE_MS": "20", "CHALLENGE_BEHAVIOUR": "true"}
LARGE_BYTES = 40 * 1024
#: brings a fresh browser to a moment that is worth a picture; returns calls that are held back
Scene = Callable[[Page, str, str], list[Route] | None]

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
LOOKS: dict[str, dict[str, Any]] = {
    "light": DESKTOP | {"color_scheme": "light"},
    "dark": DESKTOP | {"color_scheme": "dark"},
    "phone": PHONE | {"color_scheme": "light"},
}


def home(page: Page, url: str, handle: str) -> None:
    """The directory."""
    page.goto(url)


def profile(page: Page, url: str, handle: str) -> None:
    """A whole profile, after the interstitial."""
    page.goto(f"{url}/people/{handle}")
    page.wait_for_selector(PERSONAL)
    page.wait_for_load_state("networkidle")


def card(page: Page, url: str, handle: str) -> None:
    """A public card, with its details shown where the element can do that."""
    page.goto(f"{url}/cards/{handle}")
    page.wait_for_load_state("networkidle")
    if page.evaluate("customElements.get('challenge-gate') !== undefined"):
        page.locator("challenge-gate button").first.click()
        page.wait_for_selector(PERSONAL)


def interstitial(page: Page, url: str, handle: str) -> list[Route]:
    """The work is done and all marks are drawn, but nothing is sold yet."""
    held: list[Route] = []
    page.route("**/v1/clearances", lambda route: held.append(route))
    with page.expect_request("**/v1/clearances"):
        page.goto(f"{url}/people/{handle}")
    page.wait_for_timeout(SPOKEN_MS)
    return held


def step(page: Page, url: str, handle: str) -> None:
    """A browser that was used as programs use one has one step more to do."""
    interaction = {"kind": "hold", "ms": 1400, "wait_ms": 30_000}

    def ask(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"interaction": interaction})

    page.route("**/v1/challenges", ask)
    page.goto(f"{url}/people/{handle}")
    page.wait_for_selector(".challenge-hold", timeout=60_000)


def failure(page: Page, url: str, handle: str) -> None:
    """The connection was lost."""
    page.route("**/v1/challenges", lambda route: route.abort("connectionfailed"))
    page.goto(f"{url}/people/{handle}")
    page.wait_for_selector(PROBLEM, timeout=60_000)


def scraper(page: Page, url: str, handle: str) -> None:
    """What a scraper gets."""
    page.goto(f"{url}/scraper")


SCENES: dict[str, Scene] = {
    "home": home,
    "profile": profile,
    "card": card,
    "interstitial": interstitial,
    "step": step,
    "failure": failure,
    "scraper": scraper,
}


def small(png: bytes) -> bytes:
    """The same picture in few colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    reduced = picture.quantize(COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


def take(browser: Browser, url: str, handle: str, folder: Path) -> None:
    """Every scene by day, by night and on a phone."""
    for name, scene in SCENES.items():
        for look, options in LOOKS.items():
            context = browser.new_context(reduced_motion="reduce", **options)
            page = context.new_page()
            held = scene(page, url, handle) or []
            png = small(page.screenshot(animations="disabled", caret="hide"))
            for route in held:
                route.abort()
            context.close()
            file = folder / f"{name}-{look}.png"
            file.write_bytes(png)
            large = " (large)" if len(png) > LARGE_BYTES else ""
            print(f"{file.name:<24} {len(png) / 1024:5.1f} KiB{large}", flush=True)


def main() -> None:
    """Start a demo and take the pictures."""
    parser = argparse.ArgumentParser(prog="./run screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder; default: docs/img")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    # A server that is left behind would go on serving.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="tallygate-pictures-") as temporary:
        town = {"DEMO_INSTANCE_PATH": temporary, "DEMO_SEED": SEED}
        app = f"demo.app:create_app({town!r})"
        with (
            serve(app, Path(temporary), workers=1, **SETTINGS) as server,
            chromium(os.environ["TALLYGATE_CHROME"]) as browser,
        ):
            handle = handles_of(Site(server.port, "127.0.0.1"))[0]
            take(browser, server.url, handle, folder)


if __name__ == "__main__":
    main()
