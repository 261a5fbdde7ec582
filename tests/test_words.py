"""What the gate says: every language says all of it, and none of it too long."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from challenge import words
from challenge.words import DEFAULT, codes, folder

LABELS = (
    *("retry", "contact", "sign_in", "show", "wait_now", "look_again", "open_page"),
    *("widget_renew", "hold", "hold_on", "hold_filling", "hold_full"),
)
LONGEST_LABEL = 32
LONGEST_HEADING = 44
#: how much longer than in English a sentence may be
STRETCH = 1.6
RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}
LETTERS = {"ar": r"[\u0600-\u06ff]", "uk": r"[\u0400-\u04ff]", "ja": r"[\u3040-\u30ff]",
           "zh": r"[\u4e00-\u9fff]"}  # fmt: skip


def faults(code: str, texts: dict[str, str], model: dict[str, str]) -> list[str]:
    """What is wrong with a language, beside the one that it is made after."""
    found = [f"no {key}" for key in model.keys() - texts.keys()]
    found += [f"{key} is not known" for key in texts.keys() - model.keys()]
    for key in model.keys() & texts.keys():
        text = texts[key]
        if sorted(re.findall("{.*?}", text)) != sorted(re.findall("{.*?}", model[key])):
            found.append(f"{key}: placeholders")
        if not text.strip() or text != text.strip() or "\n" in text:
            found.append(f"{key}: empty, or space around it")
        if "!" in text or "'" in text or re.search(r"[<>\"]", text):
            found.append(f"{key}: a mark that does not belong there")
        longest = LONGEST_LABEL if key in LABELS else STRETCH * len(model[key]) + 20
        if key == "heading" or key.endswith("_heading"):
            longest = LONGEST_HEADING
        if len(text) > longest:
            found.append(f"{key}: {len(text)} characters")
    if texts.get("direction") != ("rtl" if code in RIGHT_TO_LEFT else "ltr"):
        found.append("direction")
    return sorted(found)


def read(path: Path) -> dict[str, str]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


MODEL = read(folder() / f"{DEFAULT}.toml")


def test_there_are_twelve_and_one_is_written_from_the_right() -> None:
    assert len(codes()) >= 12
    assert codes()[0] == DEFAULT
    assert {code for code in codes() if words.words(code).direction == "rtl"} >= {"ar"}


@pytest.mark.parametrize("code", codes())
def test_a_language_says_everything(code: str) -> None:
    assert faults(code, read(folder() / f"{code}.toml"), MODEL) == []


@pytest.mark.parametrize("code", [code for code in codes() if code != DEFAULT])
def test_a_language_is_itself(code: str) -> None:
    texts = read(folder() / f"{code}.toml")
    same = {key for key in texts if texts[key] == MODEL[key]}
    assert same <= {"direction", "count"}
    prose = [texts[key] for key in ("why", "cookies", "failed", "queue_why")]
    assert all(re.search(LETTERS.get(code, "[a-z]"), text) for text in prose)


@pytest.mark.parametrize(
    ("key", "text", "fault"),
    [
        ("retry", None, "no retry"),
        ("slow", "This takes a while.", "slow: placeholders"),
        ("slow", "About {second} seconds.", "slow: placeholders"),
        ("retry", "Please be so kind as to try once more", "retry: 37 characters"),
        ("why", "Why? " * 90, "why: empty, or space around it"),
        ("ready", "Ready!", "ready: a mark that does not belong there"),
        ("direction", "rtl", "direction"),
        ("greeting", "Hello.", "greeting is not known"),
    ],
)
def test_control_a_fault_is_found(key: str, text: str | None, fault: str) -> None:
    changed = {k: v for k, v in (MODEL | {key: text}).items() if v is not None}
    assert fault in faults(DEFAULT, changed, MODEL)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (["de-AT", "en"], "de"), (["DE"], "de"), (["zh-Hant-TW", "ja"], "zh"), (["xx", "pl"], "pl"),
        (["xx"], "en"), ([], "en"), (["*", "fr"], "fr"), (["", "-", "../de"], "en"),
    ],
)  # fmt: skip
def test_the_dearest_language_that_there_is(wanted: list[str], code: str) -> None:
    assert words.choose(wanted).code == code


def test_placeholders_are_filled_in() -> None:
    assert words.words("en").say("wait", seconds=30) == "This page opens in 30 seconds by itself."
