"""Programs pay for how they move a browser; people do not, in whichever way they use theirs."""

from __future__ import annotations

import json
import shutil

import pytest

from bench.visits import personas, tools
from bench.visits.personas import PERSONAS, Persona, WithKeyboard
from bench.visits.route import PROFILES
from bench.visits.tools import TOOLS, Tool
from bench.visits.watched import Told
from challenge.core.behaviour import FLAGGED_FROM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NEEDED = ("Xvfb", "chromedriver", "dbus-daemon", "openbox", "xdotool")
lacking = [name for name in NEEDED if shutil.which(name) is None]
needs_screen = pytest.mark.skipif(bool(lacking), reason=f"no {lacking} here; ./run installs them")

#: the others take minutes
QUICK_TOOLS = ("playwright", "selenium")
QUICK_PERSONAS = ("screen reader", "tremor")
#: the fewest after which a clearance is renewed
FEW = 4


def named(of: tuple[Tool, ...] | tuple[Persona, ...], quick: tuple[str, ...]) -> list[object]:
    """All, the slow ones marked."""
    marks = {one.name: [] if one.name in quick else [pytest.mark.slow] for one in of}
    return [pytest.param(one, id=one.name, marks=marks[one.name]) for one in of]


def pays(told: Told) -> bool:
    """Whether the visit was whole, and dear when it was first renewed."""
    assert told.first_renewal is not None
    return told.first_renewal.factor >= FLAGGED_FROM


@needs_screen
@pytest.mark.parametrize("tool", named(TOOLS, QUICK_TOOLS))
def test_a_tool_pays_for_its_defaults(tool: Tool) -> None:
    told = tools.visit(tool, headless=True)
    assert len(told.opened) == PROFILES
    assert pays(told), told


@pytest.mark.slow
@needs_screen
@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_a_tool_pays_with_a_window_too(tool: Tool) -> None:
    told = tools.visit(tool, headless=False)
    assert len(told.opened) == PROFILES
    assert pays(told), told


@needs_screen
@pytest.mark.parametrize("persona", named(PERSONAS, QUICK_PERSONAS))
def test_a_persona_pays_nothing(persona: Persona) -> None:
    told = personas.visit(persona, profiles=FEW)
    assert len(told.opened) == FEW
    assert told.first_renewal is not None
    assert [quote.reasons for quote in told.quotes] == [()] * len(told.quotes)


@pytest.mark.slow
@pytest.mark.parametrize("persona", PERSONAS, ids=[persona.name for persona in PERSONAS])
def test_a_program_in_its_place_pays(persona: Persona) -> None:
    told = personas.visit(persona, driven=True, profiles=FEW)
    assert len(told.opened) == FEW
    assert pays(told), told


class WithOtherLetters(WithKeyboard):
    """Types what no key has, by the system's means, and takes it away again."""

    letters = (
        *("dead_acute", "e", "dead_diaeresis", "u", "Multi_key", "o", "quotedbl"),
        *("U00E9", "U0142", "U4F60", "U05D0", "Multi_key", "a", "e"),
    )

    def go_to_field(self) -> None:
        super().go_to_field()
        for letter in self.letters:
            self.desk.key(letter, 0.08)
            self.pause(0.1, 0.2)
        for _ in self.letters:
            self.desk.key("BackSpace", 0.08)


@pytest.mark.slow
@needs_screen
def test_letters_that_no_key_has_cost_nothing() -> None:
    told = personas.visit(Persona("other letters", WithOtherLetters), profiles=1)
    assert len(told.opened) == 1
    first = json.loads(told.quotes[0].report)
    assert "keyless_inputs" not in first
    assert first["keys"] > len(WithOtherLetters.letters)
    assert told.quotes[0].reasons == ()
