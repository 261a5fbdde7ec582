"""The demo's contract: what is public, what is not, and how the pages are built."""

from __future__ import annotations

import re
from inspect import unwrap
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from challenge.flask.client import EXTENSION
from demo import app as demo
from demo.directory import Directory
from demo.portrait import portrait
from demo.town import Member, members

from .reading import Finder, Page, spellings, told

HTML = {"Accept": "text/html"}


def open_pages(people: tuple[Member, ...]) -> list[str]:
    fixed = ["/", "/protection", "/yours", "/healthz", "/nowhere", "/cards/nobody", "/?letter=1"]
    asked = [f"/?{urlencode({'q': value})}" for m in people for value in (m.name, *m.personal)]
    letters = [f"/?letter={letter}" for letter in sorted({m.letter for m in people})]
    return [*fixed, *asked, *letters, *(f"/cards/{m.handle}" for m in people)]


def gated_pages(people: tuple[Member, ...]) -> list[str]:
    return [f"/people/{m.handle}{part}" for m in people for part in ("", "/photo", "/contact")]


def test_nobody_without_a_clearance_is_told_anything_personal(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    values = Finder(value for m in people for value in m.personal)
    drawings = tuple(portrait(m.portrait_seed) for m in people)
    for path in open_pages(people) + gated_pages(people):
        for headers in (HTML, {"Accept": "*/*"}):
            answer = client.get(path, headers=headers, follow_redirects=True)
            assert values.told(answer.text) == [], path
            assert not any(drawing in answer.text for drawing in drawings), path


def test_the_same_check_finds_values_on_an_ungated_profile(
    app: Flask, people: tuple[Member, ...]
) -> None:
    """The control of the test above: without the gate, every value is found."""
    values = Finder(value for m in people for value in m.personal)
    with app.test_request_context():
        for member in people:
            page = unwrap(demo.person)(member.handle)
            assert told(page, member.personal) == list(member.personal)
            assert values.told(page) == sorted(member.personal)


@pytest.mark.parametrize("value", ["a.b@c.example", "+00 4127 1", "7 Caulker's Row, Zürich"])
def test_the_check_reads_every_spelling(value: str) -> None:
    for spelling in spellings(value):
        assert told(f"<p>{spelling}</p>", (value,)) == [value]
        assert Finder([value, "something else"]).told(f"{spelling}") == [value]
    for check in (lambda body: told(body, (value,)), Finder([value]).told):
        assert check("<p>nothing of the kind</p>") == []


def test_gated_pages_are_refused_without_a_clearance(
    client: FlaskClient, people: tuple[Member, ...]
) -> None:
    for path in gated_pages(people[:3]):
        assert client.get(path, headers=HTML).status_code == 403, path


def test_a_profile_has_its_personal_values_in_marked_elements_only(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    member = people[0]
    answer = admitted.get(f"/people/{member.handle}", headers=HTML)
    assert answer.status_code == 200
    page = Page(answer.text)
    assert told(page.personal, member.personal) == list(member.personal)
    assert told(page.public, member.personal) == []
    [photo] = page.personal_images
    assert photo is not None
    assert photo.startswith(f"/people/{member.handle}/photo?challenge-part=")
    assert page.count("img") == 1
    assert {f"/people/{tie}" for tie in member.ties} <= set(page.links())


def test_page_photo_and_contact_are_one_profile(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    member = people[0]
    left = {
        admitted.get(f"/people/{member.handle}{part}", headers=HTML).headers["Challenge-Remaining"]
        for part in ("", "/photo", "/contact")
    }
    assert len(left) == 1


def test_the_photo_is_an_svg_that_may_do_nothing(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    answer = admitted.get(f"/people/{people[0].handle}/photo")
    assert answer.mimetype == "image/svg+xml"
    assert answer.text == portrait(people[0].portrait_seed)
    assert answer.headers["Content-Security-Policy"] == demo.PHOTO_POLICY


def test_contact_details_are_what_the_card_leaves_out(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    member = people[0]
    card = admitted.get(f"/cards/{member.handle}")
    contact = f"/people/{member.handle}/contact"
    assert card.status_code == 200
    assert ("challenge-gate", {"src": contact}) in Page(card.text).elements
    assert contact in Page(card.text).links()
    assert "shown on request, so that they can't be collected" in card.text
    body = admitted.get(contact, headers=HTML).text
    reached = [member.email, member.phone, member.address]
    assert told(Page(body).personal, member.personal) == reached
    # This part alone appears on the card.
    [field] = re.findall(
        r"<div[^>]* data-challenge-field>(.*?)</div>\s*</article>", body, re.DOTALL
    )
    assert told(field, member.personal) == reached
    assert "<h1" not in field


def test_a_card_can_be_sent_to_somebody(client: FlaskClient, people: tuple[Member, ...]) -> None:
    for member in people:
        page = Page(client.get(f"/cards/{member.handle}").text)
        told_of = {
            given["property"]: given["content"]
            for tag, given in page.elements
            if tag == "meta" and "property" in given
        }
        assert told_of == {
            "og:type": "profile",
            "og:title": f"{member.name}, {member.role.lower()}",
            "og:description": member.line,
            "og:site_name": "Aldersound",
            "profile:first_name": member.given,
            "profile:last_name": member.family,
        }
        assert page.count("script") == 1
        assert page.count("svg") == 2  # the town's mark, and the guild's


def test_a_preview_has_public_words_only(app: Flask, people: tuple[Member, ...]) -> None:
    with app.test_request_context():
        assert demo.preview("nobody") is None
        for member in people:
            shown = demo.preview(member.handle)
            assert shown is not None
            assert shown.keys() == {"title", "description"}
            assert shown["title"] == f"{member.name}, {member.role.lower()}"
            assert told(" ".join(shown.values()), member.personal) == []


def test_unknown_people_are_not_found_in_the_same_words(admitted: FlaskClient) -> None:
    paths = ["/nowhere", "/cards/nobody", "/people/nobody", "/people/nobody/photo"]
    answers = [admitted.get(path, headers=HTML) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_an_icon_is_found_where_browsers_look_for_one(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico", follow_redirects=True, buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")


def test_pages_have_the_headers_that_the_gate_did_not_set(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    profile = f"/people/{people[0].handle}"
    for path in ("/", "/nowhere", "/static/town.css", f"/cards/{people[0].handle}", profile):
        headers = admitted.get(path, headers=HTML, buffered=True).headers
        assert headers.getlist("Content-Security-Policy") == [demo.PAGE_POLICY], path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    # The interstitial's own policy is not the site's to widen.
    refused = admitted.application.test_client().get(profile, headers=HTML)
    assert refused.headers.getlist("Content-Security-Policy") != [demo.PAGE_POLICY]


def test_pages_are_built_for_everybody(admitted: FlaskClient, people: tuple[Member, ...]) -> None:
    handle = people[0].handle
    profile = f"/people/{handle}"
    paths = ["/", "/?letter=" + people[0].letter, "/?q=a", "/?q=zzz", "/protection", "/yours"]
    paths += ["/nowhere", f"/cards/{handle}", profile, f"{profile}/contact"]
    titles, descriptions = set(), set()
    for path in paths:
        body = admitted.get(path, headers=HTML).text
        page = Page(body)
        assert [page.count(tag) for tag in ("h1", "main", "title")] == [1, 1, 1], path
        assert page.links()[0] == "#content"
        assert ("main", {"id": "content", "tabindex": "-1"}) in page.elements
        assert page.elements[0] == ("html", {"lang": "en"})
        assert "protected against bulk collection" in page.public
        titles |= set(re.findall(r"<title>(.*)</title>", body))
        descriptions |= set(re.findall(r'<meta name="description" content="([^"]+)">', body))
        assert re.findall(r"<img(?![^>]* width=[^>]* height=[^>]* alt=)[^>]*>", body) == []
    assert len(titles) == len(paths)
    assert len(descriptions) >= len(paths) - 4


@pytest.mark.parametrize("path", ["/", "/protection", "/yours", "/nowhere", "/?q=a"])
def test_the_current_page_is_marked_and_no_other(client: FlaskClient, path: str) -> None:
    page = Page(client.get(path).text)
    marked = [given["href"] for _, given in page.elements if "aria-current" in given]
    assert marked == ([path] if path in ("/", "/protection", "/yours") else [])
    assert {"/", "/protection", "/yours"} <= set(page.links())


def test_pages_ask_nothing_of_other_sites_and_have_no_inline_code(
    admitted: FlaskClient, people: tuple[Member, ...]
) -> None:
    handle = people[0].handle
    for path in ("/", "/nowhere", f"/cards/{handle}", f"/people/{handle}", "/protection", "/yours"):
        page = Page(admitted.get(path, headers=HTML).text)
        assert page.count("style") == 0
        scripts = [attributes["src"] or "" for tag, attributes in page.elements if tag == "script"]
        own = ["/static/yours.js"] if path == "/yours" else []
        assert [script for script in scripts if not script.startswith("/challenge/")] == own
        for tag, given in page.elements:
            assert not [key for key in given if key == "style" or key.startswith("on")], tag
            for key in ("src", "href"):
                assert re.match(r"/(?!/)|#|mailto:|$", given.get(key) or ""), (path, given)
    style = admitted.get("/static/town.css", buffered=True).text
    assert re.findall(r"url\(|@import|@font-face", style) == []


def test_health_is_said_plainly(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok"


def test_the_town_can_be_chosen(tmp_path: Path) -> None:
    app = demo.create_app({"DEMO_INSTANCE_PATH": str(tmp_path), "DEMO_SEED": 5, "DEMO_MEMBERS": 9})
    directory: Directory = app.extensions["directory"]
    app.extensions[EXTENSION].store.close()
    assert len(directory.people) == 9
    assert directory.people != members(demo.SEED, 9)
