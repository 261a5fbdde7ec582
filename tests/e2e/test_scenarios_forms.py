"""Forms and field-level gates that go alike in every engine, as `test_scenarios` does it.

`pytest tests/e2e/test_scenarios_forms.py --browsers all`. What is measured is what the site's log
says.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from .conftest import Drive
from .drivers import Driver
from .pages import REVEALED, Calls, Site, serve_site
from .test_scenarios import be_odd
from .widgets import FIELD

pytestmark = pytest.mark.timeout(200)

#: in which the 30 responses that an address may have at once come back
HALF_AN_HOUR_S = 1800
FORM = "form[method=post]"
THANKED = "location.pathname === '/report/thanks' && document.readyState === 'complete'"
REFUSED = ".form-problem"
#: elements only where scripts are off
NO_SCRIPTS = "challenge-widget noscript p"
#: a moment later, so that the driver has its answer before the page goes
SEND = f"void setTimeout(() => document.querySelector('{FORM} p > button').click())"
PAST_THE_WIDGET = f"""void setTimeout(() => {{
    document.querySelector('challenge-widget').remove();
    document.querySelector('{FORM}').submit();
}})"""
CHOOSE = f"document.querySelector('{FORM} [name=reason]').checked = true"
#: it begins when it is seen
SEE = "document.querySelector('challenge-widget').scrollIntoView()"
RESPONSE = f"document.querySelector('{FIELD}').value"
#: of the gate; selectors do not reach into it in every engine
BUTTON = "document.querySelector('challenge-gate').shadowRoot.querySelector('button')"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo as it comes."""
    with serve_site(tmp_path_factory.mktemp("forms"), workers=1) as running:
        yield running


@pytest.fixture
def forms(demo: Site) -> Site:
    """The demo, as long after the scenario before that all responses may be had again."""
    demo.let_pass(HALF_AN_HOUR_S)
    return demo


def open_report(driver: Driver, site: Site) -> None:
    """Open the form that reports a profile, and begin to fill it in."""
    driver.open(site.profiles[0].replace("/people/", "/report?profile="))
    driver.wait_for("challenge-widget [data-size]")
    driver.evaluate(CHOOSE)
    driver.evaluate(SEE)


def await_response(driver: Driver) -> str:
    driver.until(lambda: driver.evaluate(RESPONSE), "a response")
    return str(driver.evaluate(RESPONSE))


def statuses(calls: Calls, method: str, path: str) -> list[int]:
    return [call["status"] for call in calls.of(method, path)]


def await_thanks(driver: Driver) -> None:
    """Wait until the page after the form is there: Chromium may never close one on its way."""
    driver.until(lambda: driver.evaluate(THANKED), "the page after the form")


def open_card(driver: Driver, site: Site) -> None:
    # WebKit shows the page before for a moment yet, and that may be the same one.
    before = driver.evaluate("performance.timeOrigin")
    driver.open(site.profiles[0].replace("/people/", "/cards/"))
    shown = f"performance.timeOrigin !== {before} && {BUTTON} !== null"
    driver.until(lambda: driver.evaluate(shown), "the gate's button")


def press(driver: Driver) -> None:
    driver.evaluate(f"{BUTTON}.click()")
    driver.wait_for(REVEALED)


# -- forms -----------------------------------------------------------------------------------


def test_a_form_is_accepted_with_its_response_and_only_once(drive: Drive, forms: Site) -> None:
    driver, calls = drive(), Calls(forms)
    open_report(driver, forms)
    assert not driver.has(NO_SCRIPTS)
    response = await_response(driver)
    assert statuses(calls, "POST", "/v1/responses") == [201]
    driver.evaluate(SEND)
    await_thanks(driver)
    assert statuses(calls, "POST", "/report") == [303]
    assert len(calls.asks) == 1
    assert driver.cookies() == {}
    fields = {"profile": forms.profiles[0].rpartition("/")[2], "reason": "wrong"}
    body = urlencode(fields | {"challenge-response": response}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert forms.server.call("POST", "/report", headers, body)[0] == 403


def test_control_without_a_response_it_is_refused_and_the_form_comes_back(
    drive: Drive, forms: Site
) -> None:
    driver, calls = drive(), Calls(forms)
    open_report(driver, forms)
    driver.evaluate(PAST_THE_WIDGET)
    driver.wait_for(REFUSED)
    assert statuses(calls, "POST", "/report") == [403]
    driver.evaluate(SEE)
    await_response(driver)
    driver.evaluate(SEND)
    await_thanks(driver)
    assert statuses(calls, "POST", "/report") == [403, 303]


def test_a_form_that_is_sent_early_is_sent_once_when_its_work_is_done(
    drive: Drive, forms: Site
) -> None:
    driver, calls = drive(), Calls(forms)
    be_odd(driver, forms, "slow=1&lacks=Worker,WebAssembly")
    open_report(driver, forms)
    for _ in range(3):
        driver.evaluate(SEND)
    assert statuses(calls, "POST", "/report") == []
    await_thanks(driver)
    assert statuses(calls, "POST", "/report") == [303]
    assert statuses(calls, "POST", "/v1/responses") == [201]


def test_a_response_that_has_ended_is_replaced_by_itself(drive: Drive, forms: Site) -> None:
    driver, calls = drive(), Calls(forms)
    be_odd(driver, forms, "brief=1")
    open_report(driver, forms)
    first = await_response(driver)
    driver.until(lambda: driver.evaluate(RESPONSE) not in ("", first), "another response")
    assert set(statuses(calls, "POST", "/v1/responses")) == {201}
    driver.evaluate(SEND)
    await_thanks(driver)
    assert statuses(calls, "POST", "/report") == [303]


def test_with_scripts_off_the_form_says_that_it_can_not_be_sent(drive: Drive, forms: Site) -> None:
    driver, calls = drive(scripts=False), Calls(forms)
    driver.open(forms.profiles[0].replace("/people/", "/report?profile="))
    driver.wait_for(NO_SCRIPTS)
    assert calls.asks == []


# -- a part of a public page -----------------------------------------------------------------


def test_details_are_shown_on_a_press_and_not_before(drive: Drive, forms: Site) -> None:
    driver, calls = drive(), Calls(forms)
    open_card(driver, forms)
    assert not driver.has(REVEALED)
    assert calls.asks == calls.of("GET", "/contact") == []
    press(driver)
    assert statuses(calls, "GET", "/contact")[-1] == 200
    assert len(calls.sales) == 1
    assert statuses(calls, "GET", forms.profiles[0].removeprefix(forms.url)) == []
    open_card(driver, forms)
    press(driver)
    assert len(calls.asks) == 1, "the second time is free"
    path = f"{forms.profiles[0].removeprefix(forms.url)}/contact"
    assert forms.server.call("GET", path, {"Accept": "text/html"})[0] == 403


# -- both ------------------------------------------------------------------------------------


def test_a_strict_policy_is_never_violated(drive: Drive, forms: Site) -> None:
    driver, calls = drive(), Calls(forms)
    be_odd(driver, forms, "reports=1")
    open_card(driver, forms)
    press(driver)
    open_report(driver, forms)
    await_response(driver)
    assert calls.of("POST", "/e2e/violation") == []
    # The control, and the sign that earlier reports would be here by now.
    driver.evaluate("document.body.setAttribute('style', 'color: red')")
    driver.until(lambda: calls.of("POST", "/e2e/violation"), "a report")
    assert len(calls.of("POST", "/e2e/violation")) == 1
