"""A widget under a strict policy, in each of its states. In a real Chromium."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from .pages import Site, watch
from .widget_states import BY_NAME, State, each_state, show

pytestmark = [pytest.mark.browser, pytest.mark.engine]

STYLED = """() => {
    const p = document.createElement('p');
    p.setAttribute('style', 'color: red');
    document.body.append(p);
}"""


@each_state
def test_no_policy_is_violated_and_nobody_else_is_asked(
    page: Page, forms: Site, state: State
) -> None:
    wrong = watch(page)
    show(page, forms, state)
    assert page.evaluate("violations") == []
    expected = "status of (400|429)"
    assert [one for one in wrong if not re.search(expected, one)] == []


def test_control_a_style_attribute_is_reported(page: Page, forms: Site) -> None:
    show(page, forms, BY_NAME["ready"])
    page.evaluate(STYLED)
    page.wait_for_timeout(50)
    assert page.evaluate("violations") == ["style-src-attr"]
