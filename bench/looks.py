"""What it costs a page that we look at who calls its methods: `./run bench looks`.

A script of the page's own calls a method that is looked at and the same method of a frame, which
is not, in turns, and slowly enough that each call is looked at.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.serving import serve

from ._chromium import chromium, undriven
from ._report import Figure, publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: for a second of a page's time; so many stacks are looked at in one
REACH_MS, LOOKS_IN_A_SECOND = 1.0, 4
#: the median of what a look costs, in milliseconds
COST = """
async function cost() {
  const field = document.querySelector("#q");
  const frame = document.body.appendChild(document.createElement("iframe"));
  const deep = (depth, call) => depth ? deep(depth - 1, call) : call();
  const ways = [HTMLElement, frame.contentWindow.HTMLElement].map(({ prototype }) => {
    const { focus } = prototype;
    return { took: [], call: () => focus.call(field) };
  });
  for (let time = 0; time < 45; time++) {
    for (const { took, call } of ways) {
      await new Promise((done) => setTimeout(done, 130));
      const start = performance.now();
      deep(20, call);
      took.push(performance.now() - start);
    }
  }
  const [looked, native] = ways.map(({ took }) => took.sort((a, b) => a - b)[22]);
  return looked - native;
}
"""


def look_ms(browser: Browser, url: str) -> float:
    """Milliseconds that a call takes longer, in the demo's first page."""
    page = browser.new_page()
    page.route("**/own.js", lambda route: route.fulfill(body=COST, content_type="text/javascript"))
    page.goto(url, wait_until="networkidle")
    page.add_script_tag(url="/own.js")
    assert "click" not in page.evaluate("HTMLElement.prototype.click.toString()"), "nobody looks"
    return float(page.evaluate("cost()"))


def main() -> None:
    """Measure and publish."""
    program = os.environ.get("TALLYGATE_CHROME") or shutil.which("chromium") or ""
    with (
        tempfile.TemporaryDirectory(prefix="tallygate-looks-") as folder,
        serve(
            "demo.app:create_app()", Path(folder), workers=1, CHALLENGE_BEHAVIOUR="true"
        ) as server,
        chromium(program, *undriven(program)) as browser,
    ):
        took = look_ms(browser, f"{server.url}/")
    note = f"{LOOKS_IN_A_SECOND} in a second, {took:.2f} ms each, 20 calls deep"
    second = took * LOOKS_IN_A_SECOND
    ok = second <= REACH_MS
    publish("looks", [Figure("behaviour.looks_ms", second, "ms", REACH_MS, ok, note)])


if __name__ == "__main__":
    main()
