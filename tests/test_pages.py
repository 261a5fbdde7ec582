"""The gate's own pages: language, preview, the operator's name, colours and template."""

from __future__ import annotations

import gzip
import html
import logging
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader, StrictUndefined

from challenge import ConfigError, Gate, assets, words
from challenge.flask.client import EXTENSION

MakeApp = Callable[..., Flask]
LIMIT = 5000
WAITING = "/challenge/v1/wait?to=/people/ada"


def said(code: str, name: str) -> str:
    return words.words(code).texts[name]


# -- language


@pytest.mark.parametrize("code", words.codes())
@pytest.mark.parametrize("path", ["/people/ada", WAITING])
def test_pages_speak_the_browsers_language(client: FlaskClient, code: str, path: str) -> None:
    page = client.get(path, headers={"Accept-Language": f"xx, {code}-AQ;q=0.8, en;q=0.1"})
    direction = words.words(code).direction
    assert f'<html lang="{code}" dir="{direction}">' in page.text
    assert page.headers["Content-Language"] == code
    assert said(code, "heading" if path == "/people/ada" else "no_scripts") in page.text


def test_refusals_vary_by_language(client: FlaskClient) -> None:
    assert "Accept-Language" in client.get("/people/ada").headers["Vary"]


@pytest.mark.parametrize("asked", ["", "tlh", "*", "de;q=oops", "\x7f", "x" * 9000])
def test_an_unknown_language_is_the_default(client: FlaskClient, asked: str) -> None:
    page = client.get("/people/ada", headers={"Accept-Language": asked})
    assert page.status_code == 403
    assert '<html lang="en"' in page.text or asked.startswith("de")


def test_lang_in_the_query_wins_and_is_kept_on_the_way(client: FlaskClient) -> None:
    page = client.get("/people/ada?lang=de", headers={"Accept-Language": "fr"})
    assert said("de", "heading") in page.text
    [wait] = set(re.findall(r'href="(/challenge/v1/wait[^"]*)"', page.text))
    waiting = client.get(html.unescape(wait), headers={"Accept-Language": "fr"})
    assert said("de", "no_scripts") in waiting.text
    [again] = re.findall(r'href="(/challenge/v1/wait[^"]*)"', waiting.text)
    assert "lang=de" in again
    assert '<html lang="fr"' in client.get(
        "/people/ada?lang=../en", headers={"Accept-Language": "fr"}
    ).text  # fmt: skip


def test_the_configured_language_wins(make_app: MakeApp) -> None:
    client = make_app(lang="nl").test_client()
    page = client.get("/people/ada?lang=de", headers={"Accept-Language": "fr"})
    assert said("nl", "heading") in page.text


def test_who_keeps_no_cookie_is_led_on_in_the_same_language(client: FlaskClient) -> None:
    refused = client.application.test_client(use_cookies=False).get(f"{WAITING}&lang=de&joined=1")
    assert refused.status_code == 403
    assert said("de", "wait_cookie") in refused.text
    [again] = re.findall(r'href="(/challenge/v1/wait[^"]*)"', refused.text)
    assert said("de", "no_scripts") in client.get(html.unescape(again)).text


# -- preview

SAID = {"title": "Ada <Lovelace>", "description": 'wrote "notes"', "image": "https://x.org/a.png"}


def previewed(make_app: MakeApp, preview: Callable[..., Any], **settings: Any) -> FlaskClient:
    app = make_app(**settings)

    @app.get("/seen/<handle>")
    @Gate().protect("handle", preview=preview)
    def seen(handle: str) -> str:
        return f"the secret of {handle}"

    return app.test_client()


def properties(page: str) -> dict[str, str]:
    found = re.findall(r'<meta property="og:(\w+)" content="(.*?)">', page)
    return {name: html.unescape(value) for name, value in found}


def test_a_preview_is_shown_and_is_open_graph(make_app: MakeApp) -> None:
    asked: list[str] = []

    def preview(handle: str) -> Mapping[str, str]:
        asked.append(handle)
        return SAID

    page = previewed(make_app, preview, name="Aldersound").get("/seen/ada")
    assert page.status_code == 403
    assert asked == ["ada"]
    assert properties(page.text) == SAID | {"type": "profile", "site_name": "Aldersound"}
    assert "<title>Ada &lt;Lovelace&gt;</title>" in page.text
    assert 'class="challenge-title"><bdi>Ada &lt;Lovelace&gt;</bdi></p>' in page.text
    assert "the secret" not in page.text


def test_without_a_preview_there_is_no_open_graph(make_app: MakeApp) -> None:
    for preview in (lambda handle: None, lambda handle: {}):
        page = previewed(make_app, preview).get("/seen/ada")
        assert properties(page.text) == {}
        assert f"<title>{said('en', 'heading')}</title>" in page.text


def test_a_preview_that_fails_opens_nothing_and_breaks_nothing(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    def preview(handle: str) -> Mapping[str, str]:
        raise KeyError(handle)

    with caplog.at_level(logging.ERROR, "challenge"):
        page = previewed(make_app, preview).get("/seen/ada-lovelace")
    assert (page.status_code, properties(page.text)) == (403, {})
    assert re.search(r"preview of seen: KeyError in .*test_pages\.py:\d+", caplog.text)
    assert "ada-lovelace" not in caplog.text


def test_programs_cause_no_preview(make_app: MakeApp) -> None:
    asked: list[str] = []
    client = previewed(make_app, lambda handle: asked.append(handle))
    assert client.get("/seen/ada", headers={"Accept": "application/json"}).status_code == 403
    assert asked == []


# -- the operator's own


def test_name_sentence_and_contact_are_the_operators(make_app: MakeApp) -> None:
    page = make_app(
        name="Ålder & Søn", why="Because <we> care.", contact="https://example.org/contact"
    ).test_client().get("/people/ada")  # fmt: skip
    assert "Ålder &amp; Søn</bdi></header>" in page.text
    assert "Because &lt;we&gt; care." in page.text
    assert said("en", "why") not in page.text
    assert 'href="https://example.org/contact"' in page.text


def sheet_of(client: FlaskClient) -> str:
    [sheet] = re.findall(r'<link rel="stylesheet" href="(.*?)">', client.get("/people/ada").text)
    return sheet


def test_colours_are_in_the_one_style_sheet(make_app: MakeApp) -> None:
    colours = ["accent=#8a1c3b", "dark-accent=#FF9fb8", "dark-paper=#101010"]
    client = make_app(colours=colours).test_client()
    plain = assets.load()["challenge.css"]
    own = plain.bodies["identity"] + (
        b":root{--challenge-accent:#8a1c3b}@media(prefers-color-scheme:dark)"
        b"{:root{--challenge-accent:#FF9fb8;--challenge-paper:#101010}}\n"
    )
    url = sheet_of(client)
    sheet = client.get(url)
    assert (sheet.mimetype, sheet.data) == ("text/css", own)
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    packed = client.get(url, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == own
    stale = client.get("/challenge/static/theme.000000000000.css")
    assert stale.headers["Cache-Control"] == "public, max-age=0"
    assert sheet_of(make_app().test_client()) == f"/challenge/static/{plain.hashed}"


@pytest.mark.parametrize(
    "colour", ["accent=red", "accent=#8a1c3b;}", "glow=#8a1c3b", "accent", "accent=#８a1c3b"]
)
def test_other_colours_stop_the_start(make_app: MakeApp, colour: str) -> None:
    with pytest.raises(ConfigError, match="COLOURS"):
        make_app(colours=[colour])


LAYOUT = '{% extends "challenge/base.html" %}{% block header %}<header>OURS</header>{% endblock %}'


def test_one_template_of_the_operators_changes_every_page(make_app: MakeApp) -> None:
    app, closed = make_app(), make_app()
    here = ip_network("127.0.0.1")
    closed.extensions[EXTENSION].bans.add(here, reason="test", origin="operator", hours=1)
    for each in (app, closed):
        each.jinja_loader = DictLoader({"challenge/layout.html": LAYOUT})
    pages = [app.test_client().get(path).text for path in ("/people/ada", WAITING)]
    pages.append(closed.test_client().get("/people/ada").text)
    texts = [said("en", name) for name in ("heading", "no_scripts", "banned")]
    assert all("OURS" in page and text in page for page, text in zip(pages, texts, strict=True))
    assert "OURS" not in make_app().test_client().get("/people/ada").text


def test_templates_name_nothing_that_is_not_there(make_app: MakeApp) -> None:
    app = make_app(name="x", contact="https://example.org/", sign_in_url="/sign-in")
    app.jinja_env.undefined = StrictUndefined
    client = app.test_client()
    for path in ("/people/ada", WAITING, WAITING + "&joined=1", "/challenge/v1/wait"):
        assert client.get(path).status_code in (400, 403, 429)


# -- weight


@pytest.mark.parametrize("code", words.codes())
def test_page_and_style_sheet_are_light(make_app: MakeApp, code: str) -> None:
    client = previewed(make_app, lambda handle: SAID, name="Aldersound", lang=code)
    page = client.get("/seen/ada")
    sheet = assets.load()["challenge.css"].bodies["gzip"]
    assert len(gzip.compress(page.data)) + len(sheet) <= LIMIT
    assert re.findall(r"<script[^>]*>", page.text) == re.findall(r"<script src=[^>]*>", page.text)
    assert page.text.count("<script") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=", page.text)


def test_the_script_is_light() -> None:
    assert len(assets.load()["challenge.js"].bodies["gzip"]) <= 20_000


# -- the field


def test_challenge_gate_prints_an_element_that_is_a_link_without_scripts(make_app: MakeApp) -> None:
    app = make_app()
    with app.test_request_context(headers={"Accept-Language": "de"}):
        print_gate = app.jinja_env.globals["challenge_gate"]
        assert print_gate("/people/a?b=1&c=2", "Show <it>") == (  # type: ignore[operator]
            '<challenge-gate src="/people/a?b=1&amp;c=2"><a href="/people/a?b=1&amp;c=2"'
            ' rel="nofollow">Show &lt;it&gt;</a></challenge-gate>'
        )
        assert said("de", "show") in print_gate("/people/a")  # type: ignore[operator]
