"""What a browser reports of itself, and what that comes to, in words for its own visitor."""

from collections.abc import Mapping

from challenge.core.behaviour import Headers
from challenge.tally.judging import judge, read_report

#: numbers of a report
NUMBERS: Mapping[str, str] = {
    "webdriver": "It says that a program drives it",
    "webdriver_gone": "It lacks the word for that",
    "globals": "A driver has left its name",
    "driver_calls": "A driver has called in",
    "worker_differs": "Its workers see another browser",
    "permissions_differ": "Its permissions contradict each other",
    "hints_major": "Version of Chromium, by the page",
    "hints_gone": "It calls itself Chrome and has no such version",
    "clicks": "Clicks with a mouse",
    "short_clicks": "of these shorter than 20 ms",
    "centre_clicks": "of these in the very centre",
    "teleports": "of these far away, after a leap",
    "keys": "Keys held, whichever",
    "short_keys": "of these under 5 ms",
    "keyless_inputs": "Letters typed without a key, whichever",
    "moves": "Moves of the mouse",
    "single_moves": "of these one by one",
    "scrolls": "Times it scrolled",
    "scripted_scrolls": "of these without a hand",
    "nameless_calls": "Calls by a script without an address",
    "glimpses": "Pages left unread, one after the other",
    "windows": "Stretches of three seconds with movement",
    "start": "Movement: how it starts",
    "stop": "how it stops",
    "plateau": "how long it is at its fastest",
    "spread": "how much its speed varies",
    "acceleration": "how fast it gets faster",
    "jerk": "how unevenly",
    "bow": "how far it is from a straight line",
    "detour": "how much longer it is than that",
    "straight": "how often it goes straight on",
    "jitter": "how much it trembles",
}
#: what is odd, and makes work dearer
REASONS: Mapping[str, str] = {
    "webdriver": "It says that a program drives it.",
    "headless": "It calls itself headless.",
    "globals": "A driver has left its name in the page.",
    "driver_calls": "A driver's script has called in the page.",
    "worker_differs": "Its workers see another browser than its pages.",
    "permissions_differ": "Its permissions contradict each other.",
    "webdriver_gone": "It lacks what every browser has.",
    "hints_gone": "It calls itself Chrome, and lacks what Chrome has.",
    "hints_missing": "Its headers lack the version that the page has.",
    "hints_differ": "Its headers and the page name different versions.",
    "short_clicks": "Most clicks are shorter than a person's.",
    "centre_clicks": "Most clicks hit the very centre.",
    "short_keys": "Most keys are held for no time.",
    "keyless_inputs": "Letters come without keys.",
    "teleports": "The mouse leaps from target to target.",
    "movement": "The mouse moves as programs move it.",
    "contradicts": "Its numbers contradict each other.",
    "replayed": "Several visitors have moved the mouse just so today.",
    "single_moves": "The mouse moves came one by one.",
    "scripted_scrolls": "It scrolls without a hand.",
    "nameless_calls": "A script without an address clicks in the page.",
    "glimpses": "Pages are left before anybody can have read them.",
}


def judged(report: str, headers: Headers) -> dict[str, object]:
    """The factor that a report comes to, and what is odd."""
    found = judge(read_report(report), headers)
    return {"factor": found.factor, "odd": [REASONS[reason] for reason in found.reasons]}
