"""The states of a widget, and how a page is brought into each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from .pages import Site
from .test_chromium import ASK, Held
from .widgets import QUICK, RESPOND, await_state, expiring, open_form


def hold(page: Page) -> None:
    Held(page.context, RESPOND)


def crowd(page: Page) -> None:
    answer = {"status": 429, "headers": {"Retry-After": "40"}, "json": {"code": "network_busy"}}
    page.route(RESPOND, lambda route: route.fulfill(**answer))


def lose(page: Page) -> None:
    page.route(ASK, lambda route: route.fulfill(status=400, json={"code": "odd"}))


def age(page: Page) -> None:
    page.add_init_script("delete Document.prototype.adoptedStyleSheets")


def send(page: Page) -> None:
    page.click("text=Send")


@dataclass(frozen=True)
class State:
    name: str
    #: of the box; empty where there is none
    state: str
    attributes: str = ""
    before: Callable[[Page], object] | None = None
    after: Callable[[Page], object] | None = None


STATES = (
    State("idle", "idle", 'execution="execute"'),
    State("working", "working", before=hold),
    State("sending", "working", before=hold, after=send),
    State("queue", "queue", before=crowd),
    State("ready", "ready"),
    State("problem", "problem", before=lose),
    State("expired", "expired", 'refresh-expired="manual"', lambda page: expiring(page, 0.2)),
    State("unsupported", "", before=age),
)
BY_NAME = {state.name: state for state in STATES}


def show(page: Page, site: Site, state: State, attributes: str = "") -> None:
    """Bring the widget of a fresh tab into the state."""
    if state.before:
        state.before(page)
    given = f" {state.attributes} {attributes} action"
    open_form(page, site, QUICK.replace(" action", given))
    if state.state:
        await_state(page, state.state)
    else:
        page.get_by_role("alert").wait_for()
    if state.after:
        state.after(page)


each_state = pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
