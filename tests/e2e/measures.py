"""What can be measured of a page that a person looks at, hears, or walks through by keyboard."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from ..serving import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Page

AXE = ROOT / "static/js/node_modules/axe-core/axe.min.js"

#: what axe finds, one line each; what it can't judge counts, where it is a matter of contrast;
#: but of the text of a drawing it judges none
_AXE = """async (pattern) => {
    const rules = axe.getRules().map((rule) => rule.ruleId).filter((id) => id.match(pattern));
    const runOnly = { type: "rule", values: rules };
    const resultTypes = ["violations", "incomplete"];
    const found = await axe.run(document, { runOnly, resultTypes, preload: false });
    const unsure = found.incomplete.filter(({ id }) => id.startsWith("color-contrast"));
    return [...found.violations, ...unsure].flatMap(({ id, help, nodes }) => nodes
        .filter(({ html }) => !html.startsWith("<text "))
        .map(({ html, any }) => `${id}: ${help}: ${html}: ${any[0]?.message ?? ""}`));
}"""

#: everything that takes the focus, in the order of the page as it is drawn
_STOPS = """() => {
    const stops = [];
    const controls = "a[href], area[href], button, input, select, textarea, summary, [tabindex]";
    // Of radio buttons with one name the chosen one is a stop, else the first; arrows do the rest.
    const stands = ({ type, name, form }) => {
        const group = type === "radio" ? [...form.elements[name]] : [];
        return group.find(({ checked }) => checked) ?? group[0];
    };
    const walk = (element) => {
        const seen = element.checkVisibility({ visibilityProperty: true });
        const used = element.matches(controls) && !element.disabled && element.type !== "hidden";
        const passed = element.type === "radio" && element !== stands(element);
        if (seen && used && !passed && !element.matches("[tabindex='-1']:not(a, button, input)")) {
            stops.push(element);
        }
        const inside = element.shadowRoot?.children
            ?? (element.localName === "slot" ? element.assignedElements() : element.children);
        for (const child of inside) walk(child);
    };
    walk(document.body);
    globalThis.stops = stops;
    // From here on Tab goes to the first of them, wherever the focus has been.
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    return stops.map((stop) => stop.outerHTML.slice(0, 120));
}"""

#: where the focus is, and what shows it
_FOCUS = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    const drawn = [null, "::before", "::after"].some((part) => {
        const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(at, part);
        const clear = outlineColor === "transparent" || /, 0\\)$/.test(outlineColor);
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !clear;
    });
    const { top, bottom, left, right } = at.getBoundingClientRect();
    const within = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    return [globalThis.stops.indexOf(at), drawn && within];
}"""

_SIDEWAYS = """() => {
    const { documentElement: root, body } = document;
    const hidden = [root, body].some((e) => /hidden|clip/.test(getComputedStyle(e).overflowX));
    return hidden || Math.max(root.scrollWidth, body.scrollWidth) > root.clientWidth;
}"""

_MOTION = """() => [...document.querySelectorAll("*")].flatMap((element) =>
    [null, "::before", "::after"].flatMap((part) => {
        const { transitionDuration, transitionProperty, animationName } =
            getComputedStyle(element, part);
        const moves = /[1-9]/.test(transitionDuration) ? [transitionProperty] : [];
        return animationName === "none" ? moves : [...moves, animationName];
    }))"""

#: counts how far things have jumped, also right after a key was pressed
WATCH_SHIFTS = """
    globalThis.shifted = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) globalThis.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


@cache
def _axe() -> str:
    return AXE.read_text()


def faults(page: Page, rules: str = "") -> list[str]:
    """What axe-core finds on the page, by all its rules, or those that match a pattern."""
    # The page's policy forbids script tags; the driver may evaluate.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: list[str] = page.evaluate(_AXE, rules)
    return found


def walk(page: Page) -> list[str]:
    """Press Tab from the top to the end of the page; what is wrong on the way."""
    stops: list[str] = page.evaluate(_STOPS)
    wrong = []
    for number, stop in enumerate(stops):
        page.keyboard.press("Tab")
        at, seen = page.evaluate(_FOCUS)
        if at != number:
            wrong.append(f"stop {number} is {at}, not {stop}")
        elif not seen:
            wrong.append(f"nobody sees the focus on {stop}")
    page.keyboard.press("Tab")
    at, _ = page.evaluate(_FOCUS)
    # Past the last there is the browser; where it shows nothing of its own, the first.
    if at not in (-1, 0):
        wrong.append(f"after the last stop comes {stops[at]}")
    return wrong


def scrolls_sideways(page: Page) -> bool:
    """Whether the page is wider than its window, or hides that it is."""
    return bool(page.evaluate(_SIDEWAYS))


def moving(page: Page) -> list[str]:
    """What would move of the page, and would not appear at once."""
    found: list[str] = page.evaluate(_MOTION)
    return found


def shifted(page: Page) -> float:
    """How much has jumped in a page that ran WATCH_SHIFTS from the start."""
    # The frame in which it is noticed, and the one after it.
    frames = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    page.evaluate(frames)
    return float(page.evaluate("globalThis.shifted"))


def contrast(page: Page, selector: str, name: str) -> float:
    """The least ratio between a computed colour of such elements and the page's background."""
    look = """(elements, name) => [document.body, ...elements]
        .map((element, number) => getComputedStyle(element)[number ? name : "backgroundColor"])"""
    back, *fronts = map(_rgb, page.locator(selector).evaluate_all(look, name))
    return min(_ratio(front, back) for front in fronts)


def _rgb(colour: str) -> list[float]:
    """The parts of rgb(...); of what lets the page shine through, nothing is left."""
    red, green, blue, *opacity = map(float, re.findall(r"[\d.]+", colour))
    assert opacity in ([], [1]), f"{colour} is not opaque"
    return [red, green, blue]


def _ratio(one: list[float], other: list[float]) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: list[float]) -> float:
    """Of red, green and blue from 0 to 255, as WCAG defines it."""
    linear = [c / 3294.6 if c <= 10.3 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
