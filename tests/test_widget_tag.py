"""What templates and the static route give to pages with forms."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from challenge import assets, words
from challenge.flask.templating import WIDGET_WORDS

from .test_config import ROOT

MakeApp = Callable[..., Flask]


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def one(self, tag: str) -> dict[str, str | None]:
        [attributes] = [attributes for name, attributes in self.elements if name == tag]
        return attributes


def printed(app: Flask, call: str, language: str = "", path: str = "/") -> Tags:
    headers = {"Accept-Language": language}
    with app.test_request_context(path, headers=headers):
        return Tags(render_template_string(f"{{{{ {call} }}}}"))


def test_it_prints_an_element_with_the_words_of_the_visitors_language(make_app: MakeApp) -> None:
    page = printed(make_app(), 'challenge_widget(action="signup")', "de-AT, en;q=0.5")
    widget, german = page.one("challenge-widget"), words.words("de")
    assert (widget["action"], widget["lang"], widget["dir"]) == ("signup", "de", "ltr")
    for name, word in WIDGET_WORDS.items():
        assert widget[f"data-text-{name}"] == german.texts[word]
    assert widget.keys() - {f"data-text-{name}" for name in WIDGET_WORDS} == {
        "action", "lang", "dir"
    }  # fmt: skip


def test_attributes_are_written_as_html_has_them(make_app: MakeApp) -> None:
    call = (
        'challenge_widget("signup", size="compact", refresh_expired="manual",'
        " response_field=False, retry_interval=500, cdata=None, callback='\"><script>')"
    )
    page = printed(make_app(), call)
    widget = page.one("challenge-widget")
    names = ("size", "refresh-expired", "response-field", "retry-interval", "callback")
    assert [widget[name] for name in names] == [
        "compact", "manual", "false", "500", '"><script>'
    ]  # fmt: skip
    assert "cdata" not in widget
    assert [tag for tag, _ in page.elements] == ["challenge-widget", "noscript", "p"]
    assert "action" not in printed(make_app(), "challenge_widget()").one("challenge-widget")


@pytest.mark.parametrize(
    ("settings", "call", "accepted", "path", "code"),
    [
        ({}, "challenge_widget()", "ar", "/", "ar"),
        ({}, "challenge_widget()", "", "/", "en"),
        ({}, "challenge_widget()", "de", "/?lang=fr", "fr"),
        ({"lang": "pl"}, "challenge_widget()", "de", "/?lang=fr", "pl"),
        ({"lang": "pl"}, "challenge_widget(language='ja')", "de", "/", "ja"),
        ({}, "challenge_widget(language='xx')", "de", "/", "de"),
    ],
)
def test_which_language_it_speaks(
    make_app: MakeApp, settings: dict[str, str], call: str, accepted: str, path: str, code: str
) -> None:
    widget = printed(make_app(**settings), call, accepted, path).one("challenge-widget")
    assert (widget["lang"], widget["dir"]) == (code, words.words(code).direction)


def test_without_scripts_it_says_so_and_where_a_person_is(make_app: MakeApp) -> None:
    page = printed(make_app(), "challenge_widget()")
    assert "can’t be sent without scripts" in page.text
    assert "a" not in dict(page.elements)
    page = printed(make_app(contact="mailto:hello@example.org"), "challenge_widget()")
    assert page.one("a") == {"href": "mailto:hello@example.org"}
    assert page.text.endswith("Contact the site")


def test_plain_html_has_the_same_words_in_english() -> None:
    source = (ROOT / "static/js/src/widget/words.js").read_text()
    found = dict(re.findall(r'^  (text\w+):\s+"(.*)",$', source, re.MULTILINE))
    english = words.words("en").texts
    assert found == {f"text{name.title()}": english[word] for name, word in WIDGET_WORDS.items()}


# -- the files


@pytest.mark.parametrize("name", ["challenge.js", "widget.js"])
@pytest.mark.parametrize("query", ["", "?render=explicit&onload=fn", "?v=1&v=2"])
def test_a_query_changes_nothing_of_what_is_served(
    client: FlaskClient, name: str, query: str
) -> None:
    asset = assets.load()[name]
    for path in (asset.name, asset.hashed):
        answer = client.get(f"/challenge/static/{path}{query}")
        assert answer.status_code == 200
        assert answer.data == asset.bodies["identity"]
        assert answer.mimetype == "text/javascript"
        assert ("immutable" in answer.headers["Cache-Control"]) is (path == asset.hashed)


def test_the_script_knows_the_widgets_name() -> None:
    table = assets.load()
    assert table["widget.js"].hashed.encode() in table["challenge.js"].bodies["identity"]


def test_a_page_with_a_widget_costs_one_file_more_and_others_next_to_nothing() -> None:
    """What crosses the wire, compressed, in bytes."""
    names = ("challenge.js", "sha256-simd.wasm", "widget.js")
    sizes = {name: len(assets.load()[name].bodies["br"]) for name in names}
    without = sizes["challenge.js"] + sizes["sha256-simd.wasm"]
    assert without <= 14 * 1024, "what a page without a widget fetches"
    assert sizes["widget.js"] < 8_600


def test_the_manifest_is_what_is_in_the_folder() -> None:
    folder = Path(assets.folder())
    names = json.loads((folder / "manifest.json").read_text())
    for name in names:
        for ending in ("", *assets.ENCODINGS.values()):
            assert (folder / f"{name}{ending}").is_file()
    assert "widget.js" in names
